"""Where the finished picture lies on the photo: straightened, cropped to the subject, of a given aspect and size."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, cos, floor, radians, sin

import numpy as np
from numpy.typing import NDArray

from hearth.errors import TooLarge
from hearth.tools.cutout.scene.settings import Frame
from hearth.tools.cutout.scene.sizes import SIZES, Portrait

Alpha = NDArray[np.uint8]

SEEN = 20
"""Alpha from which on a pixel counts as subject; a veil of noise does not."""

MAX_MEGAPIXELS = 100
"""Of a finished picture whose size is not named: margins and aspects can make it larger than the photo."""

CUT = 0.03
"""Share of a side of the photo that a subject has to touch to count as cut by it."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Placement:
    """A canvas of `width` times `height` pixels, laid on the photo.

    The point (x, y) of the canvas, in pixels from its top left corner, lies over the photo's point
    (a x + b y + c, d x + e y + f). The linear part is a rotation, perhaps a flip, and one scale.
    """

    width: int
    height: int
    matrix: tuple[float, float, float, float, float, float]

    @property
    def scale(self) -> float:
        """Photo pixels a canvas pixel; under 1 the photo is enlarged."""
        a, _, _, d, _, _ = self.matrix
        return float(np.hypot(a, d))

    @property
    def is_upright(self) -> bool:
        """Whether rows are rows; they may be flipped."""
        return self.matrix[1] == 0 == self.matrix[3]

    @property
    def is_copy(self) -> bool:
        """Whether every canvas pixel is one pixel of the photo."""
        a, _, c, _, e, f = self.matrix
        return self.is_upright and abs(a) == 1 == e and c == int(c) and f == int(f)

    def resized(self, width: int, height: int) -> Placement:
        """The same part of the plane with other pixels."""
        across, down = self.width / width, self.height / height
        a, b, c, d, e, f = self.matrix
        return Placement(width, height, (a * across, b * down, c, d * across, e * down, f))


def place(frame: Frame, size: tuple[int, int], alpha: Alpha) -> Placement:
    """The canvas of a frame on a photo of `size` (W, H) whose subject is where `alpha` (H, W) is."""
    turn = _Turn(size, frame.flip, frame.straighten)
    portrait = SIZES[frame.size].portrait if frame.size in SIZES else None
    if portrait is not None and (head := find_head(turn, alpha)) is not None:
        box = _around_head(head, portrait, frame.ratio() or 1.0)
    elif frame.crop and (found := turn.box(alpha)) is not None:
        box = _around(found, frame.margin, frame.ratio(), turn.cut_sides(alpha))
    else:
        box = _around(turn.whole, 0.0, frame.ratio(), Sides())
    if (pixels := frame.pixels()) is None:
        box = _whole_pixels(box, frame.ratio())
        pixels = round(box[2] - box[0]), round(box[3] - box[1])
    width, height = pixels
    if width * height > MAX_MEGAPIXELS * 1e6:
        raise TooLarge(
            f"The finished picture would have {width} × {height} pixels; the limit is {MAX_MEGAPIXELS} megapixels. "
            "Choose another aspect or a fixed size."
        )
    return turn.placement(box, width, height)


class _Turn:
    """The plane on which the photo lies flipped and straightened, the middle of both at the same point."""

    def __init__(self, size: tuple[int, int], flip: bool, degrees: float) -> None:
        self.width, self.height = size
        self.mirror = -1.0 if flip else 1.0
        quarters, rest = divmod(degrees, 90)
        exact = rest == 0  # so that a quarter turn moves pixels and mixes none
        self.cos = (1.0, 0.0, -1.0, 0.0)[int(quarters) % 4] if exact else cos(radians(degrees))
        self.sin = (0.0, 1.0, 0.0, -1.0)[int(quarters) % 4] if exact else sin(radians(degrees))
        half = self.points(np.array([[0, 0], [self.width, 0], [0, self.height], [self.width, self.height]], float))
        left, top = half.min(0)
        right, bottom = half.max(0)
        self.whole: Box = (left, top, right, bottom)

    def points(self, photo: NDArray[np.floating]) -> NDArray[np.floating]:
        """Points (n, 2) of the photo on the plane."""
        x = (photo[:, 0] - self.width / 2) * self.mirror
        y = photo[:, 1] - self.height / 2
        turned = np.stack([self.cos * x - self.sin * y, self.sin * x + self.cos * y], 1)
        return turned + np.array([self.width / 2, self.height / 2])

    def box(self, alpha: Alpha) -> Box | None:
        """What the subject takes of the plane; None where there is none."""
        edges = _row_ends(alpha)
        if not len(edges):
            return None
        y, left, right = edges.T
        corners = [np.stack([x, y + down], 1) for x in (left, right) for down in (0, 1)]
        points = self.points(np.concatenate(corners).astype(float))
        return (*points.min(0), *points.max(0))

    def cut_sides(self, alpha: Alpha) -> Sides:
        """Where the subject goes on beyond the photo. It may not float there; turned, no side is a side any more."""
        if self.sin:
            return Sides()
        seen = alpha >= SEEN
        left, right = seen[:, :2].any(1).mean() > CUT, seen[:, -2:].any(1).mean() > CUT
        top, bottom = seen[:2].any(0).mean() > CUT, seen[-2:].any(0).mean() > CUT
        if self.mirror < 0:
            left, right = right, left
        if self.cos < 0:
            left, top, right, bottom = right, bottom, left, top
        return Sides(bool(left), bool(top), bool(right), bool(bottom))

    def placement(self, box: Box, width: int, height: int) -> Placement:
        left, top, right, bottom = box
        across, down = (right - left) / width, (bottom - top) / height
        # Back from the plane to the photo: turned the other way, then mirrored.
        a, b = self.mirror * self.cos, self.mirror * self.sin
        d, e = -self.sin, self.cos
        x, y = left - self.width / 2, top - self.height / 2
        c = a * x + b * y + self.width / 2
        f = d * x + e * y + self.height / 2
        return Placement(width, height, (a * across, b * down, c, d * across, e * down, f))


