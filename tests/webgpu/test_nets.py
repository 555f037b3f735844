"""Whole nets of the catalogue on the adapter here, against numpy."""

from functools import partial

import numpy as np
import pytest

from hearth.desk import models
from hearth.runtime import model_file
from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.passes import fix_inputs, optimise
from hearth.runtime.plan import make_plan
from hearth.runtime.webgpu.desk import Device
from hearth.runtime.webgpu.executor import WebGPUProgram
from tests.bench._checked import Checked, decoder, encoder, quantised
from tests.bench._quantised_models import convolutions

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


SMALL = {
    "a recogniser's encoder": partial(encoder, 0.3),
    "its decoder with a cache": partial(decoder, 1, 0.3),
    "eight bits": partial(quantised, partial(convolutions, 32, 32, 3, 1, 10)),
}


@pytest.mark.desk
@pytest.mark.parametrize("name", SMALL)
def test_speech_and_eight_bits_run_wholly_on_the_card(name: str, gpu: Device) -> None:
    made: Checked = SMALL[name]()
    graph, feeds = made
    plan = make_plan(graph)
    program = WebGPUProgram(plan, gpu)
    assert [segment.steps for segment in program.lowered.segments] == [()]
    for got, want in zip(program.run(feeds), NumpyExecutor().compile(plan).run(feeds), strict=True):
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)
