"""Wide areas in which neither the network nor the matting came to a side: their colours decide.

Where a mask wanders around a half over a whole area, the network doubts; alpha that is evenly half there means nothing.
Hair, fur and blur are told from it by alpha that changes within a few pixels; glass and the like by a mask that is the
same all over. Colours of pixels nearby that are sure vote: a grid over place and colour counts those of both sides and
is blurred, as in Chen, Paris, Durand, "Real-time Edge-Aware Image Processing with the Bilateral Grid" (2007). Where the
colours of both sides overlap, no vote counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.refine.cells import CELL, Cells, faded, means, spreads
from hearth.tools.cutout.refine.separation import separation

Plane = NDArray[np.float32]

_LEAST_SIDE = 320  # pixels; in smaller pictures a window holds too much at once
_REACH = 2  # cells to each side of the windows that are looked at
# Everything fades in between two values: a bit of noise must not turn an area over.
_LEAST = 0.12, 0.16  # from 0 or 1, of the mean in a window: below lie the tails of soft edges
_EVEN = 0.075, 0.045  # standard deviation of alpha in a window
_SMOOTH = 0.06, 0.04  # how far cells of the mask are from the mean of their neighbours: more is a texture, as of a net
_AGREED = 0.9, 0.97  # how likely a side must be
_APART = 0.25, 0.75  # the separation of colours
_APART_AWAY = 0.5, 4.0  # and where what the network half sees is to go
_WANDERING = 0.018  # standard deviation of the mask's means over windows, at least, in half of what is in doubt
_AWAY = 0.6  # of the certainty, where what the network half sees is to go: a veil looks like what is behind it
_EVEN_AWAY = 0.05, 0.03  # and alpha has to be still more even there, for a veil's threads show in it
_BESIDE = 0.12, 0.0  # mean of how certain sides are in a window of eleven cells
_LEAST_CERTAIN = 0.1  # anywhere, or nothing is decided
_SURE = 0.05, 0.02  # from 0 or 1
_KNOWN = 0.25  # of the area in doubt, how large the sure part of the subject must be
_PLACES, _COLOURS = 8, 12  # of the grid along the long side, and along each of red, green and blue


@dataclass(frozen=True)
class Sides:
    """What was decided, both (rows, columns)."""

    goal: Plane
    """1 for the subject, 0 for the background."""
    certainty: Plane
    """0..1"""

    @property
    def elsewhere(self) -> NDArray[np.float64]:
        """0 in and beside what was decided, 1 far from it: there the mask's word goes on to count."""
        return faded(means(self.certainty, 5), _BESIDE)


def decided(cells: Cells) -> Sides | None:
    """The sides of areas in doubt.

    None where there are none; where the mask is as even as the alpha, as over glass or a veil; and where the sure part
    of the subject is small beside what is in doubt: then too little is known of it.
    """
    alpha = cells.alpha
    if min(alpha.shape) < 2 * _REACH + 1 or max(alpha.shape) < _LEAST_SIDE // CELL:
        return None
    mean, spread = spreads(alpha, cells.squares, _REACH)
    doubt = faded(np.minimum(mean, 1 - mean), _LEAST) * faded(spread, _EVEN)
    inside, outside = faded(1 - alpha, _SURE), faded(alpha, _SURE)
    if not (doubt > 0.5).any() or inside.sum() < _KNOWN * doubt.sum():
        return None
    coarse = means(cells.mask, _REACH)
    if np.median(spreads(coarse, coarse * coarse, _REACH)[1][doubt > 0.5]) < _WANDERING:
        return None
    for_subject, for_background = _votes(cells.colour, inside, outside)
    share = means(doubt * for_subject / (for_subject + for_background), _REACH) / (means(doubt, _REACH) + 1e-6)
    # Bayes: what the network and the matting say goes in as well.
    likely = share * mean / (share * mean + (1 - share) * (1 - mean) + 1e-12)
    texture = np.sqrt(means((cells.mask - means(cells.mask, 1)) ** 2, _REACH).clip(0))
    certainty = doubt * faded(np.maximum(likely, 1 - likely), _AGREED) * faded(texture, _SMOOTH)
    apart = separation(cells)
    away = _AWAY * faded(spread, _EVEN_AWAY) * faded(apart, _APART_AWAY)
    certainty *= np.where(likely < 0.5, away, faded(apart, _APART))
    if certainty.max() < _LEAST_CERTAIN:
        return None
    return Sides((likely > 0.5).astype(np.float32), certainty.astype(np.float32))


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
