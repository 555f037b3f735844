"""What a model is, in numbers: for people who look at one that they do not know."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hearth.runtime.graph import Graph
from hearth.runtime.metadata import ModelMetadata
from hearth.runtime.types import TensorType, ValueType, type_label


@dataclass(frozen=True)
class Port:
    """An input or output; `type` is ONNX's word, a shape's free sizes have their names or "?"."""

    name: str
    type: str
    shape: list[int | str]


@dataclass(frozen=True)
class Summary:
    """Of a graph with its subgraphs. `ops` from the most frequent on; `opsets` are the newest used of each domain."""

    name: str
    producer: str
    description: str
    inputs: list[Port]
    outputs: list[Port]
    nodes: int
    ops: dict[str, int]
    opsets: dict[str, int]
    parameters: int
    constant_bytes: int


def summary(graph: Graph) -> Summary:
    """Of a graph as it was loaded, before passes rewrite it."""
    meta = ModelMetadata.of(graph)
    graphs = list(_all(graph))
    nodes = [node for part in graphs for node in part.nodes]
    opsets: dict[str, int] = {}
    for node in nodes:
        domain = node.domain or "ai.onnx"
        opsets[domain] = max(opsets.get(domain, 0), node.opset)
    arrays = [array for part in graphs for array in part.constants.values()]
    ops = Counter(f"{node.domain}.{node.op}" if node.domain else node.op for node in nodes)
    return Summary(
        name=graph.name,
        producer=meta.producer_name,
        description=meta.description,
        inputs=[_port(name, kind) for name, kind in graph.inputs.items()],
        outputs=[_port(name, kind) for name, kind in graph.outputs.items()],
        nodes=len(nodes),
        ops=dict(ops.most_common()),
        opsets=opsets,
        parameters=sum(array.size for array in arrays if array.ndim),
        constant_bytes=sum(array.nbytes for array in arrays),
    )


def _all(graph: Graph) -> list[Graph]:
    found = [graph]
    for part in found:  # grows while it is walked
        found += [inner for node in part.nodes for inner in node.subgraphs()]
    return found


def _port(name: str, kind: ValueType) -> Port:
    shape = list(kind.shape or ()) if isinstance(kind, TensorType) else []
    return Port(name, type_label(kind), ["?" if size is None else size for size in shape])
