"""A lowered plan in memory, ready to be played: on one thread, in the memory that numpy's arrays lie in too."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from hearth.errors import ExecutorFailed
from hearth.runtime.unread import at_hand
from hearth.runtime.wasm.arena import ALIGNMENT_FLOATS
from hearth.runtime.wasm.builder import Lowered, Packing, words
from hearth.runtime.wasm.library import Library
from hearth.runtime.wasm.tensors import Tensor, address

WARMED = 30_000_000
"""A program of fewer multiply-adds is played once on nothing: browsers compile a kernel when it is first called, which
would take longer than the whole first run."""
REHEARSED = 4_000_000
"""Of a longer one each kernel plays about so many on nothing: after that browsers compile it well, on another thread,
while the page goes on; in the middle of a run there is no way from the quickly compiled code to the better one."""


class Player(Protocol):
    """Memory for one program, and the kernels over it."""

    def write(self, target: Tensor, array: np.ndarray) -> None:
        """Copies an array into the arena."""
        ...

    def read(self, source: Tensor) -> np.ndarray:
        """A value of the arena, to be read before the next step is played: a view where memory is shared."""
        ...

    def take(self, source: Tensor) -> np.ndarray:
        """A value of the arena as an array that nobody else holds, C-contiguous."""
        ...

    def play(self, first: int, end: int) -> None:
        """Plays kernel steps [first, end). Raises ExecutorFailed where it can't go on."""
        ...


class HeapPlayer:
    """Plays on one thread; the arena is a numpy array."""

    def __init__(self, lowered: Lowered, library: Library) -> None:
        self.library = library
        sizes = [step.size for step in lowered.steps]
        self.starts = np.cumsum([0, *sizes], dtype=np.int32)
        self.steps = np.concatenate([*lowered.steps, np.zeros(1, np.int32)])
        packings = [words(packing.make(lowered.staging)) for packing in lowered.packings]
        scratch = max((library.scratch(address(step)) for step in (*lowered.steps, *packings)), default=0)
        self.arena = room(lowered.floats)
        self.scratch = room(scratch)
        self.views: dict[int, tuple[Tensor, np.ndarray]] = {}
        self.places = (address(self.steps), address(self.starts), address(self.arena), address(self.scratch))
        for tensor, array in lowered.constants:
            self.write(tensor, array)
        for packing, step in zip(lowered.packings, packings, strict=True):
            self._pack(packing, step, lowered.staging)
        if sum(lowered.costs) < WARMED:
            self.play(0, len(lowered.steps))
        else:
            self._rehearse(lowered)

    def _rehearse(self, lowered: Lowered) -> None:
        """Plays a part of the longest step of each kernel; what is in the arena doesn't matter yet."""
        longest: dict[int, int] = {}
        for number, step in enumerate(lowered.steps):
            rival = longest.setdefault(int(step[0]), number)
            if lowered.costs[number] > lowered.costs[rival]:
                longest[int(step[0])] = number
        for number in longest.values():
            place, cost = self.places[0] + 4 * int(self.starts[number]), max(1, lowered.costs[number])
            units = self.library.units(place)
            if cost <= 4 * REHEARSED * units:
                some = max(1, min(units, units * REHEARSED // cost))
                self.library.play_units(place, self.places[2], 0, some, self.places[3])

    def _pack(self, packing: Packing, step: np.ndarray, staging: int) -> None:
        """Rearranges one constant, by way of the place where values will lie later."""
        source = np.ascontiguousarray(at_hand(packing.source))
        self.arena[staging:].view(np.uint8)[: source.nbytes] = source.reshape(-1).view(np.uint8)
        start = np.zeros(1, np.int32)
        self.library.play(address(step), address(start), self.places[2], 0, 1, self.places[3])

    def write(self, target: Tensor, array: np.ndarray) -> None:
        np.copyto(self.read(target), array)

    def read(self, source: Tensor) -> np.ndarray:
        known = self.views.get(id(source))
        if known is None:
            # The tensor is kept with its view, so that no other one can take over its id.
            known = self.views[id(source)] = (source, source.view(self.arena))
        return known[1]

    def take(self, source: Tensor) -> np.ndarray:
        return np.array(self.read(source), order="C")

    def play(self, first: int, end: int) -> None:
        steps, starts, arena, scratch = self.places
        self.library.play(steps, starts, arena, first, end, scratch)


def room(floats: int) -> np.ndarray:
    """Uninitialised memory that starts on a cache line. Raises ExecutorFailed where there is none left."""
    try:
        memory = np.empty(floats + 2 * ALIGNMENT_FLOATS, np.float32)
    except MemoryError:
        raise ExecutorFailed(
            f"There is not enough memory for this model: it needs {floats * 4 / 2**20:.0f} MiB more. "
            "Close other tabs or take a smaller model."
        ) from None
    skip = -(address(memory) // 4) % ALIGNMENT_FLOATS
    return memory[skip : skip + floats + ALIGNMENT_FLOATS]
