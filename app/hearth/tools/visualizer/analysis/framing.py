"""Overlapping windows of a signal that comes in pieces."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def strided(signal: Floats, size: int, step: int, count: int) -> Floats:
    """(..., n) to (..., count, size): windows that begin `step` apart, as a view.

    Unlike `sliding_window_view` it names no more windows than there are: in 32 bits of address those of every sample
    are too many.
    """
    if count and (count - 1) * step + size > signal.shape[-1]:
        raise ValueError("the last window goes past the end")
    (last,) = signal.strides[-1:]
    shape = (*signal.shape[:-1], count, size)
    return np.lib.stride_tricks.as_strided(signal, shape, (*signal.strides[:-1], step * last, last), writeable=False)


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
        windows = strided(self._held, self.size, self.hop, count)
        self._held = self._held[count * self.hop :]
        self._made += count
        return windows
