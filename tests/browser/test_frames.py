"""What the visualizer draws: the same for the same moment, as it was once looked at, safe to look at."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser import visual
from tests.browser.person import Person

REFERENCES = Path(__file__).with_name("frames")
WIDTH, HEIGHT = 128, 72
TIMES = [1.02, 4.5, 6.77]


@pytest.fixture(scope="module")
def person(open_page: Callable[..., Person]) -> Person:
    person = open_page("visualizer.html", visual.FLAGS)
    person.wait(lambda: person.script("return document.querySelector('#scenes .scene')"), "the page")
    return person


def test_every_scene_draws_a_moment_the_same_whenever_and_as_it_was_looked_at(person: Person) -> None:
    """With HEARTH_NEW_FRAMES set, the references are written anew: look at them."""
    scenes = visual.show(person, visual.song())
    assert len(scenes) >= 8
    for scene in scenes:
        forward = visual.draw(person, TIMES, WIDTH, HEIGHT, scene=scene)
        backward = visual.draw(person, TIMES[::-1], WIDTH, HEIGHT, scene=scene)[::-1]
        assert np.array_equal(forward, backward), f"{scene}: a moment depends on what was drawn before it"
        assert forward[..., :3].std(axis=(1, 2, 3)).min() > 4, f"{scene}: there is nothing to see"
        assert (forward[0] != forward[1]).mean() > 0.05, f"{scene}: nothing moves"
        reference = REFERENCES / f"{scene}.png"
        tiled = np.concatenate(list(forward), axis=1)
        if os.environ.get("HEARTH_NEW_FRAMES"):
            REFERENCES.mkdir(exist_ok=True)
            reference.write_bytes(visual.png(tiled))
        if reference.is_file():
            apart = np.abs(np.asarray(Image.open(reference).convert("RGB"), int) - tiled[..., :3])
            assert apart.mean() <= 2.5, f"{scene}: {apart.mean():.1f} of 255 from {reference}"


def test_a_seed_a_palette_and_words_change_the_picture_and_a_ground_left_out_leaves_it_clear(person: Person) -> None:
    visual.show(person, visual.song(4))
    (usual,) = visual.draw(person, [2.0], WIDTH, HEIGHT)
    for changed in ({"palette": "sea"}, {"title": "Completely other words"}, {"parameters": {"rings.bars": 30}}):
        (other,) = visual.draw(person, [2.0], WIDTH, HEIGHT, **changed)
        assert (other != usual).any(axis=-1).mean() > 0.004, changed
    (clear,) = visual.draw(person, [2.0], WIDTH, HEIGHT, transparent=True, bloom=0, title="", artist="")
    assert clear[0, 0, 3] < 40 and clear[HEIGHT // 2, WIDTH // 2, 3] > 220
    assert (usual[..., 3] == 255).all()


def test_no_scene_flashes_more_than_three_times_a_second_unless_the_guard_is_off(person: Person) -> None:
    at = np.arange(round(3 * visual.RATE)) / visual.RATE
    bursts = np.random.default_rng(1).standard_normal(len(at)) * 0.4 * (np.sin(2 * np.pi * 7 * at) > 0)
    hostile, rate = visual.heard(bursts), 30
    times = [0.4 + frame / rate for frame in range(int(1.6 * rate))]
    for scene in visual.show(person, hostile, guarded=True):
        frames = visual.draw(person, times, 64, 36, scene=scene, grain=0, palette="mono")
        count = visual.flashes_a_second(frames, rate)
        assert count <= 3, f"{scene} flashes {count} times a second"


def test_flashes_are_counted() -> None:
    frames = np.zeros((30, 8, 8, 4), np.uint8)
    assert visual.flashes_a_second(frames, 30) == 0
    frames[::3] = 255
    assert visual.flashes_a_second(frames, 30) >= 9
    frames[...] = (np.linspace(0, 255, 30).astype(np.uint8))[:, None, None, None]
    assert visual.flashes_a_second(frames, 30) == 0
