"""Drops nodes, constants and types that no output needs."""

from __future__ import annotations

from hearth.runtime.graph import Graph, Node


def drop_unused(graph: Graph) -> None:
    """Walks back from the outputs; outputs of a kept node that nobody reads lose their names."""
    needed = set(graph.outputs)
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if needed.isdisjoint(node.outputs):
            continue
        kept.append(node)
        needed.update(node.reads())
    graph.nodes = kept[::-1]
    for node in graph.nodes:
        # Only trailing outputs may go: the number of outputs tells an op what to compute.
        while len(node.outputs) > 1 and node.outputs[-1] not in needed:
            node.outputs.pop()
    graph.constants = {name: array for name, array in graph.constants.items() if name in needed}
    graph.dequantised = {name: source for name, source in graph.dequantised.items() if name in needed}
    made = {name for node in graph.nodes for name in node.outputs}
    graph.types = {name: kind for name, kind in graph.types.items() if name in needed or name in made}
