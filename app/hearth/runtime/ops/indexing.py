"""Ops that read or write elements at positions held in another tensor: the families of Gather and Scatter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.limits import tick
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import normal_axis, same
from hearth.runtime.types import TensorType


def _gather_rule(x: Operand, indices: Operand, *, axis: int = 0) -> TensorType:
    if x.shape is None or indices.shape is None:
        return TensorType(x.dtype)
    axis = normal_axis(axis, len(x.shape))
    return TensorType(x.dtype, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


@op("Gather", rule=_gather_rule, storage=True)
def gather(x: Array, indices: Array, *, axis: int = 0) -> Array:
    try:
        return np.asarray(x.take(indices, axis))
    except IndexError:
        size = x.shape[axis]
        wrong = indices[(indices < -size) | (indices >= size)].flat[0]
        bounds = f"must be within the inclusive range [{-size},{size - 1}]"
        raise IndexError(f"indices element out of data bounds, idx={wrong} {bounds}") from None


def grid(shape: tuple[int, ...]) -> list[Array]:
    """The index along each axis of every element of a tensor, to broadcast."""
    return list(np.ix_(*(np.arange(size) for size in shape))) if shape else []


@op("GatherElements", rule=lambda x, indices, **_: TensorType(x.dtype, indices.shape), storage=True)
def gather_elements(x: Array, indices: Array, *, axis: int = 0) -> Array:
    """result[i, j, ...] = x[i, indices[i, j, ...], ...] for axis 1; `indices` may be smaller along other axes."""
    axis = normal_axis(axis, x.ndim)
    cuts = tuple(slice(None) if at == axis else slice(size) for at, size in enumerate(indices.shape))
    return np.take_along_axis(x[cuts], indices.astype(np.int64, copy=False), axis)


def _gather_nd_rule(x: Operand, indices: Operand, *, batch_dims: int = 0) -> TensorType:
    if x.shape is None or indices.shape is None or not isinstance(indices.shape[-1], int):
        return TensorType(x.dtype)
    return TensorType(x.dtype, (*indices.shape[:-1], *x.shape[batch_dims + indices.shape[-1] :]))


@op("GatherND", rule=_gather_nd_rule, storage=True)
def gather_nd(x: Array, indices: Array, *, batch_dims: int = 0) -> Array:
    """indices (*batch, ..., K) point at x[batch, i1, ..., iK] -> (*batch, ..., rest of x)."""
    places = grid(indices.shape[:batch_dims])
    spread = (1,) * (indices.ndim - 1 - batch_dims)
    places = [place.reshape(*place.shape, *spread) for place in places]
    return np.asarray(x[(*places, *np.moveaxis(indices, -1, 0))])


_REDUCTIONS: dict[str, np.ufunc] = {
    "add": np.add,
    "mul": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
}


def _write(x: Array, places: tuple[Array, ...], updates: Array, reduction: str) -> Array:
    result = x.copy()
    if reduction == "none":
        result[places] = updates
        return result
    if reduction not in _REDUCTIONS:
        raise ValueError(f"the reduction '{reduction}' is none of none, {', '.join(_REDUCTIONS)}")
    at: Callable[..., None] = _REDUCTIONS[reduction].at
    at(result, places, updates)
    return result


@op("Scatter", rule=same)
@op("ScatterElements", rule=same)
def scatter_elements(x: Array, indices: Array, updates: Array, *, axis: int = 0, reduction: str = "none") -> Array:
    """x with result[i, indices[i, j, ...], ...] = updates[i, j, ...] for axis 1, combined by `reduction`."""
    if updates.size == 0:
        return x
    places = grid(indices.shape)
    places[normal_axis(axis, x.ndim)] = indices
    return _write(x, tuple(places), updates, reduction)


@op("ScatterND", rule=same)
def scatter_nd(x: Array, indices: Array, updates: Array, *, reduction: str = "none") -> Array:
    """x with x[i1, ..., iK] replaced by, or combined with, updates for every row of indices (..., K)."""
    return _write(x, tuple(np.moveaxis(indices, -1, 0)), updates, reduction)


@op("TensorScatter", rule=same)
def tensor_scatter(
    cache: Array, update: Array, write_indices: Array | None = None, *, axis: int = -2, mode: str = "linear"
) -> Array:
    """The cache with `update` written along `axis`, for each batch from its own index on."""
    axis = normal_axis(axis, cache.ndim)
    count, longest = update.shape[axis], cache.shape[axis]
    result = cache.copy()
    for batch in range(cache.shape[0]):
        tick()
        start = 0 if write_indices is None else int(write_indices[batch])
        places = start + np.arange(count)
        if mode == "circular":
            places %= longest
        result[batch][(slice(None),) * (axis - 1) + (places,)] = update[batch]
    return result


def _one_hot_rule(indices: Operand, depth: Operand, values: Operand, *, axis: int = -1) -> TensorType:
    size = depth.ints()
    if indices.shape is None:
        return TensorType(values.dtype)
    at = normal_axis(axis, len(indices.shape) + 1)
    return TensorType(values.dtype, (*indices.shape[:at], size[0] if size else None, *indices.shape[at:]))


@op("OneHot", rule=_one_hot_rule)
def one_hot(indices: Array, depth: Array, values: Array, *, axis: int = -1) -> Array:
    """values (off, on): on where a new axis of size `depth` is at the index; negative indices count from its end."""
    size = int(depth.reshape(-1)[0])
    axis = normal_axis(axis, indices.ndim + 1)
    steps = np.arange(size).reshape(-1, *(1,) * (indices.ndim - axis))
    places = np.expand_dims(np.where(indices < 0, indices + size, indices), axis)
    return np.where(places == steps, values[1], values[0])


@op("Compress", data_dependent=True, storage=True)
def compress(x: Array, condition: Array, *, axis: int | None = None) -> Array:
    return np.compress(condition, x, axis)


@op("NonZero", data_dependent=True)
def non_zero(x: Array) -> Array:
    """Positions (rank, count) of what is not zero, in row order."""
    return np.array(np.nonzero(np.atleast_1d(x)), np.int64)


@op("ReverseSequence", rule=same, storage=True)
def reverse_sequence(x: Array, lengths: Array, *, batch_axis: int = 1, time_axis: int = 0) -> Array:
    """Each batch's first `lengths` steps in reverse."""
    result = x.copy()
    source = np.moveaxis(x, (batch_axis, time_axis), (0, 1))
    target = np.moveaxis(result, (batch_axis, time_axis), (0, 1))
    for batch, length in enumerate(lengths.tolist()):
        target[batch, :length] = source[batch, :length][::-1]
    return result
