"""How close what was heard is to what was played."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def matches(heard: Sequence[float] | NDArray[np.float64], played: Sequence[float] | NDArray[np.float64], within: float) -> int:
    """The most pairs of times, each used once, that are no further apart than `within` seconds. Both sorted."""
    count = at = 0
    for time in played:
        while at < len(heard) and heard[at] < time - within:
            at += 1
        if at < len(heard) and heard[at] <= time + within:
            count, at = count + 1, at + 1
    return count


def f_measure(matched: int, heard: int, played: int) -> float:
    """The harmonic mean of precision and recall."""
    return 2 * matched / (heard + played) if heard + played else 1.0
