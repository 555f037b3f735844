"""Sums of whole numbers are scaled once, as in onnxruntime: what lies in the middle of two results hangs on it."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from tests.runtime.against_onnxruntime import assert_same

pytestmark = pytest.mark.desk
TENTHS = [0.1, 0.2, 0.3, 0.6, 0.7]
"""Scales with which every tenth or twentieth sum lies in the middle, but for float32's last bit."""


def test_results_on_the_edge_fall_to_onnxruntimes_side() -> None:
    x, zero = np.arange(256, dtype=np.uint8), np.zeros((), np.uint8)
    for right in TENTHS:
        for out in (0.004, 0.03, 0.02):
            rest = (zero, np.ones((1, 1), np.uint8), np.float32(right), zero, np.float32(out), zero)
            left, *others = [np.asarray(value) for value in (np.float32(0.02), *rest)]
            assert_same("QLinearMatMul", x[:, None], left, *others)
            others[1] = others[1][:, :, None]
            assert_same("QLinearConv", x[None, None], left, *others)
