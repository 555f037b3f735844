"""Another sample rate for sound that comes in pieces: a windowed sinc, as a bank of polyphase filters.

[Crochiere, Rabiner: "Multirate Digital Signal Processing", 1983, chapter 2]
"""

from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis.framing import strided

ZEROS = 32
"""Zero crossings of the sinc on either side."""

BETA = 9.0
"""Of the Kaiser window: about 90 dB down where the filter stops."""

PASSED = 0.92
"""The cutoff, as a part of half the lower rate: what lies above half of it is down by 90 dB."""

MOST_PHASES = 1024
"""Ratios of rates with more steps than that are taken for the nearest one with fewer: they drift by 4 ms an hour."""


class Resampler:
    """`push` pieces of (channels, n) float32 and get what they make of them, (channels, m); `end` gives the rest.

    Sample m of the output lies at m / `to` seconds, sample n of the input at n / `rate`: nothing is delayed.
    """

    def __init__(self, rate: int, to: int, channels: int) -> None:
        ratio = Fraction(rate, to).limit_denominator(MOST_PHASES)
        self.up, self.down = ratio.denominator, ratio.numerator
        self.same = self.up == self.down
        cutoff = PASSED * min(1.0, self.up / self.down)
        self.half = ceil(ZEROS / cutoff)
        phases = np.arange(self.up) * self.down % self.up / self.up
        at = phases[:, None] + self.half - 1 - np.arange(2 * self.half)
        window = np.i0(BETA * np.sqrt(np.maximum(0, 1 - (at / self.half) ** 2))) / np.i0(BETA)
        filters = cutoff * np.sinc(cutoff * at) * window
        # Every phase passes a constant as it is, so that none of them is heard as a tone.
        self.filters = (filters / filters.sum(axis=1, keepdims=True)).astype(np.float32)
        self._held = np.zeros((channels, self.half - 1), np.float32)
        self._origin = 1 - self.half  # where what is held begins, in samples of the input
        self._made = 0
        self._taken = 0

    def push(self, piece: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.same:
            return piece
        self._taken += piece.shape[1]
        return self._make(piece, self._taken - self.half - 1)

    def end(self) -> NDArray[np.float32]:
        if self.same:
            return self._held[:, :0]
        return self._make(np.zeros((len(self._held), self.half), np.float32), self._taken - 1)

    def _make(self, piece: NDArray[np.float32], last: int) -> NDArray[np.float32]:
        """All outputs that lie up to the input's sample `last`."""
        held = np.concatenate([self._held, piece], axis=1)
        first, end = self._made, max(self._made, ((last + 1) * self.up - 1) // self.down + 1)
        out = np.empty((len(held), end - first), np.float32)
        if end > first:
            for n in range(first, min(end, first + self.up)):
                start = n * self.down // self.up - self.half + 1 - self._origin
                count = -(-(end - n) // self.up)
                rows = strided(held[:, start:], 2 * self.half, self.down, count)
                out[:, n - first :: self.up] = np.einsum("cnt,t->cn", rows, self.filters[n % self.up])
        self._made = end
        keep = max(0, end * self.down // self.up - self.half + 1 - self._origin)
        self._held = held[:, keep:].copy()
        self._origin += keep
        return out
