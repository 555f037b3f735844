"""Memory for the pixels of large photos, used again when a photo is let go.

What Python's memory once took in a page it keeps. Freed as usual, the place of a large photo soon has something small
in it, and the next photo no longer fits there.
"""

import weakref

import numpy as np

LARGE_BYTES = 32_000_000
"""Smaller ones find a place anywhere."""


class Room:
    """Keeps the place of one photo while there is none in it."""

    def __init__(self) -> None:
        self._empty: bytearray | None = None

    def take(self, size: int) -> memoryview:
        """So many bytes, with anything in them, until nobody refers to them any more."""
        if size < LARGE_BYTES:
            return np.empty(size, np.uint8).data
        place, self._empty = self._empty, None
        if place is None or not len(place) // 2 <= size <= len(place):
            del place  # makes room
            place = bytearray(size)
        pixels = np.frombuffer(place, np.uint8, size)
        weakref.finalize(pixels, self._give, place)
        return pixels.data

    def clear(self) -> None:
        """Lets go of a place that is empty: something else needs more."""
        self._empty = None

    def _give(self, place: bytearray) -> None:
        if self._empty is None or len(place) > len(self._empty):
            self._empty = place


ROOM = Room()
"""The page's own."""
