"""Which pulse is felt: the tracker takes hats that play eighths for beats where a song is slow; people do not.

A fast song is told from it by what lies between its beats, or by how sure all of them are.
"""

import numpy as np
from numpy.typing import NDArray

FEWEST = 8  # beats by which it is judged

SURE = 0.85
"""How likely the stronger ones of every two beats are on average, at least, where that alone decides."""

SLOWEST, RANGE, MOST = 105.0, 80.0, 0.25
"""How likely the weaker ones may be then: not at all at SLOWEST beats a minute, surely RANGE above it, at most MOST."""

EMPTY, INNER = 0.25, (0.28, 0.78)
"""How much may set in within that part of the way from beat to beat where nothing counts as sounding between them; 1 is
as much as the track's loud onsets."""

FAST, DOUBTFUL, HEARD = 125.0, 0.55, 0.5
"""Where nothing sounds between: beats a minute from which on, how likely the weaker ones may be, and how loud they are
at least."""


def felt(
    frames: NDArray[np.intp], odds: NDArray[np.floating], onsets: NDArray[np.floating], rate: float
) -> NDArray[np.intp]:
    """The beats, or every second one where the others are hardly beats and the pulse would be fast.

    `frames` (B,) at `rate` a second; `odds` (B,): how likely the network takes each for a beat; `onsets` (T,): how much
    sets in at a frame.
    """
    if len(frames) < FEWEST:
        return frames
    apart = FEWEST - 1
    tempo = 60 * rate * apart / float(np.median(frames[apart:] - frames[:-apart]))
    means = odds[::2].mean(), odds[1::2].mean()
    stronger = int(means[1] > means[0])
    strong, weak = means[stronger], means[1 - stronger]
    lopsided = strong >= SURE and weak <= min(MOST, (tempo - SLOWEST) / RANGE)
    doubtful = tempo >= FAST and weak <= DOUBTFUL
    if lopsided or (doubtful and _only_hats_between(frames, onsets, stronger)):
        return frames[stronger::2]
    return frames


def _only_hats_between(frames: NDArray[np.intp], onsets: NDArray[np.floating], stronger: int) -> bool:
    """Whether something sets in at the weaker beats, and nothing between any two."""
    loud = max(float(np.percentile(onsets, 98)), 1e-9)
    lengths = np.diff(frames)
    first, end = (np.ceil(frames[:-1] + part * lengths).astype(int) for part in INNER)
    between = [float(onsets[a : max(b, a + 1)].max(initial=0)) for a, b in zip(first, end, strict=True)]
    at = np.max([onsets[np.clip(frames + by, 0, len(onsets) - 1)] for by in (-1, 0, 1)], axis=0)
    return float(np.mean(between)) <= EMPTY * loud and float(at[1 - stronger :: 2].mean()) >= HEARD * loud
