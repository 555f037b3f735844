"""Whether what was tracked are the beats that people count, or the eighths of a slow piece.

Fast beats are nearly always divided: something sounds between them. Where nothing does, though they differ in strength
as eighths do, they are eighths themselves, unless they come in threes as in a quick waltz.
"""

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Frames = NDArray[np.intp]

FAST = 128.0  # beats a minute from which on beats may be eighths
UNDIVIDED = 0.1  # how strong what sounds between two beats may be, against the beats
UNEVEN = 0.15  # how much the beats' strengths differ at least: standard deviation against mean
IN_THREES = 0.05  # the part of the downbeats' variance that bars of three tell, from which on they are believed
FEWEST = 24  # beats to judge by


def counted(frames: Frames, onset: NDArray[np.float32], downbeat: Doubles, rate: float) -> Frames:
    """The frames of the beats that people count.

    `onset` (T,): how much sets in; `downbeat` (B,): the network's probability that a bar begins at each beat.
    """
    if len(frames) < FEWEST or 60 * rate / float(np.median(np.diff(frames))) < FAST:
        return frames
    # A window of the spectrum feels a beat some frames ahead and behind.
    near = np.maximum(onset, np.append(onset[1:], 0))
    steps = np.diff(frames)
    strengths = _highest(near, frames[:-1] - 1, frames[:-1] + 1)
    between = _highest(near, frames[:-1] + (0.38 * steps).astype(int), frames[:-1] + np.ceil(0.74 * steps).astype(int))
    undivided = np.median(between) < UNDIVIDED * np.median(strengths)
    if not undivided or strengths.std() < UNEVEN * strengths.mean() or _in_threes(downbeat) > IN_THREES:
        return frames
    return frames[int(strengths[1::2].mean() > strengths[::2].mean()) :: 2]


def _highest(curve: NDArray[np.float32], first: Frames, last: Frames) -> Doubles:
    """The highest value between two frames, both included, for many of them."""
    return np.array([curve[max(a, 0) : b + 1].max(initial=0) for a, b in zip(first, last, strict=True)])


def _in_threes(downbeat: Doubles) -> float:
    """What part of the variance of the odds is told by which beats are every third."""
    safe = np.clip(downbeat, 0.01, 0.99)
    odds = np.log(safe / (1 - safe))
    told = 0.0
    for phase in range(3):
        chosen = np.arange(len(odds)) % 3 == phase
        difference = max(0.0, float(odds[chosen].mean() - odds[~chosen].mean()))
        told = max(told, difference**2 * 2 / 9)
    return told / (float(odds.var()) + 1e-9)
