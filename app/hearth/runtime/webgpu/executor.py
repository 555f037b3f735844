"""The executor: compiles plans for the GPU at hand and runs them, with the CPU in between where it must be."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from hearth.errors import ExecutorFailed
from hearth.runtime.executor import Progress, check_shape
from hearth.runtime.numpy.executor import NumpyProgram
from hearth.runtime.plan import Plan
from hearth.runtime.types import TensorType
from hearth.runtime.webgpu import probe
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.lower import lower
from hearth.runtime.webgpu.program import Lowered, Range, Segment
from hearth.runtime.webgpu.tiles import ConvChooser, choose


class Player(Protocol):
    """A lowered plan on a GPU. What fails raises ExecutorFailed."""

    def write(self, place: Range, data: memoryview) -> None:
        """Puts bytes where a value lies."""

    def prepare_sync(self) -> None:
        """Waits for the kernels and packs the constants, which must be written."""

    async def prepare(self) -> None:
        """The same without blocking."""

    def play_sync(self, first: int, last: int, reads: Sequence[Range]) -> list[memoryview]:
        """Runs dispatches [first, last) and brings back what lies in `reads`."""
        ...

    async def play(self, first: int, last: int, reads: Sequence[Range]) -> list[memoryview]:
        """The same without blocking."""
        ...

    def destroy(self) -> None:
        """Frees everything on the GPU."""


class Gpu(Protocol):
    """A GPU that is open. `trusted` says that it has been compared with numpy."""

    name: str
    limits: Limits
    trusted: bool

    def player(self, lowered: Lowered) -> Player:
        """Starts to make a lowered plan ready."""
        ...


class WebGPUProgram:
    """A plan on the GPU. Constants go up at once, the first run waits for kernels; freed with its last reference."""

    def __init__(self, plan: Plan, gpu: Gpu, choose_conv: ConvChooser = choose) -> None:
        self.plan = plan
        self.lowered = lower(plan, gpu.limits, choose_conv)
        self.player = gpu.player(self.lowered)
        self.destroy = weakref.finalize(self, self.player.destroy)
        self.ready = False
        self.cpu_parts = {
            segment.steps: _cpu_part(plan, segment.steps) for segment in self.lowered.segments if segment.steps
        }
        for name, place in self.lowered.constants.items():
            self.player.write(place.range, _to_gpu(plan.graph.constants[name], place.kind))

    def run(self, feeds: Mapping[str, Any]) -> list[Any]:
        """Runs and waits. Raises ExecutorFailed where the GPU fails."""
        if not self.ready:
            self.player.prepare_sync()
            self.ready = True
        run = _Run(self, feeds)
        for segment in self.lowered.segments:
            reads = run.start(segment)
            run.finish(segment, self.player.play_sync(segment.first, segment.last, reads))
        return run.outputs()

    async def run_async(self, feeds: Mapping[str, Any], progress: Progress | None = None) -> list[Any]:
        """The same without blocking the event loop."""
        if not self.ready:
            await self.player.prepare()
            self.ready = True
        run = _Run(self, feeds)
        for number, segment in enumerate(self.lowered.segments):
            if progress is not None:
                progress(number / len(self.lowered.segments))
            reads = run.start(segment)
            run.finish(segment, await self.player.play(segment.first, segment.last, reads))
        return run.outputs()


class _Run:
    """One run: the values that are on the CPU."""

    def __init__(self, program: WebGPUProgram, feeds: Mapping[str, Any]) -> None:
        self.program, self.graph = program, program.plan.graph
        self.values: dict[str, Any] = dict(feeds)

    def start(self, segment: Segment) -> list[Range]:
        """Puts up what a segment needs; says what to bring back after it."""
        places = self.program.lowered.values
        for name in segment.uploads:
            check_shape(self.graph, name, self.values[name])
            self.program.player.write(places[name].range, _to_gpu(self.values[name], places[name].kind))
        return [places[name].range for name in segment.downloads]

    def finish(self, segment: Segment, data: Sequence[memoryview]) -> None:
        """Takes what came back from the GPU and runs the segment's steps on the CPU."""
        for name, raw in zip(segment.downloads, data, strict=True):
            self.values[name] = self._from_gpu(name, raw)
        if segment.steps:
            part = self.program.cpu_parts[segment.steps]
            self.values.update(part.constants)
            with np.errstate(all="ignore"):
                part.play(self.values)

    def _from_gpu(self, name: str, raw: memoryview) -> np.ndarray:
        place = self.program.lowered.values[name]
        array = np.frombuffer(raw, np.int32 if place.kind == "i32" else np.float32).reshape(place.shape)
        if place.kind == "f32" and np.isnan(array).any():
            raise ExecutorFailed("The graphics card gave a result that is not a number.")
        kind = self.graph.type(name)
        return array.astype(kind.dtype) if isinstance(kind, TensorType) and kind.dtype is not None else array

    def outputs(self) -> list[Any]:
        """The graph's outputs, in its order."""
        return [self.values[name] if name in self.values else self.graph.constant(name) for name in self.graph.outputs]


