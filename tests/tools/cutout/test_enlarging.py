"""The mask at full size equals the bilinear formula, worked out directly in float64."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hearth.tools.cutout.enlarge import enlarge, enlarge_strips
from hearth.tools.cutout.matte import REDUCING_GAP, resized


def directly(mask: np.ndarray, width: int, height: int) -> np.ndarray:
    """255 times the bilinear value with half-pixel centres, borders held, at every pixel by itself."""
    rows, columns = mask.shape
    out = np.empty((height, width))
    for y in range(height):
        v = min(max((y + 0.5) * rows / height - 0.5, 0), rows - 1)
        top, bottom = math.floor(v), min(math.floor(v) + 1, rows - 1)
        for x in range(width):
            u = min(max((x + 0.5) * columns / width - 0.5, 0), columns - 1)
            left, right = math.floor(u), min(math.floor(u) + 1, columns - 1)
            above = float(mask[top, left]) * (1 - (u - left)) + float(mask[top, right]) * (u - left)
            below = float(mask[bottom, left]) * (1 - (u - left)) + float(mask[bottom, right]) * (u - left)
            out[y, x] = 255 * (above * (1 - (v - top)) + below * (v - top))
    return out


@settings(max_examples=60)
@given(
    source=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    seed=st.integers(0, 1000),
)
def test_every_pixel_is_the_formula_rounded(source: tuple[int, int], size: tuple[int, int], seed: int) -> None:
    mask = np.random.default_rng(seed).random(source, np.float32)
    alpha = enlarge(mask, *size)
    assert alpha.shape == (size[1], size[0])
    assert alpha.dtype == np.uint8
    assert np.abs(alpha - directly(mask, *size)).max() <= 0.5 + 1e-3


def test_at_a_real_size_every_pixel_is_the_formula_rounded() -> None:
    mask = np.random.default_rng(0).random((320, 320), np.float32)
    alpha = enlarge(mask, 451, 300)
    assert np.abs(alpha - directly(mask, 451, 300)).max() <= 0.5 + 1e-3


def test_the_same_size_only_rounds() -> None:
    mask = np.random.default_rng(0).random((32, 40), np.float32)
    assert np.array_equal(enlarge(mask, 40, 32), np.floor(mask * 255 + 0.5).astype(np.uint8))


@pytest.mark.parametrize("value", [0, 1])
def test_full_and_empty_stay_full_and_empty(value: int) -> None:
    assert (enlarge(np.full((320, 320), value, np.float32), 1234, 777) == value * 255).all()


def test_fractions_rise_to_one_and_rows_are_filled_as_told() -> None:
    alpha = np.full((200, 30_000), 77, np.uint8)
    fractions = []
    for fraction in enlarge_strips(np.ones((10, 10), np.float32), alpha):
        fractions.append(fraction)
        done = round(fraction * 200)
        assert (alpha[:done] == 255).all()
        assert (alpha[done:] == 77).all()
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(fractions) > 5


@pytest.mark.parametrize("mode", ["L", "RGBX", "RGBA"])
@pytest.mark.parametrize("size", [(3001, 1505), (1300, 1100)])
def test_a_picture_is_made_smaller_strip_by_strip_as_pillow_does_it_whole(size: tuple[int, int], mode: str) -> None:
    shape = (size[1], size[0], 4)[: 2 if mode == "L" else 3]
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    image = Image.frombuffer(mode, size, pixels, "raw", mode, 0, 1)
    expected = np.asarray(image.resize((901, 511), Image.Resampling.BOX, reducing_gap=REDUCING_GAP))
    np.testing.assert_array_equal(resized(pixels, 901, 511, mode == "RGBA"), expected)
