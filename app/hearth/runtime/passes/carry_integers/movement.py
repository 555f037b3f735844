"""Ops that pass integers on: casts, sums, and those that choose or move elements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hearth.runtime.graph import Node
from hearth.runtime.passes.carry_integers.rewriting import EXACT, REGROUPING, Carried, Rewriting, Unknown, rewrites


@rewrites("Cast")
def cast(rewriting: Rewriting, node: Node) -> None:
    x, output = node.inputs[0], node.outputs[0]
    kind = rewriting.kind(output).dtype
    known = rewriting.carried.get(x)
    if known is not None and kind == np.float32:
        rewriting.add("Identity", rewriting.moved(known.name, known.zero, "Add"), output=output)
        rewriting.whole.add(output)
    elif x in rewriting.whole and kind == np.int32:
        rewriting.carried[output] = Carried(x)
    else:
        raise Unknown


@rewrites("Add")
def add(rewriting: Rewriting, node: Node) -> None:
    """Of whole numbers."""
    if rewriting.kind(node.outputs[0]).dtype != np.int32 or not any(name in rewriting.carried for name in node.inputs):
        raise Unknown
    for name in node.inputs:
        array = rewriting.constant(name)
        if name not in rewriting.carried and (array is None or np.abs(array.astype(np.int64)).max(initial=0) > EXACT):
            raise Unknown
    total = rewriting.add("Add", *(rewriting.centred(name, "") for name in node.inputs), like=node.outputs[0])
    rewriting.carried[node.outputs[0]] = Carried(total)


@rewrites(*REGROUPING)
def regroup(rewriting: Rewriting, node: Node) -> None:
    """Elements are only chosen or moved."""
    known = rewriting.carried.get(node.inputs[0])
    if known is None or len(node.outputs) > 1:
        raise Unknown
    output = f"{node.outputs[0]}/carried"
    moved = replace(node, inputs=[known.name, *node.inputs[1:]], outputs=[output], attributes=dict(node.attributes))
    rewriting.nodes.append(moved)
    rewriting.carried[node.outputs[0]] = Carried(output, known.zero)


@rewrites("Concat")
def concat(rewriting: Rewriting, node: Node) -> None:
    """Of parts with one zero point."""
    known = [rewriting.carried.get(name) for name in node.inputs]
    zeros = {item.zero for item in known if item is not None}
    if None in known or len(zeros) != 1:
        raise Unknown
    output = f"{node.outputs[0]}/carried"
    parts = [item.name for item in known if item is not None]
    rewriting.nodes.append(replace(node, inputs=parts, outputs=[output], attributes=dict(node.attributes)))
    rewriting.carried[node.outputs[0]] = Carried(output, zeros.pop())
