"""Ops that work element by element, with numpy's broadcasting."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import Meaning, Operand, Rule, op
from hearth.runtime.ops.rules import broadcast, compare, same
from hearth.runtime.types import TensorType

Binary = Callable[[Array, Array], Array]


def _unary(function: Callable[[Array], Array]) -> Meaning:
    """A ufunc has no signature that the table could read; this has."""
    return lambda x: function(x)


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
    "Asin": np.arcsin,
    "Acos": np.arccos,
    "Atan": np.arctan,
    "Sinh": np.sinh,
    "Cosh": np.cosh,
    "Tanh": np.tanh,
    "Asinh": np.arcsinh,
    "Acosh": np.arccosh,
    "Atanh": np.arctanh,
    "Sign": np.sign,
    "Reciprocal": np.reciprocal,
    "Not": np.logical_not,
    "BitwiseNot": np.invert,
}.items():
    op(_name, rule=same)(_unary(_function))


def _div(a: Array, b: Array) -> Array:
    """Integers divide towards zero, as in C."""
    if a.dtype.kind == "i":
        quotient = a // b  # rounded down, and the least integer has no absolute value
        return np.asarray(quotient + ((quotient * b != a) & ((a < 0) != (b < 0))), quotient.dtype)
    return a // b if a.dtype.kind == "u" else np.divide(a, b)


def _pow(a: Array, b: Array) -> Array:
    if a.dtype.kind == "f" and b.size == 1 and b.reshape(-1)[0] == 2:
        return a * a
    return np.power(a, b).astype(a.dtype)


_ARITHMETIC: dict[str, Binary] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": _div,
    "Pow": _pow,
    "BitwiseAnd": np.bitwise_and,
    "BitwiseOr": np.bitwise_or,
    "BitwiseXor": np.bitwise_xor,
}

_COMPARISONS: dict[str, Binary] = {
    "Equal": np.equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Xor": np.logical_xor,
}


def _register(name: str, function: Binary, rule: Rule) -> None:
    """Since opset 7 numpy's broadcasting; before, `b` fits dimensions of `a` that start at `axis`, on request."""

    @op(name, since=7, rule=rule)
    def broadcasting(a: Array, b: Array) -> Array:
        return function(a, b)

    @op(name, since=1)
    def aligned(a: Array, b: Array, *, axis: int | None = None, broadcast: int = 0) -> Array:
        if broadcast and axis is not None:
            b = b.reshape(*b.shape, *(1,) * (a.ndim - axis % a.ndim - b.ndim))
        return function(a, b)


for _table, _rule in ((_ARITHMETIC, broadcast), (_COMPARISONS, compare)):
    for _name, _pair in _table.items():
        _register(_name, _pair, _rule)


@op("Mod", rule=broadcast)
def mod(a: Array, b: Array, *, fmod: int = 0) -> Array:
    """The sign follows the divisor, or with `fmod` the dividend."""
    return np.fmod(a, b) if fmod else np.mod(a, b)


@op("BitShift", rule=broadcast)
def bit_shift(a: Array, b: Array, *, direction: str) -> Array:
    return np.left_shift(a, b) if direction == "LEFT" else np.right_shift(a, b)


@op("Max", rule=broadcast)
def max_(*inputs: Array) -> Array:
    return reduce(np.maximum, inputs)


@op("Min", rule=broadcast)
def min_(*inputs: Array) -> Array:
    return reduce(np.minimum, inputs)


@op("Sum", rule=broadcast)
def sum_(*inputs: Array) -> Array:
    return reduce(np.add, inputs)


@op("Mean", rule=broadcast)
def mean(*inputs: Array) -> Array:
    return reduce(np.add, inputs) / inputs[0].dtype.type(len(inputs))


def _bool_rule(x: Operand, **_: object) -> TensorType:
    return TensorType(np.dtype(np.bool_), x.shape)


@op("IsNaN", rule=_bool_rule)
def is_nan(x: Array) -> Array:
    return np.isnan(x)


@op("IsInf", rule=_bool_rule)
def is_inf(x: Array, *, detect_negative: int = 1, detect_positive: int = 1) -> Array:
    found = np.isinf(x)
    if not detect_negative:
        found &= x > 0
    return found if detect_positive else found & (x < 0)


def _where_rule(condition: Operand, a: Operand, b: Operand) -> TensorType:
    return TensorType(a.dtype, broadcast(condition, a, b).shape)


@op("Where", rule=_where_rule)
def where(condition: Array, a: Array, b: Array) -> Array:
    return np.where(condition, a, b)


@op("Clip", since=1, rule=same)
def clip_attributes(x: Array, *, min: float = -np.inf, max: float = np.inf) -> Array:
    """Bounds beyond what the dtype holds are none."""
    return np.clip(x, *(x.dtype.type(bound) for bound in (min, max)))


@op("Clip", since=11, rule=same)
def clip(x: Array, low: Array | None = None, high: Array | None = None) -> Array:
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


@op("Identity", rule=same)
def identity(x: Array) -> Array:
    return x


def _dropout_rule(x: Operand, *_: Operand | None, n_outputs: int = 1, **__: object) -> tuple[TensorType, ...]:
    return (x.type, TensorType(np.dtype(np.bool_), x.shape))[:n_outputs]


@op("Dropout", rule=_dropout_rule)
def dropout_attributes(x: Array, *, ratio: float = 0.5, is_test: int = 0, n_outputs: int = 1) -> tuple[Array, ...]:
    """At inference the identity; the mask then keeps everything."""
    return (x, np.ones(x.shape, np.bool_))[:n_outputs]


@op("Dropout", since=12, rule=_dropout_rule)
def dropout(
    x: Array, ratio: Array | None = None, training: Array | None = None, *, seed: int | None = None, n_outputs: int = 1
) -> tuple[Array, ...]:
    """In training, elements are set to 0 with the probability `ratio` and the rest scaled up to keep the mean."""
    share = 0.5 if ratio is None else float(ratio)
    keep = np.ones(x.shape, np.bool_)
    if training is not None and bool(training) and share > 0:
        keep = np.random.RandomState(seed).uniform(size=x.shape) >= share
        x = np.where(keep, x * x.dtype.type(1 / (1 - share)), x.dtype.type(0)) if share < 1 else np.zeros_like(x)
    return (x, keep)[:n_outputs]
