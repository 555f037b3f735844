"""Tries other kernels for the heaviest convolutions while the GPU is idle, and remembers which are fastest on it.

Timings of kernels alone mislead: caches are warm and nothing competes. So each variant is timed inside the whole
network, in turns with the program that is in use.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from hearth import __version__
from hearth.errors import Unsupported
from hearth.runtime.plan import Plan
from hearth.runtime.webgpu.limits import Limits
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
        self.found[repr(shape)] = repr(choice)
        if self.notes:
            self.notes.remember(self.key, json.dumps(self.found))


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

    shape: ConvShape
    choice: Choice
    ratio: float | None
    kept: bool


class Tuner:
    """Looks for faster kernels for one program. `make(plan, chooser)` compiles the plan once more."""

    def __init__(
        self,
        program: WebGPUProgram,
        choices: Choices,
        make: Callable[[Plan, ConvChooser], WebGPUProgram],
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
        limits = self.program.gpu.limits
        waiting = [shape for shape in heaviest(self.program.plan, limits) if repr(shape) not in self.choices.found]
        if not waiting or sum(self.program.lowered.buffers) > limits.maxBufferSize // 2:
            return  # all is known, or a second copy might not find room
        expected = await self.program.run_async(feeds)
        for shape in waiting:
            if time.perf_counter() > until:
                return  # the others have their turn at the next start
            best = self.choices(shape, limits)
            for choice in variants(shape, limits)[1:]:
                if time.perf_counter() > until:
                    break
                ratio, variant = await self._try(shape, choice, feeds, expected)
                better = ratio is not None and ratio <= MARGIN
                self.trials.append(Trial(shape, choice, ratio, better))
                if better and variant is not None:
                    best, self.program = choice, variant
                    use(variant)
            self.choices.keep(shape, best)

    async def _try(
        self, shape: ConvShape, choice: Choice, feeds: Mapping[str, Any], expected: list[Any]
    ) -> tuple[float | None, WebGPUProgram | None]:
        """How long a variant takes, as a part of the time of the program in use."""
        try:
            variant = self.make(self.program.plan, lambda asked, _: choice if asked == shape else self._used(asked))
        except Unsupported:
            return None, None
        if not agree(await variant.run_async(feeds), expected):
            return None, None
        once = await self.program.player.time(1)
        runs = max(1, min(50, int(ROUND_MS / max(once, 0.01))))
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(ROUNDS):
            pair = (self.program, variant) if number % 2 else (variant, self.program)
            for program in pair:
                times[program is variant].append(await program.player.time(runs))
        return median(times[True]) / median(times[False]), variant

    def _used(self, shape: ConvShape) -> Choice:
        """The kernel for a shape in the program in use."""
        kept = [trial.choice for trial in self.trials if trial.kept and trial.shape == shape]
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


def agree(got: list[Any], expected: list[Any]) -> bool:
    """Whether two programs' results are the same, but for rounding."""
    for one, other in zip(got, expected, strict=True):
        if not isinstance(other, np.ndarray) or other.dtype.kind != "f":
            if not np.array_equal(one, other):
                return False
        elif other.size and not np.abs(one - other).max() <= TOLERANCE * max(1.0, float(np.abs(other).max())):
            return False
    return True
