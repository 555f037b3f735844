"""A brush stroke on a photo of which a canvas holds a smaller copy, brought to the photo's own size, as sharp as it is.

Where the stroke covers evenly, it is enlarged as it was painted. At its edges it is worked out anew for every pixel
of the photo, by the formula of `web/cutout/canvas/dab.frag.glsl`, within what was painted around there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor, log2

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from hearth.tools.cutout.edits import TILE, Edits, Packed, Place, hold_border, pack, unpack
from hearth.tools.cutout.photo import Photo
from hearth.tools.cutout.screen import on_screen

Cover = NDArray[np.uint8]
"""How much of each pixel a stroke covers, 0..255."""

Field = NDArray[np.float32]

_STEEP = 24  # of 255: pixels whose neighbours differ by so much lie at an edge
_STEPS = 8  # at which a smart brush looks on its way from the centre, as in the shader
_ALIKE, _DIFFERENT = np.float32(0.07), np.float32(0.17)  # distances of colours
_LIGHT = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Stroke:
    restores: bool
    """Whether it brings the photo back; else it erases."""

    part: int
    """Pixels of the strokes for one of the canvas, a side; where that is 1, they are taken as they were painted."""

    tiles: Mapping[Place, Cover]
    """(TILE, TILE) each, as it was painted on the canvas."""

    dabs: Field
    """(n, 3): the touches of the brush, their centres and radius in pixels of the photo."""

    hardness: float
    smart: bool

    def on(self, edits: Edits, photo: Photo | None) -> dict[Place, Packed]:
        """The tiles of earlier strokes, at the photo's size, as this one changes them. Without the photo its edges are
        enlarged where a smart brush followed the photo's."""
        changed = {}
        for place, cover in self._covers(edits.size, photo):
            tile = unpack(edits.tiles.get(place, b""))
            weight = cover[:, :, None].astype(np.uint16)
            paint = np.uint16(255 if self.restores else 0)
            changed[place] = pack(((tile * (255 - weight) + paint * weight + 127) // 255).astype(np.uint8))
        return changed

    def _covers(self, size: tuple[int, int], photo: Photo | None) -> Iterator[tuple[Place, Cover]]:
        """The tiles of the photo, of that size, which it touches, with how much it covers."""
        width, height = (-(-side // self.part) for side in size)
        for place in self.tiles:
            around = self._around(place)
            hold_border(around, place.y == 0, height - place.y * TILE)
            hold_border(around.swapaxes(0, 1), place.x == 0, width - place.x * TILE)
            if around.any():
                for down in range(self.part):
                    for across in range(self.part):
                        full = Place(place.x * self.part + across, place.y * self.part + down)
                        yield full, self._fine(around, across, down, full, photo)

    def _around(self, place: Place) -> Cover:
        """A tile and one pixel on each side."""
        around = np.zeros((TILE + 2, TILE + 2), np.uint8)
        for dy, to_y, of_y in _SIDES:
            for dx, to_x, of_x in _SIDES:
                if (tile := self.tiles.get(Place(place.x + dx, place.y + dy))) is not None:
                    around[to_y, to_x] = tile[of_y, of_x]
        return around

    def _fine(self, around: Cover, across: int, down: int, place: Place, photo: Photo | None) -> Cover:
        """One of the tiles of the photo that lie under a tile of the canvas."""
        image, side = Image.fromarray(around), TILE / self.part
        box = (1 + across * side, 1 + down * side, 1 + (across + 1) * side, 1 + (down + 1) * side)
        fine = np.array(image.resize((TILE, TILE), Image.Resampling.BILINEAR, box=box))
        if self.part == 1 or (self.smart and photo is None):
            return fine
        rows, columns = ((np.arange(TILE) + first * TILE) // self.part + 1 for first in (down, across))
        near = np.ix_(rows, columns)
        low, high = (np.asarray(image.filter(way(3)))[near] for way in (ImageFilter.MinFilter, ImageFilter.MaxFilter))
        y, x = np.nonzero(high - low >= _STEEP)
        if photo is not None:
            inside = (x < photo.size[0] - place.x * TILE) & (y < photo.size[1] - place.y * TILE)
            y, x = y[inside], x[inside]
        exact = self._exact(x + np.intp(place.x * TILE), y + np.intp(place.y * TILE), photo)
        fine[y, x] = np.clip(exact * 255 + np.float32(0.5), low[y, x], high[y, x])
        return fine

    def _exact(self, x: NDArray[np.intp], y: NDArray[np.intp], photo: Photo | None) -> Field:
        """How much of these pixels of the photo it covers, 0..1."""
        value = np.zeros(len(x), np.float32)
        if not len(x):
            return value
        u, v = x.astype(np.float32) + np.float32(0.5), y.astype(np.float32) + np.float32(0.5)
        dabs = self.dabs[self._reach(u, v)]
        sight = _Sight.of(photo, dabs, u, v) if self.smart and photo is not None and len(dabs) else None
        for left, top, radius in dabs:
            away = np.hypot(u - left, v - top)
            inside = np.flatnonzero((away < radius) & (value < 1))
            if not len(inside):
                continue
            inner = min(radius * np.float32(self.hardness), radius - 1)
            cover = 1 - _smooth(inner, radius, away[inside])
            if sight is not None:
                cover *= sight.alike((left, top), radius, u[inside], v[inside], away[inside])
            value[inside] = np.maximum(value[inside], cover)
        return value

    def _reach(self, u: Field, v: Field) -> NDArray[np.bool_]:
        """The touches that may cover one of these places."""
        x, y, radius = self.dabs.T
        across = np.maximum(0, np.maximum(u.min() - x, x - u.max()))
        down = np.maximum(0, np.maximum(v.min() - y, y - v.max()))
        return np.asarray(np.hypot(across, down) < radius)


@dataclass(frozen=True)
class _Sight:
    """What a smart brush looks at: a part of the photo, and the same smaller and smaller."""

    left: int
    top: int
    levels: list[NDArray[np.uint8]]
    """RGBA in sRGB; each half of the one before."""

    @classmethod
    def of(cls, photo: Photo, dabs: Field, u: Field, v: Field) -> _Sight:
        """With the centres of these touches, the spots around them, and these places."""
        width, height = photo.size
        x, y, radius = dabs.T
        spot = radius * np.float32(0.1) + 1
        left, right = min((x - spot).min(), u.min()), max((x + spot).max(), u.max())
        top, bottom = min((y - spot).min(), v.min()), max((y + spot).max(), v.max())
        first_x, last_x = max(0, floor(left)), min(width, ceil(right) + 1)
        first_y, last_y = max(0, floor(top)), min(height, ceil(bottom) + 1)
        part = np.ascontiguousarray(photo.pixels[first_y:last_y, first_x:last_x])
        image = on_screen(Image.fromarray(part), photo.icc).convert("RGBX")
        count = 1 + max(0, round(log2(max(1.0, float(radius.max()) / _STEPS))))
        return cls(first_x, first_y, [np.asarray(image.reduce(1 << level)) for level in range(count)])

    def alike(self, centre: tuple[float, float], radius: float, u: Field, v: Field, away: Field) -> Field:
        """1 where all on the way from the centre is like what lies there, 0 where something is not."""
        like = self._spot(centre, radius)
        worst = np.zeros(len(u), np.float32)
        level = np.round(np.log2(np.maximum(away / np.float32(_STEPS), 1))).astype(np.intp)
        for number in np.unique(level):
            of = np.flatnonzero(level == number)
            for step in range(1, _STEPS + 1):
                part = np.float32(step / _STEPS)
                x, y = (start + (end[of] - start) * part for start, end in zip(centre, (u, v), strict=True))
                seen = self._at(x, y, 0 if step == _STEPS else int(number))
                worst[of] = np.maximum(worst[of], _distance(seen, like))
        return 1 - _smooth(_ALIKE, _DIFFERENT, worst)

    def _at(self, x: Field, y: Field, level: int) -> Field:
        """Colours of 0..1, (n, 3)."""
        pixels = self.levels[level]
        row = ((y - self.top).astype(np.intp) >> level).clip(0, len(pixels) - 1)
        column = ((x - self.left).astype(np.intp) >> level).clip(0, pixels.shape[1] - 1)
        return pixels[row, column, :3] * np.float32(1 / 255)

    def _spot(self, centre: tuple[float, float], radius: float) -> Field:
        """The colour around a touch's centre."""
        half = max(0.5, 0.1 * radius)
        pixels = self.levels[0]
        height, width, _ = pixels.shape
        x, y = centre[0] - self.left, centre[1] - self.top
        rows = slice(min(max(0, floor(y - half)), height - 1), max(1, ceil(y + half)))
        columns = slice(min(max(0, floor(x - half)), width - 1), max(1, ceil(x + half)))
        return pixels[rows, columns, :3].reshape(-1, 3).mean(0, dtype=np.float32) * np.float32(1 / 255)


_SIDES = (-1, slice(0, 1), slice(-1, None)), (0, slice(1, -1), slice(None)), (1, slice(-1, None), slice(0, 1))
"""The tile before, this one, the next: where its pixels go, and which they are."""


def _smooth(first: float | np.float32, last: float | np.float32, value: Field) -> Field:
    """GLSL's smoothstep."""
    t = ((value - first) / (last - first)).clip(0, 1)
    return t * t * (3 - 2 * t)


def _distance(colours: Field, like: Field) -> Field:
    """Of each colour (n, 3) from one (3,); light counts for less."""
    apart = colours - like
    light = apart @ _LIGHT
    return np.sqrt((np.float32(0.6) * light) ** 2 + (apart[:, 0] - light) ** 2 + (apart[:, 2] - light) ** 2)


def reduced(edits: Edits, places: Mapping[Place, object], part: int) -> dict[Place, Packed]:
    """The tiles of a canvas that has one pixel for `part` of the photo a side, where these of the photo's changed."""
    shown = {}
    for place in dict.fromkeys(Place(x // part, y // part) for x, y in places):
        whole = np.empty((TILE * part, TILE * part, 2), np.uint8)
        for down in range(part):
            for across in range(part):
                at = np.s_[down * TILE : (down + 1) * TILE, across * TILE : (across + 1) * TILE]
                whole[at] = unpack(edits.tiles.get(Place(place.x * part + across, place.y * part + down), b""))
        bands = [Image.fromarray(whole[:, :, band]).reduce(part) for band in (0, 1)]
        shown[place] = pack(np.stack([np.asarray(band) for band in bands], 2))
    return shown
