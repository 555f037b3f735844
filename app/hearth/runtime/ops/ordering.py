"""Ops about order: sorting, the largest, what is distinct, running sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import normal_axis, same
from hearth.runtime.types import Dim, TensorType

INT64 = np.dtype(np.int64)


def top_k_along(x: Array, k: int, axis: int, largest: bool) -> tuple[Array, Array]:
    """The k largest or smallest along an axis, sorted, with their indices; of equal elements the first wins."""
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(f"an axis of {x.shape[axis]} elements has no {k} largest")
    if largest:
        # A stable sort of the reversed axis, read backwards, keeps equal elements in their order.
        order = x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis, kind="stable"), axis)
    else:
        order = np.argsort(x, axis, kind="stable")
    chosen = order.take(np.arange(k), axis)
    return np.take_along_axis(x, chosen, axis), chosen.astype(np.int64, copy=False)


def _top_k_types(x: Operand, k: int | None, axis: int) -> tuple[TensorType, TensorType]:
    if x.shape is None:
        return TensorType(x.dtype), TensorType(INT64)
    dims: list[Dim] = list(x.shape)
    dims[normal_axis(axis, len(dims))] = k
    return TensorType(x.dtype, tuple(dims)), TensorType(INT64, tuple(dims))


@op("TopK", since=1, rule=lambda x, *, k, axis=-1: _top_k_types(x, k, axis))
def top_k_attribute(x: Array, *, k: int, axis: int = -1) -> tuple[Array, Array]:
    return top_k_along(x, k, axis, True)


def _top_k_rule(x: Operand, k: Operand, *, axis: int = -1, **_: Any) -> tuple[TensorType, TensorType]:
    count = k.ints()
    return _top_k_types(x, count[0] if count else None, axis)


@op("TopK", since=10, rule=_top_k_rule)
def top_k(x: Array, k: Array, *, axis: int = -1, largest: int = 1, sorted: int = 1) -> tuple[Array, Array]:
    return top_k_along(x, int(k.reshape(-1)[0]), axis, bool(largest))


@op("Unique", data_dependent=True)
def unique(x: Array, *, axis: int | None = None, sorted: int = 1) -> tuple[Array, ...]:
    """(distinct values, where each comes first, which of them each element is, how many there are of each)."""
    values, first, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=axis)
    inverse = inverse.reshape(-1)
    if not sorted:
        order = np.argsort(first)
        rank = np.argsort(order)
        values, first, inverse, counts = values.take(order, axis or 0), first[order], rank[inverse], counts[order]
    return values, first.astype(np.int64), inverse.astype(np.int64), counts.astype(np.int64)


def _running(function: np.ufunc, start: int, x: Array, axis: Array, exclusive: int, reverse: int) -> Array:
    at = normal_axis(int(axis.reshape(-1)[0]), x.ndim)
    if reverse:
        x = np.flip(x, at)
    if exclusive:
        head = np.full_like(x.take([0], at), start)
        x = np.concatenate([head, x[(slice(None),) * at + (slice(-1),)]], at) if x.shape[at] else x
    result = function.accumulate(x, at, dtype=x.dtype)
    return np.flip(result, at) if reverse else result


@op("CumSum", rule=same)
def cum_sum(x: Array, axis: Array, *, exclusive: int = 0, reverse: int = 0) -> Array:
    return _running(np.add, 0, x, axis, exclusive, reverse)


@op("CumProd", rule=same)
def cum_prod(x: Array, axis: Array, *, exclusive: int = 0, reverse: int = 0) -> Array:
    return _running(np.multiply, 1, x, axis, exclusive, reverse)


@op("Hardmax", since=1, rule=same)
def hardmax_flat(x: Array, *, axis: int = 1) -> Array:
    """Before opset 13: over all axes from `axis` on, taken as one."""
    rows = int(np.prod(x.shape[: axis % x.ndim if axis < 0 else axis]))
    return hardmax(x.reshape(rows, -1), axis=1).reshape(x.shape)


@op("Hardmax", since=13, rule=same)
def hardmax(x: Array, *, axis: int = -1) -> Array:
    """1 at the first maximum along the axis, else 0."""
    result = np.zeros_like(x)
    np.put_along_axis(result, np.expand_dims(x.argmax(axis), axis), 1, axis)
    return result
