"""A tiny net that tells whether a GPU computes what numpy computes, through the kernels that matter most."""

from __future__ import annotations

from functools import cache

import numpy as np

from hearth.runtime.graph import Graph, Node
from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.passes import optimise
from hearth.runtime.plan import Plan, make_plan
from hearth.runtime.types import TensorType
from hearth.runtime.unread import Constant
from hearth.runtime.webgpu.tiles import Choice, ConvChooser, Gemm, Staged, Unstaged, Winograd

INPUT, OUTPUT = "x", "y"
SIZE = (1, 32, 8, 8)
TOLERANCE = 1e-3
_CHOICES: tuple[Choice, ...] = (Staged(4, 2, 16, 8, 8, 4, 1), Winograd(Gemm(32, 4, 8, 4, 4)), Unstaged(4, 2, 4))


@cache
def probe_plan() -> Plan:
    """Three convolutions by three kernels, joined, then a mean over the map and a sigmoid."""
    rng = np.random.default_rng(1)
    nodes: list[Node] = []
    constants: dict[str, Constant] = {}
    last = INPUT
    for number in range(len(_CHOICES)):
        weight, bias, made, active = (f"{name}{number}" for name in ("w", "b", "c", "r"))
        constants[weight] = (rng.standard_normal((32, 32, 3, 3)) / 17).astype(np.float32)
        constants[bias] = rng.standard_normal(32).astype(np.float32)
        nodes.append(Node("Conv", [last, weight, bias], [made], {"pads": [1, 1, 1, 1]}))
        nodes.append(Node("Relu", [made], [active]))
        last = active
    nodes.append(Node("GlobalAveragePool", [last], ["mean"]))
    nodes.append(Node("Add", [last, "mean"], ["sum"]))
    nodes.append(Node("Sigmoid", ["sum"], [OUTPUT]))
    for node in nodes:
        node.opset = 17
    kind = TensorType(np.dtype(np.float32), SIZE)
    graph = Graph("probe", {INPUT: kind}, {OUTPUT: TensorType()}, nodes, constants)
    optimise(graph)
    return make_plan(graph)


def probe_choice() -> ConvChooser:
    """A chooser that gives each of the probe's convolutions a kernel of its own."""
    left = list(_CHOICES)
    return lambda *_: left.pop(0)


@cache
def probe_feed() -> dict[str, np.ndarray]:
    """The probe's input, fixed."""
    return {INPUT: np.random.default_rng(2).standard_normal(SIZE).astype(np.float32)}


@cache
def probe_answer() -> np.ndarray:
    """What numpy says."""
    answer: np.ndarray = NumpyExecutor().compile(probe_plan()).run(probe_feed())[0]
    return answer


def agrees(result: np.ndarray) -> bool:
    """Whether a GPU's result is numpy's, but for rounding."""
    return bool(np.abs(result - probe_answer()).max() <= TOLERANCE)
