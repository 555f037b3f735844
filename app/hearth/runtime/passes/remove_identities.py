"""Removes nodes that hand their input on unchanged."""

from __future__ import annotations

import numpy as np

from hearth.runtime.graph import Graph, Node
from hearth.runtime.types import TensorType


def _hands_on(graph: Graph, node: Node) -> bool:
    if node.domain or len(node.outputs) != 1 or not node.inputs:
        return False
    if node.op in ("Identity", "Dropout"):
        return node.op == "Identity" or len(node.inputs) < 3
    before, after = graph.type(node.inputs[0]), graph.type(node.outputs[0])
    alike = isinstance(before, TensorType) and before == after and before.static
    if node.op in ("Reshape", "Cast", "Expand", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Tile"):
        steps = graph.constant(node.inputs[4]) if node.op == "Slice" and len(node.inputs) > 4 else None
        return alike and (steps is None or bool(np.all(steps > 0)))
    if node.op in ("Concat", "Sum", "Max", "Min"):
        return len(node.inputs) == 1
    if node.op == "Transpose":
        perm = node.attributes.get("perm")
        return isinstance(perm, list) and perm == sorted(perm)
    if node.op == "Pad" and len(node.inputs) > 1:
        pads = graph.constant(node.inputs[1])
        return pads is not None and not np.any(pads)
    return False


def remove_identities(graph: Graph) -> None:
    """Readers of a removed node's output read its input instead; outputs of the graph keep their nodes."""
    kept: list[Node] = []
    for node in graph.nodes:
        if not node.epilogue and _hands_on(graph, node) and node.outputs[0] not in graph.outputs:
            graph.rename(node.outputs[0], node.inputs[0])
        else:
            kept.append(node)
    graph.nodes = kept
