"""Strokes painted on a smaller copy of a photo reach it with edges as sharp as its own."""

import numpy as np
import pytest

from hearth.tools.cutout.edits import TILE, Edits, Place, unpack
from hearth.tools.cutout.photo import Photo
from hearth.tools.cutout.stroke import Stroke, reduced

WIDTH, HEIGHT = 900, 700
Y, X = np.mgrid[:HEIGHT, :WIDTH] + 0.5
DABS = np.array([[220, 300, 150], [380, 340, 150], [520, 380, 150]], np.float32)
BEYOND = X + 0.3 * Y > 560  # of an edge in the photo, which the touches' centres lie on this side of


def photo() -> Photo:
    pixels = np.where(BEYOND[:, :, None], [20, 60, 160, 255], [200, 150, 90, 255])
    return Photo(np.ascontiguousarray(pixels, dtype=np.uint8))


def covered(hardness: float, smart: bool) -> np.ndarray:
    """How much of each pixel of the photo the touches cover, 0..1."""
    cover = np.zeros((HEIGHT, WIDTH))
    for x, y, radius in DABS:
        away = np.hypot(X - x, Y - y)
        inner = min(hardness * radius, radius - 1)
        t = ((away - inner) / (radius - inner)).clip(0, 1)
        own = 1 - t * t * (3 - 2 * t)
        if smart:
            own[BEYOND[int(y), int(x)] != BEYOND] = 0
        cover = np.maximum(cover, own)
    return cover


def on_canvas(cover: np.ndarray, part: int) -> dict[Place, np.ndarray]:
    """As a canvas has it that shows the photo smaller."""
    side = TILE * part
    down, across = -(-HEIGHT // side), -(-WIDTH // side)
    whole = np.zeros((down * side, across * side))
    whole[:HEIGHT, :WIDTH] = cover
    small = whole.reshape(down * TILE, part, across * TILE, part).mean((1, 3)) * 255 + 0.5
    tiles = small.astype(np.uint8).reshape(down, TILE, across, TILE).swapaxes(1, 2)
    return {Place(x, y): tiles[y, x] for y in range(down) for x in range(across)}


def painted(stroke: Stroke, source: Photo | None) -> np.ndarray:
    """The alpha of a subject that is everywhere, after the stroke erased some of it, 0..1."""
    edits = Edits((WIDTH, HEIGHT))
    edits.exchange(stroke.on(edits, source))
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    edits.apply(alpha)
    return alpha / 255


@pytest.mark.parametrize("part", [2, 3])
@pytest.mark.parametrize(("hardness", "smart"), [(1.0, False), (0.3, False), (1.0, True)])
def test_a_strokes_edges_are_as_sharp_as_the_photo(hardness: float, smart: bool, part: int) -> None:
    # The edge that a smart brush follows runs between the touches: the last one lies beyond it.
    truth = covered(hardness, smart)
    stroke = Stroke(False, part, on_canvas(truth, part), DABS, hardness, smart)
    enlarged = painted(Stroke(False, part, stroke.tiles, np.zeros((0, 3), np.float32), hardness, True), None)
    off, plain = (np.abs(1 - alpha - truth) for alpha in (painted(stroke, photo()), enlarged))
    assert off.mean() <= 0.35 * plain.mean() if hardness == 1 else off.mean() < 0.001
    assert (off > 0.3).mean() < 0.1 * (plain > 0.3).mean() + 1e-5


def test_strokes_over_strokes_come_out_as_if_painted_on_alpha_and_go_back_to_the_canvas() -> None:
    edits = Edits((WIDTH, HEIGHT))
    half = {Place(0, 0): np.full((TILE, TILE), 128, np.uint8)}
    for restores in (False, True):
        edits.exchange(Stroke(restores, 2, half, DABS[:0], 0.5, False).on(edits, None))
    low, high = unpack(edits.tiles[Place(0, 0)])[100, 100]
    assert (low, high) == (128, 191)
    shown = reduced(edits, {Place(1, 1): b""}, 2)
    assert list(shown) == [Place(0, 0)]
    assert unpack(shown[Place(0, 0)])[100, 200].tolist() == [128, 191]
    assert unpack(reduced(Edits((WIDTH, HEIGHT)), {Place(3, 0): b""}, 2)[Place(1, 0)])[0, 0].tolist() == [0, 255]
