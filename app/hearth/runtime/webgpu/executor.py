"""The executor: compiles plans for the GPU at hand and runs them, with the CPU in between where it must be."""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from hearth.errors import ExecutorFailed, NotANumber
from hearth.runtime.device import DeviceTensor, Held, Memory, gpu_bytes, on_host
from hearth.runtime.executor import Progress, check_shape
from hearth.runtime.numpy.executor import NumpyExecutor, NumpyProgram
from hearth.runtime.plan import Plan
from hearth.runtime.types import TensorType
from hearth.runtime.unread import at_hand
from hearth.runtime.webgpu import probe
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.lower import lower
from hearth.runtime.webgpu.program import Halves, Lowered, Range, Segment
from hearth.runtime.webgpu.tiles import ConvChooser, choose
from hearth.runtime.webgpu.tuning import Choices, Notes, Tuner

MAY_GIVE_NAN = frozenset(("Acos", "Acosh", "Asin", "Atanh", "Div", "Log", "Mod", "Pow", "Reciprocal", "Sqrt", "Sub"))
"""Ops that make no number of numbers. Networks without them give one only where the GPU is at fault."""


class Player(Protocol):
    """A lowered plan on a GPU. What fails raises ExecutorFailed."""

    def load(self, place: Range, buffer: Any) -> None:
        """Copies the start of a buffer of the GPU's memory to where a value lies."""

    def save(self, place: Range, buffer: Any) -> None:
        """Copies a value to the start of a buffer."""

    def submit(self, first: int, last: int) -> None:
        """Lets dispatches [first, last) run, and does not wait for them."""

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

    def play_for_sync(self, first: int, last: int, place: Range) -> Held:
        """`play_sync` for one value that Python itself may not need."""
        ...

    async def play_for(self, first: int, last: int, place: Range) -> Held:
        """The same without blocking."""
        ...

    async def time(self, runs: int) -> float:
        """Milliseconds that all dispatches take, the mean of so many runs on what lies there."""
        ...

    def destroy(self) -> None:
        """Frees everything on the GPU."""


class Gpu(Memory, Protocol):
    """A GPU that is open. `trusted` says that it has been compared with numpy, `software` that it is a CPU."""

    name: str
    limits: Limits
    trusted: bool
    software: bool

    @property
    def notes(self) -> Notes | None:
        """Where this device keeps what was found out about it."""

    def player(self, lowered: Lowered) -> Player:
        """Starts to make a lowered plan ready."""
        ...


class WebGPUProgram:
    """A plan on the GPU. Constants go up at once, the first run waits for kernels; freed with its last reference."""

    def __init__(self, plan: Plan, gpu: Gpu, choose_conv: ConvChooser = choose, halves: Halves = "none") -> None:
        self.plan, self.gpu, self.halves = plan, gpu, halves
        self.lowered = lower(plan, gpu.limits, choose_conv, halves=halves)
        self.player = gpu.player(self.lowered)
        self.destroy = weakref.finalize(self, self.player.destroy)
        self.ready = False
        self.one_at_a_time = asyncio.Lock()
        self.nan_is_right = False
        """Whether the network gives what is no number for feeds that are."""
        self.cpu_parts = {
            segment.steps: _cpu_part(plan, segment.steps) for segment in self.lowered.segments if segment.steps
        }
        for name, place in self.lowered.constants.items():
            self.player.write(place.range, gpu_bytes(at_hand(plan.graph.constants[name]), place.kind))
        self.on_cpu = {name for numbers in self.cpu_parts for at in numbers for name in plan.steps[at].node.reads()}

    def run(self, feeds: Mapping[str, Any], keep: Collection[str] = ()) -> list[Any]:
        """Runs and waits; not for outputs that are kept. Raises ExecutorFailed where the GPU fails."""
        if not self.ready:
            self.player.prepare_sync()
            self.ready = True
        at_hand = {name: on_host(v) if self._is_wanted_here(name, v) else v for name, v in feeds.items()}
        run = _Run(self, at_hand, keep)
        for segment in self.lowered.segments:
            reads = run.start(segment)
            if reads:
                run.finish(segment, self.player.play_sync(segment.first, segment.last, reads))
            else:
                self.player.submit(segment.first, segment.last)
                run.finish(segment, [])
        return run.outputs()

    def _is_wanted_here(self, name: str, value: Any) -> bool:
        """Whether a tensor on the GPU is of use only in Python's memory."""
        if not isinstance(value, DeviceTensor):
            return False
        place = self.lowered.values.get(name)
        fits = place is not None and value.memory is self.gpu and value.kind == place.kind and name not in self.on_cpu
        return not fits

    async def run_async(
        self, feeds: Mapping[str, Any], progress: Progress | None = None, keep: Collection[str] = ()
    ) -> list[Any]:
        """The same without blocking the event loop. Runs at the same time take turns: they share their memory."""
        async with self.one_at_a_time:
            return await self._run_async(feeds, progress, keep)

    async def _run_async(self, feeds: Mapping[str, Any], progress: Progress | None, keep: Collection[str]) -> list[Any]:
        if not self.ready:
            await self.player.prepare()
            self.ready = True
        at_hand = {n: await v.numpy_async() if self._is_wanted_here(n, v) else v for n, v in feeds.items()}
        run = _Run(self, at_hand, keep)
        for number, segment in enumerate(self.lowered.segments):
            if progress is not None:
                progress(number / len(self.lowered.segments))
            reads = run.start(segment)
            run.finish(segment, await self.player.play(segment.first, segment.last, reads))
        return run.outputs()