@dataclass(frozen=True)
class Sides:
    """Sides on which the photo's border cuts the subject."""

    left: bool = False
    top: bool = False
    right: bool = False
    bottom: bool = False


@dataclass(frozen=True)
class Head:
    """A head on the plane: its middle, crown and chin."""

    x: float
    crown: float
    chin: float


def find_head(turn: _Turn, alpha: Alpha) -> Head | None:
    """The head of a person shown from the front, by the silhouette alone: what is above the neck.

    Without a neck in it the head is taken as a third higher than it is wide. None where there is no subject.
    """
    edges = _row_ends(alpha)
    if not len(edges):
        return None
    y, left, right = edges.T
    points = turn.points(np.concatenate([np.stack([left, y], 1), np.stack([right, y + 1], 1)]).astype(float))
    crown, foot = points[:, 1].min(), points[:, 1].max()
    count = 200
    rows = np.clip(((points[:, 1] - crown) / (foot - crown) * count).astype(int), 0, count - 1)
    lows, highs = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(lows, rows, points[:, 0])
    np.maximum.at(highs, rows, points[:, 0])
    filled = np.isfinite(lows)
    lows, highs = lows[filled], highs[filled]
    heights = crown + (np.flatnonzero(filled) + 0.5) * (foot - crown) / count
    widths = np.convolve(np.pad(highs - lows, 3, "edge"), np.full(7, 1 / 7), "valid")
    neck = _neck(widths)
    part = slice(0, neck if neck is not None else max(1, len(widths) // 3))
    middle = float(np.median((lows[part] + highs[part]) / 2))
    if neck is not None:
        # A collar may hide the neck and the chin with it; no head is wider than it is high.
        chin = max(heights[neck], crown + widths[:neck].max())
        return Head(middle, float(crown), float(chin))
    wide = float(np.median(widths[part]))
    return Head(middle, float(crown), float(min(crown + 1.33 * wide, foot)))


def _neck(widths: NDArray[np.floating]) -> int | None:
    """The row from which on a silhouette grows again by a quarter after it had become narrower."""
    widest = narrowest = 0
    for row, width in enumerate(widths):
        if width < widths[narrowest]:
            narrowest = row
        if widths[narrowest] < 0.93 * widths[widest] and width > 1.25 * widths[narrowest] and narrowest > widest:
            return narrowest
        if width > widths[widest]:
            widest = narrowest = row
    return None


def _around_head(head: Head, portrait: Portrait, ratio: float) -> Box:
    height = max(head.chin - head.crown, 1.0) / portrait.head
    top = head.crown - portrait.above * height
    return (head.x - height * ratio / 2, top, head.x + height * ratio / 2, top + height)


def _around(box: Box, margin: float, ratio: float | None, cut: Sides) -> Box:
    """A box with free space around it, but none on sides where the subject is cut; grown to a ratio, if any."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    across, down = (not cut.left) + (not cut.right), (not cut.top) + (not cut.bottom)
    if ratio is None:
        space = margin * max(width, height) / (1 - 2 * margin)
        new_width, new_height = width + across * space, height + down * space
    else:
        new_height = max(height / (1 - down * margin), width / (1 - across * margin) / ratio)
        new_width = new_height * ratio
    left -= (new_width - width) * _share(cut.left, cut.right)
    top -= (new_height - height) * _share(cut.top, cut.bottom)
    return (left, top, left + new_width, top + new_height)


def _share(cut: bool, opposite: bool) -> float:
    """How much of the free space goes to one side."""
    return 0.5 if cut == opposite else 0.0 if cut else 1.0


def _whole_pixels(box: Box, ratio: float | None) -> Box:
    """Grown to the pixel grid, and to a ratio on it, if any; a hair over it is an error of arithmetic."""
    left, top, right, bottom = box
    tiny = 1e-6
    left, top, right, bottom = floor(left + tiny), floor(top + tiny), ceil(right - tiny), ceil(bottom - tiny)
    if ratio is None:
        return (left, top, right, bottom)
    wide, high = round((bottom - top) * ratio), round((right - left) / ratio)
    if right - left < wide:  # a side that lay on the grid may be the photo's border, and stays
        left, right = (right - wide, right) if right == box[2] else (left, left + wide)
    elif bottom - top < high:
        top, bottom = (bottom - high, bottom) if bottom == box[3] else (top, top + high)
    return (left, top, right, bottom)


def _row_ends(alpha: Alpha) -> NDArray[np.intp]:
    """(n, 3): a row that shows something of the subject, where that begins and where it ends."""
    seen = alpha >= SEEN
    rows = np.flatnonzero(seen.any(1))
    seen = seen[rows]
    left = seen.argmax(1)
    right = alpha.shape[1] - seen[:, ::-1].argmax(1)
    return np.stack([rows, left, right], 1)
