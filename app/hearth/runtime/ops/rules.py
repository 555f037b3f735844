"""Shape rules that many ops share, and the arithmetic of dimensions under them."""

from __future__ import annotations

from typing import Any

import numpy as np

from hearth.runtime.ops.registry import Operand
from hearth.runtime.types import Dim, TensorType


def same(x: Operand, *_: Operand | None, **__: Any) -> TensorType:
    """The output is like the first input."""
    return x.type


def broadcast_dims(shapes: list[tuple[Dim, ...]]) -> tuple[Dim, ...]:
    """The shape to which shapes broadcast, numpy's way; ValueError where they do not fit."""
    rank = max(len(shape) for shape in shapes)
    dims: list[Dim] = []
    for axis in range(rank):
        candidates = [shape[axis - rank + len(shape)] for shape in shapes if axis - rank + len(shape) >= 0]
        known = [dim for dim in candidates if isinstance(dim, int) and dim != 1]
        if len(set(known)) > 1:
            raise ValueError(f"the shapes {shapes} do not broadcast")
        open_dims = [dim for dim in candidates if not isinstance(dim, int)]
        if known:
            dims.append(known[0])
        elif not open_dims:
            dims.append(1)
        else:
            same_name = len(set(open_dims)) == 1 and open_dims[0] is not None
            dims.append(open_dims[0] if same_name else None)
    return tuple(dims)


def check_equal(one: Dim, other: Dim) -> None:
    """ValueError where two sizes are known that must be the same and differ."""
    if isinstance(one, int) and isinstance(other, int) and one != other:
        raise ValueError(f"{one} and {other} must be the same size")


def check_broadcasts(shape: tuple[Dim, ...], target: tuple[Dim, ...]) -> None:
    """ValueError where a shape does not broadcast to another that must stay as it is."""
    if len(shape) > len(target):
        raise ValueError(f"the shape {shape} does not broadcast to {target}")
    for one, other in zip(reversed(shape), reversed(target), strict=False):
        if one != 1:
            check_equal(one, other)


def scaled(x: Operand, *others: Operand | None, **_: Any) -> TensorType:
    """The output is like the first input, and the other inputs broadcast to it."""
    for other in others:
        if other is not None and other.shape is not None and x.shape is not None:
            check_broadcasts(other.shape, x.shape)
    return x.type


def by_channel(x: Operand, *others: Operand | None, **_: Any) -> TensorType:
    """The output is like the first input (N, C, ...), and the other inputs have the shape (C,)."""
    for other in others:
        if other is not None and other.shape is not None and x.shape is not None:
            if len(other.shape) != 1 or len(x.shape) < 2:
                raise ValueError(f"the shape {other.shape} is not one number a channel of {x.shape}")
            check_equal(other.shape[0], x.shape[1])
    return x.type


def broadcast(*operands: Operand | None, **_: Any) -> TensorType:
    """The inputs broadcast together; the dtype is the first one's."""
    present = [operand for operand in operands if operand is not None]
    shapes = [operand.shape for operand in present if operand.shape is not None]
    shape = broadcast_dims(shapes) if len(shapes) == len(present) else None
    return TensorType(present[0].dtype, shape)


def compare(*operands: Operand | None, **_: Any) -> TensorType:
    """The inputs broadcast together to booleans."""
    return TensorType(np.dtype(np.bool_), broadcast(*operands).shape)


def normal_axis(axis: int, rank: int) -> int:
    """A possibly negative axis as one from 0; ValueError where it is out of range."""
    if not -rank <= axis < rank:
        raise ValueError(f"the axis {axis} is outside a tensor of {rank} dimensions")
    return axis % rank
