"""A small copy of a large photo, by averages over areas, in float32."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.kernels import Kernels
from hearth.tools.cutout.photo import BACKDROP, Photo

Picture = NDArray[np.float32]
"""(h, w, 4): red, green and blue of 0..1, and a fourth number without meaning."""

LONG_SIDE = 480
LEAST_SHORT_SIDE = 320
"""Pixels; a wide photo's small copy may be longer than LONG_SIDE for it, within the same number of pixels in all."""

_STRIPS = 8


def small_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the small copy, in pixels; never more than the photo's own."""
    short, long = sorted((width, height))
    by_area = LONG_SIDE / math.sqrt(width * height)
    scale = min(1.0, max(LONG_SIDE / long, min(LEAST_SHORT_SIDE / short, by_area)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrink(photo: Photo, small: Picture, kernels: Kernels | None) -> Iterator[float]:
    """Fills `small` (h, w, 4) from a photo, no side longer than the photo's; yields the fraction done.

    Every pixel is the mean over the area that it covers, pixels on its rim by the part that lies inside. A photo with
    transparency is seen before grey, as the network sees it.
    """
    height, width, _ = small.shape
    for part in range(_STRIPS):
        top, bottom = height * part // _STRIPS, height * (part + 1) // _STRIPS
        if kernels:
            size = *photo.size, int(photo.has_alpha)
            kernels("shrink", photo.pixels, *size, small, width, height, top, bottom)
        else:
            _shrink(photo, small, top, bottom)
        yield (part + 1) / _STRIPS


def _shrink(photo: Photo, small: Picture, top: int, bottom: int) -> None:
    width, height = photo.size
    rows, row_weights = _coverage(height, small.shape[0])
    columns, column_weights = _coverage(width, small.shape[1])
    for y in range(top, bottom):
        covered = photo.pixels[rows[y]].astype(np.float32)
        if photo.has_alpha:
            grey = np.float32(BACKDROP[0])
            covered = grey + (covered - grey) * (covered[:, :, 3:] / np.float32(255))
        line = (row_weights[y] @ covered.reshape(len(covered), -1)).reshape(-1, 4)
        mean = sum(line[columns[:, k]] * column_weights[:, k, None] for k in range(columns.shape[1]))
        small[y] = mean * np.float32(1 / 255)


def _coverage(length: int, parts: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Which of `length` pixels each of `parts` equal parts covers, and how much of each: (parts, most) twice."""
    edges = np.arange(parts + 1) * (length / parts)
    first = np.floor(edges[:-1] + 1e-9).astype(np.intp)
    most = int((np.ceil(edges[1:] - 1e-9).astype(np.intp) - first).max())
    index = first[:, None] + np.arange(most)
    covered = np.minimum(index + 1, edges[1:, None]) - np.maximum(index, edges[:-1, None])
    weights = covered.clip(0) * (parts / length)
    return np.minimum(index, length - 1), weights.astype(np.float32)
