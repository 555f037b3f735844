"""Ops that move elements about or tell shapes, and never compute with the values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import broadcast_dims, check_equal, normal_axis
from hearth.runtime.types import Dim, TensorType

Ints = Sequence[int]
INT64 = np.dtype(np.int64)


def _shape_rule(x: Operand, *, start: int = 0, end: int | None = None) -> TensorType:
    return TensorType(INT64, (len(x.shape[start:end]),) if x.shape is not None else (None,))


@op("Shape", rule=_shape_rule, storage=True)
def shape(x: Array, *, start: int = 0, end: int | None = None) -> Array:
    return np.array(x.shape[start:end], np.int64)


@op("Size", rule=lambda x: TensorType(INT64, ()), storage=True)
def size(x: Array) -> Array:
    return np.array(x.size, np.int64)


MAX_RANK = 64
"""numpy's."""


def _check_count(shape: Sequence[int], target: Sequence[int]) -> None:
    if math.prod(shape) != math.prod(target):
        raise ValueError(f"{math.prod(shape)} elements do not fill the shape {list(target)}")


def _reshape_rule(x: Operand, target: Operand, *, allowzero: int = 0) -> TensorType:
    wanted = target.ints()
    if wanted is None:
        length = target.shape[0] if target.shape else None
        if isinstance(length, int) and length > MAX_RANK:
            raise ValueError(f"a tensor can't have {length} axes")
        return TensorType(x.dtype, (None,) * length if isinstance(length, int) else None)
    if min(wanted, default=0) < -1 or wanted.count(-1) > 1:
        raise ValueError(f"{wanted} is no shape")
    dims: list[Dim] = list(wanted)
    if not allowzero and 0 in wanted:
        if x.shape is None:
            return TensorType(x.dtype, (None,) * len(dims))
        dims = [x.shape[axis] if dim == 0 else dim for axis, dim in enumerate(dims)]
    if -1 in dims:
        at = dims.index(-1)
        dims[at] = None
        if x.type.static and all(isinstance(dim, int) for i, dim in enumerate(dims) if i != at):
            rest = math.prod(dim for dim in dims if isinstance(dim, int))
            dims[at] = math.prod(x.type.static_shape) // rest if rest else 0
            _check_count(x.type.static_shape, [dim for dim in dims if isinstance(dim, int)])
        elif x.shape is not None:
            # A batch dimension that is carried over unchanged: what is left of both sides must agree.
            open_in = [dim for dim in x.shape if not isinstance(dim, int)]
            open_out = [dim for i, dim in enumerate(dims) if i != at and not isinstance(dim, int)]
            known_in = math.prod(dim for dim in x.shape if isinstance(dim, int))
            known_out = math.prod(dim for dim in dims if isinstance(dim, int))
            if open_in == open_out and None not in open_in and known_out:
                dims[at] = known_in // known_out
            elif len(open_in) == 1 and not open_out and known_in == known_out:
                dims[at] = open_in[0]
    elif x.type.static:
        _check_count(x.type.static_shape, [dim for dim in dims if isinstance(dim, int)])
    return TensorType(x.dtype, tuple(dims))


@op("Reshape", since=5, rule=_reshape_rule, storage=True)
def reshape(x: Array, target: Array, *, allowzero: int = 0) -> Array:
    dims = [x.shape[axis] if dim == 0 and not allowzero else int(dim) for axis, dim in enumerate(target.reshape(-1))]
    return x.reshape(dims)


@op("Reshape", since=1, rule=lambda x, *, shape, consumed_inputs=None: TensorType(x.dtype, None), storage=True)
def reshape_attribute(x: Array, *, shape: Ints, consumed_inputs: Any = None) -> Array:
    return reshape(x, np.array(shape, np.int64))


def _flatten_rule(x: Operand, *, axis: int = 1) -> TensorType:
    if not x.type.static:
        return TensorType(x.dtype, (None, None))
    dims = x.type.static_shape
    axis = axis + len(dims) if axis < 0 else axis
    return TensorType(x.dtype, (math.prod(dims[:axis]), math.prod(dims[axis:])))


