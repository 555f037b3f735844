"""Resize and its older form Upsample: every axis on its own, as a weighted sum of a few gathered slices.

Source: the ONNX operator documentation (Resize 10 to 19, Upsample 7 and 9). Cubic weights: Keys, "Cubic convolution
interpolation for digital image processing", 1981.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import normal_axis
from hearth.runtime.types import TensorType

Ints = Sequence[int]


def source_positions(
    length: int, outputs: int, scale: float, mode: str, region: tuple[float, float] = (0.0, 1.0)
) -> Array:
    """Where each of `outputs` elements lies on the input axis of `length` elements, by a coordinate mode of ONNX.

    In float32, as onnxruntime computes it: which element is the nearest may hang on the last bit.
    """
    at = np.arange(outputs, dtype=np.float32)
    factor = np.float32(scale)
    match mode:
        case "asymmetric":
            return at / factor
        case "half_pixel":
            return (at + 0.5) / factor - 0.5
        case "pytorch_half_pixel":
            return (at + 0.5) / factor - 0.5 if outputs > 1 else np.zeros(1)
        case "half_pixel_symmetric":
            centre = float(length / 2 * (1 - outputs / (factor * length)))
            return (centre + (np.arange(outputs) + 0.5) / float(factor) - 0.5).astype(np.float32)
        case "tf_half_pixel_for_nn":
            return (at + 0.5) / factor
        case "align_corners":
            return at * (length - 1) / (outputs - 1) if outputs > 1 else np.zeros(outputs)
        case "tf_crop_and_resize":
            start, end = region
            if outputs > 1:
                return start * (length - 1) + at * (end - start) * (length - 1) / (outputs - 1)
            return np.full(outputs, 0.5 * (start + end) * (length - 1))
    raise ValueError(f"the coordinate mode '{mode}' is unknown")


HALFWAY = 1e-6
"""What float32 may miss of the middle between two elements without leaving it, as in onnxruntime."""


def rounding_before_11(scale: float) -> str:
    """The nearest mode of Upsample and of the first Resize, which name none, as in onnxruntime."""
    return "ceil" if scale < 1 else "floor"


def _nearest(positions: Array, mode: str) -> Array:
    positions = positions.astype(np.float64)  # in which HALFWAY is not lost
    match mode:
        case "round_prefer_floor":
            return np.ceil(positions - 0.5 - HALFWAY)
        case "round_prefer_ceil":
            return np.floor(positions + 0.5 + HALFWAY)
        case "floor":
            return np.floor(positions)
        case "ceil":
            return np.ceil(positions)
    raise ValueError(f"the nearest mode '{mode}' is unknown")


def _linear_weight(distance: Array) -> Array:
    return np.maximum(0.0, 1.0 - np.abs(distance))


def cubic_weight(distance: Array, a: float) -> Array:
    x = np.abs(distance)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def axis_taps(
    positions: Array,
    length: int,
    mode: str,
    *,
    nearest_mode: str = "round_prefer_floor",
    cubic_a: float = -0.75,
    exclude_outside: bool = False,
    shrink: float = 1.0,
) -> tuple[Array, Array]:
    """Indices (outputs, taps) into an axis and their weights, float64.

    `shrink` below 1 widens the filter for antialiasing by that scale.
    """
    if mode == "nearest":
        index = _nearest(positions, nearest_mode)
        return np.clip(index, 0, length - 1).astype(np.int64)[:, None], np.ones((len(positions), 1))
    radius = (1 if mode == "linear" else 2) / shrink
    taps = 2 * math.ceil(radius)
    first = np.floor(positions) - math.ceil(radius) + 1
    index = first[:, None] + np.arange(taps)
    distance = (index - positions[:, None]) * shrink
    weight = _linear_weight(distance) if mode == "linear" else cubic_weight(distance, cubic_a)
    outside = (index < 0) | (index > length - 1)
    if exclude_outside:
        weight = np.where(outside, 0.0, weight)
    if exclude_outside or shrink < 1:
        weight = weight / weight.sum(axis=1, keepdims=True)
    return np.clip(index, 0, length - 1).astype(np.int64), weight


def _along(x: Array, axis: int, index: Array, weight: Array) -> Array:
    if index.shape[1] == 1:
        return x.take(index[:, 0], axis)
    used = [tap for tap in range(index.shape[1]) if weight[:, tap].any()]
    dims = [1] * x.ndim
    dims[axis] = len(index)
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    total: Array | None = None
    for tap in used:
        term = x.take(index[:, tap], axis) * weight[:, tap].astype(dtype).reshape(dims)
        total = term if total is None else np.add(total, term, out=total)
    assert total is not None
    return total


def scaled(length: int, scale: float) -> int:
    """How long an axis becomes; in float32, in which 0.7 of 50 is 35."""
    return math.floor(np.float32(length) * np.float32(scale))


def resize_shape(
    dims: Sequence[int], scales: Sequence[float] | None, sizes: Ints | None, axes: Ints, policy: str
) -> tuple[list[int], list[float]]:
    """(output sizes, scales) for the chosen axes, by ONNX's aspect-ratio policies."""
    lengths = [dims[axis] for axis in axes]
    if sizes is None:
        assert scales is not None
        return [scaled(length, scale) for length, scale in zip(lengths, scales, strict=True)], list(scales)
    ratios = [size / length if length else 1.0 for size, length in zip(sizes, lengths, strict=True)]
    if policy == "stretch":
        return list(sizes), ratios
    ratio = min(ratios) if policy == "not_larger" else max(ratios)
    return [math.floor(ratio * length + 0.5) for length in lengths], [ratio] * len(lengths)


