"""What the brushes did to a mask, apart from it: the mask can change under the strokes, and they stay.

Every pixel has two bytes, `low` and `high`: with them alpha a of 0..1 becomes low + (high - low) a; untouched, it is 0
and 1. A brush that covers a pixel by c brings both towards 1 (restore) or 0 (erase) by c of what is missing, so that
strokes over strokes come out as if they had been painted on the alpha itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TILE = 256  # pixels


class Place(NamedTuple):
    """A tile's column and row."""

    x: int
    y: int


Pixels = NDArray[np.uint8]
"""One tile, (TILE, TILE, 2): low and high, 0..255."""

Packed = bytes
"""One tile, compressed; empty for one that is untouched."""


def pack(tile: Pixels) -> Packed:
    """Small enough to be kept for ever."""
    if not tile[:, :, 0].any() and (tile[:, :, 1] == 255).all():
        return b""
    return zlib.compress(tile.tobytes(), 1)


def unpack(packed: Packed) -> Pixels:
    """The tile, which can be written to."""
    if not packed:
        return np.tile(np.array([0, 255], np.uint8), (TILE, TILE, 1))
    return np.frombuffer(bytearray(zlib.decompress(packed)), np.uint8).reshape(TILE, TILE, 2)


class Edits:
    """The tiles touched, of a picture of `size` (width, height): the photo's own, or a smaller one in histories of huge
    photos that were kept when strokes had the canvas' size."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.tiles: dict[Place, Packed] = {}

    def __bool__(self) -> bool:
        return bool(self.tiles)

    def exchange(self, tiles: Mapping[Place, Packed]) -> dict[Place, Packed]:
        """Puts tiles in their places and returns what was there. Those outside of the picture are left out."""
        across, down = (-(-side // TILE) for side in self.size)
        before = {}
        for place, packed in tiles.items():
            if 0 <= place.x < across and 0 <= place.y < down:
                before[place] = self.tiles.pop(place, b"")
                if packed:
                    self.tiles[place] = packed
        return before

    def apply(self, alpha: NDArray[np.uint8]) -> None:
        """Changes `alpha` (H, W), 0..255, of the photo's full size, as the strokes do."""
        height, width = alpha.shape
        for place, packed in self.tiles.items():
            left, top, right, bottom = self._part(place, (width, height))
            part = alpha[top:bottom, left:right]
            tile = unpack(packed)
            if self.size != (width, height):
                tile = self._enlarged(place, (width, height))
            low, high = (tile[: bottom - top, : right - left, band].astype(np.int32) for band in (0, 1))
            part[...] = (low * 255 + (high - low) * part + 127) // 255

    def _part(self, place: Place, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """What a tile covers of the photo: left, top, right, bottom."""
        x, y = (full / own for full, own in zip(size, self.size, strict=True))
        edges = (place.x * TILE * x, place.y * TILE * y, (place.x + 1) * TILE * x, (place.y + 1) * TILE * y)
        left, top, right, bottom = (round(edge) for edge in edges)
        return left, top, min(right, size[0]), min(bottom, size[1])

    def _enlarged(self, place: Place, size: tuple[int, int]) -> Pixels:
        """A tile at the photo's size, bilinearly, with what its neighbours have at their borders."""
        left, top, right, bottom = self._part(place, size)
        around = surrounded(place, self.size, lambda near: unpack(self.tiles.get(near, b"")))
        x, y = (full / own for full, own in zip(size, self.size, strict=True))
        box = (
            left / x - place.x * TILE + 1,
            top / y - place.y * TILE + 1,
            right / x - place.x * TILE + 1,
            bottom / y - place.y * TILE + 1,
        )
        bands = [
            Image.fromarray(around[:, :, band]).resize((right - left, bottom - top), Image.Resampling.BILINEAR, box=box)
            for band in (0, 1)
        ]
        return np.stack([np.asarray(band) for band in bands], 2)


_SIDES = (-1, slice(0, 1), slice(-1, None)), (0, slice(1, -1), slice(None)), (1, slice(-1, None), slice(0, 1))
"""The tile before, this one, the next: where its pixels go, and which they are."""


def surrounded(place: Place, size: tuple[int, int], tile_at: Callable[[Place], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """A tile and one pixel on each side, (TILE + 2, TILE + 2, ...), of a picture of `size` (width, height), which goes
    on beyond its border as it is there."""
    middle = tile_at(place)
    around = np.empty((TILE + 2, TILE + 2, *middle.shape[2:]), np.uint8)
    for dy, to_y, of_y in _SIDES:
        for dx, to_x, of_x in _SIDES:
            tile = middle if dx == dy == 0 else tile_at(Place(place.x + dx, place.y + dy))
            around[to_y, to_x] = tile[of_y, of_x]
    for lines, at, length in ((around, place.y, size[1]), (around.swapaxes(0, 1), place.x, size[0])):
        inside = length - at * TILE
        if at == 0:
            lines[0] = lines[1]
        lines[inside + 1 :] = lines[inside : inside + 1]
    return around
