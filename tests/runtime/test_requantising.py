"""Sums of whole numbers are exact, and scaled once, as in onnxruntime: results in the middle of two hang on it."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from hearth.errors import Unsupported
from hearth.runtime import InferenceSession
from hearth.runtime.executors import EXECUTORS
from hearth.runtime.types import TensorType
from tests.runtime.against_onnxruntime import assert_same
from tests.runtime.graphs import Builder

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


@pytest.mark.parametrize("executor", EXECUTORS)
def test_sums_that_floats_cannot_hold_stay_whole_numbers(executor: str) -> None:
    x, w = np.full((1, 301), 251, np.uint8), np.full((301, 2), 253, np.uint8)
    w[::7, 1] = 6
    b = Builder()
    b.graph.inputs = {"x": TensorType(x.dtype, x.shape), "p": TensorType(x.dtype, (1, 301, 1, 1))}
    product = b.node("MatMulInteger", "x", w)
    graph = b.done(product, b.node("ConvInteger", "p", np.ascontiguousarray(w.T)[:, :, None, None]))
    wanted = x.astype(np.int64) @ w
    assert (wanted > 1 << 24).any()
    try:
        session = InferenceSession(graph, executor)
    except Unsupported as reason:
        pytest.skip(str(reason))
    for got in session.run(None, {"x": x, "p": x[:, :, None, None]}):
        assert got.dtype == np.int32
        np.testing.assert_array_equal(got.reshape(1, 2), wanted)
