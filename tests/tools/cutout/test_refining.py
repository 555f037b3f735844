"""Refinement, step by step: against direct solutions, against each other, and on what may go wrong."""

import numpy as np
import pytest
from numpy.typing import NDArray

from hearth.tools.cutout import Photo, from_rgba
from hearth.tools.cutout.enlarge import enlarge
from hearth.tools.cutout.kernels import Kernels, kernels
from hearth.tools.cutout.refine import (
    DIM,
    GREY,
    SETTINGS,
    PictureCells,
    Sides,
    decided,
    fit,
    matted,
    resampled,
    settings_for,
    shrink,
    small_size,
    unbacked,
)
from hearth.tools.cutout.refine.matting import solve
from tests.tools.cutout.pictures import scene

Plane = NDArray[np.float32]


@pytest.fixture(params=["kernels", "numpy"])
def way(request: pytest.FixtureRequest) -> Kernels | None:
    if request.param == "numpy":
        return None
    found = kernels()
    if found is None:
        pytest.skip("there is no compiler for the kernels")
    return found


def opaque(picture: NDArray[np.uint8]) -> Photo:
    height, width = picture.shape[:2]
    return Photo(np.ascontiguousarray(np.dstack([picture, np.full((height, width), 7, np.uint8)])))


def shrunk(photo: Photo, size: tuple[int, int], way: Kernels | None) -> Plane:
    small = np.full((size[1], size[0], 4), np.nan, np.float32)
    fractions = list(shrink(photo, small, way))
    assert fractions == sorted(fractions) and fractions[-1] == 1
    return small


def small_scene(width: int, height: int, seed: int = 0) -> Plane:
    """A small picture as `shrink` makes it."""
    four = np.dstack([scene(width, height, seed=seed), np.zeros((height, width), np.uint8)])
    return np.ascontiguousarray(four / np.float32(255), np.float32)


@pytest.mark.parametrize(
    ("size", "small"), [((90, 61), (31, 20)), ((64, 64), (64, 64)), ((7, 300), (3, 299)), ((1, 9), (1, 4))]
)
def test_a_small_copy_is_the_mean_over_areas(
    size: tuple[int, int], small: tuple[int, int], way: Kernels | None
) -> None:
    picture = scene(*size)
    # Every pixel cut into so many that the small ones consist of whole ones.
    fine = picture.repeat(small[1], 0).repeat(small[0], 1).astype(np.float64) / 255
    wanted = fine.reshape(small[1], size[1], small[0], size[0], 3).mean(axis=(1, 3))
    assert np.abs(shrunk(opaque(picture), small, way)[:, :, :3] - wanted).max() < 1e-5


def test_what_is_transparent_is_seen_before_grey(way: Kernels | None) -> None:
    picture = scene(40, 30, 4)
    seen = 128 + (picture[:, :, :3].astype(np.float64) - 128) * (picture[:, :, 3:] / 255)
    wanted = seen.reshape(15, 2, 20, 2, 3).mean(axis=(1, 3)) / 255
    photo = from_rgba(picture.tobytes(), 40, 30)
    assert np.abs(shrunk(photo, (20, 15), way)[:, :, :3] - wanted).max() < 1e-5


@pytest.mark.parametrize(
    ("photo", "small"),
    [
        ((4000, 3000), (480, 360)),
        ((640, 480), (480, 360)),
        ((300, 200), (300, 200)),
        ((1, 9000), (1, 9000)),
        ((10000, 500), (2147, 107)),
    ],
)
def test_the_small_copy_has_enough_pixels_across_and_never_more_than_the_photo(
    photo: tuple[int, int], small: tuple[int, int]
) -> None:
    assert small_size(*photo) == small
    assert small_size(*photo[::-1]) == small[::-1]


def dense_laplacian(picture: Plane, eps: float) -> NDArray[np.float64]:
    """The matting Laplacian window by window, as its paper writes it."""
    height, width, _ = picture.shape
    out = np.zeros((height * width, height * width))
    for y in range(height - 2):
        for x in range(width - 2):
            places = [(y + i) * width + x + j for i in range(3) for j in range(3)]
            colours = picture.reshape(-1, 4)[places, :3].astype(np.float64)
            rest = colours - colours.mean(0)
            inverse = np.linalg.inv(rest.T @ rest / 9 + eps / 9 * np.eye(3))
            out[np.ix_(places, places)] += np.eye(9) - (1 + rest @ inverse @ rest.T) / 9
    return out


