"""Coarse looks at the small size: means over cells of a few pixels, and over windows of cells."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.tools.cutout.refine.shrink import Picture

Plane = NDArray[np.float32]

CELL = 4
"""Pixels a side."""


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

    @cached_property
    def colour(self) -> Plane:
        return np.stack([in_cells(self._picture[:, :, channel]) for channel in range(3)], axis=2)

    @cached_property
    def mask(self) -> Plane:
        return in_cells(self._mask)

    @cached_property
    def alpha(self) -> Plane:
        return in_cells(self._alpha)

    @cached_property
    def squares(self) -> Plane:
        return in_cells(self._alpha * self._alpha)


def cell_counts(width: int, height: int) -> tuple[int, int]:
    """Columns and rows of cells."""
    return width // CELL, height // CELL


def in_cells(plane: Plane) -> Plane:
    """The means of a map (h, w)."""
    columns, rows = cell_counts(plane.shape[1], plane.shape[0])
    lines = np.sum([plane[y : rows * CELL : CELL] for y in range(CELL)], axis=0)
    sums = np.sum([lines[:, x : columns * CELL : CELL] for x in range(CELL)], axis=0)
    return cast(Plane, sums * np.float32(1 / CELL**2))


def filled(cells: Plane, shape: tuple[int, ...]) -> Plane:
    """Every cell as its pixels, of (h, w); those that fill none are like the ones next to them."""
    return _to_the_border(cells.repeat(CELL, 0).repeat(CELL, 1), cells, shape)


def smoothly_filled(cells: Plane, shape: tuple[int, ...]) -> Plane:
    """The same, bilinearly between the cells' middles."""
    rows, columns = cells.shape
    wide = Image.fromarray(cells).resize((columns * CELL, rows * CELL), Image.Resampling.BILINEAR)
    return _to_the_border(np.asarray(wide), cells, shape)


def _to_the_border(pixels: Plane, cells: Plane, shape: tuple[int, ...]) -> Plane:
    rest = [(0, size - count * CELL) for size, count in zip(shape, cells.shape, strict=True)]
    return np.pad(pixels, rest, "edge")


def faded(value: NDArray[np.floating], ends: tuple[float, float]) -> NDArray[np.float64]:
    """0 up to the first end, 1 from the second on."""
    return ((value - ends[0]) / (ends[1] - ends[0])).clip(0, 1)


def means(cells: NDArray[np.floating], reach: int) -> NDArray[np.float64]:
    """Of (..., rows, columns) in the window of 2 reach + 1 cells a side around every cell, the border's repeated."""
    size = 2 * reach + 1
    around = [(0, 0)] * (cells.ndim - 2) + [(reach + 1, reach)] * 2
    sums = np.pad(cells, around, "edge").cumsum(-2, np.float64).cumsum(-1)
    lines = sums[..., size:, :] - sums[..., :-size, :]
    return (lines[..., size:] - lines[..., :-size]) / size**2


def spreads(
    values: NDArray[np.floating], squares: NDArray[np.floating], reach: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of all pixels in the window around every cell."""
    mean = means(values, reach)
    return mean, np.sqrt((means(squares, reach) - mean * mean).clip(0))
