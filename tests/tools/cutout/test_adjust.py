"""Corrections of a mask against their definitions, on masks where those can be computed plainly."""

import numpy as np
import pytest
from numpy.typing import NDArray

from hearth.tools.cutout.adjust import adjusted, reach
from hearth.tools.cutout.edits import TILE, Edits, Place, pack, unpack
from hearth.tools.cutout.kernels import kernels
from hearth.tools.cutout.look import Look, Mask, look_from_plain


def corrected(alpha: NDArray[np.uint8], **settings: float) -> NDArray[np.uint8]:
    before = alpha.copy()
    *_, (fraction, out) = adjusted(alpha, Mask(**settings))  # type: ignore[arg-type]
    assert fraction == 1 and out.shape == alpha.shape
    assert (alpha == before).all(), "the mask itself stays"
    return out


def disc(side: int, radius: float) -> NDArray[np.uint8]:
    """A white disc in the middle, its edge one pixel soft."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return ((radius + 0.5 - np.hypot(x, y)).clip(0, 1) * 255 + 0.5).astype(np.uint8)


def radius_of(alpha: NDArray[np.uint8]) -> float:
    return float(np.sqrt(alpha.sum() / 255 / np.pi))


def noise(shape: tuple[int, int], seed: int = 0) -> NDArray[np.uint8]:
    """Soft blobs, with whole areas of 0 and 255."""
    random = np.random.default_rng(seed)
    small = random.normal(size=(shape[0] // 16 + 2, shape[1] // 16 + 2))
    large = np.kron(small, np.ones((16, 16)))[: shape[0], : shape[1]]
    return (large * 300 + 128).clip(0, 255).astype(np.uint8)


def test_without_settings_nothing_changes() -> None:
    alpha = noise((70, 300))
    assert (corrected(alpha) == alpha).all()


@pytest.mark.parametrize("shift", [-12.5, -3, -0.4, 0.25, 1, 2.5, 7, 20])
def test_a_disc_grows_and_shrinks_by_the_shift_in_all_directions(shift: float) -> None:
    alpha = disc(161, 40)
    moved = corrected(alpha, shift=shift)
    assert radius_of(moved) == pytest.approx(40 + shift, abs=0.3 + 0.05 * abs(shift))
    across = [row.sum() / 255 for row in (alpha[80].astype(float), moved[80].astype(float))]
    assert across[1] - across[0] == pytest.approx(2 * shift, abs=0.6), "along a row nearly exactly"


def test_a_shift_is_smooth_within_a_pixel() -> None:
    alpha = disc(121, 30)
    sums = [corrected(alpha, shift=shift).sum() for shift in np.arange(0, 3, 0.125)]
    steps = np.diff(sums) / 255
    assert (steps > 0).all()
    assert steps.max() < 1.5 * np.mean(steps)


def test_soft_edges_keep_their_softness_when_they_move() -> None:
    ramp = np.tile((np.arange(64).clip(20, 44) - 20) * (255 / 24), (20, 1)).astype(np.uint8)
    moved = corrected(ramp, shift=5.5)
    expected = np.interp(np.arange(64) + 5.5, np.arange(64), ramp[0])
    assert np.abs(moved[10] - expected).max() <= 1


def test_feather_is_a_gaussian_of_half_its_pixels() -> None:
    alpha = noise((150, 310))
    weights = np.exp(-0.5 * (np.arange(-12, 13) / 4.0) ** 2)
    expected = alpha.astype(np.float64)
    for axis in (0, 1):
        padded = np.pad(expected, [(12, 12) if axis == at else (0, 0) for at in (0, 1)], "edge")
        expected = np.apply_along_axis(np.convolve, axis, padded, weights / weights.sum(), "valid")
    assert np.abs(corrected(alpha, feather=8) - expected).max() <= 1


def test_threshold_and_contrast_keep_what_is_sure() -> None:
    levels = np.arange(256, dtype=np.uint8)[None]
    for threshold in (0.1, 0.5, 0.8):
        curve = corrected(levels, threshold=threshold)[0]
        assert (curve[0], curve[255]) == (0, 255)
        assert (np.diff(curve.astype(int)) >= 0).all()
        assert abs(int(curve[round(255 * threshold)]) - 128) <= 2
    hard = corrected(levels, threshold=0.3, contrast=1)[0]
    assert ((hard == 0) | (hard == 255)).sum() >= 254
    assert abs(int(np.argmax(hard > 127)) - 0.3 * 255) <= 1


def test_tiles_leave_no_seams() -> None:
    alpha = noise((300, 530), seed=3)
    settings = {"shift": 4.5, "feather": 6.0, "contrast": 0.4}
    whole = corrected(alpha, **settings)
    margin = reach(Mask(**settings))  # type: ignore[arg-type]
    for top, left in [(100, 130), (40, 256), (128, 7)]:
        part = corrected(np.ascontiguousarray(alpha[top : top + 150, left : left + 200]), **settings)
        inner = np.s_[margin:-margin, margin:-margin]
        assert (part[inner] == whole[top : top + 150, left : left + 200][inner]).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (37, 2), (61, 83), (270, 301)])
def test_kernels_do_what_numpy_does(shape: tuple[int, int]) -> None:
    if kernels() is None:
        pytest.skip("there is no compiler for the kernels")
    alpha = np.random.default_rng(7).integers(0, 256, shape, np.uint8)
    for mask in (Mask(shift=3.7), Mask(shift=-2.2, feather=1.0), Mask(feather=17.5), Mask(feather=60, threshold=0.3)):
        *_, (_, fast) = adjusted(alpha, mask)
        *_, (_, plain) = adjusted(alpha, mask, fast=False)
        assert np.abs(fast.astype(int) - plain).max() <= 1


def strokes(covers: float, paints: int) -> NDArray[np.uint8]:
    """A tile over which a brush went once."""
    tile = unpack(b"").astype(float)
    return (tile + (paints - tile) * covers + 0.5).astype(np.uint8)


def test_strokes_set_erase_and_bring_back_alpha() -> None:
    alpha = noise((300, 300))
    edits = Edits((300, 300))
    edits.exchange(
        {Place(0, 0): pack(strokes(1, 0)), Place(1, 0): pack(strokes(1, 255)), Place(0, 1): pack(strokes(0.5, 255))}
    )
    out = alpha.copy()
    edits.apply(out)
    assert (out[:TILE, :TILE] == 0).all()
    assert (out[:TILE, TILE:] == 255).all()
    half = 255 - (255 - alpha[TILE:, :TILE].astype(float)) / 2
    assert np.abs(out[TILE:, :TILE] - half).max() <= 1
    assert (out[TILE:, TILE:] == alpha[TILE:, TILE:]).all()


def test_strokes_of_a_smaller_canvas_are_enlarged_without_seams() -> None:
    y, x = np.mgrid[: 2 * TILE, : 2 * TILE]
    low = ((np.sin(x / 40) + np.cos(y / 31)) * 60 + 124).astype(np.uint8)
    edits = Edits((300, 280))
    tiles = {}
    for column in (0, 1):
        for row in (0, 1):
            part = low[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
            tiles[Place(column, row)] = pack(np.stack([part, part], 2))
    edits.exchange(tiles)
    alpha = np.zeros((840, 900), np.uint8)
    edits.apply(alpha)
    at_y, at_x = (np.mgrid[:840, :900] + 0.5) / 3 - 0.5
    expected = (np.sin(at_x / 40) + np.cos(at_y / 31)) * 60 + 124
    assert np.abs(alpha[3:-3, 3:-3] - expected[3:-3, 3:-3]).max() <= 3


def test_untouched_tiles_take_no_memory_and_packed_ones_come_back_whole() -> None:
    assert pack(unpack(b"")) == b""
    tile = strokes(0.3, 255)
    assert (unpack(pack(tile)) == tile).all()
    edits = Edits((100, 100))
    assert edits.exchange({Place(0, 0): pack(tile), Place(5, 0): pack(tile)}) == {Place(0, 0): b""}
    assert list(edits.exchange({Place(0, 0): b""})) == [Place(0, 0)]
    assert not edits


def test_a_look_comes_back_from_plain_data_held_within_its_limits() -> None:
    plain = {"mask": {"shift": 1e9, "feather": -3, "threshold": float("nan"), "contrast": "hard", "source": "raw"}}
    assert look_from_plain(plain).mask == Mask("raw", shift=40, feather=0)
    assert look_from_plain({}) == Look()
