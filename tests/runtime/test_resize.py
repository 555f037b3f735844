"""Which element is the nearest hangs on the last bit of float32 where several are as near: as in onnxruntime."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from tests.runtime.against_onnxruntime import assert_same

pytestmark = pytest.mark.desk
HALVES = [(13, 8), (10, 24), (14, 31), (7, 2), (28, 39), (35, 84), (72, 136)]


@pytest.mark.parametrize(
    "coordinates", ["asymmetric", "half_pixel", "pytorch_half_pixel", "align_corners", "half_pixel_symmetric"]
)
@pytest.mark.parametrize("rounding", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
def test_the_nearest_element_is_onnxruntimes(coordinates: str, rounding: str) -> None:
    how: dict[str, Any] = {"mode": "nearest", "coordinate_transformation_mode": coordinates, "nearest_mode": rounding}
    for length, outputs in HALVES:
        x = np.arange(length, dtype=np.float32)[None, None]
        assert_same("Resize", x, None, None, np.array([1, 1, outputs], np.int64), opset=19, **how)
    x = np.arange(36, dtype=np.float32).reshape(1, 1, 12, 3)
    for scale in (0.3, 0.7, 1.3, 1.5, 2.6):
        assert_same("Resize", x, None, np.array([1, 1, scale, 1], np.float32), opset=19, **how)


@pytest.mark.parametrize("scale", [0.3, 0.6, 0.7, 0.9, 1.4, 1.9])
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_results_are_as_long_as_onnxruntimes(mode: str, scale: float) -> None:
    """In float32 0.7 of 50 is 35, in float64 a bit less. The first Resize takes what is nearest above, made smaller."""
    x, scales = np.arange(150, dtype=np.float32).reshape(1, 1, 50, 3), np.array([1, 1, scale, 1], np.float32)
    assert_same("Resize", x, None, scales, mode=mode)
    assert_same("Resize", x, scales, mode=mode, opset=10, tolerance=1e-4)
    if scale > 1:
        assert_same("Upsample", x, scales, mode=mode, opset=9, tolerance=1e-4)
