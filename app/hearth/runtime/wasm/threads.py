"""A lowered plan in shared memory, played by several threads: the page's pool of workers, and this one."""

from __future__ import annotations

import functools
import sys
import weakref
from typing import Any

import numpy as np

from hearth.errors import ExecutorFailed, Unsupported
from hearth.runtime.browser import open_bridge
from hearth.runtime.unread import at_hand
from hearth.runtime.wasm.builder import Lowered, words
from hearth.runtime.wasm.library import in_browser
from hearth.runtime.wasm.tensors import Tensor, address

MOST_THREADS = 8
WORTH_SHARING = 300_000
"""Multiply-adds or elements below which a step is over before another thread has begun."""
WORTH_PACKING = 16 << 20
"""Bytes of weights below which packing them leaves the other threads to what they rehearse (`rehearse.h`)."""
LINE = 64


class WorkersLost(ExecutorFailed):
    """A worker went missing in the middle of a run. The next run is played by this thread alone."""


@functools.cache
def pool() -> Any:
    """The page's pool (`web/pool.js`). Raises Unsupported where memory can't be shared or there is one core."""
    if sys.platform != "emscripten":
        raise Unsupported("Pools are the page's.")
    import js
    from pyodide.ffi import JsException, to_js

    cores = int(getattr(getattr(js, "navigator", None), "hardwareConcurrency", 1) or 1)  # Node may have neither
    if cores < 2 or not getattr(js, "crossOriginIsolated", False):
        raise Unsupported("This page has one thread.")
    open_bridge()
    try:
        import hearth_pool
    except ImportError:
        raise Unsupported("This page offers no threads.") from None
    kernels, variant = in_browser()
    code = kernels.threaded_module(variant).read_bytes()
    try:
        return hearth_pool.open(to_js(code), min(cores, MOST_THREADS))
    except JsException as error:
        raise Unsupported(f"The threads can't be started: {error.message}") from None


class SharedPlayer:
    """Plays in the pool's memory: weights and values stay there, inputs and outputs are copied."""

    def __init__(self, lowered: Lowered, pool: Any) -> None:
        self.pool = pool
        # Bound once: each look-up of a JavaScript method makes an object on both sides.
        self._write, self._read, self._play = pool.write, pool.read, pool.play
        self.regions: list[int] = []
        self.close = weakref.finalize(self, _release, pool, self.regions)
        """Gives the memory back; so does the garbage collector."""
        steps = np.concatenate([*lowered.steps, np.zeros(1, np.int32)])
        starts = np.cumsum([0, *(step.size for step in lowered.steps)], dtype=np.int32)
        packings = [words(packing.make(lowered.staging)) for packing in lowered.packings]
        try:
            self.steps, self.starts = self._put(steps), self._put(starts)
            self.worth = self._put(np.array([cost >= WORTH_SHARING for cost in lowered.costs], np.int32))
            packed = [self._put(step) for step in packings]
            places = [self.steps + 4 * int(start) for start in starts[:-1]]
            self.stride = max((int(pool.scratch(at)) for at in (*places, *packed)), default=0) + LINE
            self.scratch = self._room(4 * self.stride * int(pool.threads))
            self.arena = self._room(4 * lowered.floats + LINE)
            for tensor, array in lowered.constants:
                self.write(tensor, array)
            much = sum(packing.source.nbytes for packing in lowered.packings) >= WORTH_PACKING
            zero, worth = self._put(np.zeros(1, np.int32)), self._put(np.array([much], np.int32))
            for packing, step in zip(lowered.packings, packed, strict=True):
                source = np.ascontiguousarray(at_hand(packing.source))
                self._write(self.arena + 4 * lowered.staging, address(source), source.nbytes)
                while not self._play(step, zero, worth, self.arena, 0, 1, self.scratch, self.stride):
                    pass  # a worker went missing; packing again does no harm, and now this thread is alone
        except ExecutorFailed:
            self.close()
            raise

    def _room(self, size: int) -> int:
        place = int(self.pool.alloc(size))
        if not place:
            raise ExecutorFailed(
                f"There is not enough shared memory for this model: it needs {size / 2**20:.0f} MiB more."
            )
        self.regions.append(place)
        return place

    def _put(self, array: np.ndarray) -> int:
        place = self._room(max(array.nbytes, 4))
        self._write(place, address(array), array.nbytes)
        return place

    def write(self, target: Tensor, array: np.ndarray) -> None:
        """Copies an array to where the tensor lies, by way of one that is laid out like it."""
        if target.is_dense and array.flags.c_contiguous and array.dtype == target.dtype:
            laid = array
        else:
            if target.span != array.size:
                raise ExecutorFailed("A value with gaps can't be copied in.")
            laid = np.empty(target.span, target.dtype)
            np.copyto(target.over(laid), array)
        self._write(self.arena + 4 * (target.place - target.before), address(laid), laid.nbytes)

    def read(self, source: Tensor) -> np.ndarray:
        """A copy of a value."""
        memory = np.empty(source.span, source.dtype)
        self._read(self.arena + 4 * (source.place - source.before), address(memory), memory.nbytes)
        return source.over(memory)

    def take(self, source: Tensor) -> np.ndarray:
        """`read`, without a detour where the value lies densely."""
        if not source.is_dense:
            return np.array(self.read(source), order="C")
        memory = np.empty(source.shape, source.dtype)
        self._read(self.arena + 4 * source.place, address(memory), memory.nbytes)
        return memory

    def play(self, first: int, end: int) -> None:
        """Plays steps [first, end) with all threads. Raises WorkersLost."""
        if not self._play(self.steps, self.starts, self.worth, self.arena, first, end, self.scratch, self.stride):
            raise WorkersLost("A worker thread went missing; this thread goes on alone.")


def _release(pool: Any, regions: list[int]) -> None:
    for place in regions:
        pool.release(place)
    regions.clear()
