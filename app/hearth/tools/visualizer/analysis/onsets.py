"""Where something sets in: peaks of the onset curve [Böck, Krebs, Schedl, "Evaluating the online capabilities of onset
detection methods", ISMIR 2012]."""

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis.result import FRAME_RATE, Onset

BEFORE, AFTER = 3, 1  # frames in which a peak is the highest
MEAN_BEFORE, MEAN_AFTER = 8, 4  # frames whose mean it has to pass
OVER = 0.012  # by so much at least
APART = 2  # frames between two onsets


def pick_onsets(curve: NDArray[np.float32]) -> list[Onset]:
    """Peaks of the curve (T,), in the order of time, placed between frames by the parabola through their top."""
    if not len(curve):
        return []
    padded = np.pad(curve, (max(BEFORE, MEAN_BEFORE), max(AFTER, MEAN_AFTER)))
    start = max(BEFORE, MEAN_BEFORE)

    def windows(before: int, after: int) -> NDArray[np.float32]:
        size = before + after + 1
        views = np.lib.stride_tricks.sliding_window_view(padded, size)
        return views[start - before : start - before + len(curve)]

    highest = windows(BEFORE, AFTER).max(axis=1)
    mean = windows(MEAN_BEFORE, MEAN_AFTER).mean(axis=1)
    found: list[Onset] = []
    last = -APART - 1
    for frame in np.flatnonzero((curve >= highest) & (curve >= mean + OVER)).tolist():
        if frame - last > APART:
            found.append(Onset((frame + peak_offset(curve, frame)) / FRAME_RATE, float(curve[frame])))
            last = frame
    return found


def peak_offset(curve: NDArray[np.float32], at: int) -> float:
    """How far from a peak's sample the top of the parabola through it and its neighbours lies, -0.5..0.5."""
    if not 0 < at < len(curve) - 1:
        return 0.0
    before, peak, after = (float(value) for value in curve[at - 1 : at + 2])
    bend = before - 2 * peak + after
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0
