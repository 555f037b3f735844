"""Pixels become the numbers that a network expects, bit for bit as rembg makes them."""

import struct

import numpy as np
import pytest
from PIL import Image

from hearth.desk import models
from hearth.errors import NoSubject
from hearth.tools.cutout import Preparation, from_image, from_rgba, prepare, read, stretch
from tests.photos import NAMES, photo
from tests.tools.cutout.pictures import encoded, scene

pytestmark = pytest.mark.desk

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LIKE_REMBG = Preparation((1, 3, 320, 320), "image maximum", MEAN, STD)


def as_rembg_does(image: Image.Image) -> list[list[list[float]]]:
    """An independent reading of rembg's steps: one number at a time, in Python's own float64."""
    small = image.convert("RGB").resize((320, 320), Image.Resampling.LANCZOS)
    largest = max(*small.tobytes(), 1e-6)
    planes = []
    for channel in range(3):
        values = small.getchannel(channel).tobytes()
        numbers = [(value / largest - MEAN[channel]) / STD[channel] for value in values]
        single = [struct.unpack("f", struct.pack("f", number))[0] for number in numbers]
        planes.append([single[row * 320 : row * 320 + 320] for row in range(320)])
    return planes


@pytest.mark.parametrize("name", NAMES)
def test_real_photos_equal_rembgs_numbers_bit_for_bit(name: str) -> None:
    data = photo(name).read_bytes()
    ours = prepare(read(data), LIKE_REMBG)
    assert ours.dtype == np.float32
    assert ours.shape == (1, 3, 320, 320)
    assert ours.flags.c_contiguous
    with Image.open(photo(name)) as image:
        assert np.array_equal(ours[0], np.array(as_rembg_does(image), np.float32))


@pytest.mark.parametrize("value", [0, 1, 90, 255])
def test_flat_pictures_equal_rembgs_numbers(value: int) -> None:
    image = Image.new("RGB", (31, 17), (value, value, value))
    assert np.array_equal(prepare(from_image(image), LIKE_REMBG)[0], np.array(as_rembg_does(image), np.float32))


def test_a_picture_without_transparency_is_seen_the_same_whatever_its_mode() -> None:
    picture = scene(90, 61)
    opaque = np.dstack([picture, np.full((61, 90), 255, np.uint8)])
    expected = prepare(read(encoded(picture, "PNG")), LIKE_REMBG)
    assert np.array_equal(prepare(read(encoded(opaque, "PNG")), LIKE_REMBG), expected)
    assert np.array_equal(prepare(from_rgba(opaque.tobytes(), 90, 61), LIKE_REMBG), expected)


def test_colours_under_full_transparency_are_not_seen() -> None:
    picture = scene(90, 61, 4)
    picture[:30, :, 3] = 0
    other = picture.copy()
    other[:30, :, :3] = 250
    assert np.array_equal(
        prepare(from_rgba(picture.tobytes(), 90, 61), LIKE_REMBG),
        prepare(from_rgba(other.tobytes(), 90, 61), LIKE_REMBG),
    )


def test_a_network_for_zero_to_one_gets_that() -> None:
    size = Preparation((1, 3, 256, 192), "255", (0, 0, 0), (1, 1, 1))
    picture = scene(192, 256)
    ours = prepare(from_image(Image.fromarray(picture)), size)
    assert ours.shape == (1, 3, 256, 192)
    assert np.array_equal(ours[0], (picture / 255).astype(np.float32).transpose(2, 0, 1))


def test_every_cutout_model_of_the_catalogue_says_how_it_is_prepared() -> None:
    of_tool = [model for model in models.catalogue().values() if model.tool == "cutout"]
    assert {"u2netp", "u2net", "selfie"} <= {model.id for model in of_tool}
    for model in of_tool:
        assert model.pixels is not None
        how = Preparation(model.input.shape, model.pixels.scale, model.pixels.mean, model.pixels.std)
        assert prepare(read(photo("coffee").read_bytes()), how).shape == model.input.shape


def test_a_map_with_a_subject_is_stretched_to_the_whole_range() -> None:
    raw = np.array([[0.2, 0.4], [0.6, 0.7]], np.float32)
    mask = stretch(raw)
    assert mask.dtype == np.float32
    assert np.array_equal(mask, (raw - np.float32(0.2)) / (np.float32(0.7) - np.float32(0.2)))
    assert (mask.min(), mask.max()) == (0, 1)


@pytest.mark.parametrize("highest", [0.0, 0.0275, 0.5, float("nan")])
def test_a_map_without_a_subject_is_refused(highest: float) -> None:
    raw = np.zeros((4, 4), np.float32)
    raw[1, 2] = highest
    with pytest.raises(NoSubject, match="No subject"):
        stretch(raw)


def test_a_map_that_is_sure_everywhere_is_all_subject() -> None:
    assert np.array_equal(stretch(np.full((4, 4), 0.9, np.float32)), np.ones((4, 4)))
