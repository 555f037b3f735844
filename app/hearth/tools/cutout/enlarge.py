"""The mask of the network, a few hundred pixels wide, brought to the photo's full size."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_REPORT_PIXELS = 1 << 18  # between two reports


def enlarge(mask: NDArray[np.float32], width: int, height: int) -> NDArray[np.uint8]:
    """Alpha of (height, width), 0..255, from a mask (h, w) of 0..1; see `enlarge_strips`."""
    alpha = np.empty((height, width), np.uint8)
    for _ in enlarge_strips(mask, alpha):
        pass
    return alpha


def enlarge_strips(mask: NDArray[np.float32], alpha: NDArray[np.uint8]) -> Iterator[float]:
    """Fills `alpha` (H, W) from above with the mask (h, w), bilinearly, and yields the fraction that is done.

    Output pixel y takes its value at (y + 1/2) h / H - 1/2 in the mask (half-pixel centres), held at the
    borders. All arithmetic is float32; the result is rounded to 0..255 once, at the end.
    """
    height, width = alpha.shape
    left, right, x = neighbours(width, mask.shape[1])
    # Stretching the few rows of the mask sideways first leaves no gathering to do at full size. 255 and the
    # half that makes truncation round go in here for the same reason.
    rows = mask[:, left] * (1 - x) + mask[:, right] * x
    rows = rows * np.float32(255) + np.float32(0.5)
    above, below, y = neighbours(height, mask.shape[0])
    # Output rows between the same two rows of the mask share these and are made in one go.
    changes = np.flatnonzero(np.diff(above) | np.diff(below)) + 1
    told = 0
    for top, bottom in pairwise([0, *changes.tolist(), height]):
        first = rows[above[top]]
        step = rows[below[top]] - first
        strip = y[top:bottom, None] * step
        strip += first
        alpha[top:bottom] = strip
        if (bottom - told) * width >= _REPORT_PIXELS or bottom == height:
            told = bottom
            yield bottom / height


def neighbours(length: int, source: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For every output position: the two source indices around it, and how near it is to the second, 0..1."""
    at = ((np.arange(length) + 0.5) * (source / length) - 0.5).clip(0, source - 1)
    first = at.astype(np.intp)
    return first, np.minimum(first + 1, source - 1), (at - first).astype(np.float32)
