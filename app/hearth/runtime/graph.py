"""What a model is here: a Graph of Nodes over named values. Passes rewrite it; a Plan is made from it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from hearth.errors import BadModel
from hearth.runtime.types import TensorType, ValueType
from hearth.runtime.unread import Constant, at_hand

Attribute = object
"""int, float, str, bytes, numpy array, Graph, or a list of one of these."""


@dataclass
class Node:
    """One operation. Absent optional inputs and outputs are the empty string, as in ONNX.

    `opset` is the version of `domain` by which the op is to be read.

    A fused node carries element-wise nodes in `epilogue`, to be applied in order while its result is still at hand. The
    op's own result then goes by the name `result`, which only the epilogue reads; `outputs` is what the last node of
    the epilogue makes.
    """

    op: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Attribute] = field(default_factory=dict)
    domain: str = ""
    opset: int = 1
    name: str = ""
    epilogue: list[Node] = field(default_factory=list)
    result: str = ""

    @property
    def label(self) -> str:
        """How messages name this node."""
        kind = f"{self.domain}.{self.op}" if self.domain else self.op
        title = self.name or next((output for output in self.outputs if output), "")
        return f"{kind} '{title}'"

    def subgraphs(self) -> Iterator[Graph]:
        """The graphs among the attributes: branches of If, bodies of Loop and Scan."""
        for value in self.attributes.values():
            if isinstance(value, Graph):
                yield value
            elif isinstance(value, list) and value and isinstance(value[0], Graph):
                yield from value  # lists are of one kind; those of numbers may have millions

    def reads(self) -> Iterator[str]:
        """Every value this node needs: its inputs, and what its subgraphs take from outside."""
        yield from (name for name in self.inputs if name)
        if self.epilogue:
            inside = {self.result}
            for node in self.epilogue:
                yield from (name for name in node.inputs if name and name not in inside)
                inside.update(node.outputs)
        if self.attributes:
            for graph in self.subgraphs():
                yield from graph.captures()


@dataclass(frozen=True)
class Dequantised:
    """What a constant was made of: (numbers - zero) * scale, one of each or one for every index of `axis`."""

    numbers: np.ndarray
    scale: np.ndarray
    zero: np.ndarray | None
    axis: int


@dataclass
class Graph:
    """Nodes in an order in which they can run, with the constants they read and the types that are known.

    A constant may be stored as float16 where `types` says float32, and may still be in its file; `constant` widens and
    reads it.
    """

    name: str = ""
    inputs: dict[str, ValueType] = field(default_factory=dict)
    outputs: dict[str, ValueType] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Constant] = field(default_factory=dict)
    types: dict[str, ValueType] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    overridable: dict[str, ValueType] = field(default_factory=dict)
    """Constants that the file lists among its inputs: values that a caller may replace, and their declared types."""
    dequantised: dict[str, Dequantised] = field(default_factory=dict)
    """Float constants that the file holds in 8 bits."""
    opsets: dict[str, int] = field(default_factory=dict)
    """Domain -> version, as an ONNX file declares them; empty for graphs that come from elsewhere."""
    ir_version: int = 0

    def type(self, name: str) -> ValueType:
        """What is known of a value's type; an empty TensorType where nothing is."""
        known = self.types.get(name) or self.inputs.get(name)
        constant = self.constants.get(name)
        if constant is None:
            return known or TensorType()
        narrowed = isinstance(known, TensorType) and known.dtype == np.float32 and constant.dtype == np.float16
        return TensorType(np.dtype(np.float32) if narrowed else constant.dtype, constant.shape)

    def constant(self, name: str) -> np.ndarray | None:
        """The value of a constant, if it is one. Weights stored as float16 come widened to float32."""
        stored = self.constants.get(name)
        if stored is None:
            return None
        kind = self.type(name)
        assert isinstance(kind, TensorType)
        return at_hand(stored) if stored.dtype == kind.dtype else at_hand(stored).astype(kind.dtype)

    def copy(self) -> Graph:
        """A graph to rewrite on its own; arrays and subgraphs are shared."""
        return Graph(
            self.name,
            dict(self.inputs),
            dict(self.outputs),
            [
                replace(n, inputs=list(n.inputs), outputs=list(n.outputs), attributes=dict(n.attributes))
                for n in self.nodes
            ],
            dict(self.constants),
            dict(self.types),
            dict(self.metadata),
            dict(self.overridable),
            dict(self.dequantised),
            dict(self.opsets),
            self.ir_version,
        )

    def shape(self, name: str) -> tuple[int, ...] | None:
        """A tensor's shape if all of it is known, else None."""
        kind = self.type(name)
        return kind.static_shape if isinstance(kind, TensorType) and kind.static else None

    def producers(self) -> dict[str, Node]:
        """Value -> the node that makes it."""
        return {output: node for node in self.nodes for output in node.outputs if output}

    def consumers(self) -> dict[str, list[Node]]:
        """Value -> the nodes that read it, itself or in a subgraph, in order; once for each input."""
        readers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.reads():
                readers.setdefault(name, []).append(node)
        return readers

    def captures(self) -> list[str]:
        """The values that a subgraph takes from the graphs around it."""
        known = {"", *self.inputs, *self.constants}
        outside: dict[str, None] = {}
        for node in self.nodes:
            outside.update((name, None) for name in node.reads() if name not in known)
            known.update(node.outputs)
        outside.update((name, None) for name in self.outputs if name not in known)
        return list(outside)

    def rename(self, old: str, new: str) -> None:
        """Lets every reader of `old` read `new`, in subgraphs too. Outputs of the graph keep their names."""
        for node in self.nodes:
            for reader in (node, *node.epilogue):
                reader.inputs = [new if name == old else name for name in reader.inputs]
            for graph in node.subgraphs():
                if old not in graph.inputs and old not in graph.constants:
                    graph.rename(old, new)
                    if old in graph.outputs and not any(old in inner.outputs for inner in graph.nodes):
                        graph.outputs = {new if k == old else k: v for k, v in graph.outputs.items()}

    def sort(self, outer: frozenset[str] = frozenset()) -> None:
        """Puts the nodes in an order in which each comes after what it reads, stable where it can be.

        Raises BadModel for a cycle, a value made twice, or one that nobody makes.
        """
        own = {*self.inputs, *self.constants}
        known = {"", *outer, *own}
        made: set[str] = set()
        for node in self.nodes:
            for output in filter(None, node.outputs):
                # A subgraph may use a name of the graph around it for a value of its own.
                if output in made or output in own:
                    raise BadModel(f"The value '{output}' is made twice, the second time by {node.label}.")
                made.add(output)
        waiting: dict[str, list[int]] = {}
        missing = [0] * len(self.nodes)
        for index, node in enumerate(self.nodes):
            for name in set(node.reads()):
                if name in made:
                    waiting.setdefault(name, []).append(index)
                    missing[index] += 1
                elif name not in known:
                    raise BadModel(f"{node.label} reads '{name}', which nothing in the model makes.")
        ready = [index for index, count in enumerate(missing) if count == 0]
        order: list[Node] = []
        while ready:
            node = self.nodes[heapq.heappop(ready)]
            order.append(node)
            for output in node.outputs:
                for index in waiting.pop(output, []):
                    missing[index] -= 1
                    if missing[index] == 0:
                        heapq.heappush(ready, index)
        if len(order) < len(self.nodes):
            stuck = next(node for node, count in zip(self.nodes, missing, strict=True) if count)
            raise BadModel(f"The model's nodes form a cycle; {stuck.label} is part of it or waits for it.")
        self.nodes = order
        scope = frozenset(known | made)
        for name in self.outputs:
            if name not in scope:
                raise BadModel(f"The model promises the output '{name}', which nothing in it makes.")
        for node in self.nodes:
            for graph in node.subgraphs():
                graph.sort(scope)
