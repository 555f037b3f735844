"""Element-wise ops over integers of up to 32 bits, which wrap around as numpy's do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.device import INT_BITS
from hearth.runtime.graph import Node
from hearth.runtime.webgpu.expressions import COMPARISONS
from hearth.runtime.webgpu.lower import Lowering
from hearth.runtime.webgpu.values import Computed, Shape, Value, broadcast

_FORMULAS = {
    "Add": "{0} + {1}",
    "Sub": "{0} - {1}",
    "Mul": "{0} * {1}",
    "Div": "{0} / {1}",
    "Sum": "{0} + {1}",
    "Max": "max({0}, {1})",
    "Min": "min({0}, {1})",
    "Abs": "abs({0})",
    "Neg": "-({0})",
    "Relu": "max({0}, T(0))",
    "BitwiseAnd": "{0} & {1}",
    "BitwiseOr": "{0} | {1}",
    "BitwiseXor": "{0} ^ {1}",
    "BitwiseNot": "~({0})",
    "Equal": "{0} == {1}",
    "Less": "{0} < {1}",
    "LessOrEqual": "{0} <= {1}",
    "Greater": "{0} > {1}",
    "GreaterOrEqual": "{0} >= {1}",
}
_GROWING = frozenset({"Add", "Sub", "Mul", "Sum", "Neg", "Abs", "BitShift", "BitwiseNot", "Div", "Mod"})
"""What may need more bits than the operands have: not for integers of 64 bits, which travel as 32."""


def integer(low: Lowering, node: Node, shape: Shape) -> Value:
    """A node over integers of one type; comparisons give 1 and 0 in float32."""
    dtype = low.dtype(node.inputs[0])
    bits = INT_BITS[dtype.name]
    if bits == 64 and (node.op in _GROWING or dtype.kind == "u"):
        raise Unsupported("integers that may need more than 32 bits")
    operands = [name for name in node.inputs if name]
    if node.op == "Clip":
        formula = _clip(low, node)
        operands = operands[:1]
    elif node.op == "Sign":
        formula = "min({0}, T(1))" if dtype.kind == "u" else "sign({0})"
    elif node.op == "BitShift":
        direction = node.attributes["direction"]
        amount = f"min(u32({{1}}), {bits - 1}u)"
        if direction in ("LEFT", b"LEFT") or dtype.kind == "u":  # nothing is left after a shift by all bits
            sign = "<<" if direction in ("LEFT", b"LEFT") else ">>"
            formula = f"select({{0}} {sign} {amount}, T(0), u32({{1}}) > {bits - 1}u)"
        else:
            formula = f"{{0}} >> {amount}"
    elif node.op == "Mod":
        formula = "{0} % {1}"
        if dtype.kind == "i" and not node.attributes.get("fmod"):
            # The sign is the divisor's.
            formula = "{0} % {1} + select(0, {1}, ({0} % {1} != 0) & (({0} < 0) != ({1} < 0)))"
    elif node.op in _FORMULAS:
        formula = _FORMULAS[node.op]
    else:
        raise Unsupported(f"{node.op} over integers")
    if any(low.dtype(name) != dtype for name in operands):
        raise Unsupported("integers of several types")
    compared = node.op in COMPARISONS
    unsigned = dtype.name == "uint32"
    kind = "u32" if unsigned else "i32"

    def body(names: Sequence[str]) -> str:
        lines = [f"let a{n} = {'bitcast<u32>' if unsigned else ''}({name}(at));" for n, name in enumerate(names)]
        text = formula.format("a0", "a1" if len(names) > 1 else "")
        for number in range(2, len(names)):
            text = formula.format(f"({text})", f"a{number}")
        text = text.replace("T(", f"{kind}(")
        if len(names) == 1 and "{1}" in formula:
            text = "a0"
        if compared:
            return " ".join([*lines, f"return select(0.0, 1.0, {text});"])
        return " ".join([*lines, f"return {_wrapped(text, dtype)};"])

    parts = tuple(broadcast(low.value(name), shape) for name in operands)
    return Computed(shape, parts, body, 1, "f32" if compared else "i32")


def _wrapped(text: str, dtype: np.dtype) -> str:
    """A result cut to the width of its type."""
    bits = INT_BITS[dtype.name]
    if dtype.name == "uint32":
        return f"bitcast<i32>({text})"
    if bits >= 32:
        return text
    return f"({text}) & {(1 << bits) - 1}" if dtype.kind == "u" else f"(({text}) << {32 - bits}u) >> {32 - bits}u"


def _clip(low: Lowering, node: Node) -> str:
    bounds = [low.constant(name) if name else None for name in (*node.inputs[1:], "", "")[:2]]
    if any(name and array is None for name, array in zip(node.inputs[1:], bounds, strict=False)):
        raise Unsupported("bounds that are not constant")
    result = "{0}"
    for how, array in zip(("max", "min"), bounds, strict=True):
        if array is not None and array.size:
            result = f"{how}({result}, T({int(array.reshape(-1)[0])}))"
    return result
