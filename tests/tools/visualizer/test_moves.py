"""What moves the pictures: fast up, slow down, within limits, and safe to look at."""

import numpy as np
import pytest

from hearth.tools.visualizer.analysis import FRAME_RATE, Analyser, Analysis, Beat
from hearth.tools.visualizer.moves import CURVES, WAVE_RATE, Moves, moves
from hearth.tools.visualizer.moves.flashes import APART, FALL_GUARDED, allowed
from hearth.tools.visualizer.moves.release import faded, released

RATE = 44100


@pytest.fixture(scope="module")
def bursts() -> Analysis:
    """Noise that sounds seven times a second, for four seconds, with a beat at each."""
    at = np.arange(4 * RATE) / RATE
    noise = np.random.default_rng(2).standard_normal(len(at)) * 0.3 * (np.sin(2 * np.pi * 7 * at) > 0)
    analyser = Analyser(RATE, 1)
    analyser.feed(noise.astype(np.float32))
    analyser.end()
    analyser.run()
    analysis = analyser.snapshot()
    analysis.beats = [Beat(index / 7, index % 4 + 1) for index in range(28)]
    return analysis


def curve(made: Moves, name: str) -> np.ndarray:
    return made.curves[:, CURVES.index(name)]


def test_a_level_jumps_up_at_once_and_falls_evenly() -> None:
    values = np.array([0, 1, 0, 0, 0, 0.9, 0], np.float32)
    assert released(values, 0.2) == pytest.approx([0, 1, 0.8, 0.6, 0.4, 0.9, 0.7], abs=1e-6)


def test_what_sets_in_fades_until_the_next_one() -> None:
    times, strengths = np.array([1.0, 2.0]), np.array([1.0, 0.5])
    got = faded(times, strengths, np.array([0.5, 1.0, 1.2, 2.0]), 0.2)
    assert got == pytest.approx([0, 1, np.exp(-1), 0.5])


def test_light_jumps_at_the_strongest_moments_that_lie_apart() -> None:
    moments = [(0.0, 0.5), (0.2, 0.9), (0.5, 0.3), (0.6, 0.8)]
    assert allowed(moments) == [False, True, False, True]
    assert allowed(moments, kept=[0.1]) == [False, False, False, True]


def test_with_the_guard_on_nothing_jumps_or_falls_more_than_three_times_a_second(bursts: Analysis) -> None:
    guarded, free = moves(bursts), moves(bursts, guarded=False)
    jumps = np.sort(np.concatenate([table[table[:, 2] > 0, 0] for table in (guarded.beats, guarded.onsets)]))
    assert len(jumps) >= 6 and np.diff(jumps).min() >= APART - 1e-6
    assert np.count_nonzero(free.beats[:, 2]) == 28
    for name in ("level", "bass", "mid", "treble"):
        assert np.diff(curve(guarded, name)).min() >= -FALL_GUARDED / FRAME_RATE - 1e-6
        assert np.diff(curve(free, name)).min() < -FALL_GUARDED / FRAME_RATE


def test_all_is_within_its_limits_and_of_one_length(bursts: Analysis) -> None:
    made = moves(bursts)
    assert len(made.bands) == len(made.tones) == len(made.curves) == bursts.frames
    bounded = made.curves[:, : CURVES.index("beats")]
    assert bounded.min() >= 0 and bounded.max() <= 1
    assert abs(len(made.samples) / WAVE_RATE - 4) < 0.01


def test_what_was_sent_before_is_what_would_be_sent_again(bursts: Analysis) -> None:
    whole, later = moves(bursts), moves(bursts, first=120)
    assert np.array_equal(whole.bands[120:], later.bands) and np.array_equal(whole.tones[120:], later.tones)
    assert np.array_equal(whole.samples[later.first_sample :], later.samples)


def test_silence_stays_still() -> None:
    analyser = Analyser(RATE, 2)
    analyser.feed(np.zeros((RATE, 2), np.float32))
    analyser.end()
    analyser.run()
    made = moves(analyser.snapshot())
    assert not made.curves[:, : CURVES.index("beats")].any() and not len(made.onsets)