@op("Flatten", rule=_flatten_rule, storage=True)
def flatten(x: Array, *, axis: int = 1) -> Array:
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def _transpose_rule(x: Operand, *, perm: Ints | None = None) -> TensorType:
    if x.shape is None:
        return TensorType(x.dtype)
    if perm and sorted(normal_axis(axis, len(x.shape)) for axis in perm) != list(range(len(x.shape))):
        raise ValueError(f"{list(perm)} is no order of {len(x.shape)} axes")
    return TensorType(x.dtype, tuple(x.shape[axis] for axis in perm) if perm else x.shape[::-1])


@op("Transpose", rule=_transpose_rule, storage=True)
def transpose(x: Array, *, perm: Ints | None = None) -> Array:
    return np.ascontiguousarray(x.transpose(perm))


def _concat_rule(*inputs: Operand, axis: int = 1) -> TensorType:
    shapes = [item.shape for item in inputs]
    if any(dims is None for dims in shapes):
        return TensorType(inputs[0].dtype)
    first = [dims for dims in shapes if dims is not None]
    at = normal_axis(axis, len(first[0]))
    merged: list[Dim] = []
    for index, column in enumerate(zip(*first, strict=True)):
        known = [dim for dim in column if isinstance(dim, int)]
        if index == at:
            merged.append(sum(known) if len(known) == len(column) else None)
        else:
            if len(set(known)) > 1:
                raise ValueError(f"the sizes {known} along axis {index} must be the same")
            merged.append(known[0] if known else column[0])
    return TensorType(inputs[0].dtype, tuple(merged))


@op("Concat", rule=_concat_rule, storage=True)
def concat(*inputs: Array, axis: int = 1) -> Array:
    return np.concatenate(inputs, axis)


def _axes_rule_squeeze(x: Operand, axes: list[int] | None) -> TensorType:
    if x.shape is None:
        return TensorType(x.dtype)
    rank = len(x.shape)
    if axes is None:
        if not x.type.static:
            return TensorType(x.dtype)
        return TensorType(x.dtype, tuple(dim for dim in x.shape if dim != 1))
    gone = {normal_axis(axis, rank) for axis in axes}
    if len(gone) < len(axes):
        raise ValueError(f"the axes {axes} name one twice")
    for axis in gone:
        check_equal(x.shape[axis], 1)
    return TensorType(x.dtype, tuple(dim for axis, dim in enumerate(x.shape) if axis not in gone))


def _axes_rule_unsqueeze(x: Operand, axes: list[int]) -> TensorType:
    if x.shape is None:
        return TensorType(x.dtype)
    rank = len(x.shape) + len(axes)
    new = {normal_axis(axis, rank) for axis in axes}
    rest = iter(x.shape)
    return TensorType(x.dtype, tuple(1 if axis in new else next(rest) for axis in range(rank)))


@op("Squeeze", since=1, rule=lambda x, *, axes=None: _axes_rule_squeeze(x, axes), storage=True)
def squeeze_attribute(x: Array, *, axes: Ints | None = None) -> Array:
    return x.squeeze(None if axes is None else tuple(axes))


def _squeeze_rule(x: Operand, axes: Operand | None = None) -> TensorType:
    if axes is not None and axes.value is None:
        return TensorType(x.dtype)
    return _axes_rule_squeeze(x, None if axes is None else axes.ints())


@op("Squeeze", since=13, rule=_squeeze_rule, storage=True)
def squeeze(x: Array, axes: Array | None = None) -> Array:
    return x.squeeze(None if axes is None else tuple(axes.reshape(-1).tolist()))


@op("Unsqueeze", since=1, rule=lambda x, *, axes: _axes_rule_unsqueeze(x, axes), storage=True)
def unsqueeze_attribute(x: Array, *, axes: Ints) -> Array:
    return np.expand_dims(x, tuple(axes))


