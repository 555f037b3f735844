"""A small copy of a large photo, by averages over areas, in float32."""

import math

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

LONG_SIDE = 480
LEAST_SHORT_SIDE = 320
"""Pixels; a wide photo's small copy may be longer than LONG_SIDE for it, within the same number of pixels in all."""


def small_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the small copy, in pixels; never more than the photo's own."""
    short, long = sorted((width, height))
    by_area = LONG_SIDE / math.sqrt(width * height)
    scale = min(1.0, max(LONG_SIDE / long, min(LEAST_SHORT_SIDE / short, by_area)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrink(pixels: NDArray[np.uint8], width: int, height: int) -> Picture:
    """(height, width, 3) of 0..255 from a photo (H, W, 4), each side at most as long as the photo's.

    Every pixel is the mean over the area that it covers, pixels on its rim by the part that lies inside.
    """
    rows, row_weights = _coverage(pixels.shape[0], height)
    columns, column_weights = _coverage(pixels.shape[1], width)
    small = np.empty((height, width, 3), np.float32)
    for y in range(height):
        line = row_weights[y] @ pixels[rows[y]].reshape(len(rows[y]), -1).astype(np.float32)
        line = line.reshape(-1, 4)[:, :3]
        small[y] = sum(line[columns[:, k]] * column_weights[:, k, None] for k in range(columns.shape[1]))
    return small


def _coverage(length: int, parts: int) -> tuple[NDArray[np.intp], Picture]:
    """Which of `length` pixels each of `parts` equal parts covers, and how much of each: (parts, most) twice."""
    edges = np.arange(parts + 1) * (length / parts)
    first = np.floor(edges[:-1] + 1e-9).astype(np.intp)
    most = int((np.ceil(edges[1:] - 1e-9).astype(np.intp) - first).max())
    index = first[:, None] + np.arange(most)
    covered = np.minimum(index + 1, edges[1:, None]) - np.maximum(index, edges[:-1, None])
    weights = covered.clip(0) * (parts / length)
    return np.minimum(index, length - 1), weights.astype(np.float32)
