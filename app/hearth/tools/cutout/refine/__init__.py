"""Edges refined: a mask of a few hundred pixels becomes alpha that follows the photo's hairs.

A small copy of the photo is matted in closed form, softly: pixels that the network is sure of, away from any edge, are
held; all others are found from the photo's colours, and pulled a little to what the network says. Then alpha as a
linear function of colour is carried to the full size. Wide areas that come out evenly half are decided, and all is
solved again; where colours hardly tell the sides apart, the network's word stands. The small copy has LONG_SIDE pixels
to its long side, so that the cost hardly depends on the photo.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.tools.cutout.kernels import Kernels
from hearth.tools.cutout.photo import Photo
from hearth.tools.cutout.refine.backing import unbacked
from hearth.tools.cutout.refine.cells import (
    Cells,
    PictureCells,
    faded,
    filled,
    in_cells,
    smoothly_filled,
    spreads,
)
from hearth.tools.cutout.refine.doubt import Sides, decided
from hearth.tools.cutout.refine.guided import Coefficients, fit
from hearth.tools.cutout.refine.matting import solve
from hearth.tools.cutout.refine.shrink import Picture, shrink, small_size

__all__ = [
    "DIM",
    "GREY",
    "SETTINGS",
    "Cells",
    "Coefficients",
    "Picture",
    "PictureCells",
    "Plane",
    "Settings",
    "Sides",
    "decided",
    "fit",
    "matted",
    "pulls",
    "resampled",
    "settings_for",
    "shrink",
    "small_size",
    "started",
    "unbacked",
]

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Settings:
    """What was found best on pictures whose alpha is known; `build.py bench quality` measures it."""

    sure: float = 0.95
    """A mask above it, or below one less it, is believed away from edges."""
    reach: float = 4.0
    """How far from an edge pixels may be wrong: pixels to each side at a long side of 480."""
    eps: float = 1e-6
    """What the matting Laplacian's covariances are eased by; for colours of 0..1."""
    pull: float = 1e-4
    """To the mask, everywhere; matting itself has weights of about one. This and the next are for a long side of
    480; in smaller copies, where fewer pixels hold as much, they are larger."""
    even_pull: float = 1e-2
    """To the mask in addition where that is partial and even, as over glass."""
    sure_pull: float = 0.1
    """To the mask in addition where that is next to 0 or 1: times (2 mask - 1) ** (2 ** squarings)."""
    squarings: int = 6
    side_pull: float = 0.3
    """To a side that was decided for, where that is certain; less certain ones by the third power."""
    haze: float = 0.01
    """Alpha nearer than this to 0 or 1 becomes that; what lies between is stretched."""
    steps: int = 100
    """Of conjugate gradients at most. More follow the colours too far where the network was right."""

    def reaching(self, width: int, height: int) -> int:
        """The reach in pixels of a small copy."""
        return max(1, round(self.reach * max(width, height) / 480))


SETTINGS = Settings()
GREY = replace(SETTINGS, pull=1e-2, even_pull=3e-2)
"""One channel says less than three."""
DIM = replace(SETTINGS, pull=1e-3)
"""In little light colours drown in noise."""

_BETWEEN = 0.1, 0.4  # of 4 mask (1 - mask)
_EVEN = 0.06, 0.03  # standard deviation of the mask in a window of three cells
_LEAST_COLOUR = 4.0  # of 255: how much red and blue differ from green, on average, in a photo that is not grey
_LEAST_CONTRAST = 20.0  # of 255: standard deviation of all numbers of a photo that has light enough


