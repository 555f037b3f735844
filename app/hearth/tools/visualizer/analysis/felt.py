"""Which pulse is felt: the tracker takes hats that play eighths for beats where a song is slow; people do not."""

import numpy as np
from numpy.typing import NDArray

FEWEST = 8  # beats by which it is judged

SURE = 0.85
"""How likely the stronger ones of every two beats are on average, at least."""

SLOWEST, RANGE, MOST = 105.0, 80.0, 0.35
"""How likely the weaker ones may be: not at all at SLOWEST beats a minute, surely RANGE above it, at most MOST."""


def felt(frames: NDArray[np.intp], odds: NDArray[np.floating], rate: float) -> NDArray[np.intp]:
    """The beats, or every second one where the others are hardly beats and the pulse would be fast.

    `frames` (B,) at `rate` a second; `odds` (B,): how likely the network takes each for a beat.
    """
    if len(frames) < FEWEST:
        return frames
    apart = FEWEST - 1
    tempo = 60 * rate * apart / float(np.median(frames[apart:] - frames[:-apart]))
    means = odds[::2].mean(), odds[1::2].mean()
    stronger = int(means[1] > means[0])
    weak = means[1 - stronger] <= min(MOST, (tempo - SLOWEST) / RANGE)
    return frames[stronger::2] if weak and means[stronger] >= SURE else frames
