"""Runs small graphs on whatever adapter is here, software too, and compares with numpy."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from hearth.errors import Unsupported
from hearth.runtime.graph import Graph, Node
from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.passes import optimise
from hearth.runtime.plan import make_plan
from hearth.runtime.types import TensorType
from hearth.runtime.webgpu.desk import ALLOW_SOFTWARE, Device, open_device
from hearth.runtime.webgpu.executor import WebGPUProgram
from hearth.runtime.webgpu.tiles import Choice, choose

OPSET = 17
Compare = Callable[..., WebGPUProgram]


@pytest.fixture(scope="session")
def gpu() -> Device:
    """The adapter of this machine."""
    os.environ[ALLOW_SOFTWARE] = "1"
    try:
        return open_device()
    except Unsupported as reason:
        pytest.skip(f"{reason} On Debian: apt-get install libvulkan1 mesa-vulkan-drivers.")


def graph_of(
    nodes: Sequence[Node], inputs: dict[str, np.ndarray], outputs: Sequence[str], constants: dict[str, np.ndarray]
) -> Graph:
    """A graph with fixed input shapes, optimised."""
    for node in nodes:
        node.opset = OPSET
    graph = Graph(
        "test",
        {name: TensorType(array.dtype, array.shape) for name, array in inputs.items()},
        dict.fromkeys(outputs, TensorType()),
        list(nodes),
        dict(constants),
    )
    optimise(graph)
    return graph


@pytest.fixture
def compare(gpu: Device) -> Compare:
    """`compare(nodes, inputs, outputs, constants, choice=, atol=)` runs on the GPU and on numpy."""

    def run(
        nodes: Sequence[Node],
        inputs: dict[str, np.ndarray],
        outputs: Sequence[str],
        constants: dict[str, np.ndarray] | None = None,
        *,
        choice: Choice | None = None,
        atol: float = 2e-4,
        whole: bool = True,
    ) -> WebGPUProgram:
        graph = graph_of(nodes, inputs, outputs, constants or {})
        plan = make_plan(graph)
        expected = NumpyExecutor().compile(plan).run(inputs)
        chooser: Any = choose if choice is None else lambda *_: choice
        program = WebGPUProgram(plan, gpu, chooser)
        if whole:
            assert [segment.steps for segment in program.lowered.segments] == [()]
        for _ in range(2):  # the second run finds what the first left behind
            for got, want in zip(program.run(inputs), expected, strict=True):
                assert got.dtype == want.dtype
                np.testing.assert_allclose(got, want, rtol=1e-4, atol=atol)
        program.destroy()
        return program

    return run
