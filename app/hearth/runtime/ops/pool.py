"""Pooling over windows and over whole maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.conv import pad_spatial, tap_views, window_view
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.windows import windows
from hearth.runtime.types import TensorType

Ints = Sequence[int]


def _pool_rule(
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
) -> tuple[TensorType, ...]:
    shape = None
    if x.type.static:
        batch, channels, *sizes = x.type.static_shape
        outputs = windows(sizes, kernel_shape, strides, dilations, pads, auto_pad, ceil_mode).outputs
        shape = (batch, channels, *outputs)
    return (TensorType(x.dtype, shape), TensorType(np.dtype(np.int64), shape))[:n_outputs]


@op("MaxPool", rule=_pool_rule)
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
    geometry = windows(x.shape[2:], kernel_shape, strides, dilations, pads, auto_pad, ceil_mode)
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


@op("AveragePool", rule=_pool_rule)
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

    Elements that only `ceil_mode` adds after the padding never count.
    """
    geometry = windows(x.shape[2:], kernel_shape, strides, dilations, pads, auto_pad, ceil_mode)
    total = sum(tap for _, tap in tap_views(pad_spatial(x, geometry.pads), geometry))
    ones = np.ones((1, 1, *x.shape[2:]), x.dtype)
    grown = geometry.pads
    if count_include_pad:
        plain = windows(x.shape[2:], kernel_shape, strides, dilations, pads, auto_pad)
        ones = pad_spatial(ones, plain.pads, 1)
        grown = tuple((0, g[1] - p[1]) for g, p in zip(geometry.pads, plain.pads, strict=True))
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
