"""float16 in memory and in kernels: near float32, kept only where it is near enough, left where it is too narrow."""

import asyncio
import math
from typing import Any

import numpy as np
import pytest

from hearth.errors import NotANumber
from hearth.runtime.graph import Node
from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.plan import Plan, make_plan
from hearth.runtime.webgpu import tuning
from hearth.runtime.webgpu.desk import Device, FolderNotes
from hearth.runtime.webgpu.executor import TrustedProgram, WebGPUExecutor, WebGPUProgram
from hearth.runtime.webgpu.program import Halves
from hearth.runtime.webgpu.tiles import Choice, Gemm, General, Staged, Unstaged, Winograd
from hearth.runtime.webgpu.tuning import Choices, Tuner
from tests.webgpu.conftest import graph_of

RNG = np.random.default_rng(11)
X = RNG.standard_normal((1, 32, 8, 8)).astype(np.float32)
CHOICES: tuple[Choice, ...] = (
    Staged(4, 2, 16, 8, 8, 4, 2),
    Winograd(Gemm(32, 4, 16, 4, 4, 2)),
    Unstaged(4, 2, 4),
    General(4, 2),
)


@pytest.fixture(autouse=True)
def able(gpu: Device) -> None:
    """Only where the adapter computes with float16."""
    if not gpu.limits.halves:
        pytest.skip("this adapter has no shader-f16")


def plan(tolerance: float = 0.0, scale: float = 1.0) -> Plan:
    """Convolutions with a pooling, an enlargement read on the way, a join, a residual and two outputs."""
    nodes = [
        Node("Conv", ["x", "w", "b"], ["c"], {"pads": [1, 1, 1, 1]}),
        Node("Relu", ["c"], ["r"]),
        Node("MaxPool", ["r"], ["p"], {"kernel_shape": [2, 2], "strides": [2, 2]}),
        Node("Resize", ["p", "", "s"], ["u"], {"mode": "linear"}),
        Node("Concat", ["u", "r"], ["j"], {"axis": 1}),
        Node("Conv", ["j", "w2"], ["d"], {"pads": [1, 1, 1, 1]}),
        Node("Add", ["d", "x"], ["e"]),
        Node("Sigmoid", ["e"], ["y"]),
    ]
    rng = np.random.default_rng(12)
    constants = {
        "w": (rng.standard_normal((32, 32, 3, 3)) * scale / 17).astype(np.float32),
        "w2": (rng.standard_normal((32, 64, 3, 3)) / 24 / scale).astype(np.float32),
        "b": rng.standard_normal(32).astype(np.float32),
        "s": np.array([1, 1, 2, 2], np.float32),
    }
    return make_plan(graph_of(nodes, {"x": X}, ["y", "p"], constants), tolerance)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: type(choice).__name__)
@pytest.mark.parametrize("halves", ["between", "everywhere"])
def test_results_in_halves_are_near_and_take_less_memory(gpu: Device, choice: Choice, halves: Halves) -> None:
    expected = NumpyExecutor().compile(plan()).run({"x": X})
    program = WebGPUProgram(plan(), gpu, lambda *_: choice, halves)
    whole = WebGPUProgram(plan(), gpu, lambda *_: choice)
    program.run({"x": X})
    results = program.run({"x": X})
    # 11 bits a number; Winograd's sums of large numbers that cancel lose three more.
    most = 2**-5 if isinstance(choice, Winograd) and halves == "everywhere" else 2**-9
    for got, want in zip(results, expected, strict=True):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, want, atol=most * float(np.abs(want).max()))
    assert sum(program.lowered.buffers) < sum(whole.lowered.buffers)


def make(gpu: Device) -> Any:
    return lambda plan, chooser, halves: WebGPUProgram(plan, gpu, chooser, halves)


def test_halves_are_kept_where_results_are_near_enough(
    gpu: Device, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "MARGIN", math.inf)  # whatever is right counts as faster
    monkeypatch.setattr(tuning, "CLASSES", 0)
    kept: dict[float, Halves] = {}
    for tolerance in (0.0, 1e-6, 0.2):
        notes = FolderNotes(tmp_path / str(tolerance))
        program, used = WebGPUProgram(plan(tolerance), gpu), list[WebGPUProgram]()
        tuner = Tuner(program, Choices(gpu.name, notes), make(gpu))
        asyncio.run(tuner.improve({"x": X}, used.append))
        assert [trial.choice for trial in tuner.trials if trial.kept] == [new.halves for new in used]
        kept[tolerance] = Choices(gpu.name, notes).halves(plan(tolerance), gpu.limits)
        assert (used or [program])[-1].halves == kept[tolerance]
        again = Tuner(program, Choices(gpu.name, notes), make(gpu))
        asyncio.run(again.improve({"x": X}, used.append))
        assert again.trials == []
    assert kept == {0.0: "none", 1e-6: "none", 0.2: "everywhere"}


def test_feeds_too_large_for_halves_are_computed_whole_and_for_good(gpu: Device) -> None:
    large = plan(0.2, scale=1e5)
    choices = Choices(gpu.name)
    choices.keep_halves(large, "everywhere")
    narrow = WebGPUProgram(large, gpu, choices, "everywhere")
    with pytest.raises(NotANumber):
        narrow.run({"x": X})
    program = TrustedProgram(narrow, gpu, choices)
    expected = NumpyExecutor().compile(large).run({"x": X})
    for got, want in zip(program.run({"x": X}), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-3 * float(np.abs(want).max()))
    assert program.program.halves == "none"
    executor = WebGPUExecutor(gpu)
    executor.choices = choices
    assert executor.compile(large).program.halves == "none"
