"""What the brushes did to a mask, apart from it: the mask can change under the strokes, and they stay.

Every pixel has two bytes, `low` and `high`: with them alpha a of 0..1 becomes low + (high - low) a; untouched, it is 0
and 1. A brush that covers a pixel by c brings both towards 1 (restore) or 0 (erase) by c of what is missing, so that
strokes over strokes come out as if they had been painted on the alpha itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
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
    """The tiles touched, of a picture of `size` (width, height); the photo's own; of histories kept long
    ago a smaller one for huge photos."""

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
        around = np.tile(np.array([0, 255], np.uint8), (TILE + 2, TILE + 2, 1))
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                tile = unpack(self.tiles.get(Place(place.x + dx, place.y + dy), b""))
                to = [{-1: slice(0, 1), 0: slice(1, -1), 1: slice(-1, None)}[d] for d in (dy, dx)]
                of = [{-1: slice(-1, None), 0: slice(None), 1: slice(0, 1)}[d] for d in (dy, dx)]
                around[to[0], to[1]] = tile[of[0], of[1]]
        hold_border(around, place.y == 0, self.size[1] - place.y * TILE)
        hold_border(around.swapaxes(0, 1), place.x == 0, self.size[0] - place.x * TILE)
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


def hold_border(around: NDArray[np.uint8], first: bool, inside: int) -> None:
    """Lets a picture go on beyond its border as it is there. `inside` rows from the second on are of the picture; the
    one before is too unless the tile is the `first`.
    """
    if first:
        around[0] = around[1]
    around[inside + 1 :] = around[inside : inside + 1]
