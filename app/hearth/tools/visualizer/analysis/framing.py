"""Overlapping windows of a signal that comes in pieces."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Frames:
    """Window t holds the `size` samples from t * hop - size // 2 on: it is centred on sample t * hop.

    What lies before the beginning or past the end is zero. There are as many windows as hops begin: ceil(n / hop).
    """

    def __init__(self, size: int, hop: int) -> None:
        self.size, self.hop = size, hop
        self._held = np.zeros(size // 2, np.float32)
        self._samples = self._made = 0

    def push(self, samples: Floats) -> Floats:
        """(n,) to (T, size), a view that is good until the next call."""
        self._samples += len(samples)
        self._held = np.concatenate([self._held, samples])
        return self._take(max(0, (len(self._held) - self.size) // self.hop + 1))

    def end(self) -> Floats:
        left = -(-self._samples // self.hop) - self._made
        self._held = np.concatenate([self._held, np.zeros(self.size + max(left, 0) * self.hop, np.float32)])
        return self._take(left)

    def _take(self, count: int) -> Floats:
        if count <= 0:
            return np.zeros((0, self.size), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(self._held, self.size)[: count * self.hop : self.hop]
        self._held = self._held[count * self.hop :]
        self._made += count
        return windows
