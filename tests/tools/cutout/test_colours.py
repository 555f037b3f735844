"""The subject's own colours in soft edges."""

import numpy as np
import pytest
from numpy.typing import NDArray

from hearth.tools.cutout import Matte, from_rgba
from hearth.tools.cutout.colours import Colours, estimate
from hearth.tools.cutout.kernels import Kernels, kernels
from tests.tools.cutout.pictures import scene

SUBJECT, BACKGROUND = np.array([40, 60, 160]), np.array([210, 190, 90])


@pytest.fixture(params=["kernels", "numpy"])
def way(request: pytest.FixtureRequest) -> Kernels | None:
    if request.param == "numpy":
        return None
    found = kernels()
    if found is None:
        pytest.skip("there is no compiler for the kernels")
    return found


def ramp(width: int, height: int) -> NDArray[np.uint8]:
    """Alpha from nothing at the left to everything at the right, soft in the middle third."""
    across = np.linspace(-1, 2, width).clip(0, 1)
    return np.repeat((255 * across).round().astype(np.uint8)[None], height, 0)


def mixed(alpha: NDArray[np.uint8], subject: NDArray[np.int_], background: NDArray[np.int_]) -> NDArray[np.uint8]:
    """Straight over straight, (H, W, 4)."""
    a = alpha[:, :, None] / 255
    colours = np.rint(a * subject + (1 - a) * background).astype(np.uint8)
    return np.dstack([colours, np.full(alpha.shape, 255, np.uint8)])


def halved(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    height, width, channels = picture.shape
    blocks = picture.reshape(height // 2, 2, width // 2, 2, channels).astype(np.float32)
    return np.ascontiguousarray(blocks.mean(axis=(1, 3)) / np.float32(255))


def colours_of(picture: NDArray[np.uint8], alpha: NDArray[np.uint8], way: Kernels | None) -> Colours:
    return estimate(halved(picture), np.ascontiguousarray(halved(alpha[:, :, None])[:, :, 0]), way)


def test_both_colours_of_a_mixture_are_found(way: Kernels | None) -> None:
    alpha = ramp(150, 90)
    picture = mixed(alpha, SUBJECT, BACKGROUND)
    colours_of(picture, alpha, way).clean(picture, alpha, 0, (150, 90))
    soft = (alpha > 0) & (alpha < 255)
    assert np.abs(picture[soft][:, :3] - SUBJECT).max() <= 4
    assert np.array_equal(picture[~soft], mixed(alpha, SUBJECT, BACKGROUND)[~soft])


def test_detail_of_the_subject_stays_where_it_is_nearly_whole(way: Kernels | None) -> None:
    alpha = ramp(150, 90)
    pattern = SUBJECT + 20 * ((np.mgrid[:90, :150].sum(0) % 2)[:, :, None] * 2 - 1)
    picture = mixed(alpha, pattern, BACKGROUND)
    colours_of(picture, alpha, way).clean(picture, alpha, 0, (150, 90))
    nearly = (alpha > 230) & (alpha < 255)
    assert np.abs(picture[nearly][:, :3].astype(int) - pattern[nearly]).max() < 14


def test_rows_are_cleaned_the_same_in_any_strips(way: Kernels | None) -> None:
    alpha = ramp(150, 90)
    picture = mixed(alpha, SUBJECT, BACKGROUND)
    colours = colours_of(picture, alpha, way)
    whole, parts = picture.copy(), picture.copy()
    colours.clean(whole, alpha, 0, (150, 90))
    for top in range(0, 90, 7):
        colours.clean(parts[top : top + 7], alpha[top : top + 7], top, (150, 90))
    assert np.array_equal(parts, whole)


def test_kernels_and_numpy_agree() -> None:
    found = kernels()
    if found is None:
        pytest.skip("there is no compiler for the kernels")
    picture, alpha = scene(130, 94, 4), scene(130, 94, 1, seed=3)[:, :, 0]
    ours, theirs = colours_of(picture, alpha, found), colours_of(picture, alpha, None)
    assert np.abs(ours.subject - theirs.subject)[:, :, :3].max() < 1e-4
    assert np.abs(ours.background - theirs.background)[:, :, :3].max() < 1e-4
    cleaned = [picture.copy(), picture.copy()]
    for colours, pixels in zip((ours, theirs), cleaned, strict=True):
        colours.clean(pixels, np.ascontiguousarray(alpha), 0, (130, 94))
    assert np.abs(cleaned[0].astype(int) - cleaned[1]).max() <= 1


def edited(way: Kernels | None, own: NDArray[np.uint8] | None = None) -> Matte:
    alpha = ramp(150, 90)
    picture = mixed(alpha, SUBJECT, BACKGROUND)
    colours = colours_of(picture, alpha, way)
    if own is not None:
        picture[:, :, 3] = own
        alpha = (alpha.astype(int) * own // 255).astype(np.uint8)
    nothing = np.zeros((2, 2), np.float32)
    return Matte(from_rgba(picture.tobytes(), 150, 90), nothing, nothing, alpha, colours)


def test_an_edit_that_restores_brings_the_photo_back_and_one_that_erases_keeps_clean_colours(
    way: Kernels | None,
) -> None:
    matte = edited(way)
    photo = matte.photo.pixels
    restored = matte.rows(0, 90, np.full((90, 150), 255, np.uint8))
    assert np.array_equal(restored[:, :, :3], photo[:, :, :3])
    faint = matte.rows(0, 90, matte.alpha // 2)
    assert np.abs(faint[faint[:, :, 3] > 0][:, :3] - SUBJECT).max() <= 5
    assert not faint[faint[:, :, 3] == 0].any()


def test_an_edit_cannot_show_what_the_photo_hides(way: Kernels | None) -> None:
    own = np.repeat(np.arange(90, dtype=np.uint8)[:, None], 150, 1)
    matte = edited(way, own)
    shown = matte.rows(0, 90, np.full((90, 150), 255, np.uint8))
    assert np.array_equal(shown[:, :, 3], own)
    assert not shown[0].any()
    assert np.array_equal(matte.scaled(150, 90, np.full((90, 150), 255, np.uint8))[:, :, 3], own)


def test_a_scaled_cutout_at_full_size_is_the_cutout(way: Kernels | None) -> None:
    matte = edited(way)
    assert np.array_equal(matte.scaled(150, 90), matte.rows(0, 90))
    small = matte.scaled(75, 45)
    soft = (small[:, :, 3] > 20) & (small[:, :, 3] < 255)
    assert np.abs(small[soft][:, :3] - SUBJECT).max() <= 6