def _unsqueeze_rule(x: Operand, axes: Operand) -> TensorType:
    wanted = axes.ints()
    return TensorType(x.dtype) if wanted is None else _axes_rule_unsqueeze(x, wanted)


@op("Unsqueeze", since=13, rule=_unsqueeze_rule, storage=True)
def unsqueeze(x: Array, axes: Array) -> Array:
    return np.expand_dims(x, tuple(axes.reshape(-1).tolist()))


def slices(dims: Sequence[int], starts: Ints, ends: Ints, axes: Ints | None, steps: Ints | None) -> tuple[slice, ...]:
    """ONNX's Slice as numpy slices: bounds clamped to the dimension, negative steps walking down."""
    cuts = [slice(None)] * len(dims)
    axes = range(len(starts)) if axes is None else axes
    for at, (start, end, axis) in enumerate(zip(starts, ends, axes, strict=True)):
        axis = normal_axis(axis, len(dims))
        step, length = (steps[at] if steps is not None else 1), dims[axis]
        start = start + length if start < 0 else start
        end = end + length if end < 0 else end
        if step > 0:
            cuts[axis] = slice(min(max(start, 0), length), min(max(end, 0), length), step)
        else:
            stop = min(max(end, -1), length - 1)
            cuts[axis] = slice(min(max(start, 0), length - 1), None if stop < 0 else stop, step)
    return tuple(cuts)


def _slice_types(
    x: Operand, starts: Ints | None, ends: Ints | None, axes: Ints | None, steps: Ints | None
) -> TensorType:
    if x.shape is None:
        return TensorType(x.dtype)
    if starts is None or ends is None:
        return TensorType(x.dtype, (None,) * len(x.shape))
    touched = [normal_axis(axis, len(x.shape)) for axis in (axes if axes is not None else range(len(starts)))]
    sizes = [dim if isinstance(dim, int) else 0 for dim in x.shape]
    cuts = slices(sizes, starts, ends, axes, steps)
    dims: list[Dim] = list(x.shape)
    for at, axis in enumerate(touched):
        whole = starts[at] == 0 and ends[at] >= 2**31 - 1 and (steps is None or steps[at] == 1)
        if isinstance(x.shape[axis], int):
            dims[axis] = len(range(*cuts[axis].indices(sizes[axis])))
        elif not whole:
            dims[axis] = None
    return TensorType(x.dtype, tuple(dims))


@op(
    "Slice", since=1, rule=lambda x, *, starts, ends, axes=None: _slice_types(x, starts, ends, axes, None), storage=True
)
def slice_attributes(x: Array, *, starts: Ints, ends: Ints, axes: Ints | None = None) -> Array:
    return x[slices(x.shape, starts, ends, axes, None)]


def _slice_rule(
    x: Operand, starts: Operand, ends: Operand, axes: Operand | None = None, steps: Operand | None = None
) -> TensorType:
    unknown = (axes is not None and axes.value is None) or (steps is not None and steps.value is None)
    if unknown:
        return TensorType(x.dtype, None if x.shape is None else (None,) * len(x.shape))
    return _slice_types(x, starts.ints(), ends.ints(), axes.ints() if axes else None, steps.ints() if steps else None)


@op("Slice", since=10, rule=_slice_rule, storage=True)
def slice_(x: Array, starts: Array, ends: Array, axes: Array | None = None, steps: Array | None = None) -> Array:
    chosen = None if axes is None else axes.reshape(-1).tolist()
    strides = None if steps is None else steps.reshape(-1).tolist()
    return x[slices(x.shape, starts.reshape(-1).tolist(), ends.reshape(-1).tolist(), chosen, strides)]


def _expand_rule(x: Operand, target: Operand) -> TensorType:
    dims = target.ints()
    if dims is None or x.shape is None:
        return TensorType(x.dtype)
    return TensorType(x.dtype, broadcast_dims([x.shape, tuple(dims)]))


