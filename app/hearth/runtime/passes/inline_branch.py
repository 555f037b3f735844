"""Puts the branch of an If whose condition is known in the If's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hearth.runtime.graph import Graph, Node


def chosen_branch(graph: Graph, node: Node) -> Graph | None:
    """The branch that an If takes, where its condition is constant; None for every other node."""
    if node.op != "If" or node.domain:
        return None
    condition = graph.constant(node.inputs[0])
    if condition is None or condition.size != 1:
        return None
    branch = node.attributes.get("then_branch" if condition.reshape(-1)[0] else "else_branch")
    fits = isinstance(branch, Graph) and not branch.inputs and len(branch.outputs) == len(node.outputs)
    return branch if fits else None  # type: ignore[return-value]


def inline_branch(graph: Graph, node: Node, branch: Graph) -> list[Node]:
    """The nodes to take the If's place. The branch's constants and types go to the graph; the branch stays as it is."""
    own = {*branch.constants, *(name for inner in branch.nodes for name in inner.outputs if name)}
    names = {name: f"{node.outputs[0]}/{name}" for name in own}
    made = {name for inner in branch.nodes for name in inner.outputs}
    aliases = []
    for inside, outside in zip(branch.outputs, node.outputs, strict=True):
        if not outside:
            continue
        if inside in made and names[inside] not in node.outputs:
            names[inside] = outside
        else:
            aliases.append(Node("Identity", [names.get(inside, inside)], [outside], opset=max(node.opset, 1)))
    for name, array in branch.constants.items():
        graph.constants[names[name]] = array
    for name, kind in branch.types.items():
        if name in own:
            graph.types[names[name]] = kind
    return [_renamed(inner, names) for inner in branch.nodes] + aliases


def _renamed(node: Node, names: Mapping[str, str]) -> Node:
    return replace(
        node,
        inputs=[names.get(name, name) for name in node.inputs],
        outputs=[names.get(name, name) for name in node.outputs],
        result=names.get(node.result, node.result),
        attributes={key: _renamed_attribute(value, names) for key, value in node.attributes.items()},
        epilogue=[_renamed(after, names) for after in node.epilogue],
    )


def _renamed_attribute(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], Graph):
        return [_renamed_attribute(item, names) for item in value]
    if not isinstance(value, Graph):
        return value
    hidden = {*value.inputs, *value.constants, *(name for node in value.nodes for name in node.outputs)}
    seen = {old: new for old, new in names.items() if old not in hidden}
    return Graph(
        value.name,
        dict(value.inputs),
        {seen.get(name, name): kind for name, kind in value.outputs.items()},
        [_renamed(node, seen) for node in value.nodes],
        dict(value.constants),
        {seen.get(name, name): kind for name, kind in value.types.items()},
        dict(value.metadata),
    )
