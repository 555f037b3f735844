"""How close what was heard is to what was played."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis import Note

Times = Sequence[float] | NDArray[np.float64]


def matches(heard: Times, played: Times, within: float) -> int:
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


def note_f_measure(heard: Sequence[Note], played: Sequence[Note], within: float = 0.05) -> float:
    """Of notes: the same key, struck at the same time; when they end does not count."""
    by_key: dict[int, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for index, notes in enumerate((heard, played)):
        for note in notes:
            by_key[note.pitch][index].append(note.start)
    matched = sum(matches(sorted(a), sorted(b), within) for a, b in by_key.values())
    return f_measure(matched, len(heard), len(played))
