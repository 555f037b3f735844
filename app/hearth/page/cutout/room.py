"""Memory for the pixels and the alpha of large photos, used again when a photo is let go.

What Python's memory once took in a page it keeps. Freed as usual, the place of a large photo soon has something small
in it, and the next photo no longer fits there.
"""

import weakref

import numpy as np

LARGE_BYTES = 32_000_000
"""Smaller ones find a place anywhere."""


KEPT = 2
"""Places: that of a photo's pixels, and that of its alpha."""


class Room:
    """Keeps the places of one photo while there is none in them."""

    def __init__(self) -> None:
        self._empty: list[bytearray] = []

    def take(self, size: int) -> memoryview:
        """So many bytes, with anything in them, until nobody refers to them any more."""
        if size < LARGE_BYTES:
            return np.empty(size, np.uint8).data
        fitting = [place for place in self._empty if len(place) // 2 <= size <= len(place)]
        if fitting:
            place = min(fitting, key=len)
            self._empty = [other for other in self._empty if other is not place]
        else:
            self.clear()  # makes room
            place = bytearray(size)
        pixels = np.frombuffer(place, np.uint8, size)
        weakref.finalize(pixels, self._give, place)
        return pixels.data

    def clear(self) -> None:
        """Lets go of places that are empty: something else needs more."""
        self._empty = []

    def _give(self, place: bytearray) -> None:
        self._empty = sorted([*self._empty, place], key=len)[-KEPT:]


ROOM = Room()
"""The page's own."""
