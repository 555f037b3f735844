"""Ops that work element by element, with numpy's broadcasting."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import Meaning, Operand, op
from hearth.runtime.ops.rules import broadcast, compare, same
from hearth.runtime.types import TensorType, dtype_of


def _like(x: Array, value: Any) -> Any:
    """A Python number as the dtype of `x`, so that numpy does not widen."""
    return x.dtype.type(value)


def _unary(function: Callable[[Array], Array]) -> Meaning:
    """A ufunc has no signature that the table could read; this has."""
    return lambda x: function(x)


def _binary(function: Callable[[Array, Array], Array]) -> Meaning:
    return lambda a, b: function(a, b)


for _name, _function in {
    "Abs": np.abs,
    "Neg": np.negative,
    "Sqrt": np.sqrt,
    "Exp": np.exp,
    "Log": np.log,
    "Floor": np.floor,
    "Ceil": np.ceil,
    "Round": np.rint,
    "Sin": np.sin,
    "Cos": np.cos,
    "Tan": np.tan,
    "Tanh": np.tanh,
    "Sign": np.sign,
    "Reciprocal": np.reciprocal,
    "Not": np.logical_not,
}.items():
    op(_name, rule=same)(_unary(_function))


_ARITHMETIC: dict[str, Callable[[Array, Array], Array]] = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply}

_COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    "Equal": np.equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Xor": np.logical_xor,
}

for _table, _rule in ((_ARITHMETIC, broadcast), (_COMPARISONS, compare)):
    for _name, _pair in _table.items():
        op(_name, rule=_rule)(_binary(_pair))


@op("Div", rule=broadcast)
def div(a: Array, b: Array) -> Array:
    """Integers divide towards zero, as in C."""
    if a.dtype.kind in "iu":
        quotient = np.abs(a) // np.abs(b)
        return np.where((a < 0) != (b < 0), -quotient, quotient).astype(a.dtype)
    return np.divide(a, b)


@op("Pow", rule=broadcast)
def pow_(a: Array, b: Array) -> Array:
    if a.dtype.kind == "f" and b.size == 1 and b.reshape(-1)[0] == 2:
        return np.square(a)
    return np.power(a, b).astype(a.dtype)


@op("Max", rule=broadcast)
def max_(*inputs: Array) -> Array:
    result = inputs[0]
    for item in inputs[1:]:
        result = np.maximum(result, item)
    return result


@op("Min", rule=broadcast)
def min_(*inputs: Array) -> Array:
    result = inputs[0]
    for item in inputs[1:]:
        result = np.minimum(result, item)
    return result


@op("Sum", rule=broadcast)
def sum_(*inputs: Array) -> Array:
    result = inputs[0]
    for item in inputs[1:]:
        result = result + item
    return result


def _where_rule(condition: Operand, a: Operand, b: Operand) -> TensorType:
    return TensorType(a.dtype, broadcast(condition, a, b).shape)


@op("Where", rule=_where_rule)
def where(condition: Array, a: Array, b: Array) -> Array:
    return np.where(condition, a, b)


@op("Relu", rule=same)
def relu(x: Array) -> Array:
    return np.maximum(x, _like(x, 0))


@op("Sigmoid", rule=same)
def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), written with tanh so that no exponential overflows."""
    half = _like(x, 0.5)
    return np.tanh(x * half) * half + half


@op("HardSigmoid", rule=same)
def hard_sigmoid(x: Array, *, alpha: float = 0.2, beta: float = 0.5) -> Array:
    return np.clip(x * _like(x, alpha) + _like(x, beta), _like(x, 0), _like(x, 1))


@op("HardSwish", rule=same)
def hard_swish(x: Array) -> Array:
    return x * hard_sigmoid(x, alpha=1 / 6, beta=0.5)


@op("LeakyRelu", rule=same)
def leaky_relu(x: Array, *, alpha: float = 0.01) -> Array:
    return np.where(x < 0, x * _like(x, alpha), x)


@op("PRelu", rule=same)
def prelu(x: Array, slope: Array) -> Array:
    return np.where(x < 0, x * slope, x)


@op("Elu", rule=same)
def elu(x: Array, *, alpha: float = 1.0) -> Array:
    return np.where(x < 0, _like(x, alpha) * np.expm1(np.minimum(x, 0)), x)


@op("Softplus", rule=same)
def softplus(x: Array) -> Array:
    return np.logaddexp(x, _like(x, 0))


@op("Erf", rule=same)
def erf(x: Array) -> Array:
    """The error function in double precision; numpy has none, the C library behind `math` does."""
    return np.fromiter(map(math.erf, x.reshape(-1).tolist()), np.float64, x.size).reshape(x.shape).astype(x.dtype)


@op("Clip", since=1, rule=same)
def clip_attributes(x: Array, *, min: float = -np.inf, max: float = np.inf) -> Array:
    return np.clip(x, _like(x, min), _like(x, max))


@op("Clip", since=11, rule=same)
def clip(x: Array, low: Array | None = None, high: Array | None = None) -> Array:
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _cast_rule(x: Operand, *, to: int, saturate: int = 1, round_mode: str = "up") -> TensorType:
    return TensorType(dtype_of(to), x.shape)


@op("Cast", rule=_cast_rule)
def cast(x: Array, *, to: int, saturate: int = 1, round_mode: str = "up") -> Array:
    return x.astype(dtype_of(to))


@op("Identity", rule=same)
def identity(x: Array) -> Array:
    return x


@op("Dropout", rule=lambda x, *_, **__: (x.type, TensorType(np.dtype(bool), x.shape)))
def dropout(
    x: Array, ratio: Array | None = None, training: Array | None = None, *, seed: int = 0, n_outputs: int = 1
) -> tuple[Array, ...]:
    """At inference the identity; the mask then keeps everything."""
    return (x, np.ones(x.shape, np.bool_))[:n_outputs]
