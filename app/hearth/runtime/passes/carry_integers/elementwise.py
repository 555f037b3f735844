"""Ops on quantised numbers, element by element or over windows: computed on the numbers that the integers stand for."""

from __future__ import annotations

from hearth.runtime.graph import Node
from hearth.runtime.passes.carry_integers.rewriting import MICROSOFT, Rewriting, Unknown, rewrites


@rewrites("QLinearAdd", "QLinearMul", domain=MICROSOFT)
def qlinear_binary(rewriting: Rewriting, node: Node) -> None:
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = [*node.inputs, ""][:8]
    rewriting.require_scalar(a_scale, a_zero, b_scale, b_zero, y_scale)
    rewriting.limits(y_zero)
    left, right = rewriting.real(a, a_scale, a_zero), rewriting.real(b, b_scale, b_zero)
    y = rewriting.add(node.op.removeprefix("QLinear"), left, right)
    rewriting.quantise(rewriting.add("Div", y, y_scale), node.outputs[0], y_zero)


@rewrites("QLinearSigmoid", "QLinearLeakyRelu", "QLinearAveragePool", "QLinearGlobalAveragePool", domain=MICROSOFT)
def qlinear_unary(rewriting: Rewriting, node: Node) -> None:
    x, x_scale, x_zero, y_scale, y_zero = [*node.inputs, ""][:5]
    rewriting.require_scalar(x_scale, x_zero, y_scale)
    rewriting.limits(y_zero)
    how = dict(node.attributes)
    if how.pop("channels_last", 0):
        raise Unknown
    y = rewriting.add(
        node.op.removeprefix("QLinear"), rewriting.real(x, x_scale, x_zero), like=node.outputs[0], attributes=how
    )
    rewriting.quantise(rewriting.add("Div", y, y_scale), node.outputs[0], y_zero)


@rewrites("QLinearConcat", domain=MICROSOFT)
def qlinear_concat(rewriting: Rewriting, node: Node) -> None:
    y_scale, y_zero, *rest = node.inputs
    groups = [rest[at : at + 3] for at in range(0, len(rest), 3)]
    rewriting.require_scalar(y_scale, *(name for group in groups for name in group[1:]))
    rewriting.limits(y_zero)
    parts = [rewriting.real(*group) for group in groups]
    y = rewriting.add("Concat", *parts, like=node.outputs[0], axis=node.attributes["axis"])
    rewriting.quantise(rewriting.add("Div", y, y_scale), node.outputs[0], y_zero)
