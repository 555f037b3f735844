"""Features say what is known of the sound."""

import numpy as np
import pytest

from hearth.tools.visualizer.analysis import DECIBELS, Analyser, Analysis
from tests.tools.visualizer.signals import RATE, noise, sine, stereo, times


def heard(sound: np.ndarray, rate: int = RATE) -> Analysis:
    analyser = Analyser(rate, 1 if sound.ndim == 1 else sound.shape[1])
    analyser.feed(sound)
    analyser.end()
    return analyser.snapshot()


def decibels(level: np.ndarray) -> np.ndarray:
    return (level.astype(np.float64) / 255 - 1) * DECIBELS


@pytest.mark.parametrize(("hertz", "semitone"), [(65.41, 12), (440.0, 45), (1046.5, 60), (4186.0, 84)])
def test_a_sine_lights_its_semitone(hertz: float, semitone: int) -> None:
    log = heard(sine(hertz, 1.0)).log[25]
    assert abs(int(log.argmax()) - semitone) <= (1 if hertz < 200 else 0)


def test_full_scale_at_1_kilohertz_reads_0_decibels_on_every_scale() -> None:
    analysis = heard(sine(1000, 1.0))
    for scale in (analysis.mel, analysis.bark, analysis.log):
        assert decibels(scale[25].max()) == pytest.approx(0, abs=2.5)
    assert decibels(heard(sine(1000, 1.0, -40)).bark[25].max()) == pytest.approx(-40, abs=2.5)


def test_the_ear_hears_low_tones_weakly() -> None:
    low, middle = (decibels(heard(sine(hertz, 1.0)).bark[25].max()) for hertz in (100, 1000))
    assert low - middle == pytest.approx(-19.1, abs=3), "A-weighting takes 19.1 dB off at 100 Hz"


def test_a_chirp_climbs() -> None:
    t = times(8)
    chirp = np.sin(2 * np.pi * 50 * 8 / np.log(160) * (np.exp(t / 8 * np.log(160)) - 1)).astype(np.float32)
    analysis = heard(chirp)
    top = analysis.log[20:350:10].argmax(axis=1).astype(int)
    assert (np.diff(top) >= 0).all() and top[-1] - top[0] > 68
    assert (np.diff(analysis.curve("centroid")[20:350:10]) > 0).all()


def test_pink_noise_is_flat_over_semitones_and_white_noise_rises() -> None:
    def unweighted(sound: np.ndarray) -> np.ndarray:
        from hearth.tools.visualizer.analysis.scales import a_weighting

        centres = 440 * 2 ** ((np.arange(96) - 45) / 12)
        level = 10 ** (decibels(heard(sound).log[50:-50]) / 10)
        return 10 * np.log10(level.mean(axis=0)) - 20 * np.log10(a_weighting(centres))

    octaves = slice(36, 84)  # where semitones are wider than bins
    for pink, slope in ((True, 0.0), (False, 3.01)):
        fitted = np.polyfit(np.arange(48) / 12, unweighted(noise(8, pink))[octaves], 1)[0]
        assert fitted == pytest.approx(slope, abs=0.6)


def test_flatness_tells_noise_from_tone() -> None:
    assert heard(noise(1.0)).curve("flatness")[25] > 0.4
    assert heard(sine(440, 1.0)).curve("flatness")[25] < 0.01


def test_bass_middle_and_treble_take_what_is_theirs() -> None:
    for hertz, name in ((80, "bass"), (1000, "mid"), (8000, "treble")):
        analysis = heard(sine(hertz, 1.0, -6))
        shares = {band: float(analysis.curve(band)[25]) for band in ("bass", "mid", "treble")}
        assert shares.pop(name) == pytest.approx(0.5, rel=0.03)
        assert max(shares.values()) < 0.01


def test_width_and_balance() -> None:
    tone, other = sine(440, 1.0, -6), noise(1.0)
    cases = {(1, 1): (0, 0), (1, -1): (1, 0), (1, 0): (0.5, -1)}
    for (left, right), (width, balance) in cases.items():
        analysis = heard(np.stack([left * tone, right * tone], axis=1))
        assert analysis.curve("width")[25] == pytest.approx(width, abs=0.01)
        assert analysis.curve("balance")[25] == pytest.approx(balance, abs=0.01)
    apart = heard(np.stack([other, np.roll(other, 9999)], axis=1))
    assert apart.curve("width")[25] == pytest.approx(0.5, abs=0.1)


def test_pieces_of_any_size_give_the_same() -> None:
    sound = stereo(noise(1.3))
    whole = heard(sound)
    analyser = Analyser(RATE, 2)
    for at in range(0, len(sound), 777):
        analyser.feed(sound[at : at + 777])
    analyser.end()
    pieces = analyser.snapshot()
    assert pieces.frames == whole.frames == 65
    np.testing.assert_array_equal(pieces.mel, whole.mel)
    np.testing.assert_array_equal(pieces.samples, whole.samples)
    np.testing.assert_allclose(pieces.curves, whole.curves, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 96000, 192000])
def test_every_rate_hears_the_same(rate: int) -> None:
    analysis = heard(sine(1000, 1.0, -20, rate=rate), rate)
    assert (analysis.frames, int(analysis.log[25].argmax())) == (50, 59)
    assert analysis.duration == pytest.approx(1)
    assert analysis.curve("level")[25] == pytest.approx(0.0707, rel=0.01)
