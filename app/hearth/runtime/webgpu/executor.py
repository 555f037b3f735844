"""The executor: compiles plans for the GPU at hand and runs them, with the CPU in between where it must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from hearth.errors import ExecutorFailed, Unsupported
from hearth.runtime.numpy.executor import NumpyProgram
from hearth.runtime.plan import Plan
from hearth.runtime.types import TensorType
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.lower import lower
from hearth.runtime.webgpu.program import Lowered, Place, Range
from hearth.runtime.webgpu.tiles import ConvChooser, choose


class Player(Protocol):
    """A lowered plan on a GPU."""

    def write(self, place: Range, data: Any) -> None: ...

    def prepare_sync(self) -> None: ...

    async def prepare(self) -> None: ...

    def play_sync(self, first: int, last: int, reads: Sequence[Range]) -> list[memoryview]: ...

    async def play(self, first: int, last: int, reads: Sequence[Range]) -> list[memoryview]: ...

    def destroy(self) -> None: ...


class Gpu(Protocol):
    """A GPU that is open."""

    name: str
    limits: Limits

    def player(self, lowered: Lowered) -> Player: ...


class WebGPUProgram:
    """A plan on the GPU. Constants go up at once, the first run waits for the kernels."""

    def __init__(self, plan: Plan, gpu: Gpu, choose_conv: ConvChooser = choose) -> None:
        self.plan = plan
        self.lowered = lower(plan, gpu.limits, choose_conv)
        self.player = gpu.player(self.lowered)
        self.ready = False
        self.kept = set(plan.graph.outputs)
        self.cpu_parts = {
            segment.steps: _cpu_part(plan, segment.steps) for segment in self.lowered.segments if segment.steps
        }
        for name, place in self.lowered.constants.items():
            self.player.write(place.range, _to_gpu(plan.graph.constants[name], place.kind))

    def run(self, feeds: Mapping[str, Any]) -> list[Any]:
        """Runs and waits. Raises ExecutorFailed where the GPU fails."""
        run = _Run(self, feeds)
        if not self.ready:
            self.player.prepare_sync()
            self.ready = True
        for segment in self.lowered.segments:
            run.upload(segment.uploads)
            places = [self.lowered.values[name] for name in segment.downloads]
            data = self.player.play_sync(segment.first, segment.last, [place.range for place in places])
            run.finish(segment.downloads, data, segment.steps)
        return run.outputs()

    async def run_async(self, feeds: Mapping[str, Any]) -> list[Any]:
        """The same without blocking the event loop."""
        run = _Run(self, feeds)
        if not self.ready:
            await self.player.prepare()
            self.ready = True
        for segment in self.lowered.segments:
            run.upload(segment.uploads)
            places = [self.lowered.values[name] for name in segment.downloads]
            data = await self.player.play(segment.first, segment.last, [place.range for place in places])
            run.finish(segment.downloads, data, segment.steps)
        return run.outputs()

    def destroy(self) -> None:
        """Frees everything on the GPU."""
        self.player.destroy()


class _Run:
    """One run: the values that are on the CPU."""

    def __init__(self, program: WebGPUProgram, feeds: Mapping[str, Any]) -> None:
        self.program, self.graph = program, program.plan.graph
        self.values: dict[str, Any] = dict(feeds)

    def upload(self, names: Sequence[str]) -> None:
        for name in names:
            place = self.program.lowered.values[name]
            self.program.player.write(place.range, _to_gpu(self.values[name], place.kind))

    def finish(self, names: Sequence[str], data: Sequence[memoryview], steps: Sequence[int]) -> None:
        """Takes what came back from the GPU and runs steps on the CPU."""
        for name, raw in zip(names, data, strict=True):
            self.values[name] = self._from_gpu(name, raw)
        if steps:
            with np.errstate(all="ignore"):
                part = self.program.cpu_parts[tuple(steps)]
                self.values.update(part.constants)
                part.play(self.values)

    def _from_gpu(self, name: str, raw: memoryview) -> np.ndarray:
        place: Place = self.program.lowered.values[name]
        array = np.frombuffer(raw, np.int32 if place.kind == "i32" else np.float32).reshape(place.shape)
        kind = self.graph.type(name)
        if place.kind == "f32" and name in self.program.kept and not np.isfinite(array).all():
            raise ExecutorFailed("The GPU's result is not a number.")
        return array.astype(kind.dtype) if isinstance(kind, TensorType) and kind.dtype is not None else array

    def outputs(self) -> list[Any]:
        return [
            self.values[name] if name in self.values else self.graph.constant(name) for name in self.graph.outputs
        ]


def _cpu_part(plan: Plan, numbers: Sequence[int]) -> NumpyProgram:
    """Some steps of a plan, to be played over values that are there; they free nothing."""
    steps = tuple(replace(plan.steps[number], frees=()) for number in numbers)
    graph = plan.graph.copy()
    read = {name for step in steps for name in step.node.reads()}
    graph.constants = {name: array for name, array in graph.constants.items() if name in read}
    graph.outputs = {}
    return NumpyProgram(Plan(graph, steps))


def _to_gpu(array: Any, kind: str) -> memoryview:
    """An array's bytes as the GPU keeps them."""
    array = np.asarray(array)
    if kind == "f16":
        flat = np.ascontiguousarray(array).reshape(-1)
        if flat.size % 2:
            flat = np.append(flat, np.float16(0))
        return memoryview(flat.view(np.uint8))
    if kind == "i32" and array.dtype.itemsize > 4 and array.size:
        array = np.clip(array, -(2**31), 2**31 - 1)
    target = np.int32 if kind == "i32" else np.float32
    return memoryview(np.ascontiguousarray(array, target).reshape(-1).view(np.uint8))


class WebGPUExecutor:
    """Runs plans on the GPU. Making one raises Unsupported where there is no GPU that can be trusted."""

    name = "webgpu"
    needs_static = True

    def __init__(self, gpu: Gpu | None = None) -> None:
        self.gpu = gpu or find_gpu()

    def compile(self, plan: Plan) -> WebGPUProgram:
        return WebGPUProgram(plan, self.gpu)


def find_gpu() -> Gpu:
    """The GPU of the page, or of this desk; Unsupported where there is none."""
    import sys

    if sys.platform == "emscripten":
        from hearth.runtime.webgpu.page import open_gpu

        return open_gpu()
    from hearth.runtime.webgpu.desk import open_device

    return open_device()


__all__ = ["Unsupported", "WebGPUExecutor", "WebGPUProgram"]
