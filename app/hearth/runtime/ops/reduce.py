"""Reductions over axes, and softmax, which is built of two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import normal_axis, same
from hearth.runtime.types import Dim, TensorType

Ints = Sequence[int]
Reduction = Callable[..., Array]


def _sum(x: Array, **how: Any) -> Array:
    return np.sum(x, dtype=x.dtype, **how)


def _mean(x: Array, **how: Any) -> Array:
    return np.asarray(np.mean(x, **how), x.dtype)


def _log_sum_exp(x: Array, **how: Any) -> Array:
    top = np.max(x, axis=how["axis"], keepdims=True, **_start(x, _lowest))
    top = np.where(np.isfinite(top), top, x.dtype.type(0))
    total = np.log(np.sum(np.exp(x - top), axis=how["axis"], keepdims=True)) + top
    return np.asarray(total if how["keepdims"] else np.squeeze(total, how["axis"]), x.dtype)


_REDUCTIONS: dict[str, tuple[Reduction, int]] = {
    "ReduceSum": (_sum, 13),
    "ReduceMean": (_mean, 18),
    "ReduceMax": (lambda x, **how: np.max(x, **how, **_start(x, _lowest)), 18),
    "ReduceMin": (lambda x, **how: np.min(x, **how, **_start(x, _highest)), 18),
    "ReduceProd": (lambda x, **how: np.prod(x, dtype=x.dtype, **how), 18),
    "ReduceL1": (lambda x, **how: _sum(np.abs(x), **how), 18),
    "ReduceL2": (lambda x, **how: np.asarray(np.sqrt(_sum(np.square(x), **how)), x.dtype), 18),
    "ReduceSumSquare": (lambda x, **how: _sum(np.square(x), **how), 18),
    "ReduceLogSum": (lambda x, **how: np.log(_sum(x, **how)), 18),
    "ReduceLogSumExp": (_log_sum_exp, 18),
}
"""Name -> (function, the opset since which the axes are an input instead of an attribute)."""


def _start(x: Array, extreme: Callable[[Array], Any]) -> dict[str, Any]:
    """What an empty tensor's maximum or minimum is; numpy must not see it otherwise."""
    return {} if x.size else {"initial": extreme(x)}


def _lowest(x: Array) -> Any:
    return -np.inf if x.dtype.kind == "f" else False if x.dtype.kind == "b" else np.iinfo(x.dtype).min


def _highest(x: Array) -> Any:
    return np.inf if x.dtype.kind == "f" else True if x.dtype.kind == "b" else np.iinfo(x.dtype).max


def _reduced(x: Operand, axes: Ints | None, keepdims: int) -> TensorType:
    if x.shape is None:
        return TensorType(x.dtype)
    rank = len(x.shape)
    gone = set(range(rank)) if axes is None else {normal_axis(axis, rank) for axis in axes}
    if axes is not None and len(gone) < len(axes):
        raise ValueError(f"the axes {list(axes)} name one twice")
    dims: list[Dim] = []
    for axis, dim in enumerate(x.shape):
        if axis not in gone:
            dims.append(dim)
        elif keepdims:
            dims.append(1)
    return TensorType(x.dtype, tuple(dims))


def _register(name: str, function: Reduction, since: int) -> None:
    def rule_attribute(x: Operand, *, axes: Ints | None = None, keepdims: int = 1) -> TensorType:
        return _reduced(x, axes, keepdims)

    @op(name, rule=rule_attribute)
    def by_attribute(x: Array, *, axes: Ints | None = None, keepdims: int = 1) -> Array:
        return np.asarray(function(x, axis=None if axes is None else tuple(axes), keepdims=bool(keepdims)))

    def rule_input(
        x: Operand, axes: Operand | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0
    ) -> TensorType:
        if axes is not None and axes.value is None:
            return TensorType(x.dtype)
        wanted = axes.ints() if axes is not None else None
        if not wanted:
            return x.type if noop_with_empty_axes else _reduced(x, None, keepdims)
        return _reduced(x, wanted, keepdims)

    @op(name, since=since, rule=rule_input)
    def by_input(x: Array, axes: Array | None = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0) -> Array:
        if axes is not None and axes.size > x.ndim:
            raise ValueError(f"{axes.size} axes are named, and there are {x.ndim}")
        wanted = tuple(axes.reshape(-1).tolist()) if axes is not None else ()
        if not wanted and noop_with_empty_axes:
            return np.asarray(function(x, axis=(), keepdims=True))
        return np.asarray(function(x, axis=wanted or tuple(range(x.ndim)), keepdims=bool(keepdims)))


for _name, (_function, _since) in _REDUCTIONS.items():
    _register(_name, _function, _since)


def _arg_rule(x: Operand, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> TensorType:
    return TensorType(np.dtype(np.int64), _reduced(x, [axis], keepdims).shape)


def _arg(find: Callable[..., Any], x: Array, axis: int, keepdims: int, last: int) -> Array:
    if last:
        where = x.shape[axis] - 1 - find(np.flip(x, axis), axis=axis, keepdims=bool(keepdims))
    else:
        where = find(x, axis=axis, keepdims=bool(keepdims))
    return np.asarray(where, np.int64)


@op("ArgMax", rule=_arg_rule)
def arg_max(x: Array, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Array:
    return _arg(np.argmax, x, axis, keepdims, select_last_index)


@op("ArgMin", rule=_arg_rule)
def arg_min(x: Array, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Array:
    return _arg(np.argmin, x, axis, keepdims, select_last_index)


def softmax_axis(x: Array, axis: int) -> Array:
    """exp(x) over its sum along an axis, from which the maximum is taken first."""
    shifted = np.exp(x - x.max(axis=axis, keepdims=True, **_start(x, _lowest)))
    return np.asarray(shifted / shifted.sum(axis=axis, keepdims=True), x.dtype)


@op("Softmax", since=1, rule=same)
def softmax_flat(x: Array, *, axis: int = 1) -> Array:
    """Before opset 13: over all axes from `axis` on, taken as one."""
    axis = normal_axis(axis, x.ndim) if axis != x.ndim else axis
    flat = x.reshape(int(np.prod(x.shape[:axis])), -1)
    return softmax_axis(flat, 1).reshape(x.shape)


@op("Softmax", since=13, rule=same)
def softmax(x: Array, *, axis: int = -1) -> Array:
    return softmax_axis(x, axis)


def log_softmax_axis(x: Array, axis: int) -> Array:
    """The logarithm of the softmax, without taking the logarithm of small numbers."""
    shifted = x - x.max(axis=axis, keepdims=True, **_start(x, _lowest))
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


@op("LogSoftmax", since=1, rule=same)
def log_softmax_flat(x: Array, *, axis: int = 1) -> Array:
    """Before opset 13: over all axes from `axis` on, taken as one."""
    axis = normal_axis(axis, x.ndim) if axis != x.ndim else axis
    return log_softmax_axis(x.reshape(int(np.prod(x.shape[:axis])), -1), 1).reshape(x.shape)


@op("LogSoftmax", since=13, rule=same)
def log_softmax(x: Array, *, axis: int = -1) -> Array:
    return log_softmax_axis(x, axis)
