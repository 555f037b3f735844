"""Numbers to integers and back, by scales that are constant or found in a run."""

from __future__ import annotations

from hearth.runtime.graph import Node
from hearth.runtime.passes.carry_integers.rewriting import MICROSOFT, TINY, Carried, Rewriting, Unknown, rewrites


@rewrites("QuantizeLinear")
@rewrites("QuantizeLinear", domain=MICROSOFT)
def quantize_linear(rewriting: Rewriting, node: Node) -> None:
    x, scale, zero = [*node.inputs, ""][:3]
    rewriting.require_floats(x, scale)
    rewriting.require_scalar(scale)
    rewriting.limits(zero)
    if node.attributes.get("output_dtype") or node.attributes.get("block_size"):
        raise Unknown
    whole, step = rewriting.scaled.get(x), rewriting.constant(scale)
    if whole is not None and step is not None:
        total, factor = whole
        x = rewriting.add("Mul", total, rewriting.number(factor / step))
    else:
        x = rewriting.add("Div", x, scale)
    rewriting.quantise(x, node.outputs[0], zero)


@rewrites("DequantizeLinear")
@rewrites("DequantizeLinear", domain=MICROSOFT)
def dequantize_linear(rewriting: Rewriting, node: Node) -> None:
    x, scale, zero = [*node.inputs, ""][:3]
    if x not in rewriting.carried:
        raise Unknown
    rewriting.require_floats(scale)
    rewriting.require_scalar(scale, zero)
    numbers, factor = rewriting.centred(x, zero), rewriting.constant(scale)
    rewriting.add("Mul", numbers, scale, output=node.outputs[0])
    dtype = rewriting.kind(x).dtype
    if factor is not None and dtype is not None and dtype.itemsize == 1:
        rewriting.scaled[node.outputs[0]] = (numbers, factor)


@rewrites("DynamicQuantizeLinear")
def dynamic_quantize_linear(rewriting: Rewriting, node: Node) -> None:
    x, (output, scale, zero) = node.inputs[0], [*node.outputs, "", ""][:3]
    rewriting.require_floats(x)
    numbers, _, point = dynamic(rewriting, x, scale)
    rewriting.carried[output] = Carried(numbers, zero or 0.0)
    if zero:
        rewriting.carried[zero] = Carried(point)


def dynamic(rewriting: Rewriting, x: str, scale: str = "") -> tuple[str, str, str]:
    """Numbers less their zero point, scale and zero point, so that the range of x, which includes 0, fills 0 to 255."""
    nothing = rewriting.number(0)
    low = rewriting.add("Min", rewriting.add("ReduceMin", x, keepdims=0), nothing)
    high = rewriting.add("Max", rewriting.add("ReduceMax", x, keepdims=0), nothing)
    width = rewriting.add("Div", rewriting.add("Sub", high, low), rewriting.number(255))
    factor = rewriting.add("Max", width, rewriting.number(TINY), output=scale)
    point = rewriting.add("Round", rewriting.add("Div", rewriting.add("Neg", low), factor))
    placed = rewriting.add("Add", rewriting.add("Round", rewriting.add("Div", x, factor)), point)
    numbers = rewriting.add("Clip", placed, nothing, rewriting.number(255))
    return rewriting.add("Sub", numbers, point), factor, point
