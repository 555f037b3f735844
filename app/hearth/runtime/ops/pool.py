"""Pooling over windows and over whole maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.conv import pad_spatial, tap_views, window_view
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.windows import Windows, windows
from hearth.runtime.types import TensorType

Ints = Sequence[int]


def pool_rule(
    x: Operand,
    *,
    kernel_shape: Ints,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    storage_order: int = 0,
    strides: Ints | None = None,
    n_outputs: int = 1,
    p: float = 2,
) -> tuple[TensorType, ...]:
    shape = None
    if x.type.static:
        batch, channels, *sizes = x.type.static_shape
        outputs = windows(sizes, kernel_shape, strides, dilations, pads, auto_pad, ceil_mode, overhanging=True).outputs
        shape = (batch, channels, *outputs)
    return (TensorType(x.dtype, shape), TensorType(np.dtype(np.int64), shape))[:n_outputs]


@op("MaxPool", rule=pool_rule)
def max_pool(
    x: Array,
    *,
    kernel_shape: Ints,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    storage_order: int = 0,
    strides: Ints | None = None,
    n_outputs: int = 1,
) -> Array | tuple[Array, Array]:
    """x (N, C, *spatial) -> the windows' maxima and, if asked for, their flat positions in `x`."""
    geometry = windows(x.shape[2:], kernel_shape, strides, dilations, pads, auto_pad, ceil_mode, overhanging=True)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    padded = pad_spatial(x, geometry.pads, lowest)
    if n_outputs == 1:
        taps = tap_views(padded, geometry)
        result = taps[0][1].copy()
        for _, tap in taps[1:]:
            np.maximum(result, tap, out=result)
        return result
    rank = len(kernel_shape)
    view = window_view(padded, geometry)
    flat = view.reshape(*view.shape[: 2 + rank], -1)
    best = flat.argmax(axis=-1)
    values = np.take_along_axis(flat, best[..., None], -1)[..., 0]
    within = np.unravel_index(best, tuple(kernel_shape))
    spatial = []
    for axis in range(rank):
        starts = np.arange(geometry.outputs[axis]) * geometry.strides[axis] - geometry.pads[axis][0]
        starts = starts.reshape((-1,) + (1,) * (rank - 1 - axis))
        spatial.append(starts + within[axis] * geometry.dilations[axis])
    order = range(rank) if storage_order == 0 else range(rank - 1, -1, -1)
    position = np.zeros(best.shape, np.int64)
    for axis in order:
        position = position * x.shape[2 + axis] + spatial[axis]
    maps = np.arange(x.shape[0] * x.shape[1]).reshape((*x.shape[:2], *(1,) * rank))
    return values, position + maps * int(np.prod(x.shape[2:]))


