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

from hearth.tools.cutout.edits import TILE, Edits, Packed, Place, pack, surrounded, unpack
from hearth.tools.cutout.photo import Photo
from hearth.tools.cutout.screen import on_screen

Cover = NDArray[np.uint8]
"""How much of each pixel a stroke covers, 0..255."""

Field = NDArray[np.float32]
Index = NDArray[np.intp]

_BARE: Cover = np.zeros((TILE, TILE), np.uint8)
_STEEP = 24  # of 255: pixels whose neighbours differ by so much lie at an edge
_MOST = TILE * TILE // 4  # of a tile, that are worked out anew
_STEPS = 8  # at which a smart brush looks on its way from the centre, as in the shader
_SPOT = 0.1  # of the radius: around the centre, whose colour it takes
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
        side = TILE * self.part
        sharp = self.part > 1 and (photo is not None or not self.smart)
        for place in self.tiles:
            if place.x * TILE >= width or place.y * TILE >= height:
                continue
            around = surrounded(place, (width, height), lambda near: self.tiles.get(near, _BARE))
            if not around.any():
                continue
            dabs = self.dabs[self._reach(place)]
            low, high = (np.asarray(Image.fromarray(around).filter(way(3))) for way in _EXTREMES)
            sight = None
            if sharp and self.smart and photo is not None and len(dabs):
                sight = _Sight.of(photo, dabs, place.x * side, place.y * side, side)
            for down in range(self.part):
                for across in range(self.part):
                    fine = self._enlarged(around, across, down)
                    full = Place(place.x * self.part + across, place.y * self.part + down)
                    if sharp:
                        near = np.ix_(*((np.arange(TILE) + first * TILE) // self.part + 1 for first in (down, across)))
                        least, most = low[near], high[near]
                        y, x = np.nonzero(most - least >= _STEEP)
                        if len(y) <= _MOST:  # else a pattern all over it, and no edge to speak of
                            exact = self._exact(x + full.x * TILE, y + full.y * TILE, dabs, sight)
                            fine[y, x] = np.clip(exact * 255 + np.float32(0.5), least[y, x], most[y, x])
                    if fine.any():
                        yield full, fine

    def _reach(self, place: Place) -> NDArray[np.bool_]:
        """The touches that may cover a part of a tile of the canvas."""
        side = TILE * self.part
        apart = [
            np.maximum(0, np.maximum(at * side - centres, centres - (at + 1) * side))
            for at, centres in zip(place, self.dabs.T[:2], strict=True)
        ]
        return np.asarray(np.hypot(*apart) < self.dabs[:, 2])

    def _enlarged(self, around: Cover, across: int, down: int) -> Cover:
        """One of the tiles of the photo that lie under a tile of the canvas."""
        side = TILE / self.part
        box = (1 + across * side, 1 + down * side, 1 + (across + 1) * side, 1 + (down + 1) * side)
        return np.array(Image.fromarray(around).resize((TILE, TILE), Image.Resampling.BILINEAR, box=box))

    def _exact(self, x: Index, y: Index, dabs: Field, sight: _Sight | None) -> Field:
        """How much of these pixels of the photo it covers, 0..1."""
        value = np.zeros(len(x), np.float32)
        u, v = x.astype(np.float32) + np.float32(0.5), y.astype(np.float32) + np.float32(0.5)
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


@dataclass(frozen=True)
class _Sight:
    """What a smart brush looks at: a part of the photo, and the same smaller and smaller."""

    left: int
    top: int
    levels: list[NDArray[np.uint8]]
    """RGBA in sRGB; each half of the one before."""

    @classmethod
    def of(cls, photo: Photo, dabs: Field, left: int, top: int, side: int) -> _Sight:
        """With all that lies between the centres of these touches and a square of the photo."""
        width, height = photo.size
        x, y, radius = dabs.T
        spot = radius * np.float32(_SPOT)
        left, right = floor(max(0, min(left, (x - spot).min()))), ceil(min(width, max(left + side, (x + spot).max())))
        top, bottom = floor(max(0, min(top, (y - spot).min()))), ceil(min(height, max(top + side, (y + spot).max())))
        whole = Image.frombuffer("RGBX", photo.size, photo.pixels, "raw", "RGBX", 0, 1)
        image = on_screen(whole.crop((left, top, right, bottom)), photo.icc)
        levels = [np.asarray(image)]
        for _ in range(max(0, round(log2(max(1.0, float(radius.max()) / _STEPS))))):
            image = image.reduce(2)
            levels.append(np.asarray(image))
        return cls(left, top, levels)

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
        half = max(0.5, _SPOT * radius)
        pixels = self.levels[0]
        height, width, _ = pixels.shape
        x, y = centre[0] - self.left, centre[1] - self.top
        rows = slice(min(max(0, floor(y - half)), height - 1), max(1, ceil(y + half)))
        columns = slice(min(max(0, floor(x - half)), width - 1), max(1, ceil(x + half)))
        return pixels[rows, columns, :3].reshape(-1, 3).mean(0, dtype=np.float32) * np.float32(1 / 255)


_EXTREMES = ImageFilter.MinFilter, ImageFilter.MaxFilter


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