class _Run:
    """One run: the values that are on the CPU, and those that stay on the GPU."""

    def __init__(self, program: WebGPUProgram, feeds: Mapping[str, Any], keep: Collection[str]) -> None:
        self.program, self.graph = program, program.plan.graph
        self.values: dict[str, Any] = dict(feeds)
        self.kept = {name for name in program.lowered.segments[-1].downloads if name in keep}

    def start(self, segment: Segment) -> list[Range]:
        """Puts up what a segment needs; says what to bring back after it."""
        places = self.program.lowered.values
        for name in segment.uploads:
            value, place = self.values[name], places[name]
            check_shape(self.graph, name, value)
            if isinstance(value, DeviceTensor):
                self.program.player.load(place.range, value.buffer)
            else:
                self.program.player.write(place.range, gpu_bytes(value, place.kind))
        return [places[name].range for name in self._downloads(segment)]

    def _downloads(self, segment: Segment) -> list[str]:
        last = segment is self.program.lowered.segments[-1]
        return [name for name in segment.downloads if not (last and name in self.kept)]

    def finish(self, segment: Segment, data: Sequence[memoryview]) -> None:
        """Takes what came back from the GPU and runs the segment's steps on the CPU."""
        for name, raw in zip(self._downloads(segment), data, strict=True):
            self.values[name] = self._from_gpu(name, raw)
        if segment is self.program.lowered.segments[-1]:
            self.values.update({name: self._left_there(name) for name in self.kept})
        if segment.steps:
            part = self.program.cpu_parts[segment.steps]
            self.values.update(part.constants)
            with np.errstate(all="ignore"):
                part.play(self.values)

    def _from_gpu(self, name: str, raw: memoryview) -> np.ndarray:
        place = self.program.lowered.values[name]
        array = np.frombuffer(raw, np.int32 if place.kind == "i32" else np.float32).reshape(place.shape)
        watched = place.kind == "f32" and not self.program.nan_is_right
        if watched and np.isnan(array).any() and not self._nan_given():
            raise NotANumber("The graphics card gave a result that is not a number.")
        kind = self.graph.type(name)
        return array.astype(kind.dtype) if isinstance(kind, TensorType) and kind.dtype is not None else array

    def _left_there(self, name: str) -> DeviceTensor:
        """A copy of an output that stays on the GPU."""
        gpu, place = self.program.gpu, self.program.lowered.values[name]
        kind = self.graph.type(name)
        dtype = np.dtype(np.int32 if place.kind == "i32" else np.float32)
        if isinstance(kind, TensorType) and kind.dtype is not None:
            dtype = kind.dtype
        buffer = gpu.room(place.range.bytes)
        self.program.player.save(place.range, buffer)
        return DeviceTensor(gpu, buffer, place.kind, dtype, place.shape)

    def _nan_given(self) -> bool:
        given = (self.values[name] for name in self.graph.inputs)
        return any(isinstance(x, np.ndarray) and x.dtype.kind == "f" and np.isnan(x).any() for x in given)

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


