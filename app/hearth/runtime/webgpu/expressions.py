"""Element-wise ops as WGSL expressions over f32 or vectors of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hearth.runtime.webgpu.wgsl import literal

# Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26; error below 1.5e-7.
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)

_SIMPLE = {
    "Relu": "max({0}, {zero})",
    "Abs": "abs({0})",
    "Neg": "-({0})",
    "Exp": "exp({0})",
    "Log": "log({0})",
    "Sqrt": "sqrt({0})",
    "Reciprocal": "{one} / ({0})",
    "Floor": "floor({0})",
    "Ceil": "ceil({0})",
    "Round": "round({0})",
    "Sign": "sign({0})",
    "Sin": "sin({0})",
    "Cos": "cos({0})",
    "Sigmoid": "{one} / ({one} + exp(-({0})))",
    "HardSwish": "({0}) * clamp(({0}) / 6.0 + 0.5, {zero}, {one})",
    "Identity": "{0}",
    "Tan": "tan({0})",
    "Asin": "asin({0})",
    "Acos": "acos({0})",
    "Atan": "atan({0})",
    "Sinh": "sinh({0})",
    "Cosh": "cosh({0})",
    "Asinh": "sign({0}) * log(abs({0}) + sqrt(({0}) * ({0}) + {one}))",
    "Acosh": "log(({0}) + sqrt(({0}) * ({0}) - {one}))",
    "Atanh": "0.5 * log(({one} + ({0})) / ({one} - ({0})))",
    "Softsign": "({0}) / ({one} + abs({0}))",
    "Not": "{one} - ({0})",
    "Add": "({0}) + ({1})",
    "Sub": "({0}) - ({1})",
    "Mul": "({0}) * ({1})",
    "Div": "({0}) / ({1})",
    "PRelu": "select({0}, ({0}) * ({1}), ({0}) < {zero})",
    "Equal": "select({zero}, {one}, ({0}) == ({1}))",
    "Less": "select({zero}, {one}, ({0}) < ({1}))",
    "LessOrEqual": "select({zero}, {one}, ({0}) <= ({1}))",
    "Greater": "select({zero}, {one}, ({0}) > ({1}))",
    "GreaterOrEqual": "select({zero}, {one}, ({0}) >= ({1}))",
    "And": "({0}) * ({1})",
    "Or": "max({0}, {1})",
    "Xor": "abs(({0}) - ({1}))",
}
"""Comparisons give 1 and 0: conditions travel as f32."""

UNARY = frozenset(
    {
        *list(_SIMPLE)[: list(_SIMPLE).index("Add")],
        *(
            "HardSigmoid",
            "LeakyRelu",
            "Elu",
            "Clip",
            "Erf",
            "Gelu",
            "Selu",
            "Celu",
            "ThresholdedRelu",
            "Shrink",
            "Swish",
            "Mish",
            "Softplus",
            "Tanh",
        ),
    }
)
BINARY = frozenset({*list(_SIMPLE)[list(_SIMPLE).index("Add") :], "Pow", "Sum", "Mean", "Mod", "Max", "Min"})
LOGICAL = frozenset({"And", "Or", "Xor", "Not"})
COMPARISONS = frozenset({"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"})


def expression(
    op: str, operands: Sequence[str], attributes: dict[str, Any], limits: Sequence[float | None] = (), width: int = 1
) -> str:
    """WGSL for an op over operands that are names or literals. `limits` are Clip's; `width` is 1, 2 or 4.

    A power with a literal exponent comes as the attribute `exponent`.
    """
    wide = f"vec{width}<f32>" if width > 1 else "f32"
    zero, one = f"{wide}(0.0)", f"{wide}(1.0)"
    x = operands[0]

    def number(value: float) -> str:
        return f"{wide}({literal(float(value))})"

    match op:
        case "HardSigmoid":
            alpha, beta = attributes.get("alpha", 0.2), attributes.get("beta", 0.5)
            return f"clamp(({x}) * {number(alpha)} + {number(beta)}, {zero}, {one})"
        case "LeakyRelu":
            return f"select({x}, ({x}) * {number(attributes.get('alpha', 0.01))}, ({x}) < {zero})"
        case "Elu":
            return (
                f"select({x}, {number(attributes.get('alpha', 1.0))} * (exp(min({x}, {zero})) - {one}), ({x}) < {zero})"
            )
        case "Selu":
            alpha, gamma = attributes.get("alpha", 1.6732632), attributes.get("gamma", 1.0507010)
            return f"{number(gamma)} * select({x}, {number(alpha)} * (exp(min({x}, {zero})) - {one}), ({x}) < {zero})"
        case "Celu":
            alpha = number(attributes.get("alpha", 1.0))
            return f"max({x}, {zero}) + min({zero}, {alpha} * (exp(min({x}, {zero}) / {alpha}) - {one}))"
        case "ThresholdedRelu":
            return f"select({zero}, {x}, ({x}) > {number(attributes.get('alpha', 1.0))})"
        case "Shrink":
            edge, bias = number(attributes.get("lambd", 0.5)), number(attributes.get("bias", 0.0))
            return f"select(select({zero}, ({x}) + {bias}, ({x}) < -{edge}), ({x}) - {bias}, ({x}) > {edge})"
        case "Mish":  # tanh(log(1 + e)) as a fraction, which keeps small e
            e = f"exp(min({x}, {zero} + 20.0))"
            return f"({x}) * ({e} * ({e} + 2.0)) / ({e} * ({e} + 2.0) + 2.0)"
        case "Softplus":  # log(1 + e) by its series where e is small: the sum would lose it
            e = f"exp(-abs({x}))"
            series = f"{e} * ({one} - {e} * ({number(0.5)} - {e} * ({number(1 / 3)} - {e} * 0.25)))"
            return f"max({x}, {zero}) + select(log({one} + {e}), {series}, {e} < {number(0.03)})"
        case "Tanh":  # by its series near zero, where some GPUs take a difference of large numbers
            series = f"({x}) * ({one} - ({x}) * ({x}) * ({number(1 / 3)} - ({x}) * ({x}) * {number(2 / 15)}))"
            return f"select(tanh(clamp({x}, {zero} - 15.0, {zero} + 15.0)), {series}, abs({x}) < {number(0.1)})"
        case "Swish":
            return f"({x}) / ({one} + exp(-{number(attributes.get('alpha', 1.0))} * ({x})))"
        case "Mod":
            y = operands[1]
            if attributes.get("fmod"):
                quotient = f"trunc(({x}) / ({y}))"
                return f"select(({x}) - ({y}) * {quotient}, {x}, {quotient} == {zero})"
            quotient = f"floor(({x}) / ({y}))"
            rest = f"select(({x}) - ({y}) * {quotient}, {x}, {quotient} == {zero})"
            # By an infinite divisor of the other sign.
            return f"select({rest}, {y}, (abs({y}) > {number(3.4028234e38)}) & ((({x}) < {zero}) != (({y}) < {zero})))"
        case "Mean":
            return f"({' + '.join(f'({operand})' for operand in operands)}) / {len(operands)}.0"
        case "Clip" if len(operands) == 3:
            return f"min(max({x}, {operands[1]}), {operands[2]})"
        case "Clip":
            low, high = limits
            result = x if low is None or low == -math.inf else f"max({x}, {number(low)})"
            return result if high is None or high == math.inf else f"min({result}, {number(high)})"
        case "Erf":
            return _erf(x, wide, number)
        case "Gelu":
            if attributes.get("approximate", "none") in ("tanh", b"tanh"):
                inner = f"0.7978845608 * (({x}) + 0.044715 * ({x}) * ({x}) * ({x}))"
                return f"0.5 * ({x}) * ({one} + tanh(clamp({inner}, {zero} - 15.0, {zero} + 15.0)))"
            return f"0.5 * ({x}) * ({one} + {_erf(f'({x}) * 0.70710678', wide, number)})"
        case "Pow":
            exponent = attributes.get("exponent")
            if exponent is not None and exponent in (1, 2, 3):
                return " * ".join([f"({x})"] * int(exponent))
            if exponent == 0.5:
                return f"sqrt({x})"
            if exponent is not None and exponent == int(exponent):
                # pow() of a negative base is undefined in WGSL.
                sign = f"select({one}, -{one}, ({x}) < {zero})" if int(exponent) % 2 else one
                return f"{sign} * pow(abs({x}), {number(exponent)})"
            # A negative base has a power where the exponent is whole, of the sign of its parity; else sqrt's NaN.
            y = operands[1]
            sign = f"select({one}, select(-{one}, {one}, fract(({y}) * 0.5) == {zero}), ({x}) < {zero})"
            signed = f"pow(abs({x}), {y}) * {sign}"
            real = f"select({signed}, sqrt({x}), ({x}) < {zero} & fract({y}) != {zero})"
            return f"select({real}, {one}, ({y}) == {zero})"
        case "Sum":
            return " + ".join(f"({operand})" for operand in operands)
        case "Max" | "Min":
            result = x
            for operand in operands[1:]:
                result = f"{op.lower()}({result}, {operand})"
            return result
    return _SIMPLE[op].format(*operands, zero=zero, one=one)


def _erf(x: str, wide: str, number: Any) -> str:
    t = f"({wide}(1.0) / ({wide}(1.0) + 0.3275911 * abs({x})))"
    polynomial = number(_ERF[-1])
    for coefficient in _ERF[-2::-1]:
        polynomial = f"({number(coefficient)} + {t} * {polynomial})"
    return f"sign({x}) * ({wide}(1.0) - {t} * {polynomial} * exp(-({x}) * ({x})))"
