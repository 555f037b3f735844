"""From a small alpha to the full size: alpha as a linear function of colour around every pixel of the small copy (He,
Sun, Tang, "Guided Image Filtering", 2010; upsampled as in He, Sun, "Fast Guided Filter", 2015)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.enlarge import neighbours
from hearth.tools.cutout.kernels import Kernels
from hearth.tools.cutout.refine.shrink import Picture

Plane = NDArray[np.float32]

EPS = 1e-4
"""What the variance of colours in a window is eased by."""


@dataclass(frozen=True)
class Coefficients:
    """At every pixel of the small copy: alpha = slopes . colour + offset, colours and alpha of 0..1.

    At full size, at the middle of pixel (y, x) of (H, W), the four are interpolated bilinearly at
    ((y + 1/2) h / H - 1/2, (x + 1/2) w / W - 1/2), held at the border; alpha is what they give for the photo's own
    colour there, rounded once to 0..255 and clipped.
    """

    planes: Plane
    """(4, h, w): the slopes of red, green and blue, and the offset."""

    def apply(
        self, pixels: NDArray[np.uint8], alpha: NDArray[np.uint8], top: int, bottom: int, kernels: Kernels | None
    ) -> None:
        """Fills rows top..bottom of `alpha` (H, W), 0..255, from the photo's `pixels` (H, W, 4)."""
        _, small_height, small_width = self.planes.shape
        height, width = alpha.shape
        if kernels:
            scratch = kernels.scratch("upsample", width)
            small = self.planes, small_width, small_height
            kernels("upsample", *small, pixels, alpha, width, height, top, bottom, scratch)
            return
        above, below, down = (part[top:bottom] for part in neighbours(height, small_height))
        left, right, across = neighbours(width, small_width)
        strip = pixels[top:bottom]
        value = np.full((bottom - top, width), np.float32(0.5))
        for channel, plane in enumerate(self.planes):
            first, last = int(above[0]), int(below[-1]) + 1
            rows = plane[first:last, left] * (1 - across) + plane[first:last, right] * across
            here = rows[above - first] * (1 - down[:, None]) + rows[below - first] * down[:, None]
            value += here * (strip[:, :, channel] if channel < 3 else np.float32(255))
        alpha[top:bottom] = value.clip(0, 255)


def fit(picture: Picture, alpha: Plane, kernels: Kernels | None, eps: float = EPS) -> Coefficients:
    """The functions of windows of 3x3, the border's pixels repeated, each then the mean of nine."""
    height, width, _ = picture.shape
    if kernels:
        planes = np.empty((4, height, width), np.float32)
        scratch = kernels.scratch("guided", width, height)
        kernels("guided", picture, alpha, planes, width, height, eps, scratch)
        return Coefficients(planes)
    four = np.concatenate([picture[:, :, :3], alpha[:, :, None]], axis=2)
    window = np.stack(list(_windows(four)), axis=2)  # (h, w, 9, 4)
    mean = window.mean(axis=2)
    rest = window - mean[:, :, None]
    covariance = np.einsum("yxia,yxib->yxab", rest, rest)
    eased = covariance[:, :, :3, :3] + np.float32(9 * eps) * np.eye(3, dtype=np.float32)
    slopes = np.linalg.solve(eased, covariance[:, :, :3, 3:])[..., 0]
    offset = mean[:, :, 3] - (slopes * mean[:, :, :3]).sum(axis=2)
    functions = np.concatenate([slopes, offset[:, :, None]], axis=2)
    smooth = np.mean(list(_windows(functions)), axis=0).transpose(2, 0, 1)
    return Coefficients(np.ascontiguousarray(smooth, np.float32))


def _windows(values: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Nine copies of (h, w, n), each moved to one place of a window of 3x3; the border is repeated."""
    height, width, _ = values.shape
    padded = np.pad(values, ((1, 1), (1, 1), (0, 0)), "edge")
    for y in range(3):
        for x in range(3):
            yield padded[y : y + height, x : x + width]
