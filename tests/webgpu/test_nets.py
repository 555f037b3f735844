"""Whole nets of the catalogue on the adapter here, against numpy."""

import numpy as np
import pytest

from hearth.desk import models
from hearth.runtime import model_file
from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.passes import fix_inputs, optimise
from hearth.runtime.plan import make_plan
from hearth.runtime.webgpu.desk import Device
from hearth.runtime.webgpu.executor import WebGPUProgram

SHAPES = {"selfie": (1, 3, 256, 256), "beatnet": (6, 272), "silero-vad": (3, 576)}


@pytest.mark.parametrize("name", SHAPES)
def test_a_net_gives_what_numpy_gives(name: str, gpu: Device) -> None:
    graph = model_file.loads(models.path(name).read_bytes())
    first = next(iter(graph.inputs))
    fix_inputs(graph, {first: SHAPES[name]})
    optimise(graph)
    plan = make_plan(graph)
    rng = np.random.default_rng(4)
    feeds = {title: np.zeros(graph.shape(title) or (), np.float32) for title in graph.inputs}
    feeds[first] = rng.random(SHAPES[name], np.float32)
    program = WebGPUProgram(plan, gpu)
    for got, want in zip(program.run(feeds), NumpyExecutor().compile(plan).run(feeds), strict=True):
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, atol=1e-4)