def _resize(
    x: Array,
    roi: Array | None,
    scales: list[float] | None,
    sizes: list[int] | None,
    *,
    antialias: int = 0,
    axes: Ints | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Array:
    chosen = [normal_axis(axis, x.ndim) for axis in axes] if axes else list(range(x.ndim))
    outputs, factors = resize_shape(x.shape, scales, sizes, chosen, keep_aspect_ratio_policy)
    crop = coordinate_transformation_mode == "tf_crop_and_resize"
    result, outside = x, []
    for at, axis in enumerate(chosen):
        length = x.shape[axis]
        region = (float(roi[at]), float(roi[len(chosen) + at])) if crop and roi is not None else (0.0, 1.0)
        if outputs[at] == length and factors[at] == 1 and region == (0.0, 1.0):
            continue
        positions = source_positions(length, outputs[at], factors[at], coordinate_transformation_mode, region)
        index, weight = axis_taps(
            positions,
            length,
            mode,
            nearest_mode=nearest_mode or rounding_before_11(factors[at]),
            cubic_a=cubic_coeff_a,
            exclude_outside=bool(exclude_outside),
            shrink=min(1.0, factors[at]) if antialias else 1.0,
        )
        result = _along(result, axis, index, weight)
        if crop:
            outside.append((axis, (positions < 0) | (positions > length - 1)))
    for axis, mask in outside:
        result[(slice(None),) * axis + (mask,)] = extrapolation_value
    if result.dtype != x.dtype:
        info = np.iinfo(x.dtype)
        # Integers are cut off, as onnxruntime does; what floats miss of a whole number must not cost one.
        whole = np.trunc(result + np.copysign(1e-6, result))
        result = np.clip(whole, info.min, info.max).astype(x.dtype)
    return result


def _resize_rule(
    x: Operand,
    roi: Operand | None = None,
    scales: Operand | None = None,
    sizes: Operand | None = None,
    *,
    axes: Ints | None = None,
    keep_aspect_ratio_policy: str = "stretch",
    **_: object,
) -> TensorType:
    wanted = sizes.ints() if sizes is not None else None
    factors = scales.value.reshape(-1).tolist() if scales is not None and scales.value is not None else None
    if not x.type.static or (wanted is None and not factors):
        return TensorType(x.dtype, None if x.shape is None else (None,) * len(x.shape))
    dims = list(x.type.static_shape)
    chosen = [normal_axis(axis, len(dims)) for axis in axes] if axes else list(range(len(dims)))
    outputs, _scales = resize_shape(dims, None if wanted else factors, wanted, chosen, keep_aspect_ratio_policy)
    for axis, size in zip(chosen, outputs, strict=True):
        dims[axis] = size
    return TensorType(x.dtype, tuple(dims))


@op("Resize", since=10, rule=lambda x, scales, **how: _resize_rule(x, None, scales, **how))
def resize_10(x: Array, scales: Array, *, mode: str = "nearest") -> Array:
    return _resize(
        x,
        None,
        scales.tolist(),
        None,
        mode=mode,
        coordinate_transformation_mode="asymmetric",
        nearest_mode="",
    )


@op("Resize", since=11, rule=_resize_rule)
def resize(
    x: Array,
    roi: Array | None = None,
    scales: Array | None = None,
    sizes: Array | None = None,
    *,
    antialias: int = 0,
    axes: Ints | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Array:
    return _resize(
        x,
        roi,
        scales.tolist() if sizes is None and scales is not None else None,
        sizes.tolist() if sizes is not None else None,
        antialias=antialias,
        axes=axes,
        coordinate_transformation_mode=coordinate_transformation_mode,
        cubic_coeff_a=cubic_coeff_a,
        exclude_outside=exclude_outside,
        extrapolation_value=extrapolation_value,
        keep_aspect_ratio_policy=keep_aspect_ratio_policy,
        mode=mode,
        nearest_mode=nearest_mode,
    )


def _upsample_first_rule(x: Operand, *, height_scale: float, width_scale: float, mode: str = "nearest") -> TensorType:
    return _upsample_rule(x, scales=(1, 1, height_scale, width_scale))


@op("Upsample", since=1, rule=_upsample_first_rule)
def upsample_first(x: Array, *, height_scale: float, width_scale: float, mode: str = "nearest") -> Array:
    """The first version: pictures (N, C, H, W) alone."""
    mode = "linear" if mode == "bilinear" else mode
    return resize_10(x, np.array([1, 1, height_scale, width_scale], np.float32), mode=mode)


def _upsample_rule(x: Operand, *, scales: Sequence[float], mode: str = "nearest") -> TensorType:
    if x.shape is None:
        return TensorType(x.dtype)
    pairs = zip(x.shape, scales, strict=True)
    return TensorType(x.dtype, tuple(scaled(dim, s) if isinstance(dim, int) else None for dim, s in pairs))


@op("Upsample", since=7, rule=_upsample_rule)
def upsample_attribute(x: Array, *, scales: Sequence[float], mode: str = "nearest") -> Array:
    return resize_10(x, np.array(scales, np.float32), mode=mode)


@op("Upsample", since=9, rule=lambda x, scales, **how: _resize_rule(x, None, scales, **how))
def upsample(x: Array, scales: Array, *, mode: str = "nearest") -> Array:
    return resize_10(x, scales, mode=mode)