@pytest.mark.parametrize("size", [(13, 11), (3, 3), (31, 4), (2, 9), (1, 1)])
def test_matting_equals_a_direct_solution(size: tuple[int, int], way: Kernels | None) -> None:
    width, height = size
    random = np.random.default_rng(1)
    picture = small_scene(width, height)
    unknown = random.random((height, width)) < 0.7
    known = (random.random((height, width)) < 0.5).astype(np.float32)
    target = random.random((height, width)).astype(np.float32)
    pull = random.uniform(0.01, 0.1, (height, width)).astype(np.float32)
    start = np.where(unknown, target, known)
    found = solve(picture, unknown, pull, target, start, 1e-4, 500, way)

    free = unknown.reshape(-1)
    system = dense_laplacian(picture, 1e-4) + np.diag(pull.reshape(-1))
    right = (pull * target).reshape(-1)[free] - system[np.ix_(free, ~free)] @ known.reshape(-1)[~free]
    wanted = known.reshape(-1).astype(np.float64)
    wanted[free] = np.linalg.solve(system[np.ix_(free, free)], right)
    assert np.array_equal(found[~unknown], known[~unknown])
    assert np.abs(found.reshape(-1) - wanted).max() < 2e-3


def test_kernels_and_numpy_agree_after_as_many_steps_as_are_taken() -> None:
    found = kernels()
    if found is None:
        pytest.skip("there is no compiler for the kernels")
    picture = small_scene(97, 61)
    mask = resampled(disc(40), (97, 61))
    with_kernels, without = matted(picture, mask, found), matted(picture, mask, None)
    assert np.abs(with_kernels - without).max() < 5e-3
    ours, theirs = fit(picture, without, found).planes, fit(picture, without, None).planes
    assert np.abs(ours - theirs).max() < 1e-3 * np.abs(theirs).max()


def disc(side: int, radius: float = 0.3, x: float = 0.5, y: float = 0.5) -> Plane:
    """A mask (side, side) with a soft edge two pixels wide."""
    down, across = (np.mgrid[:side, :side] + 0.5) / side
    far = np.hypot(across - x, down - y)
    return (((radius - far) * side / 2) + 0.5).clip(0, 1).astype(np.float32)


def test_alpha_that_is_linear_in_colour_is_found_again(way: Kernels | None) -> None:
    picture = small_scene(41, 29)
    alpha = picture[:, :, :3] @ np.array([0.3, -0.2, 0.5], np.float32) + np.float32(0.1)
    planes = fit(picture, alpha, way, eps=1e-9).planes
    again = (planes[:3].transpose(1, 2, 0) * picture[:, :, :3]).sum(2) + planes[3]
    assert np.abs(again - alpha).max() < 1e-3


@pytest.mark.parametrize("size", [(100, 80), (41, 29), (1, 50)])
def test_alpha_at_full_size_is_what_the_functions_give_there(size: tuple[int, int], way: Kernels | None) -> None:
    width, height = size
    picture = scene(width, height)
    photo = opaque(picture)
    small = min(41, width), min(29, height)
    coefficients = fit(shrunk(photo, small, None), resampled(disc(64), small), None)
    alpha = np.empty((height, width), np.uint8)
    for top in range(0, height, 7):
        coefficients.apply(photo.pixels, alpha, top, min(top + 7, height), way)

    def spread(plane: Plane) -> NDArray[np.float64]:
        """Bilinear with half-pixel centres, written for one axis at a time."""
        out = plane.astype(np.float64)
        for length in (height, width):
            at = ((np.arange(length) + 0.5) * len(out) / length - 0.5).clip(0, len(out) - 1)
            out = np.stack([np.interp(at, np.arange(len(out)), line) for line in out.T])
        return out

    value = sum(spread(plane) * picture[:, :, c] / 255 for c, plane in enumerate(coefficients.planes[:3]))
    wanted = (255 * (value + spread(coefficients.planes[3]))).clip(0, 255)
    assert np.abs(alpha - wanted).max() < 0.51


