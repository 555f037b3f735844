"""Curves that jump up at once and come down slowly."""

import numpy as np
from numpy.typing import NDArray


def released(values: NDArray[np.float32], fall: float) -> NDArray[np.float32]:
    """(T, ...): each value, or what an earlier one has fallen to, `fall` a frame; whichever is more.

    Values lie in 0..1. The maximum over all earlier frames is taken by doubling the distance that is looked back.
    """
    out = values.copy()
    back = 1
    while back * fall < 1 and back < len(values):
        out[back:] = np.maximum(out[back:], out[:-back] - np.float32(back * fall))
        back *= 2
    return out


def faded(
    times: NDArray[np.float64], strengths: NDArray[np.float64], at: NDArray[np.float64], seconds: float
) -> NDArray[np.float32]:
    """At each of the times `at` the strength of the last event before it, faded to 1/e in so many seconds."""
    if not len(times):
        return np.zeros(len(at), np.float32)
    last = np.searchsorted(times, at, side="right") - 1
    known = np.maximum(last, 0)
    age = np.maximum(at - times[known], 0)
    return np.where(last >= 0, strengths[known] * np.exp(-age / seconds), 0).astype(np.float32)
