"""Ops that make tensors: constants, ranges, repeated and banded patterns."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.casting import convert
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import same
from hearth.runtime.ops.storage import decode
from hearth.runtime.types import TensorType, dtype_of

Ints = Sequence[int]


@op("Constant", storage=True)
def constant(
    *,
    value: Array | None = None,
    sparse_value: Array | None = None,
    value_float: float | None = None,
    value_floats: Sequence[float] | None = None,
    value_int: int | None = None,
    value_ints: Ints | None = None,
    value_string: str | None = None,
    value_strings: Sequence[str] | None = None,
) -> Array:
    """Whichever attribute is set, as a tensor."""
    for given, dtype in (
        (value_float, np.float32),
        (value_floats, np.float32),
        (value_int, np.int64),
        (value_ints, np.int64),
        (value_string, object),
        (value_strings, object),
    ):
        if given is not None:
            return np.array(given, dtype)
    tensor = value if value is not None else sparse_value
    if tensor is None:
        raise ValueError("it has no value")
    return tensor


def _filled_rule(target: Operand, *, value: Array | None = None) -> TensorType:
    dims = target.ints()
    dtype = np.dtype(np.float32) if value is None else value.dtype
    return TensorType(dtype, None if dims is None else tuple(dims))


@op("ConstantOfShape", rule=_filled_rule, storage=True)
def constant_of_shape(target: Array, *, value: Array | None = None) -> Array:
    value = np.zeros(1, np.float32) if value is None else value
    return np.full(tuple(target.tolist()), value.reshape(-1)[0], value.dtype)


def _tile_rule(x: Operand, repeats: Operand) -> TensorType:
    counts = repeats.ints()
    if x.shape is None or counts is None:
        return TensorType(x.dtype, None if x.shape is None else (None,) * len(x.shape))
    dims = [dim * count if isinstance(dim, int) else None for dim, count in zip(x.shape, counts, strict=True)]
    return TensorType(x.dtype, tuple(dims))


@op("Tile", since=6, rule=_tile_rule)
def tile(x: Array, repeats: Array) -> Array:
    return np.tile(x, repeats.tolist())


def range_rule(start: Operand, limit: Operand, delta: Operand, *, stash_type: int = 1) -> TensorType:
    ends = [None if item.value is None else float(decode(item.value).reshape(-1)[0]) for item in (start, limit, delta)]
    first, last, step = ends
    if first is None or last is None or not step:
        return TensorType(start.dtype, (None,))
    return TensorType(start.dtype, (max(0, math.ceil((last - first) / step)),))


@op("Range", rule=range_rule)
def range_(start: Array, limit: Array, delta: Array, *, stash_type: int = 1) -> Array:
    return np.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype)


@op("Tile", since=1, data_dependent=True)
def tile_one_axis(x: Array, tiles: Array, axis: Array) -> Array:
    repeats = [1] * x.ndim
    repeats[int(axis.reshape(-1)[0])] = int(tiles.reshape(-1)[0])
    return np.tile(x, repeats)


@op(
    "EyeLike",
    rule=lambda x, *, dtype=None, k=0: TensorType(dtype_of(dtype) if dtype else x.dtype, x.shape),
    storage=True,
)
def eye_like(x: Array, *, dtype: int | None = None, k: int = 0) -> Array:
    rows, columns = x.shape
    return convert(np.eye(rows, columns, k), dtype_of(dtype) if dtype else x.dtype)


@op("Trilu", rule=same)
def trilu(x: Array, k: Array | None = None, *, upper: int = 1) -> Array:
    """The upper or lower triangle of the last two axes, from the k-th diagonal on; zeros elsewhere."""
    offset = 0 if k is None else int(k.reshape(-1)[0])
    return np.triu(x, offset) if upper else np.tril(x, offset)
