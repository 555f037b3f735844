"""Tries other ways while the GPU is idle, and remembers which are fastest on it.

First float16 in memory, where the plan allows results to differ, then other kernels for the heaviest convolutions.

Timings of kernels alone mislead: caches are warm and nothing competes. So each variant is timed inside the whole
network, in turns with the program that is in use.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from hearth import __version__
from hearth.errors import NotANumber, Unsupported
from hearth.runtime.plan import Plan
from hearth.runtime.unread import Unread
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.program import Halves
from hearth.runtime.webgpu.tiles import Choice, ConvChooser, ConvShape, choose, variants

if TYPE_CHECKING:
    from hearth.runtime.webgpu.executor import WebGPUProgram

SECONDS = 6.0
"""Most time for one network, in all."""
CLASSES = 6
"""So many shapes of convolutions are looked at, those with most arithmetic."""
MARGIN = 0.97
"""A variant is kept if it takes at most this part of the time."""
ROUNDS = 7
ROUND_MS = 15.0
"""A job that comes in the middle waits for no more than about so much, or one run."""
HALVES: tuple[Halves, ...] = ("everywhere", "between")
"""In the order in which they are tried."""
SHARE = 0.5
"""Float16 is kept where results are within this part of what a plan tolerates: other feeds may be worse."""
TOLERANCE = 5e-4
"""How far results may be from the untuned ones, as a part of the largest."""


class Notes(Protocol):
    """Where small texts are kept from visit to visit."""

    def recall(self, key: str) -> str | None:
        """What was kept, if it still is."""

    def remember(self, key: str, text: str) -> None:
        """Keeps a text, if that is allowed."""


class Choices:
    """The kernels found fastest on one GPU, by shape; a ConvChooser. `notes` None forgets them with the page."""

    def __init__(self, gpu: str, notes: Notes | None = None) -> None:
        self.key = f"kernels {__version__} {gpu}"
        self.notes = notes
        self.found = _read(notes.recall(self.key)) if notes else {}

    def __call__(self, shape: ConvShape, limits: Limits) -> Choice:
        """The kernel that was found for a shape; where none was, or it is no longer known, the one by rule."""
        name = self.found.get(repr(shape))
        known = (choice for choice in variants(shape, limits) if repr(choice) == name) if name else iter(())
        return next(known, None) or choose(shape, limits)

    def keep(self, shape: ConvShape, choice: Choice) -> None:
        """Notes the fastest kernel for a shape, which then counts as searched."""
        self._note(repr(shape), repr(choice))

    def halves(self, plan: Plan, limits: Limits) -> Halves:
        """What of a plan lies in memory as float16 on this GPU: what was found to be faster and near enough."""
        known = self.found.get(fingerprint(plan), "none") if plan.tolerance and limits.halves else "none"
        return next((halves for halves in HALVES if halves == known), "none")

    def knows_halves(self, plan: Plan, limits: Limits) -> bool:
        """Whether nothing is to be tried any more."""
        return not plan.tolerance or not limits.halves or fingerprint(plan) in self.found

    def keep_halves(self, plan: Plan, halves: Halves) -> None:
        """Notes what was found for a plan."""
        self._note(fingerprint(plan), halves)

    def _note(self, key: str, found: str) -> None:
        self.found[key] = found
        if self.notes:
            self.notes.remember(self.key, json.dumps(self.found))


def fingerprint(plan: Plan) -> str:
    """A name for a plan's network: two that differ in a layer, or in what lies at the start of a weight, have two."""
    digest = hashlib.sha256(f"{plan.tolerance} {[str(kind) for kind in plan.graph.inputs.values()]}".encode())
    for step in plan.steps:
        digest.update(f"{step.node.op} {step.node.outputs}".encode())
    for name, array in plan.graph.constants.items():
        first = array.read(8) if isinstance(array, Unread) else array.reshape(-1)[:8]
        digest.update(f"{name} {array.shape} {first.tolist()}".encode())
    return f"halves {digest.hexdigest()[:16]}"


def _read(text: str | None) -> dict[str, str]:
    """Choices as they were kept; none where the text is something else."""
    try:
        kept = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(shape): str(choice) for shape, choice in kept.items()} if isinstance(kept, dict) else {}


@dataclass
class Trial:
    """One variant that was tried: `ratio` of its time to that of the program in use, None where it did not qualify."""

    shape: ConvShape | None
    choice: Choice | Halves
    ratio: float | None
    kept: bool