def refined(photo: Photo, mask: Plane, way: Kernels | None) -> NDArray[np.uint8]:
    width, height = photo.size
    size = small_size(width, height)
    small = shrunk(photo, size, way)
    alpha = np.empty((height, width), np.uint8)
    fit(small, matted(small, resampled(mask, size), way), way).apply(photo.pixels, alpha, 0, height, way)
    return alpha


def two_colours(mask: Plane, width: int, height: int) -> Photo:
    """A blue subject over sand, with a little noise; where `mask`, enlarged, is over one half."""
    inside = enlarge(mask, width, height) > 127
    picture = np.where(inside[:, :, None], (40, 60, 160), (210, 190, 150))
    noise = np.random.default_rng(2).normal(0.5, 2, picture.shape)
    return opaque((picture + noise).clip(0, 255).astype(np.uint8))


def test_a_hard_edge_that_the_mask_misses_by_pixels_is_found(way: Kernels | None) -> None:
    photo = two_colours(disc(160), 600, 450)
    alpha = refined(photo, disc(160, radius=0.304, x=0.503), way)
    truth = photo.pixels[:, :, 2] < photo.pixels[:, :, 0]
    wrong = np.abs(alpha / 255 - (1 - truth))
    plain = np.abs(enlarge(disc(160, radius=0.304, x=0.503), 600, 450) / 255 - (1 - truth))
    assert wrong.mean() < 0.2 * plain.mean()


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.5), (0.5, 1.0), (1.0, 1.0)])
def test_a_subject_at_the_border_stays_whole_there(x: float, y: float, way: Kernels | None) -> None:
    mask = disc(160, 0.4, x, y)
    alpha = refined(two_colours(mask, 400, 400), mask, way)
    at = min(int(400 * y), 399), min(int(400 * x), 399)
    assert alpha[at] > 250
    assert alpha[399 - at[0], 399 - at[1]] < 5 or y == 0.5


def test_a_subject_of_a_few_pixels_does_not_dissolve(way: Kernels | None) -> None:
    mask = disc(320, radius=0.012)
    alpha = refined(two_colours(mask, 1200, 900), mask, way)
    plain = enlarge(mask, 1200, 900)
    assert alpha[450, 600] > 240
    assert 0.7 < alpha.sum() / plain.sum() < 1.3


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (2, 3), (900, 4)])
def test_the_thinnest_photos_come_through(size: tuple[int, int], way: Kernels | None) -> None:
    photo = opaque(scene(*size))
    assert refined(photo, np.ones((64, 64), np.float32), way).min() >= 254
    assert refined(photo, np.zeros((64, 64), np.float32), way).max() == 0
    assert refined(photo, disc(64), way).shape == (size[1], size[0])


def test_a_flat_photo_gives_no_edges_that_are_not_in_the_mask(way: Kernels | None) -> None:
    flat = opaque(np.full((300, 400, 3), 90, np.uint8))
    mask = disc(160)
    alpha = refined(flat, mask, way).astype(int)
    assert alpha[150, 200] == 255 and alpha[0, 0] == 0
    steps = np.abs(np.diff(alpha, axis=0)).max(), np.abs(np.diff(alpha, axis=1)).max()
    assert max(steps) < 70


