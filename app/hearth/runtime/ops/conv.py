"""Convolution and transposed convolution, of any rank.

Windows are copied into a matrix (im2col) strip by strip, so that memory stays bounded, and multiplied with the weights.
Where each group has one input channel (depthwise), whole shifted maps are multiplied and added instead.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.limits import tick
from hearth.runtime.ops.contract import HAS_BLAS, rows_by_rows
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import check_equal
from hearth.runtime.ops.windows import Windows, windows
from hearth.runtime.types import Dim, TensorType

STRIP_ELEMENTS = 4_000_000
"""Upper size of a strip of the im2col matrix: 16 MB of float32."""

Ints = Sequence[int]


def _check_weights(
    x: tuple[Dim, ...], w: tuple[Dim, ...], group: int, maps: Dim, bias: Operand | None, kernel_shape: Ints | None
) -> None:
    """ValueError where weights, groups or bias do not fit together."""
    if len(x) < 3 or len(w) != len(x):
        raise ValueError(f"an input of {len(x)} axes and weights of {len(w)} do not go together")
    for what, channels in (("input", x[1]), ("output", maps)):
        if group < 1 or (isinstance(channels, int) and channels % group):
            raise ValueError(f"{channels} {what} channels do not part into {group} groups")
    if bias is not None and bias.shape is not None:
        if len(bias.shape) != 1:
            raise ValueError(f"the bias has the shape {bias.shape}")
        check_equal(bias.shape[0], maps)
    for given, size in zip(kernel_shape or (), w[2:], strict=False):
        check_equal(given, size)


def conv_rule(
    x: Operand,
    w: Operand,
    b: Operand | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> TensorType:
    if x.shape is None or w.shape is None:
        return TensorType(x.dtype)
    _check_weights(x.shape, w.shape, group, w.shape[0], b, kernel_shape)
    check_equal(x.shape[1], w.shape[1] * group if isinstance(w.shape[1], int) else None)
    spatial: list[Dim] = list(x.shape[2:])
    kernel = [dim for dim in w.shape[2:] if isinstance(dim, int)]
    if all(isinstance(dim, int) for dim in spatial) and len(kernel) == len(spatial):
        sizes = [dim for dim in spatial if isinstance(dim, int)]
        spatial = list(windows(sizes, kernel, strides, dilations, pads, auto_pad).outputs)
    else:
        spatial = [None] * len(spatial)
    return TensorType(x.dtype, (x.shape[0], w.shape[0], *spatial))


def pad_spatial(x: Array, pads: Sequence[tuple[int, int]], value: float = 0) -> Array:
    """`x` (N, C, *spatial) with `value` around it; negative pads crop."""
    crop = tuple(
        slice(max(0, -before), size - max(0, -after)) for (before, after), size in zip(pads, x.shape[2:], strict=True)
    )
    x = x[:, :, *crop]
    grow = [(max(0, before), max(0, after)) for before, after in pads]
    if not any(before or after for before, after in grow):
        return x
    shape = (*x.shape[:2], *(size + sum(pad) for size, pad in zip(x.shape[2:], grow, strict=True)))
    padded = np.full(shape, value, x.dtype)
    inside = [slice(before, before + size) for (before, _), size in zip(grow, x.shape[2:], strict=True)]
    padded[:, :, *inside] = x
    return padded


def window_view(x: Array, geometry: Windows) -> Array:
    """A view (N, C, *outputs, *kernel) of the windows over a padded `x` (N, C, *spatial)."""
    spatial = x.strides[2:]
    return np.lib.stride_tricks.as_strided(
        x,
        (*x.shape[:2], *geometry.outputs, *geometry.kernel),
        (
            *x.strides[:2],
            *(stride * step for stride, step in zip(spatial, geometry.strides, strict=True)),
            *(stride * gap for stride, gap in zip(spatial, geometry.dilations, strict=True)),
        ),
        writeable=False,
    )


def tap_views(x: Array, geometry: Windows) -> list[tuple[tuple[int, ...], Array]]:
    """(kernel position, view (N, C, *outputs) of the elements under it) for each position of the kernel."""
    taps = []
    for position in itertools.product(*(range(size) for size in geometry.kernel)):
        tick()
        cuts = tuple(
            slice(at * gap, count and at * gap + (count - 1) * step + 1, step)
            for at, gap, count, step in zip(
                position, geometry.dilations, geometry.outputs, geometry.strides, strict=True
            )
        )
        taps.append((position, x[:, :, *cuts]))
    return taps


def _depthwise(x: Array, w: Array, geometry: Windows, repeat: int) -> Array:
    taps = tap_views(np.repeat(x, repeat, axis=1) if repeat > 1 else x, geometry)
    per_channel = (1, -1) + (1,) * len(geometry.kernel)
    total: Array | None = None
    weights = w.reshape(len(w), -1)
    for at, (_, tap) in enumerate(taps):
        term = tap * weights[:, at].reshape(per_channel)
        total = term if total is None else np.add(total, term, out=total)
    assert total is not None
    return total


def _by_matrix(x: Array, w: Array, geometry: Windows, group: int) -> Array:
    """im2col and a matrix product for each picture and group, in strips along the first spatial axis."""
    batch, channels = x.shape[0], x.shape[1] // group
    maps = w.shape[0] // group
    outputs = geometry.outputs
    depth = channels * math.prod(geometry.kernel)
    rank = len(outputs)
    spatial, kernel = range(1, rank + 1), range(rank + 1, 2 * rank + 1)
    if HAS_BLAS:
        order = (0, *kernel, *spatial)
    else:
        # Channels innermost: windows are then copied in long runs, and each ends up contiguous as einsum likes it.
        order = (*spatial, *kernel, 0)
        x = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
        w = np.moveaxis(w, 1, -1)
    weights = np.ascontiguousarray(w).reshape(group, maps, depth)
    view = window_view(x, geometry)
    per_row = math.prod(outputs[1:]) * depth
    rows = max(1, min(outputs[0], STRIP_ELEMENTS // max(1, per_row)))
    result = np.empty((batch, group * maps, *outputs), x.dtype)
    for n, g in np.ndindex(batch, group):
        part = view[n, g * channels : (g + 1) * channels]
        for start in range(0, outputs[0], rows):
            strip = part[:, start : start + rows]
            count = strip.shape[1] * math.prod(outputs[1:])
            if HAS_BLAS:
                values = weights[g] @ strip.transpose(order).reshape(depth, count)
            else:
                values = rows_by_rows(weights[g], strip.transpose(order).reshape(count, depth))
            result[n, g * maps : (g + 1) * maps, start : start + rows] = values.reshape(maps, -1, *outputs[1:])
    return result


@op("Conv", rule=conv_rule)
def conv(
    x: Array,
    w: Array,
    b: Array | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    """x (N, C, *spatial), w (M, C / group, *kernel), b (M,) -> (N, M, *outputs)."""
    if x.dtype == np.float16:
        wide = (None if item is None else item.astype(np.float32) for item in (x, w, b))
        how = {"auto_pad": auto_pad, "dilations": dilations, "group": group, "pads": pads, "strides": strides}
        return conv(*wide, **how).astype(np.float16)
    if x.shape[1] != w.shape[1] * group or w.shape[0] % group:
        raise ValueError(f"{x.shape[1]} channels in {group} groups do not fit weights of shape {w.shape}")
    geometry = windows(x.shape[2:], w.shape[2:], strides, dilations, pads, auto_pad)
    x = pad_spatial(x, geometry.pads)
    if math.prod(geometry.outputs) == 0 or x.shape[0] == 0:
        result = np.zeros((x.shape[0], w.shape[0], *geometry.outputs), x.dtype)
    elif w.shape[1] == 1 and group > 1:
        result = _depthwise(x, w, geometry, w.shape[0] // group)
    else:
        result = _by_matrix(x, w, geometry, group)
    if b is not None:
        result += b.reshape(1, -1, *(1,) * len(geometry.outputs))
    return result


def transpose_geometry(
    sizes: Ints,
    kernel: Ints,
    strides: Ints | None,
    dilations: Ints | None,
    pads: Ints | None,
    auto_pad: str,
    output_padding: Ints | None,
    output_shape: Ints | None,
) -> tuple[list[int], list[int], list[int], list[int]]:
    """ConvTranspose's (strides, dilations, pads before, output sizes) by ONNX's formulas."""
    rank = len(sizes)
    strides = list(strides or [1] * rank)
    dilations = list(dilations or [1] * rank)
    extra = list(output_padding or [0] * rank)
    flat = list(pads or [0] * (2 * rank))
    full = [strides[i] * (sizes[i] - 1) + extra[i] + (kernel[i] - 1) * dilations[i] + 1 for i in range(rank)]
    if output_shape:
        outputs = list(output_shape)[-rank:]
    elif auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        outputs = [size * stride for size, stride in zip(sizes, strides, strict=True)]
    else:
        if auto_pad == "VALID":
            flat = [0] * (2 * rank)
        return strides, dilations, flat[:rank], [full[i] - flat[i] - flat[rank + i] for i in range(rank)]
    totals = [max(0, full[i] - outputs[i]) for i in range(rank)]
    before = [total - total // 2 if auto_pad == "SAME_LOWER" else total // 2 for total in totals]
    return strides, dilations, before, outputs


def _conv_transpose_rule(
    x: Operand,
    w: Operand,
    b: Operand | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    output_padding: Ints | None = None,
    output_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> TensorType:
    if x.shape is None or w.shape is None or not w.type.static:
        return TensorType(x.dtype)
    entries, maps, *kernel = w.type.static_shape
    _check_weights(x.shape, w.shape or (), group, maps * group, b, kernel_shape)
    check_equal(x.shape[1], entries)
    spatial: list[Dim] = [None] * len(kernel)
    sizes = [dim for dim in x.shape[2:] if isinstance(dim, int)]
    if len(sizes) == len(kernel):
        geometry = transpose_geometry(sizes, kernel, strides, dilations, pads, auto_pad, output_padding, output_shape)
        spatial = list(geometry[3])
    return TensorType(x.dtype, (x.shape[0], maps * group, *spatial))


@op("ConvTranspose", rule=_conv_transpose_rule)
def conv_transpose(
    x: Array,
    w: Array,
    b: Array | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    output_padding: Ints | None = None,
    output_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    """x (N, C, *spatial), w (C, M / group, *kernel) -> (N, M, *outputs): every input adds its kernel to the output."""
    batch, channels, *sizes = x.shape
    maps, kernel = w.shape[1], w.shape[2:]
    steps, gaps, before, outputs = transpose_geometry(
        sizes, kernel, strides, dilations, pads, auto_pad, output_padding, output_shape
    )
    reach = [
        max(step * (size - 1) + (k - 1) * gap + 1, start + out)
        for step, size, k, gap, start, out in zip(steps, sizes, kernel, gaps, before, outputs, strict=True)
    ]
    canvas = np.zeros((batch, maps * group, *reach), x.dtype)
    per_group = channels // group
    for n, g in np.ndindex(batch, group):
        inputs = x[n, g * per_group : (g + 1) * per_group].reshape(per_group, -1)
        inputs = np.ascontiguousarray(inputs.T)
        target = canvas[n, g * maps : (g + 1) * maps]
        weights = w[g * per_group : (g + 1) * per_group].reshape(per_group, maps, -1)
        for number, position in enumerate(itertools.product(*(range(k) for k in kernel))):
            tick()
            tap = np.ascontiguousarray(weights[:, :, number].T)
            values = rows_by_rows(tap, inputs).reshape(maps, *sizes)
            cuts = tuple(
                slice(at * gap, at * gap + step * (size - 1) + 1, step)
                for at, gap, step, size in zip(position, gaps, steps, sizes, strict=True)
            )
            target[:, *cuts] += values
    result = canvas[:, :, *(slice(start, start + out) for start, out in zip(before, outputs, strict=True))]
    if b is not None:
        return result + b.reshape(1, -1, *(1,) * len(kernel))
    return np.ascontiguousarray(result)
