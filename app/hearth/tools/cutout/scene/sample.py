"""Pictures brought to the canvas: copied where pixels fit, else resampled, in float32 and with premultiplied alpha.

Pillow resamples single channels of float32 in native code, on the desk and in the page: Lanczos (three lobes) where
rows stay rows, and where they turn, an area average down to the canvas's scale and bicubic interpolation from there.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.tools.cutout.scene.frame import Placement

Field = NDArray[np.float32]
Rows = Callable[[int, int], NDArray[np.uint8]]
"""rows(top, bottom): straight RGBA (bottom - top, W, 4) of the picture to be placed."""

_TILE = 512  # canvas pixels a side of what is turned at a time: its corners span few rows of the photo
_LOBES = 3


class Sampler:
    """A picture of straight RGBA on a canvas; `rows` hands out strips of that. Outside of it there is nothing."""

    def __init__(self, source: Rows, size: tuple[int, int], placement: Placement) -> None:
        self.width, self.height = size
        self.placement = placement
        # A strip of a turned canvas spans many rows of the photo, and the next one the same again.
        self.source = source if placement.is_upright else _kept(source, self.height)

    def rows(self, top: int, bottom: int) -> Field:
        """Premultiplied (bottom - top, W, 4) of 0..255."""
        if self.placement.is_upright:
            return self._upright(top, bottom)
        width = self.placement.width
        out = np.empty((bottom - top, width, 4), np.float32)
        for left in range(0, width, _TILE):
            right = min(left + _TILE, width)
            out[:, left:right] = self._turned(left, top, right, bottom)
        return out

    def copied(self, top: int, bottom: int) -> NDArray[np.uint8]:
        """The same as it is, a new array of straight RGBA, where the placement is a copy."""
        a, _, c, _, _, f = self.placement.matrix
        width = self.placement.width
        left = int(c) if a > 0 else int(c) - width
        strip = self._region(left, top + int(f), left + width, bottom + int(f), "constant")
        return strip if a > 0 else strip[:, ::-1].copy()

    def _upright(self, top: int, bottom: int) -> Field:
        if self.placement.is_copy:
            return premultiplied(self.copied(top, bottom))
        a, _, c, _, e, f = self.placement.matrix
        width = self.placement.width
        x0, x1 = sorted((c, c + a * width))
        y0, y1 = e * top + f, e * bottom + f
        reach = ceil(_LOBES * max(e, 1.0)) + 1
        left, right, upper, lower = floor(x0) - reach, ceil(x1) + reach, floor(y0) - reach, ceil(y1) + reach
        region = premultiplied(self._region(left, upper, right, lower))
        box = (x0 - left, y0 - upper, x1 - left, y1 - upper)
        out = resized(region, (width, bottom - top), box)
        out = _in_range(out if a > 0 else out[:, ::-1])
        return out * self._covered(0, top, width, bottom)

    def _turned(self, left: int, top: int, right: int, bottom: int) -> Field:
        a, b, c, d, e, f = self.placement.matrix
        corners = np.array([[x, y] for x in (left, right) for y in (top, bottom)], float)
        x, y = a * corners[:, 0] + b * corners[:, 1] + c, d * corners[:, 0] + e * corners[:, 1] + f
        # Cells of a grid over the whole photo, so that tiles meet without a seam.
        cell = max(1.0, self.placement.scale)
        first, last = floor(x.min() / cell) - 3, ceil(x.max() / cell) + 3
        upper, lower = floor(y.min() / cell) - 3, ceil(y.max() / cell) + 3
        px, py = floor(first * cell), floor(upper * cell)
        straight = self._region(px, py, ceil(last * cell), ceil(lower * cell))
        if not straight[:, :, 3].any():
            return np.zeros((bottom - top, right - left, 4), np.float32)
        region = premultiplied(straight)
        if cell > 1:
            box = (first * cell - px, upper * cell - py, last * cell - px, lower * cell - py)
            region = resized(region, (last - first, lower - upper), box, Image.Resampling.BOX)
        origin = a * left + b * top + c - first * cell, d * left + e * top + f - upper * cell
        matrix = (a / cell, b / cell, origin[0] / cell, d / cell, e / cell, origin[1] / cell)
        out = transformed(region, (right - left, bottom - top), matrix, Image.Resampling.BICUBIC)
        return _in_range(out) * self._covered(left, top, right, bottom)

    def _covered(self, left: int, top: int, right: int, bottom: int) -> Field:
        """How much of each canvas pixel lies on the photo, (bottom - top, right - left, 1): smooth at its border."""
        a, b, c, d, e, f = self.placement.matrix
        x, y = np.arange(left, right) + 0.5, np.arange(top, bottom)[:, None] + 0.5
        inside = np.ones((bottom - top, right - left), np.float32)
        for position, length in ((a * x + b * y + c, self.width), (d * x + e * y + f, self.height)):
            depth = np.minimum(position, length - position) / self.placement.scale
            inside *= (depth + 0.5).clip(0, 1).astype(np.float32)
        return inside[:, :, None]

    def _region(
        self, left: int, top: int, right: int, bottom: int, outside: Literal["edge", "constant"] = "edge"
    ) -> NDArray[np.uint8]:
        """Pixels of the photo, straight RGBA. Outside of it they are held, for filters to run into, or nothing."""
        y0, y1 = max(top, 0), min(bottom, self.height)
        x0, x1 = max(left, 0), min(right, self.width)
        if y0 >= y1 or x0 >= x1:
            return np.zeros((bottom - top, right - left, 4), np.uint8)
        found = self.source(y0, y1)[:, x0:x1]
        rest = (y0 - top, bottom - y1), (x0 - left, right - x1), (0, 0)
        return np.pad(found, rest, outside)


def premultiplied(pixels: NDArray[np.uint8]) -> Field:
    """Straight RGBA of 0..255 with its colours times alpha, float32."""
    out = pixels.astype(np.float32)
    out[:, :, :3] *= out[:, :, 3:] * np.float32(1 / 255)
    return out


def resized(
    picture: Field,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
    how: Image.Resampling = Image.Resampling.LANCZOS,
) -> Field:
    """The part `box` of a picture (h, w, channels) at another size; what lies around the box is looked at too."""
    return _each(picture, lambda channel: channel.resize(size, how, box))


def transformed(
    picture: Field,
    size: tuple[int, int],
    matrix: tuple[float, ...],
    how: Image.Resampling = Image.Resampling.BILINEAR,
) -> Field:
    """A canvas of `size`, each point of which shows the picture's point under `matrix` (see `Placement`)."""
    return _each(picture, lambda channel: channel.transform(size, Image.Transform.AFFINE, matrix, how))


def _each(picture: Field, change: Callable[[Image.Image], Image.Image]) -> Field:
    channels = [change(Image.fromarray(np.ascontiguousarray(picture[:, :, n]))) for n in range(picture.shape[2])]
    return np.stack([np.asarray(channel) for channel in channels], 2)


def _in_range(picture: Field) -> Field:
    """Without the overshoot of filters with negative lobes: alpha within 0..255, colours within alpha."""
    np.clip(picture[:, :, 3], 0, 255, out=picture[:, :, 3])
    np.clip(picture[:, :, :3], 0, picture[:, :, 3:], out=picture[:, :, :3])
    return picture


def _kept(source: Rows, height: int) -> Rows:
    """The same rows, made once and held."""
    whole: list[NDArray[np.uint8]] = []

    def rows(top: int, bottom: int) -> NDArray[np.uint8]:
        if not whole:
            first = source(0, min(256, height))
            picture = np.empty((height, *first.shape[1:]), np.uint8)
            for row in range(0, height, 256):
                picture[row : row + 256] = source(row, min(row + 256, height))
            whole.append(picture)
        return whole[0][top:bottom]

    return rows