def in_doubt(wandering: float) -> tuple[Plane, Plane]:
    """A reddish subject at the right before a bluish background, and a mask that is about .4 in a wide part of it;
    `wandering` is how much about."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[0:240, 0:360] / 240
    inside = x > 0.5
    colour = np.where(inside[..., None], (0.8, 0.4, 0.3), (0.2, 0.4, 0.7)) + random.normal(0, 0.03, (240, 360, 3))
    picture = np.dstack([colour, np.zeros((240, 360))]).clip(0, 1).astype(np.float32)
    doubtful = (x < 0.9) & (y > 0.5)
    mask = np.where(inside, np.where(doubtful, 0.4 + wandering * np.sin(20 * x + 9 * y), 1), 0)
    return np.ascontiguousarray(picture), mask.astype(np.float32)


def test_a_wide_area_in_doubt_goes_to_the_side_of_its_colours(way: Kernels | None) -> None:
    picture, mask = in_doubt(0.12)
    alpha = matted(picture, mask, way)
    assert alpha[130:, 130:210].min() > 0.7 and alpha[130:, 130:210].mean() > 0.95
    assert alpha[:, :110].max() < 0.02
    background = picture.copy()
    background[140:, 120:216] = picture[140:, :96]  # what the network doubts looks like the background
    assert matted(background, mask, way)[150:, 130:205].max() < 0.15


def test_an_area_whose_mask_is_even_is_taken_for_glass() -> None:
    picture, doubtful = in_doubt(0.12)
    picture, even = in_doubt(0.0)
    assert decided(PictureCells(picture, doubtful, even)) is not None
    assert decided(PictureCells(picture, even, even)) is None


def test_colours_that_both_sides_share_decide_nothing() -> None:
    picture, mask = in_doubt(0.12)
    assert decided(PictureCells(picture, mask, mask)) is not None
    grain = np.random.default_rng(7).normal(0, 0.2, picture.shape).astype(np.float32)
    coarse = grain.reshape(60, 4, 90, 4, 4).mean((1, 3)).repeat(4, 0).repeat(4, 1)
    assert decided(PictureCells(picture * np.float32(0.1) + np.float32(0.4) + 4 * coarse, mask, mask)) is None


def test_where_both_sides_look_alike_the_mask_keeps_its_word(way: Kernels | None) -> None:
    random = np.random.default_rng(5)
    grain = random.random((60, 90, 3)).repeat(4, 0).repeat(4, 1)  # the same texture everywhere
    alike = np.ascontiguousarray(np.dstack([grain, np.zeros((240, 360))]), np.float32)
    mask = resampled(disc(80), (360, 240))
    assert np.abs(matted(alike, mask, way) - mask).mean() < 0.02
    assert unbacked(PictureCells(alike, mask, mask), None) is not None
    unlike = alike.copy()
    unlike[:, :, 0] = 0.2 * unlike[:, :, 0] + 0.8 * (mask > 0.5)
    assert unbacked(PictureCells(unlike, mask, mask), None) is None


def test_alpha_that_covers_far_more_than_the_mask_does_is_not_backed() -> None:
    random = np.random.default_rng(6)
    mask = resampled(disc(80), (360, 240))
    colour = random.normal(0, 0.02, (240, 360, 3)) + np.where(mask[..., None] > 0.5, (0.8, 0.4, 0.3), (0.2, 0.4, 0.7))
    picture = np.ascontiguousarray(np.dstack([colour, np.zeros((240, 360))]), np.float32)
    assert unbacked(PictureCells(picture, mask, mask), None) is None
    run_away = np.maximum(mask, np.where((np.arange(360) > 160) & (np.arange(360) < 200), np.float32(0.8), 0))
    share = unbacked(PictureCells(picture, mask, run_away), None)
    assert share is not None and share[3, 45] == 1 and share[30, 45] == 0
    decided_for = Sides(np.ones_like(share), np.ones_like(share))
    assert unbacked(PictureCells(picture, mask, run_away), decided_for) is None


def test_a_veil_keeps_what_the_network_sees_of_it(way: Kernels | None) -> None:
    picture, _ = in_doubt(0.0)
    picture[:, 120:] = 0.35 * picture[:, 120:] + 0.65 * picture[:, :1]  # it lets the background through
    mask = np.where(np.arange(360) >= 300, 1, np.where(np.arange(360) >= 120, 0.35, 0)) * np.ones((240, 1))
    alpha = matted(picture, mask.astype(np.float32), way)
    assert np.abs(alpha[20:-20, 150:270].mean() - 0.35) < 0.05


def test_a_photo_without_colours_or_light_is_known() -> None:
    grey = np.repeat(scene(90, 70)[:, :, :1], 3, 2)
    assert settings_for(opaque(grey)) == GREY
    assert settings_for(opaque(scene(90, 70))) == SETTINGS
    assert settings_for(opaque(scene(90, 70) // 6)) == DIM


def test_too_small_a_subject_decides_nothing() -> None:
    picture, mask = in_doubt(0.12)
    alpha = mask.copy()
    assert decided(PictureCells(picture, mask, np.where(mask > 0.9, np.float32(0.9), alpha))) is None
    assert decided(PictureCells(picture[:8, :8], mask[:8, :8], alpha[:8, :8])) is None