class TrustedProgram:
    """A program whose GPU is compared with numpy before its first run; the probe compiles beside the program."""

    def __init__(self, program: WebGPUProgram, gpu: Gpu, choices: Choices) -> None:
        self.program, self.gpu, self.choices = program, gpu, choices
        self._sample: Mapping[str, Any] | None = None
        self._tuned = gpu.software
        self._may_give_nan = any(
            node.op in MAY_GIVE_NAN for whole in program.plan.graph.nodes for node in (whole, *whole.epilogue)
        )
        self._probe = None if gpu.trusted else WebGPUProgram(probe.probe_plan(), gpu, probe.probe_choice())

    def run(self, feeds: Mapping[str, Any]) -> list[Any]:
        """Runs and waits. Raises ExecutorFailed where the GPU fails or computes something else than numpy."""
        return self.run_keeping(feeds, ())

    def run_keeping(self, feeds: Mapping[str, Any], keep: Collection[str]) -> list[Any]:
        """`run`, with some outputs left on the GPU."""
        if self._probe is not None:
            self._judge(self._probe.run(probe.probe_feed()))
        self._sample = feeds
        try:
            return self.program.run(feeds, keep)
        except NotANumber:
            self._doubt(feeds)
            return self.program.run(feeds, keep)

    async def run_keeping_async(self, feeds: Mapping[str, Any], keep: Collection[str]) -> list[Any]:
        """The same without blocking the event loop."""
        return await self._run_async(feeds, None, keep)

    async def run_async(self, feeds: Mapping[str, Any], progress: Progress | None = None) -> list[Any]:
        """The same without blocking the event loop."""
        return await self._run_async(feeds, progress, ())

    async def _run_async(self, feeds: Mapping[str, Any], progress: Progress | None, keep: Collection[str]) -> list[Any]:
        if self._probe is not None:
            self._judge(await self._probe.run_async(probe.probe_feed()))
        self._sample = feeds
        try:
            return await self.program.run_async(feeds, progress, keep)
        except NotANumber:
            self._doubt(feeds)
            return await self.program.run_async(feeds, progress, keep)

    def _doubt(self, feeds: Mapping[str, Any]) -> None:
        """What to do about a result that is no number; called while that is handled, and re-raises it if nothing helps.

        float16 may have been too narrow: float32 for good then. And numpy may say the same, of the square root of a
        negative number.
        """
        plan = self.program.plan
        if self.program.halves != "none":
            self.choices.keep_halves(plan, "none")
            self.program = WebGPUProgram(plan, self.gpu, self.choices)
            return
        at_hand = all(isinstance(value, np.ndarray) for value in feeds.values())
        if self.program.nan_is_right or not self._may_give_nan or not at_hand:
            raise
        results = NumpyExecutor().compile(plan).run(feeds)
        if not any(isinstance(x, np.ndarray) and x.dtype.kind == "f" and np.isnan(x).any() for x in results):
            raise
        self.program.nan_is_right = True

    async def tune(self) -> None:
        """Looks for faster kernels, once there has been a run; for idle time, and it may be cancelled."""
        if self._sample is not None and not self._tuned:

            def make(plan: Plan, chooser: ConvChooser, halves: Halves) -> WebGPUProgram:
                return WebGPUProgram(plan, self.gpu, chooser, halves)

            tuner = Tuner(self.program, self.choices, make)
            await tuner.improve(self._sample, self._use)
            self._tuned = True

    def _use(self, program: WebGPUProgram) -> None:
        self.program = program

    def places(self) -> list[str]:
        """Where each step of the plan runs."""
        on_cpu = {number for segment in self.program.lowered.segments for number in segment.steps}
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
    packed: frozenset[tuple[str, str]] = frozenset()

    def __init__(self, gpu: Gpu | None = None) -> None:
        self.gpu = gpu or find_gpu()
        self.choices = Choices(self.gpu.name, self.gpu.notes)

    def compile(self, plan: Plan) -> TrustedProgram:
        """Raises Unsupported where the GPU is of no use for the plan, ExecutorFailed where it fails."""
        halves = self.choices.halves(plan, self.gpu.limits)
        return TrustedProgram(WebGPUProgram(plan, self.gpu, self.choices, halves), self.gpu, self.choices)


def find_gpu() -> Gpu:
    """The GPU of the page, or of this desk. Raises Unsupported where there is none that can be used."""
    if sys.platform == "emscripten":
        from hearth.runtime.webgpu.page import open_gpu

        return open_gpu()
    from hearth.runtime.webgpu.desk import open_device

    return open_device()
