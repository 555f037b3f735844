"""Wide areas in which neither the network nor the matting came to a side: their colours decide.

Where a mask wanders around a half over a whole area, the network doubts; alpha that is evenly half there means nothing.
Hair, fur and blur are told from it by alpha that changes within a few pixels; glass and the like by a mask that is the
same all over. Colours of pixels nearby that are sure vote: a grid over place and colour counts those of both sides and
is blurred, as in Chen, Paris, Durand, "Real-time Edge-Aware Image Processing with the Bilateral Grid" (2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.refine.shrink import Picture

Plane = NDArray[np.float32]

CELL = 4
"""Pixels a side; all below is about cells."""

_REACH = 2  # cells to each side of the windows that are looked at
# Everything fades in between two values: a bit of noise must not turn an area over.
_LEAST = 0.12, 0.16  # from 0 or 1, of the mean in a window: below lie the tails of soft edges
_EVEN = 0.075, 0.045  # standard deviation of alpha in a window
_AGREED = 0.9, 0.97  # how likely a side must be
_WANDERING = 0.018  # standard deviation of the mask's means over windows, at least, in half of what is in doubt
_SURE = 0.05, 0.02  # from 0 or 1
_KNOWN = 0.25  # of the area in doubt, how large the sure part of the subject must be
_PLACES, _COLOURS = 8, 12  # of the grid along the long side, and along each of red, green and blue


class Cells(Protocol):
    """Means over cells of CELL x CELL pixels of the small size, each (rows, columns); what does not fill one at the
    lower and right border is left out."""

    @property
    def colour(self) -> Plane:
        """(rows, columns, 3), of 0..1."""
        ...

    @property
    def mask(self) -> Plane:
        """The network's, of 0..1."""
        ...

    @property
    def alpha(self) -> Plane:
        """The first one that was solved for, of 0..1."""
        ...

    @property
    def squares(self) -> Plane:
        """Of every pixel's alpha."""
        ...


class PictureCells:
    """Those of a small picture (h, w, 4), its mask and its alpha, both (h, w); each made where it is asked for."""

    def __init__(self, picture: Picture, mask: Plane, alpha: Plane) -> None:
        self._picture, self._mask, self._alpha = picture, mask, alpha

    @property
    def colour(self) -> Plane:
        return np.stack([_cells(self._picture[:, :, channel]) for channel in range(3)], axis=2)

    @property
    def mask(self) -> Plane:
        return _cells(self._mask)

    @property
    def alpha(self) -> Plane:
        return _cells(self._alpha)

    @property
    def squares(self) -> Plane:
        return _cells(self._alpha * self._alpha)


@dataclass(frozen=True)
class Sides:
    """What was decided, both (rows, columns)."""

    goal: Plane
    """1 for the subject, 0 for the background."""
    certainty: Plane
    """0..1"""


def cell_counts(width: int, height: int) -> tuple[int, int]:
    """Columns and rows of cells."""
    return width // CELL, height // CELL


def decided(cells: Cells) -> Sides | None:
    """The sides of areas in doubt.

    None where there are none; where the mask is as even as the alpha, as over glass or a veil; and where the sure part
    of the subject is small beside what is in doubt: then too little is known of it.
    """
    alpha = cells.alpha
    if min(alpha.shape) < 2 * _REACH + 1:
        return None
    mean, spread = _windows(alpha, cells.squares)
    doubt = _faded(np.minimum(mean, 1 - mean), _LEAST) * _faded(spread, _EVEN)
    inside, outside = _faded(1 - alpha, _SURE), _faded(alpha, _SURE)
    if not (doubt > 0.5).any() or inside.sum() < _KNOWN * doubt.sum():
        return None
    coarse = _mean(cells.mask)
    if np.median(_windows(coarse, coarse * coarse)[1][doubt > 0.5]) < _WANDERING:
        return None
    for_subject, for_background = _votes(cells.colour, inside, outside)
    share = _mean(doubt * for_subject / (for_subject + for_background)) / (_mean(doubt) + 1e-6)
    # Bayes: what the network and the matting say goes in as well.
    likely = share * mean / (share * mean + (1 - share) * (1 - mean) + 1e-12)
    certainty = doubt * _faded(np.maximum(likely, 1 - likely), _AGREED)
    return Sides((likely > 0.5).astype(np.float32), certainty.astype(np.float32))


def filled(cells: Plane, shape: tuple[int, ...]) -> Plane:
    """Every cell as its pixels, of (h, w); those that fill none are like the ones next to them."""
    rest = [(0, size - count * CELL) for size, count in zip(shape, cells.shape, strict=True)]
    return np.pad(cells.repeat(CELL, 0).repeat(CELL, 1), rest, "edge")


def _faded(value: NDArray[np.floating], ends: tuple[float, float]) -> NDArray[np.float64]:
    """0 up to the first end, 1 from the second on."""
    return ((value - ends[0]) / (ends[1] - ends[0])).clip(0, 1)


def _cells(plane: Plane) -> Plane:
    columns, rows = cell_counts(plane.shape[1], plane.shape[0])
    lines = np.sum([plane[y : rows * CELL : CELL] for y in range(CELL)], axis=0)
    sums = np.sum([lines[:, x : columns * CELL : CELL] for x in range(CELL)], axis=0)
    return cast(Plane, sums * np.float32(1 / CELL**2))


def _mean(cells: NDArray[np.floating]) -> NDArray[np.float64]:
    """Of the window around every cell, the border's repeated."""
    size = 2 * _REACH + 1
    sums = np.pad(cells, ((_REACH + 1, _REACH), (_REACH + 1, _REACH)), "edge").cumsum(0, np.float64).cumsum(1)
    return (sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]) / size**2


def _windows(
    values: NDArray[np.floating], squares: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of all pixels in the window around every cell."""
    mean = _mean(values)
    return mean, np.sqrt((_mean(squares) - mean * mean).clip(0))


def _votes(colour: Plane, inside: NDArray[np.float64], outside: NDArray[np.float64]) -> list[Plane]:
    """How many cells like each one, in place and colour, are of the subject and of the background; never zero."""
    rows, columns = inside.shape
    y = np.arange(rows) * _PLACES // max(rows, columns)
    x = np.arange(columns) * _PLACES // max(rows, columns)
    bins = np.minimum(colour * _COLOURS, _COLOURS - 1).astype(np.intp)
    bins -= bins.min((0, 1))  # the grid holds the colours that there are
    red, green, blue = bins.transpose(2, 0, 1)
    shape = _PLACES, _PLACES, *(int(most) + 1 for most in bins.max((0, 1)))
    at = np.ravel_multi_index((y[:, None] + 0 * red, x + 0 * red, red, green, blue), shape)
    found = []
    for side in (inside, outside):
        grid = np.bincount(at.reshape(-1), side.reshape(-1), int(np.prod(shape))).reshape(shape).astype(np.float32)
        for axis in (0, 0, 1, 1, 2, 3, 4):
            grid = _spread(grid, axis)
        found.append(grid.reshape(-1)[at] + np.float32(1 / 16))
    return found


def _spread(grid: Plane, axis: int) -> Plane:
    """Every place gives half of what it has to each of its two neighbours, and keeps it."""
    spread = grid.copy()  # laid out like the grid, whatever the axis
    half, out = np.moveaxis(grid, axis, 0) * np.float32(0.5), np.moveaxis(spread, axis, 0)
    out[1:] += half[:-1]
    out[:-1] += half[1:]
    return spread
