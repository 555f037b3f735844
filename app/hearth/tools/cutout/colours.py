"""The subject's own colours where it mixes with its background, so that no rim of the old one shows on a new one.

The multi-level method of Germer, Uelwer, Conrad, Harmeling, "Fast Multi-Level Foreground Estimation" (2020): colours of
subject and background that explain the photo and change slowly where alpha does, from a few pixels up to a small
copy of the photo. What the small copy lacks of the photo's detail is blended back at full size by alpha, as in Forte,
"Approximate Fast Foreground Colour Estimation" (2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.enlarge import neighbours
from hearth.tools.cutout.kernels import Kernels

Field = NDArray[np.float32]

SMOOTHNESS = 1e-5  # what neighbours' colours should have in common everywhere
STEEPNESS = 1.0  # and how much more of it where alpha changes, a unit of alpha
SMALL, STEPS_SMALL, STEPS_LARGE = 32, 10, 2  # pixels of the long side, and Jacobi steps up to it and beyond


@dataclass(frozen=True)
class Colours:
    """Colours of subject and background over the whole photo, at a small size; each (h, w, 4), red, green and blue of
    0..1 and a fourth number without meaning."""

    subject: Field
    background: Field
    kernels: Kernels | None = None

    def clean(self, pixels: NDArray[np.uint8], alpha: NDArray[np.uint8], top: int, size: tuple[int, int]) -> None:
        """Brings rows of the photo to the subject's colours, in place, where 0 < alpha < 255.

        `pixels` (n, W, 4) are the rows from `top` on of the photo at `size` (W, H), `alpha` (n, W) how much of each
        pixel is subject. With F and B as they are here, c = F + a (pixel - a F - (1 - a) B): the pixel itself at
        a = 1, F alone as a goes to 0.
        """
        if self.kernels:
            height, width, _ = self.subject.shape
            fields = self.subject, self.background, width, height
            self.kernels("foreground_clean", *fields, pixels, np.ascontiguousarray(alpha), *size, top, len(alpha))
            return
        y, x = np.nonzero((alpha != 0) & (alpha != 255))
        a = (alpha[y, x] * np.float32(1 / 255))[:, None]
        sampled = _Bilinear(y + top, x, size, self.subject.shape)
        subject, background = (sampled(field)[:, :3] * np.float32(255) for field in (self.subject, self.background))
        own = pixels[y, x, :3]
        colour = subject + a * (own - a * subject - (1 - a) * background)
        pixels[y, x, :3] = (colour + np.float32(0.5)).clip(0, 255)


def estimate(picture: Field, alpha: Field, kernels: Kernels | None) -> Colours:
    """Colours that explain `picture` (h, w, 4) as subject over background by `alpha` (h, w) of 0..1."""
    if kernels:
        subject, background = np.empty_like(picture), np.empty_like(picture)
        height, width = alpha.shape
        scratch = kernels.scratch("foreground", width, height)
        kernels("foreground", picture, np.ascontiguousarray(alpha), subject, background, width, height, scratch)
        return Colours(subject, background, kernels)
    pictures, alphas = [picture], [alpha]
    while max(alphas[-1].shape) > 2:
        pictures.append(_halved(pictures[-1]))
        alphas.append(_halved(alphas[-1]))
    subject = background = pictures[-1]
    for level_picture, level_alpha in zip(pictures[::-1], alphas[::-1], strict=True):
        shape = level_alpha.shape
        subject, background = _doubled(subject, shape), _doubled(background, shape)
        steps = STEPS_SMALL if max(shape) <= SMALL else STEPS_LARGE
        subject, background = _solved(level_picture, level_alpha, subject, background, steps)
    return Colours(subject, background)


def _solved(picture: Field, alpha: Field, subject: Field, background: Field, steps: int) -> tuple[Field, Field]:
    """Jacobi steps on the least squares of one level; a pixel's two colours are solved for together."""
    a = alpha[:, :, None]
    b = 1 - a
    steepness = [np.abs(a - neighbour) for neighbour in _neighbours(a)]
    there = _neighbours(np.ones_like(a), outside="constant")
    pairs = zip(there, steepness, strict=True)
    weights = [one * (np.float32(SMOOTHNESS) + np.float32(STEEPNESS) * steep) for one, steep in pairs]
    total = sum(weights[1:], weights[0])
    # The 2x2 matrix [[a a + total, a b], [a b, b b + total]], inverted.
    scale = 1 / (total * (a * a + b * b + total))
    first, second, mixed = (b * b + total) * scale, (a * a + total) * scale, -a * b * scale
    for _ in range(steps):
        for_subject, for_background = a * picture, b * picture
        near = zip(weights, _neighbours(subject), _neighbours(background), strict=True)
        for weight, near_subject, near_background in near:
            for_subject = for_subject + weight * near_subject
            for_background = for_background + weight * near_background
        subject = (first * for_subject + mixed * for_background).clip(0, 1)
        background = (mixed * for_subject + second * for_background).clip(0, 1)
    return subject, background


def _neighbours(field: Field, outside: Literal["edge", "constant"] = "edge") -> list[Field]:
    """The field moved by one pixel up, down, left and right; beyond the border it is held, or zero."""
    padded = np.pad(field, ((1, 1), (1, 1), (0, 0)), outside)
    return [padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]]


def _halved(field: Field) -> Field:
    """Averages of two by two; an odd last row or column counts twice."""
    height, width = field.shape[:2]
    rest = [(0, height % 2), (0, width % 2), *[(0, 0)] * (field.ndim - 2)]
    even = np.pad(field, rest, "edge")
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) * np.float32(0.25)


def _doubled(field: Field, shape: tuple[int, ...]) -> Field:
    """Every pixel as two by two, cut to `shape`; a field that has that shape already stays."""
    if field.shape[:2] == shape:
        return field
    return field.repeat(2, 0).repeat(2, 1)[: shape[0], : shape[1]]


class _Bilinear:
    """Reads fields of one shape at some pixels (y, x) of a picture of `size` (W, H)."""

    def __init__(self, y: NDArray[np.intp], x: NDArray[np.intp], size: tuple[int, int], shape: tuple[int, ...]) -> None:
        left, right, across = neighbours(size[0], shape[1])
        above, below, down = neighbours(size[1], shape[0])
        self.columns = left[x], right[x]
        self.rows = above[y], below[y]
        self.across, self.down = across[x, None], down[y, None]

    def __call__(self, field: Field) -> Field:
        upper, lower = (
            field[row, self.columns[0]] * (1 - self.across) + field[row, self.columns[1]] * self.across
            for row in self.rows
        )
        return upper + self.down * (lower - upper)