def _cpu_part(plan: Plan, numbers: Sequence[int]) -> NumpyProgram:
    """Some steps of a plan, to be played over values that are there; they free nothing."""
    steps = tuple(replace(plan.steps[number], frees=()) for number in numbers)
    graph = plan.graph.copy()
    read = {name for step in steps for name in step.node.reads()}
    graph.constants = {name: array for name, array in graph.constants.items() if name in read}
    graph.outputs = {}
    return NumpyProgram(Plan(graph, steps))


def _to_gpu(array: Any, kind: str) -> memoryview:
    """An array's bytes as the GPU keeps them; integers of 64 bits are cut to 32 where they are too large."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if kind == "f16":
        if flat.size % 2:
            flat = np.append(flat, np.float16(0))
    elif kind == "i32":
        flat = np.clip(flat, -(2**31), 2**31 - 1).astype(np.int32) if flat.dtype.itemsize > 4 else flat.astype(np.int32)
    else:
        flat = flat.astype(np.float32, copy=False)
    return flat.view(np.uint8).data


class TrustedProgram:
    """A program whose GPU is compared with numpy before its first run; the probe compiles beside the program."""

    def __init__(self, program: WebGPUProgram, gpu: Gpu) -> None:
        self.program, self.gpu = program, gpu
        self.lowered = program.lowered
        self._probe = None if gpu.trusted else WebGPUProgram(probe.probe_plan(), gpu, probe.probe_choice())

    def run(self, feeds: Mapping[str, Any]) -> list[Any]:
        """Runs and waits. Raises ExecutorFailed where the GPU fails or computes something else than numpy."""
        if self._probe is not None:
            self._judge(self._probe.run(probe.probe_feed()))
        return self.program.run(feeds)

    async def run_async(self, feeds: Mapping[str, Any], progress: Progress | None = None) -> list[Any]:
        """The same without blocking the event loop."""
        if self._probe is not None:
            self._judge(await self._probe.run_async(probe.probe_feed()))
        return await self.program.run_async(feeds, progress)

    def places(self) -> list[str]:
        """Where each step of the plan runs."""
        on_cpu = {number for segment in self.lowered.segments for number in segment.steps}
        steps = self.program.plan.steps
        return ["numpy" if number in on_cpu else "webgpu" for number in range(len(steps))]

    def _judge(self, results: Sequence[Any]) -> None:
        self._probe = None
        if not self.gpu.trusted and not probe.agrees(results[0]):
            raise ExecutorFailed(f"The graphics card {self.gpu.name} does not compute what it should.")
        self.gpu.trusted = True


class WebGPUExecutor:
    """Runs plans on the GPU. Making one raises Unsupported where there is no GPU."""

    name = "webgpu"
    needs_static = True

    def __init__(self, gpu: Gpu | None = None) -> None:
        self.gpu = gpu or find_gpu()

    def compile(self, plan: Plan) -> TrustedProgram:
        """Raises Unsupported where the GPU is of no use for the plan, ExecutorFailed where it fails."""
        return TrustedProgram(WebGPUProgram(plan, self.gpu), self.gpu)


def find_gpu() -> Gpu:
    """The GPU of the page, or of this desk. Raises Unsupported where there is none that can be used."""
    if sys.platform == "emscripten":
        from hearth.runtime.webgpu.page import open_gpu

        return open_gpu()
    from hearth.runtime.webgpu.desk import open_device

    return open_device()
