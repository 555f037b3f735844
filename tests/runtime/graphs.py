"""Small graphs for the tests, written down directly, so that they also run where the onnx package is not."""

from __future__ import annotations

from typing import Any

import numpy as np

from hearth.runtime.graph import Graph, Node
from hearth.runtime.passes import optimise
from hearth.runtime.plan import make_plan
from hearth.runtime.types import TensorType

FLOAT = np.dtype(np.float32)
RNG_SEED = 20


def floats(*shape: int, seed: int = RNG_SEED) -> np.ndarray:
    """Normally distributed float32 numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


class Builder:
    """Adds nodes one by one; every call returns the name of what it makes."""

    def __init__(self, **inputs: tuple[Any, ...]) -> None:
        self.graph = Graph(inputs={name: TensorType(FLOAT, shape) for name, shape in inputs.items()})

    def constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.graph.constants)}"
        self.graph.constants[name] = array
        return name

    def node(self, op: str, *inputs: str | np.ndarray, opset: int = 17, outputs: int = 1, **attributes: Any) -> str:
        names = [item if isinstance(item, str) else self.constant(item) for item in inputs]
        made = [f"v{len(self.graph.nodes)}_{number}" for number in range(outputs)]
        self.graph.nodes.append(Node(op, names, made, attributes, opset=opset))
        return made[0]

    def done(self, *outputs: str) -> Graph:
        self.graph.outputs = {name: TensorType(FLOAT) for name in outputs}
        return self.graph


def play(graph: Graph, **feeds: np.ndarray) -> list[np.ndarray]:
    """Runs a graph as it is, no pass applied, on numpy."""
    from hearth.runtime.numpy import NumpyExecutor

    return NumpyExecutor().compile(make_plan(graph)).run(feeds)


def play_optimised(graph: Graph, **feeds: np.ndarray) -> list[np.ndarray]:
    """The same after all passes, on a copy."""
    graph = graph.copy()
    optimise(graph)
    return play(graph, **feeds)
