"""Ops that read pictures at places between the elements: GridSample, AffineGrid, RoiAlign, DeformConv.

Sources: the ONNX operator documentation; Jaderberg et al., "Spatial Transformer Networks", 2015; He et al., "Mask
R-CNN", 2017; Zhu et al., "Deformable ConvNets v2", 2018. Cubic weights: see resize.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.contract import matmul
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.resize import cubic_weight
from hearth.runtime.ops.windows import windows
from hearth.runtime.types import Dim, TensorType

Ints = Sequence[int]


def interpolated(x: Array, places: Sequence[Array], mode: str, padding: str, align: bool) -> Array:
    """x (C, *spatial) at `places`, one array (...) a spatial axis, in elements -> (C, ...).

    `padding` outside of x: zeros, border or reflection, the latter about the elements' centres with `align`, else
    about their edges.
    """
    sizes = x.shape[1:]
    if mode == "nearest":
        starts, reach = [np.rint(place) for place in places], 1
    else:
        reach = 4 if mode == "cubic" else 2
        starts = [np.floor(place) - (reach // 2 - 1) for place in places]
    total: Any = 0
    for steps in itertools.product(range(reach), repeat=len(sizes)):
        weight: Any = x.dtype.type(1)
        index, inside = [], np.ones(places[0].shape, np.bool_)
        for place, start, step, size in zip(places, starts, steps, sizes, strict=True):
            at = start + step
            if mode == "cubic":
                weight = weight * cubic_weight(place - at, -0.75)
            elif mode != "nearest":
                weight = weight * (1 - np.abs(place - at))
            at = np.nan_to_num(at, posinf=-1, neginf=-1)
            if padding == "reflection":
                at = _reflected(at, size, align)
            elif padding == "zeros":
                inside &= (at >= 0) & (at <= size - 1)
            index.append(np.clip(at, 0, size - 1).astype(np.int64))
        values = x[(slice(None), *index)]
        total = total + values * np.where(inside, weight, 0)
    return np.asarray(total, x.dtype)


def _reflected(at: Array, size: int, align: bool) -> Array:
    """Positions folded back into an axis."""
    low, high = (0.0, size - 1.0) if align else (-0.5, size - 0.5)
    span = high - low
    if span <= 0:
        return np.zeros_like(at)
    turn = np.mod(at - low, 2 * span)
    return np.where(turn > span, 2 * span - turn, turn) + low


def _grid_rule(x: Operand, grid: Operand, **_: Any) -> TensorType:
    if x.shape is None or grid.shape is None:
        return TensorType(x.dtype)
    return TensorType(x.dtype, (*x.shape[:2], *grid.shape[1:-1]))


@op("GridSample", rule=_grid_rule)
def grid_sample(
    x: Array, grid: Array, *, align_corners: int = 0, mode: str = "linear", padding_mode: str = "zeros"
) -> Array:
    """x (N, C, *spatial) at grid (N, *outputs, rank), whose last axis goes from x to z and from -1 to 1."""
    mode = {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    results = []
    for picture, places in zip(x, grid, strict=True):
        axes = []
        for axis, size in enumerate(x.shape[2:]):
            place = places[..., x.ndim - 3 - axis]
            place = (place + 1) / 2 * (size - 1) if align_corners else ((place + 1) * size - 1) / 2
            if padding_mode == "border":
                place = np.clip(place, 0, size - 1)
            elif padding_mode == "reflection" and mode != "cubic":
                place = _reflected(place, size, bool(align_corners))
            axes.append(place)
        results.append(interpolated(picture, axes, mode, padding_mode, bool(align_corners)))
    return np.stack(results)


def _affine_rule(theta: Operand, size: Operand, *, align_corners: int = 0) -> TensorType:
    sizes = size.ints()
    return TensorType(theta.dtype, (sizes[0], *sizes[2:], len(sizes) - 2) if sizes else None)


@op("AffineGrid", rule=_affine_rule)
def affine_grid(theta: Array, size: Array, *, align_corners: int = 0) -> Array:
    """theta (N, rank, rank + 1) on the grid of pictures of size (N, C, *spatial) -> (N, *spatial, rank)."""
    spatial = [int(item) for item in size[2:]]
    ticks = []
    for length in spatial:
        if align_corners:
            ticks.append(np.linspace(-1, 1, length) if length > 1 else np.zeros(1))
        else:
            ticks.append((2 * np.arange(length) + 1) / length - 1)
    mesh = np.meshgrid(*ticks, indexing="ij")
    points = np.stack([*mesh[::-1], np.ones(spatial)], -1).astype(theta.dtype).reshape(1, -1, len(spatial) + 1)
    return matmul(points, theta.swapaxes(1, 2)).reshape(len(theta), *spatial, len(spatial))


def _roi_rule(
    x: Operand, rois: Operand, batch: Operand, *, output_height: int = 1, output_width: int = 1, **_: Any
) -> TensorType:
    count: Dim = rois.shape[0] if rois.shape else None
    channels: Dim = x.shape[1] if x.shape else None
    return TensorType(x.dtype, (count, channels, output_height, output_width))


def _clamped(x: Array, places: list[Array]) -> list[Array]:
    """Places up to one element outside are moved to the border; those further away will read zeros."""
    return [
        np.where((place < -1) | (place > size), np.nan, np.clip(place, 0, size - 1))
        for place, size in zip(places, x.shape[1:], strict=True)
    ]


@op("RoiAlign", since=10, rule=_roi_rule)
def roi_align_10(
    x: Array,
    rois: Array,
    batch: Array,
    *,
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
) -> Array:
    how = {"output_height": output_height, "output_width": output_width, "sampling_ratio": sampling_ratio}
    return roi_align(
        x,
        rois,
        batch,
        mode=mode,
        spatial_scale=spatial_scale,
        coordinate_transformation_mode="output_half_pixel",
        **how,
    )


@op("RoiAlign", since=16, rule=_roi_rule)
def roi_align(
    x: Array,
    rois: Array,
    batch: Array,
    *,
    coordinate_transformation_mode: str = "half_pixel",
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
) -> Array:
    """x (N, C, H, W), rois (R, 4) of x1, y1, x2, y2, batch (R,) -> (R, C, output height, output width).

    Each cell is the mean or the maximum of samples on a regular grid in it.
    """
    half = coordinate_transformation_mode == "half_pixel"
    results = np.zeros((len(rois), x.shape[1], output_height, output_width), x.dtype)
    for number, (roi, at) in enumerate(zip(rois, batch.tolist(), strict=True)):
        left, top, right, bottom = roi.astype(np.float64) * spatial_scale - (0.5 if half else 0)
        width, height = right - left, bottom - top
        if not half:
            width, height = max(width, 1.0), max(height, 1.0)
        rows = sampling_ratio or max(1, int(np.ceil(height / output_height)))
        columns = sampling_ratio or max(1, int(np.ceil(width / output_width)))
        y = top + (np.arange(output_height * rows) + 0.5) * height / (output_height * rows)
        z = left + (np.arange(output_width * columns) + 0.5) * width / (output_width * columns)
        picture = x[at]
        places = _clamped(picture, list(np.meshgrid(y, z, indexing="ij")))
        if mode == "max":
            results[number] = _largest_terms(picture, places, (output_height, rows, output_width, columns))
            continue
        samples = interpolated(picture, places, "linear", "zeros", True)
        cells = samples.reshape(-1, output_height, rows, output_width, columns)
        results[number] = cells.mean((2, 4))
    return results


def _largest_terms(picture: Array, places: list[Array], cells: tuple[int, ...]) -> Array:
    """Max pooling as onnxruntime has it: over the four weighted neighbours of every sample, not over their sums."""
    best: Array | None = None
    for steps in itertools.product((0, 1), repeat=2):
        corner = [np.minimum(np.floor(p) + s, n - 1) for p, s, n in zip(places, steps, picture.shape[1:], strict=True)]
        weights = [np.where(s, p - np.floor(p), 1 - (p - np.floor(p))) for p, s in zip(places, steps, strict=True)]
        inside = ~np.isnan(places[0]) & ~np.isnan(places[1])
        index = [np.nan_to_num(item).astype(np.int64) for item in corner]
        term = np.where(inside, picture[(slice(None), *index)] * weights[0] * weights[1], 0)
        best = term if best is None else np.maximum(best, term)
    assert best is not None
    return best.reshape(-1, *cells).max((2, 4)).astype(picture.dtype)


def _deform_rule(x: Operand, w: Operand, offset: Operand, *_: Operand | None, **__: Any) -> TensorType:
    if x.shape is None or w.shape is None or offset.shape is None:
        return TensorType(x.dtype)
    return TensorType(x.dtype, (x.shape[0], w.shape[0], *offset.shape[2:]))


@op("DeformConv", rule=_deform_rule)
def deform_conv(
    x: Array,
    w: Array,
    offset: Array,
    b: Array | None = None,
    mask: Array | None = None,
    *,
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    offset_group: int = 1,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    """A convolution whose taps are moved by `offset` (N, offset groups * taps * 2, H, W) and weighted by `mask`.

    x (N, C, H, W), w (M, C / group, *kernel), mask (N, offset groups * taps, H, W) -> (N, M, H, W).
    """
    kernel = w.shape[2:]
    geometry = windows(x.shape[2:], kernel, strides, dilations, pads)
    taps = list(itertools.product(*(range(size) for size in kernel)))
    batch, channels = x.shape[:2]
    moves = offset.reshape(batch, offset_group, len(taps), len(kernel), *geometry.outputs)
    shares = None if mask is None else mask.reshape(batch, offset_group, len(taps), *geometry.outputs)
    base = np.meshgrid(
        *(
            np.arange(count) * step - pad
            for count, step, (pad, _) in zip(geometry.outputs, geometry.strides, geometry.pads, strict=True)
        ),
        indexing="ij",
    )
    per_group = channels // offset_group
    results = []
    for n in range(batch):
        columns = np.empty((channels, len(taps), *geometry.outputs), x.dtype)
        for g, (number, tap) in itertools.product(range(offset_group), enumerate(taps)):
            places = [
                base[axis] + tap[axis] * geometry.dilations[axis] + moves[n, g, number, axis]
                for axis in range(len(kernel))
            ]
            part = slice(g * per_group, (g + 1) * per_group)
            values = interpolated(x[n, part], places, "linear", "zeros", True)
            columns[part, number] = values if shares is None else values * shares[n, g, number]
        flat = columns.reshape(group, -1, int(np.prod(geometry.outputs)))
        results.append(matmul(w.reshape(group, w.shape[0] // group, -1), flat).reshape(-1, *geometry.outputs))
    y = np.stack(results)
    return y if b is None else y + b.reshape(-1, *(1,) * len(kernel))
