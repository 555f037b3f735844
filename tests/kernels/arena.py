"""A small arena for kernel tests: arrays go in, one step is played, arrays come out."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from math import inf

import numpy as np
from hypothesis import settings

from hearth.runtime.wasm.library import Library, library
from hearth.runtime.wasm.steps import NONE, Finish, Image, Number

Array = np.ndarray
GUARD = np.float32(12345.5)


class Arena:
    """Places are taken one after the other with a gap of guard values between them, which no step may touch."""

    def __init__(self, floats: int = 1 << 16) -> None:
        self.memory = np.full(floats, GUARD, np.float32)
        self.used = 0
        self.rooms: list[tuple[int, int]] = []
        self.library: Library = library()

    def room(self, floats: int) -> int:
        """A place for `floats` numbers."""
        place = self.used + 16
        self.used = place + -(-floats // 16) * 16 + 16
        if self.used > self.memory.size:
            more = np.full(max(self.used, 2 * self.memory.size) - self.memory.size, GUARD, np.float32)
            self.memory = np.concatenate([self.memory, more])
        self.rooms.append((place, floats))
        return place

    def put(self, array: Array) -> int:
        """A place that holds `array`, of any dtype, as it lies in memory."""
        data = np.ascontiguousarray(array).tobytes()
        place = self.room(-(-len(data) // 4))
        self.memory[place:].view(np.uint8)[: len(data)] = np.frombuffer(data, np.uint8)
        return place

    def get(self, place: int, shape: Sequence[int], dtype: type = np.float32) -> Array:
        """A copy of what lies at a place."""
        count = int(np.prod(shape))
        return self.memory[place:].view(dtype)[:count].reshape(shape).copy()

    def play(self, *steps: ctypes.Structure) -> None:
        """Plays the steps and checks that nothing was written between the rooms."""
        for step in steps:
            words = np.frombuffer(bytes(step), np.int32).copy()
            starts = np.zeros(1, np.int32)
            scratch = np.full(self.library.scratch(words.ctypes.data) + 8, np.nan, np.float32)
            self.library.play(words.ctypes.data, starts.ctypes.data, self.memory.ctypes.data, 0, 1, scratch.ctypes.data)
            assert np.isnan(scratch[-8:]).all(), "the step wrote past its scratch"
        untouched = np.ones(self.memory.size, bool)
        for place, floats in self.rooms:
            untouched[place : place + floats] = False
        assert (self.memory[untouched] == GUARD).all(), "the step wrote outside its operands"


def image(place: int, shape: Sequence[int], pitch: int | None = None) -> Image:
    """An Image of a (N, H, W, C) shape."""
    batch, height, width, channels = shape
    return Image(place, pitch or channels, batch, height, width, channels)


def finish(bias: int = NONE, low: float = -inf, high: float = inf) -> Finish:
    """A Finish without residual."""
    return Finish(bias, NONE, 0, 0, low, high)


def numbers(seed: int, *shape: int) -> Array:
    """Reproducible float32 numbers of unit variance."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def close(got: Array, wanted: Array, tolerance: float = 2e-5) -> None:
    """Checks that two arrays agree to `tolerance` of the wanted one's largest magnitude."""
    assert got.shape == wanted.shape
    finite = wanted[np.isfinite(wanted)]
    scale = float(np.abs(finite).max(initial=1.0))
    np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance * scale)


examples = settings(max_examples=15 if sys.platform == "emscripten" else 60)
"""For @given."""

NUMBERS = {np.dtype(np.float32): Number.FLOAT32, np.dtype(np.float16): Number.FLOAT16}
