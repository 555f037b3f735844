"""A Plan: the steps of a graph in order, each with its operator looked up and the values that end with it.

A plan is plain data over one Graph. Every executor starts from it: numpy plays it as it stands, the others lower it to
kernels over an arena.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hearth.runtime.graph import Graph, Node
from hearth.runtime.ops import registry
from hearth.runtime.ops.registry import Operator


@dataclass(frozen=True)
class Step:
    """One node, ready to run. `frees` are the values that no later step reads."""

    node: Node
    operator: Operator
    arguments: dict[str, Any]
    epilogue: tuple[Step, ...]
    frees: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What executors compile. Subgraphs among a step's arguments are Plans themselves.

    `tolerance`: how far outputs may be from those computed in float32, where that is faster.
    """

    graph: Graph
    steps: tuple[Step, ...]
    tolerance: float = 0.0

    def __str__(self) -> str:
        lines = [f"plan '{self.graph.name}': {len(self.steps)} steps, {len(self.graph.constants)} constants"]
        lines += [f"  input  {name}: {kind}" for name, kind in self.graph.inputs.items()]
        for number, step in enumerate(self.steps):
            node = step.node
            kinds = ", ".join(f"{name}: {self.graph.type(name)}" for name in node.outputs if name)
            fused = "".join(f" + {after.op}" for after in node.epilogue)
            lines.append(f"  {number:4} {node.op}{fused}({', '.join(node.reads())}) -> {kinds}")
        lines += [f"  output {name}: {kind}" for name, kind in self.graph.outputs.items()]
        return "\n".join(lines)


def _step(node: Node, frees: tuple[str, ...] = ()) -> Step:
    operator = registry.find(node)
    arguments = {key: _planned(value) for key, value in operator.arguments(node).items()}
    return Step(node, operator, arguments, tuple(_step(after) for after in node.epilogue), frees)


def _planned(value: Any) -> Any:
    if isinstance(value, Graph):
        return make_plan(value)
    if isinstance(value, list) and value and isinstance(value[0], Graph):
        return [make_plan(item) for item in value]
    return value


def make_plan(graph: Graph, tolerance: float = 0.0) -> Plan:
    """Looks up every operator and works out where values end. Raises Unsupported for an op that is not there."""
    kept = {*graph.outputs, *graph.constants}
    last: dict[str, int] = {}
    for index, node in enumerate(graph.nodes):
        for name in (*node.reads(), *filter(None, node.outputs)):
            last[name] = index
    ends: list[list[str]] = [[] for _ in graph.nodes]
    local = {*graph.inputs, *(output for node in graph.nodes for output in node.outputs)}
    for name, index in last.items():
        if name not in kept and name in local:
            ends[index].append(name)
    steps = tuple(_step(node, tuple(frees)) for node, frees in zip(graph.nodes, ends, strict=True))
    return Plan(graph, steps, tolerance)
