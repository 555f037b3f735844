"""The weights of Pillow's Lanczos filter in 8 bits, as whole numbers, so that a GPU's sums are Pillow's bit for bit.

Pillow, "Concepts: Filters" (handbook) and libImaging/Resample.c: a windowed sinc of three lobes, as wide as a pixel of
the result where that is the larger one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOBES = 3.0
BITS = 22
"""After the binary point."""


def taps(source: int, target: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """For each of `target` places on an axis of `source` pixels: the first pixel that counts (target,), and the weights
    of it and those after it (target, taps), zeros where fewer count.
    """
    scale = source / target
    wide = max(scale, 1.0)
    support = LOBES * wide
    centre = (np.arange(target) + 0.5) * scale
    first = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    end = np.minimum((centre + support + 0.5).astype(np.int64), source)
    offset = np.arange(int(np.ceil(support)) * 2 + 1)
    x = (offset + first[:, None] - centre[:, None] + 0.5) / wide
    weights = np.where((np.abs(x) < LOBES) & (offset < (end - first)[:, None]), np.sinc(x) * np.sinc(x / LOBES), 0.0)
    weights /= weights.sum(1, keepdims=True)
    whole = np.trunc(weights * (1 << BITS) + np.copysign(0.5, weights))
    return first.astype(np.int32), whole.astype(np.int32)