def settings_for(photo: Photo) -> Settings:
    """By a sample of its pixels: GREY for a photo without colours, DIM for one without light."""
    height, width = photo.pixels.shape[:2]
    sample = photo.pixels[:: max(1, height // 64), :: max(1, width // 64), :3].astype(np.float32)
    colour = np.abs(sample[:, :, ::2] - sample[:, :, 1:2]).mean()
    if colour < _LEAST_COLOUR * min(1, sample.std() / _LEAST_CONTRAST):
        return GREY
    return DIM if sample.std() < _LEAST_CONTRAST else SETTINGS


@dataclass(frozen=True)
class Start:
    """What is known at the small size (h, w) before alpha is solved for."""

    unknown: NDArray[np.bool_]
    pull: Plane
    """To `goal`, of unknown pixels."""
    goal: Plane
    alpha: Plane
    """What known pixels keep and unknown ones begin with."""


def matted(picture: Picture, mask: Plane, kernels: Kernels | None, settings: Settings = SETTINGS) -> Plane:
    """Alpha (h, w) of 0..1 of a small picture, from the network's mask at the same size."""

    def solved(sides: Sides | None = None) -> Plane:
        start = started(mask, settings, sides)
        alpha = solve(
            picture, start.unknown, start.pull, start.goal, start.alpha, settings.eps, settings.steps, kernels
        )
        return cleared(alpha, settings)

    alpha = solved()
    cells = PictureCells(picture, mask, alpha)
    sides = decided(cells)
    share = unbacked(cells, sides)
    word = mask
    if sides is not None:
        certainty, side = (filled(found, mask.shape) for found in (sides.certainty, sides.goal))
        alpha, word = solved(sides), mask + certainty * (side - mask)
    return alpha if share is None else alpha + smoothly_filled(share, mask.shape) * (word - alpha)


def cleared(alpha: Plane, settings: Settings = SETTINGS) -> Plane:
    """Without haze, 0..1."""
    clear = (alpha - np.float32(settings.haze)) * np.float32(1 / (1 - 2 * settings.haze))
    return clear.clip(0, 1)


def started(mask: Plane, settings: Settings = SETTINGS, sides: Sides | None = None) -> Start:
    """What is held, what is sought, and what it is pulled to: the mask, and sides that were decided for."""
    height, width = mask.shape
    reach = settings.reaching(width, height)
    inside = _eroded(mask > settings.sure, reach)
    outside = _eroded(mask < 1 - settings.sure, reach)
    unknown = ~(inside | outside)
    sureness: Plane = 2 * mask - 1
    for _ in range(settings.squarings):
        sureness *= sureness
    pull = pulls(mask, settings, sides) + np.float32(settings.sure_pull) * sureness
    goal = np.ascontiguousarray(mask, np.float32)
    if sides is not None:
        certainty, side = (filled(cells, mask.shape) for cells in (sides.certainty, sides.goal))
        more = np.float32(settings.side_pull) * certainty**3
        goal = (pull * goal + more * side) / (pull + more)
        pull += more
    start = np.where(inside, np.float32(1), np.where(outside, np.float32(0), goal))
    return Start(unknown, pull, goal, start)


def pulls(mask: Plane, settings: Settings = SETTINGS, sides: Sides | None = None) -> Plane:
    """How much pixels (h, w) are pulled to their mask (h, w) where that is not sure; little beside decided sides."""
    scale = (480 / max(mask.shape)) ** 2
    coarse, squares = in_cells(mask), in_cells(mask * mask)
    if not coarse.size:
        return np.full(mask.shape, settings.pull * scale, np.float32)
    between = 4 * (coarse - squares)
    even = faded(spreads(coarse, squares, 1)[1], _EVEN) * faded(between, _BETWEEN)
    more = settings.even_pull * even
    if sides is not None:
        more *= sides.elsewhere
    return smoothly_filled((scale * (settings.pull + more)).astype(np.float32), mask.shape)


def resampled(plane: Plane, size: tuple[int, int]) -> Plane:
    """A map brought to (width, height), bilinearly."""
    return np.array(Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR))


def _eroded(inside: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """True where all pixels within a square of 2 reach + 1 are; what lies beyond the border does not count."""
    run = np.pad(inside, reach, constant_values=True)
    length = 1  # of the runs of pixels that `run` speaks for
    while length < 2 * reach + 1:
        step = min(length, 2 * reach + 1 - length)
        run = run[:-step] & run[step:]
        run = run[:, :-step] & run[:, step:]
        length += step
    return run