class Tuner:
    """Looks for a faster way for one program. `make(plan, chooser, halves)` compiles the plan once more."""

    def __init__(
        self,
        program: WebGPUProgram,
        choices: Choices,
        make: Callable[[Plan, ConvChooser, Halves], WebGPUProgram],
        seconds: float = SECONDS,
    ) -> None:
        self.program, self.choices, self.make = program, choices, make
        self.seconds = seconds
        self.trials: list[Trial] = []

    async def improve(self, feeds: Mapping[str, Any], use: Callable[[WebGPUProgram], None]) -> None:
        """Tries variants and hands each better program to `use`. It may be cancelled wherever it waits.

        `feeds` are those of a run, so that results are compared on what a person really has. Raises ExecutorFailed
        where the GPU fails.
        """
        until = time.perf_counter() + self.seconds
        limits, plan = self.program.gpu.limits, self.program.plan
        waiting = [shape for shape in heaviest(plan, limits) if repr(shape) not in self.choices.found]
        known = self.choices.knows_halves(plan, limits)
        if (known and not waiting) or sum(self.program.lowered.buffers) > limits.maxBufferSize // 2:
            return  # all is known, or a second copy might not find room
        expected = await self.program.run_async(feeds)
        if not known:
            await self._try_halves(feeds, expected, use)
            expected = await self.program.run_async(feeds)
        for shape in waiting:
            if time.perf_counter() > until:
                return  # the others have their turn at the next start
            best = self.choices(shape, limits)
            for choice in variants(shape, limits)[1:]:
                if time.perf_counter() > until:
                    break
                ratio, variant = await self._try_kernel(shape, choice, feeds, expected)
                better = ratio is not None and ratio <= MARGIN
                self.trials.append(Trial(shape, choice, ratio, better))
                if better and variant is not None:
                    best, self.program = choice, variant
                    use(variant)
            self.choices.keep(shape, best)

    async def _try_halves(
        self, feeds: Mapping[str, Any], expected: list[Any], use: Callable[[WebGPUProgram], None]
    ) -> None:
        """Tries float16 in memory; what is kept has results near enough, with room for those of other feeds."""
        plan = self.program.plan
        kept: Halves = "none"
        for halves in HALVES:
            ratio: float | None = None
            variant = self.make(plan, self.choices, halves)
            with contextlib.suppress(NotANumber):  # too large for float16
                if within(await variant.run_async(feeds), expected, plan.tolerance * SHARE):
                    ratio = await self._ratio(variant)
            better = ratio is not None and ratio <= MARGIN
            self.trials.append(Trial(None, halves, ratio, better))
            if better:
                kept, self.program = halves, variant
                use(variant)
                break
        self.choices.keep_halves(plan, kept)

    async def _try_kernel(
        self, shape: ConvShape, choice: Choice, feeds: Mapping[str, Any], expected: list[Any]
    ) -> tuple[float | None, WebGPUProgram | None]:
        """How long a variant takes, as a part of the time of the program in use."""
        program = self.program

        def chooser(asked: ConvShape, limits: Limits) -> Choice:
            return choice if asked == shape else self._used(asked)

        try:
            variant = self.make(program.plan, chooser, program.halves)
        except Unsupported:
            return None, None
        got = await variant.run_async(feeds)
        same = agree(got, expected) if program.halves == "none" else within(got, expected, program.plan.tolerance / 2)
        return (await self._ratio(variant), variant) if same else (None, None)

    async def _ratio(self, variant: WebGPUProgram) -> float:
        """How long a program takes, as a part of the time of the one in use."""
        once = await self.program.player.time(1)
        runs = max(1, min(50, int(ROUND_MS / max(once, 0.01))))
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(ROUNDS):
            pair = (self.program, variant) if number % 2 else (variant, self.program)
            for program in pair:
                times[program is variant].append(await program.player.time(runs))
        return median(times[True]) / median(times[False])

    def _used(self, shape: ConvShape) -> Choice:
        """The kernel for a shape in the program in use."""
        kept = [cast(Choice, trial.choice) for trial in self.trials if trial.kept and trial.shape == shape]
        return kept[-1] if kept else self.choices(shape, self.program.gpu.limits)


def heaviest(plan: Plan, limits: Limits) -> Iterator[ConvShape]:
    """The shapes of a plan's convolutions with most arithmetic in all."""
    from hearth.runtime.webgpu.lower import lower

    counted: Counter[ConvShape] = Counter()

    def count(shape: ConvShape, limits: Limits) -> Choice:
        counted[shape] += shape.flops
        return choose(shape, limits)

    lower(plan, limits, count)
    return (shape for shape, _ in counted.most_common(CLASSES))


def within(got: list[Any], expected: list[Any], most: float) -> bool:
    """Whether all results are numbers, no further than `most` from those that are expected."""
    return all(
        bool(np.abs(one.astype(np.float32) - other.astype(np.float32)).max(initial=0) <= most)
        for one, other in zip(got, expected, strict=True)
    )


def agree(got: list[Any], expected: list[Any]) -> bool:
    """Whether two programs' results are the same, but for rounding."""
    for one, other in zip(got, expected, strict=True):
        if not isinstance(other, np.ndarray) or other.dtype.kind != "f":
            if not np.array_equal(one, other):
                return False
        elif other.size and not np.abs(one - other).max() <= TOLERANCE * max(1.0, float(np.abs(other).max())):
            return False
    return True
