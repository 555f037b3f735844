"""Edges refined: a mask of a few hundred pixels becomes alpha that follows the photo's hairs.

A small copy of the photo is matted in closed form, softly: pixels that the network is sure of, away from any edge, are
held; all others are found from the photo's colours, and pulled a little to what the network says. Then alpha as a
linear function of colour is carried to the full size. Wide areas that come out evenly half are decided, and all is
solved again. The small copy has LONG_SIDE pixels to its long side, so that the cost hardly depends on the photo.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.tools.cutout.kernels import Kernels
from hearth.tools.cutout.refine.doubt import Cells, PictureCells, Sides, decided, filled
from hearth.tools.cutout.refine.guided import Coefficients, fit
from hearth.tools.cutout.refine.matting import solve
from hearth.tools.cutout.refine.shrink import Picture, shrink, small_size

__all__ = [
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
    "resampled",
    "shrink",
    "sided",
    "small_size",
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
    """To the mask, everywhere; matting itself has weights of about one."""
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

    def solved(start: Start) -> Plane:
        alpha = solve(
            picture, start.unknown, start.pull, start.goal, start.alpha, settings.eps, settings.steps, kernels
        )
        return cleared(alpha, settings)

    start = started(mask, settings)
    alpha = solved(start)
    sides = decided(PictureCells(picture, mask, alpha))
    return alpha if sides is None else solved(sided(start, sides, settings))


def cleared(alpha: Plane, settings: Settings = SETTINGS) -> Plane:
    """Without haze, 0..1."""
    clear = (alpha - np.float32(settings.haze)) * np.float32(1 / (1 - 2 * settings.haze))
    return clear.clip(0, 1)


def started(mask: Plane, settings: Settings = SETTINGS) -> Start:
    """What is held, what is sought, and what it is pulled to: the mask."""
    height, width = mask.shape
    reach = settings.reaching(width, height)
    inside = _eroded(mask > settings.sure, reach)
    outside = _eroded(mask < 1 - settings.sure, reach)
    unknown = ~(inside | outside)
    sureness: Plane = 2 * mask - 1
    for _ in range(settings.squarings):
        sureness *= sureness
    pull = np.float32(settings.pull) + np.float32(settings.sure_pull) * sureness
    start = np.where(inside, np.float32(1), np.where(outside, np.float32(0), mask))
    return Start(unknown, pull.astype(np.float32), np.ascontiguousarray(mask, np.float32), start)


def sided(start: Start, sides: Sides, settings: Settings = SETTINGS) -> Start:
    """The same, pulled to `sides` too."""
    certainty, goal = (filled(cells, start.pull.shape) for cells in (sides.certainty, sides.goal))
    more: Plane = (np.float32(settings.side_pull) * certainty**3).astype(np.float32)
    pull = start.pull + more
    goal = (start.pull * start.goal + more * goal) / pull
    return Start(start.unknown, pull, goal, np.where(start.unknown, goal, start.alpha))


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
