"""Loudness reads what EBU Tech 3341 and 3342 say of their signals, which are made here to their definition."""

import numpy as np
import pytest

from hearth.tools.visualizer.analysis import Analyser, Loudness
from hearth.tools.visualizer.analysis.channels import loudness_gains
from hearth.tools.visualizer.analysis.loudness import KWeighting, measure
from tests.tools.visualizer.signals import RATE, sine, stereo


def measured(*parts: tuple[float, float], hertz: float = 1000) -> Loudness:
    """Stereo sines, (seconds, dBFS) each."""
    weighting = KWeighting(loudness_gains(2))
    sides = [np.stack([sine(hertz, seconds, decibels)] * 2) for seconds, decibels in parts]
    energy = [weighting.push(side) for side in sides]
    return measure(np.concatenate([*energy, weighting.end()]), 1.0)


def test_case_1_and_2_a_steady_sine() -> None:
    for level in (-23.0, -33.0):
        loudness = measured((20, level))
        assert loudness.integrated == pytest.approx(level, abs=0.1)
        assert loudness.momentary_max == pytest.approx(level, abs=0.1)
        assert loudness.short_term_max == pytest.approx(level, abs=0.1)


@pytest.mark.desk  # the same code, minutes of sound
def test_case_3_what_is_10_lu_softer_is_gated() -> None:
    assert measured((10, -36), (60, -23), (10, -36)).integrated == pytest.approx(-23, abs=0.1)


@pytest.mark.desk
def test_case_4_what_is_below_70_lufs_is_gated_first() -> None:
    parts = ((10, -72), (10, -36), (60, -23), (10, -36), (10, -72))
    assert measured(*parts).integrated == pytest.approx(-23, abs=0.1)


@pytest.mark.desk
def test_case_5_what_is_less_soft_counts() -> None:
    assert measured((20, -26), (20.1, -20), (20, -26)).integrated == pytest.approx(-23, abs=0.1)


def test_case_6_five_channels_with_their_weights() -> None:
    weighting = KWeighting(loudness_gains(6))
    levels = (-28, -28, -24, None, -30, -30)
    sound = [np.zeros(20 * RATE, np.float32) if level is None else sine(1000, 20, level) for level in levels]
    sound[3] = sine(60, 20, -6)  # the bass channel does not count
    energy = [weighting.push(np.stack(sound)), weighting.end()]
    assert measure(np.concatenate(energy), 1.0).integrated == pytest.approx(-23, abs=0.1)


def test_range_of_two_levels() -> None:
    assert measured((20, -20), (20, -30)).range == pytest.approx(10, abs=1)


@pytest.mark.parametrize("hertz", [25, 100, 400, 2000, 10000])
def test_frequencies_weigh_as_in_bs_1770(hertz: float) -> None:
    """Against the coefficients that the recommendation prints for 48 kHz."""
    z = np.exp(-2j * np.pi * np.array([hertz, 997.0]) / 48000)
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    high_pass = (1 - 2 * z + z**2) / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    one, reference = 20 * np.log10(np.abs(shelf * high_pass))
    assert measured((4, -23), hertz=hertz).integrated == pytest.approx(-23 + one - reference, abs=0.1)


def test_the_curve_follows_the_sound() -> None:
    analyser = Analyser(RATE, 2)
    for decibels in (-40, -20, -40):
        analyser.feed(stereo(sine(1000, 4, decibels)))
    analyser.end()
    curve = analyser.snapshot().curve("momentary")
    assert [round(float(curve[frame])) for frame in (100, 300, 500)] == [-40, -20, -40]
    assert curve[199:201].min() > -40 and curve[199:201].max() < -20