@op("AveragePool", rule=pool_rule)
def average_pool(
    x: Array,
    *,
    kernel_shape: Ints,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    """x (N, C, *spatial) -> the windows' means, over real elements only unless `count_include_pad`.

    Elements that only `ceil_mode` adds after the padding never count; all of a window does that is larger than its map.
    """
    geometry = windows(x.shape[2:], kernel_shape, strides, dilations, pads, auto_pad, ceil_mode, overhanging=True)
    return _means(x, geometry, counted_pads(geometry, count_include_pad, ceil_mode, 18))


@op("AveragePool", since=19, rule=pool_rule)
def average_pool_19(
    x: Array,
    *,
    kernel_shape: Ints,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    """The same; only padding that was asked for counts."""
    geometry = windows(x.shape[2:], kernel_shape, strides, dilations, pads, auto_pad, ceil_mode, overhanging=True)
    return _means(x, geometry, counted_pads(geometry, count_include_pad, ceil_mode, 19))


def counted_pads(geometry: Windows, count_include_pad: int, ceil_mode: int, opset: int) -> tuple[tuple[int, int], ...]:
    """The padding (before, after) of each axis over which AveragePool takes its means, as onnxruntime does."""
    if not count_include_pad:
        return ((0, 0),) * len(geometry.sizes)
    return geometry.asked if ceil_mode or opset >= 19 else geometry.pads


def _means(x: Array, geometry: Windows, counted: tuple[tuple[int, int], ...]) -> Array:
    total = sum(tap for _, tap in tap_views(pad_spatial(x, geometry.pads), geometry))
    ones = pad_spatial(np.ones((1, 1, *x.shape[2:]), x.dtype), counted, 1)
    grown = tuple((p[0] - c[0], p[1] - c[1]) for p, c in zip(geometry.pads, counted, strict=True))
    count = sum(tap for _, tap in tap_views(pad_spatial(ones, grown), geometry))
    return np.asarray(total / count, x.dtype)


def _global_rule(x: Operand) -> TensorType:
    return TensorType(x.dtype, None if x.shape is None else (*x.shape[:2], *(1,) * (len(x.shape) - 2)))


@op("GlobalAveragePool", rule=_global_rule)
def global_average_pool(x: Array) -> Array:
    return x.mean(axis=tuple(range(2, x.ndim)), keepdims=True, dtype=x.dtype)


@op("GlobalMaxPool", rule=_global_rule)
def global_max_pool(x: Array) -> Array:
    return x.max(axis=tuple(range(2, x.ndim)), keepdims=True)


@op("LpPool", rule=pool_rule)
def lp_pool(
    x: Array,
    *,
    kernel_shape: Ints,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints | None = None,
    p: float = 2,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    """x (N, C, *spatial) -> the p-norms of the windows' elements."""
    geometry = windows(x.shape[2:], kernel_shape, strides, dilations, pads, auto_pad, ceil_mode, overhanging=True)
    powers = np.power(np.abs(x), x.dtype.type(p))
    total = sum(tap for _, tap in tap_views(pad_spatial(powers, geometry.pads), geometry))
    return np.asarray(np.power(total, x.dtype.type(1 / p)), x.dtype)


@op("GlobalLpPool", rule=lambda x, *, p=2: _global_rule(x))
def global_lp_pool(x: Array, *, p: float = 2) -> Array:
    total = np.power(np.abs(x), x.dtype.type(p)).sum(axis=tuple(range(2, x.ndim)), keepdims=True)
    return np.asarray(np.power(total, x.dtype.type(1 / p)), x.dtype)


def _unpool_rule(
    x: Operand,
    indices: Operand,
    output_shape: Operand | None = None,
    *,
    kernel_shape: Ints,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> TensorType:
    if output_shape is not None:
        given = output_shape.ints()
        return TensorType(x.dtype, tuple(given) if given else None)
    if not x.type.static:
        return TensorType(x.dtype)
    return TensorType(x.dtype, _unpooled(x.type.static_shape, kernel_shape, pads, strides))


def _unpooled(shape: Ints, kernel: Ints, pads: Ints | None, strides: Ints | None) -> tuple[int, ...]:
    """The shape that MaxPool with these attributes brought down to `shape`."""
    rank = len(shape) - 2
    steps, flat = list(strides or [1] * rank), list(pads or [0] * (2 * rank))
    sizes = [(shape[2 + at] - 1) * steps[at] + kernel[at] - flat[at] - flat[rank + at] for at in range(rank)]
    return (*shape[:2], *sizes)


@op("MaxUnpool", rule=_unpool_rule)
def max_unpool(
    x: Array,
    indices: Array,
    output_shape: Array | None = None,
    *,
    kernel_shape: Ints,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    """Puts x (N, C, *spatial) where MaxPool's indices say it came from, among zeros.

    The indices count in the shape that the attributes give; a larger `output_shape` keeps the positions by axis.
    """
    inner = _unpooled(x.shape, kernel_shape, pads, strides)
    shape = inner if output_shape is None else tuple(output_shape.tolist())
    result = np.zeros(shape, x.dtype)
    result[np.unravel_index(indices, inner)] = x
    return result


def _roi_pool_rule(x: Operand, rois: Operand, *, pooled_shape: Ints, spatial_scale: float = 1.0) -> TensorType:
    return TensorType(x.dtype, (rois.shape[0] if rois.shape else None, x.shape[1] if x.shape else None, *pooled_shape))


@op("MaxRoiPool", rule=_roi_pool_rule)
def max_roi_pool(x: Array, rois: Array, *, pooled_shape: Ints, spatial_scale: float = 1.0) -> Array:
    """x (N, C, H, W), rois (R, 5) of picture, x1, y1, x2, y2 -> (R, C, *pooled). Girshick, "Fast R-CNN", 2015."""
    height, width = pooled_shape
    result = np.zeros((len(rois), x.shape[1], height, width), x.dtype)
    for number, roi in enumerate(rois):
        left, top, right, bottom = (int(np.floor(value * spatial_scale + 0.5)) for value in roi[1:])
        tall, wide = max(bottom - top + 1, 1) / height, max(right - left + 1, 1) / width
        for row, column in np.ndindex(height, width):
            rows = slice(
                *np.clip([top + np.floor(row * tall), top + np.ceil((row + 1) * tall)], 0, x.shape[2]).astype(int)
            )
            cells = np.clip([left + np.floor(column * wide), left + np.ceil((column + 1) * wide)], 0, x.shape[3])
            window = x[int(roi[0]), :, rows, slice(*cells.astype(int))]
            if window.size:
                result[number, :, row, column] = window.max((1, 2))
    return result