@op("Expand", rule=_expand_rule, storage=True)
def expand(x: Array, target: Array) -> Array:
    dims = np.broadcast_shapes(x.shape, tuple(target.tolist()))
    return np.ascontiguousarray(np.broadcast_to(x, dims))


MAX_PARTS = 1 << 16


def _split(x: Array, parts: Sequence[int], axis: int) -> tuple[Array, ...]:
    if sum(parts) != x.shape[axis]:
        raise ValueError(f"the parts {list(parts)} do not add up to {x.shape[axis]}")
    return tuple(np.split(x, np.cumsum(parts)[:-1].tolist(), axis))


def _even_parts(length: int, count: int) -> list[int]:
    if not 1 <= count <= MAX_PARTS:
        raise ValueError(f"a tensor can't be split into {count} parts")
    size = -(-length // count)
    return [max(0, min(size, length - at * size)) for at in range(count)]


@op("Split", since=1, shape_from=(1,), storage=True)
def split_first(
    x: Array, parts: Array | None = None, *, split: Ints | None = None, axis: int = 0, n_outputs: int = 1
) -> tuple[Array, ...]:
    """The first version takes the sizes as an input or as an attribute."""
    return split_attribute(x, split=split if parts is None else parts.tolist(), axis=axis, n_outputs=n_outputs)


@op("Split", since=2, storage=True)
def split_attribute(x: Array, *, split: Ints | None = None, axis: int = 0, n_outputs: int = 1) -> tuple[Array, ...]:
    return _split(x, split or _even_parts(x.shape[axis], n_outputs), axis)


@op("Split", since=13, shape_from=(1,), storage=True)
def split(
    x: Array, parts: Array | None = None, *, axis: int = 0, num_outputs: int | None = None, n_outputs: int = 1
) -> tuple[Array, ...]:
    sizes = _even_parts(x.shape[axis], num_outputs or n_outputs) if parts is None else parts.tolist()
    return _split(x, sizes, axis)


def _depth_rule(x: Operand, *, blocksize: int, mode: str = "DCR") -> TensorType:
    if not x.type.static:
        return TensorType(x.dtype)
    n, c, h, w = x.type.static_shape
    if blocksize < 1 or c % blocksize**2:
        raise ValueError(f"{c} channels do not part into blocks of {blocksize}x{blocksize}")
    return TensorType(x.dtype, (n, c // blocksize**2, h * blocksize, w * blocksize))


@op("DepthToSpace", rule=_depth_rule, storage=True)
def depth_to_space(x: Array, *, blocksize: int, mode: str = "DCR") -> Array:
    """Channels (N, C b b, H, W) laid out as blocks of b x b elements (N, C, H b, W b)."""
    n, c, h, w = x.shape
    b, out = blocksize, c // blocksize**2
    if mode == "DCR":
        blocks = x.reshape(n, b, b, out, h, w).transpose(0, 3, 4, 1, 5, 2)
    else:
        blocks = x.reshape(n, out, b, b, h, w).transpose(0, 1, 4, 2, 5, 3)
    return blocks.reshape(n, out, h * b, w * b)


def _space_rule(x: Operand, *, blocksize: int, mode: str = "DCR") -> TensorType:
    if not x.type.static:
        return TensorType(x.dtype)
    n, c, h, w = x.type.static_shape
    if blocksize < 1 or h % blocksize or w % blocksize:
        raise ValueError(f"{h}x{w} does not part into blocks of {blocksize}x{blocksize}")
    return TensorType(x.dtype, (n, c * blocksize**2, h // blocksize, w // blocksize))


@op("SpaceToDepth", rule=_space_rule, storage=True)
def space_to_depth(x: Array, *, blocksize: int, mode: str = "DCR") -> Array:
    """The reverse of DepthToSpace."""
    n, c, h, w = x.shape
    b = blocksize
    blocks = x.reshape(n, c, h // b, b, w // b, b)
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    return blocks.transpose(order).reshape(n, c * b * b, h // b, w // b)
