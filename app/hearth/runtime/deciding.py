"""Which inputs of a model decide shapes, or branches, by their values: the `shape` of a Reshape that a caller gives.

Executors that want every shape known compile for the values of these, as they do for shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hearth.errors import HearthError
from hearth.runtime.device import on_host
from hearth.runtime.graph import Graph, Node
from hearth.runtime.ops import registry
from hearth.runtime.ops.registry import Operand
from hearth.runtime.types import TensorType

MOST_ELEMENTS = 64
"""A value with more elements does not decide a shape."""


class _Watched(Operand):
    """An operand that notes whether its rule asks for its value."""

    def __getattribute__(self, name: str) -> Any:
        if name == "value":
            self.__dict__["asked"] = True
        return super().__getattribute__(name)


def deciding_inputs(graph: Graph) -> tuple[str, ...]:
    """The inputs whose values would tell shapes that are not known without them, in the graph's order."""
    producers = graph.producers()
    found: set[str] = set()
    for node in graph.nodes:
        if any(name and graph.shape(name) is None for name in node.outputs):
            for name in _asked(graph, node):
                found |= _sources(graph, name, producers)
    return tuple(name for name in graph.inputs if name in found)


def small(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, np.ndarray]:
    """Those of the values that may decide shapes."""
    arrays = {name: on_host(values[name]) for name in names}
    return {name: array for name, array in arrays.items() if array.size <= MOST_ELEMENTS}


def _asked(graph: Graph, node: Node) -> list[str]:
    """The inputs of a node whose values its shape rule wants and does not have."""
    if node.op == "If" and not node.domain:
        return [name for name in node.inputs if name not in graph.constants]
    operator = registry.find(node)
    if operator.data_dependent or any(node.subgraphs()):
        return []
    if operator.rule is None:
        positions = [at for at in operator.shape_from if at < len(node.inputs)]
        return [node.inputs[at] for at in positions if node.inputs[at] and node.inputs[at] not in graph.constants]
    operands: list[_Watched | None] = []
    for name in node.inputs:
        kind = graph.type(name) if name else None
        known = kind if isinstance(kind, TensorType) else TensorType()
        operands.append(_Watched(known.dtype, known.shape, graph.constant(name)) if name else None)
    for operand in filter(None, operands):
        operand.__dict__.pop("asked", None)
    try:
        operator.rule(*operands, **operator.arguments(node))
    except (HearthError, *registry.MISFITS):
        return []
    pairs = zip(node.inputs, operands, strict=True)
    return [name for name, item in pairs if item and "asked" in item.__dict__ and name not in graph.constants]


def _sources(graph: Graph, name: str, producers: Mapping[str, Node]) -> set[str]:
    """The inputs that a value is made of; none where one of them is too large to decide a shape."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        value = waiting.pop()
        if value in seen or value in graph.constants:
            continue
        seen.add(value)
        if value in graph.inputs:
            kind = graph.inputs[value]
            if not isinstance(kind, TensorType) or kind.shape is None or len(kind.shape) > 1:
                return set()
            found.add(value)
        elif value in producers:
            node = producers[value]
            if node.op == "Shape" and not node.domain:
                continue
            waiting += node.reads()
        else:
            return set()
    return found
