"""Large photos follow each other in the same place of Python's memory."""

import numpy as np
import pytest

from hearth.page.cutout import room
from hearth.tools.cutout import from_rgba


def place_of(pixels: memoryview) -> int:
    return int(np.frombuffer(pixels, np.uint8).ctypes.data)


def test_a_photo_takes_the_place_of_the_last_one_once_nobody_looks_at_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LARGE_BYTES", 400)
    kept = room.Room()
    photo = from_rgba(kept.take(1600), 20, 20)
    first = photo.pixels.ctypes.data
    seen = photo.pixels[5:, 3:]
    del photo
    other = kept.take(1600)
    assert place_of(other) != first, "some of it is still looked at"
    del seen
    assert place_of(kept.take(1200)) == first, "one that is a little smaller fits too"
    small = kept.take(404)
    assert place_of(small) != first and len(small) == 404, "a small one does not take the place of a large one"
    assert len(kept.take(100)) == 100


def test_the_next_photo_takes_the_places_of_the_last_ones_pixels_and_alpha(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LARGE_BYTES", 200)
    kept = room.Room()
    pixels, alpha = kept.take(1600), kept.take(400)
    before = place_of(pixels), place_of(alpha)
    del pixels, alpha
    pixels, alpha = kept.take(1500), kept.take(380)
    assert (place_of(pixels), place_of(alpha)) == before
