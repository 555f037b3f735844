"""The second look: where it is taken, and what it brings."""

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hearth.tools.cutout import Options, Photo, Pipeline, Preparation
from hearth.tools.cutout.closer import Box, blend_alpha, box_around

PREPARATION = Preparation((1, 3, 160, 160), "255", (0, 0, 0), (1, 1, 1))


class Redness:
    """A network whose map is how much redder than blue each pixel is, sharply."""

    looks = 0

    class Name:
        name = "x"

    def get_inputs(self) -> list[Any]:
        return [self.Name]

    get_outputs = get_inputs

    def run(self, names: Any, feeds: Any, /) -> list[np.ndarray]:
        self.looks += 1
        red, _, blue = feeds["x"][0]
        return [(2 * (red - blue) - 0.3).clip(0, 1)[None, None]]

    async def run_async(self, names: Any, feeds: Any, progress: Any, /) -> list[np.ndarray]:
        await asyncio.sleep(0)
        progress(0.5)
        return self.run(names, feeds)


def comb(x: int, y: int) -> tuple[Photo, np.ndarray]:
    """A red comb of 160x120 pixels, teeth 8 pixels apart, in a grey photo of 900x700; and its alpha."""
    truth = np.zeros((700, 900), bool)
    truth[y : y + 40, x : x + 160] = True
    for tooth in range(0, 160, 8):
        truth[y : y + 120, x + tooth : x + tooth + 4] = True
    picture = np.where(truth[:, :, None], (230, 20, 20), (90, 90, 90)).astype(np.uint8)
    return Photo(np.ascontiguousarray(np.dstack([picture, np.zeros((700, 900), np.uint8)]))), truth


@pytest.mark.parametrize("refine", [True, False])
@pytest.mark.parametrize(("x", "y"), [(400, 300), (0, 0), (740, 580)])
def test_a_small_subject_is_seen_better_the_second_time(refine: bool, x: int, y: int) -> None:
    photo, truth = comb(x, y)
    once = Pipeline(Redness(), PREPARATION, Options(refine=refine))
    twice = replace(once, options=Options(refine=refine, look_twice=True))
    plain, closer = once.matte(photo), twice.matte(photo)
    wrong = [np.abs(matte.alpha / 255 - truth).sum() for matte in (plain, closer)]
    assert wrong[1] < 0.7 * wrong[0]
    raw = [np.abs(matte.plain_alpha() / 255 - truth).sum() for matte in (plain, closer)]
    assert raw[1] < 0.7 * raw[0], "the mask that was not refined is the better one too"


def test_a_large_subject_is_looked_at_once() -> None:
    picture = np.full((300, 400, 4), (230, 20, 20, 0), np.uint8)
    session = Redness()
    Pipeline(session, PREPARATION, Options(look_twice=True)).matte(Photo(picture))
    assert session.looks == 1


def test_progress_only_rises_with_two_looks() -> None:
    seen: list[tuple[str, float]] = []
    pipeline = Pipeline(Redness(), PREPARATION, Options(look_twice=True))
    asyncio.run(pipeline.matte_async(comb(300, 300)[0], lambda stage, fraction: seen.append((stage, fraction))))
    for stage in {stage for stage, _ in seen}:
        fractions = [fraction for name, fraction in seen if name == stage]
        assert fractions == sorted(fractions) and fractions[-1] == 1


def test_the_box_holds_the_subject_with_a_margin() -> None:
    mask = np.zeros((100, 100), np.float32)
    mask[20:40, 50:90] = 1
    left, top, right, bottom = box = box_around(mask, (1000, 500)) or Box(0, 0, 0, 0)
    assert left < 500 and right > 900 and top < 100 and bottom > 200
    assert box.size[0] < 600 and box.size[1] < 200
    assert box_around(mask, (90, 50)) is None, "too few pixels to see more in them"
    assert box_around(mask * 0, (1000, 500)) is None


def test_looks_are_blended_without_a_seam() -> None:
    alpha = np.full((100, 200), 100, np.uint8)
    blend_alpha(alpha, np.full((50, 100), 200, np.uint8), Box(50, 0, 150, 50))
    assert alpha[0, 100] == 200, "at the photo's own border the second look counts in full"
    assert alpha[60, 100] == alpha[20, 10] == 100
    assert np.abs(np.diff(alpha.astype(int), axis=0)).max() < 50
    assert np.abs(np.diff(alpha.astype(int), axis=1)).max() < 50
