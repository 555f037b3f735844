"""Kernels tried in idle time: results stay, what was found is remembered, nothing is searched twice."""

import asyncio
from typing import Any

import numpy as np
import pytest

from hearth.runtime.graph import Node
from hearth.runtime.plan import Plan, make_plan
from hearth.runtime.webgpu import tuning
from hearth.runtime.webgpu.desk import Device, FolderNotes
from hearth.runtime.webgpu.executor import TrustedProgram, WebGPUProgram
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.lower import lower
from hearth.runtime.webgpu.tiles import ConvShape, choose, variants
from hearth.runtime.webgpu.tuning import Choices, Tuner
from tests.webgpu.conftest import graph_of

RNG = np.random.default_rng(3)
X = RNG.standard_normal((1, 8, 8, 8)).astype(np.float32)


def plan() -> Plan:
    weights = (RNG.standard_normal((8, 8, 3, 3)) / 8).astype(np.float32)
    node = Node("Conv", ["x", "w"], ["y"], {"pads": [1, 1, 1, 1]})
    return make_plan(graph_of([node], {"x": X}, ["y"], {"w": weights}))


SHAPES = [
    ConvShape(1, channels, outputs, 1, (size, size), (size, size), kernel, (1, 1), (1, 1), (1, 1))
    for channels, outputs, size, kernel in (
        (128, 64, 320, (3, 3)),
        (64, 16, 320, (3, 3)),
        (512, 512, 10, (3, 3)),
        (8, 8, 264, (3, 39)),
        (16, 1, 64, (3, 3)),
        (32, 64, 40, (1, 1)),
    )
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.channels}-{shape.outputs}-{shape.kernel}")
@pytest.mark.parametrize("limits", [Limits(), Limits(16, 49152, 1024, 1024)], ids=["least", "large"])
def test_variants_are_few_and_begin_with_the_rule(shape: ConvShape, limits: Limits) -> None:
    found = variants(shape, limits)
    assert found[0] == choose(shape, limits)
    assert 2 <= len(found) == len(set(found)) <= 6


def test_what_was_found_is_remembered_by_adapter_and_only_if_it_is_still_known(tmp_path: Any) -> None:
    shape, limits = SHAPES[0], Limits()
    other = variants(shape, limits)[1]
    Choices("card", FolderNotes(tmp_path)).keep(shape, other)
    assert Choices("card", FolderNotes(tmp_path))(shape, limits) == other
    assert Choices("another card", FolderNotes(tmp_path))(shape, limits) == choose(shape, limits)
    for text in ("no json", "[1]", f'{{"{shape}": "Winograd()"}}'):
        FolderNotes(tmp_path).remember(Choices("card").key, text)
        assert Choices("card", FolderNotes(tmp_path))(shape, limits) == choose(shape, limits)


def test_tuning_keeps_results_and_searches_once(gpu: Device, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "MARGIN", 1e9)  # whatever is right counts as faster
    notes = FolderNotes(tmp_path)
    program = WebGPUProgram(plan(), gpu)
    before = program.run({"x": X})[0]
    used = [program]
    tuner = Tuner(
        program, Choices(gpu.name, notes), lambda plan, chooser, halves: WebGPUProgram(plan, gpu, chooser, halves), 60
    )
    asyncio.run(tuner.improve({"x": X}, used.append))
    assert len(used) == 1 + len([trial for trial in tuner.trials if trial.kept]) > 1
    np.testing.assert_allclose(used[-1].run({"x": X})[0], before, atol=1e-4)
    again = Choices(gpu.name, notes)
    assert lower(plan(), gpu.limits, again).shaders == used[-1].lowered.shaders
    second = Tuner(used[-1], again, lambda plan, chooser, halves: WebGPUProgram(plan, gpu, chooser, halves))
    asyncio.run(second.improve({"x": X}, used.append))
    assert second.trials == []


def test_a_wrong_result_is_not_kept_and_a_job_ends_the_search(gpu: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "agree", lambda got, expected: False)
    program, choices = WebGPUProgram(plan(), gpu), Choices(gpu.name)
    used: list[WebGPUProgram] = []
    tuner = Tuner(program, choices, lambda plan, chooser, halves: WebGPUProgram(plan, gpu, chooser, halves), 60)
    asyncio.run(tuner.improve({"x": X}, used.append))
    assert tuner.trials
    assert used == []
    monkeypatch.undo()

    async def interrupted() -> None:
        other = Tuner(
            program, Choices(gpu.name), lambda plan, chooser, halves: WebGPUProgram(plan, gpu, chooser, halves), 60
        )
        task = asyncio.ensure_future(other.improve({"x": X}, used.append))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(other.trials) <= 1

    asyncio.run(interrupted())
    assert program.run({"x": X})[0].shape == X.shape


def test_software_adapters_are_left_alone(gpu: Device) -> None:
    if not gpu.software:
        pytest.skip("this adapter is a real GPU")
    choices = Choices(gpu.name)
    program = TrustedProgram(WebGPUProgram(plan(), gpu), gpu, choices)
    program.run({"x": X})
    asyncio.run(program.tune())
    assert choices.found == {}
