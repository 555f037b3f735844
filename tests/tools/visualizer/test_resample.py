"""Another rate keeps what can be kept, drops what can't, delays nothing, and does not care about pieces."""

import numpy as np
import pytest

from hearth.tools.visualizer.analysis.resample import Resampler
from tests.tools.visualizer.signals import sine


def resampled(sound: np.ndarray, rate: int, to: int, piece: int = 5000) -> np.ndarray:
    resampler = Resampler(rate, to, 1)
    parts = [resampler.push(sound[None, at : at + piece]) for at in range(0, len(sound), piece)]
    return np.concatenate([*parts, resampler.end()], axis=1)[0]


@pytest.mark.parametrize(
    ("rate", "to"), [(48000, 44100), (44100, 22050), (22050, 16000), (8000, 44100), (192000, 44100), (44056, 44100)]
)
def test_a_sine_stays_a_sine_where_it_was(rate: int, to: int) -> None:
    out = resampled(sine(1000, 1.0, rate=rate), rate, to)
    wanted = sine(1000, 1.0, rate=to)
    assert abs(len(out) - len(wanted)) <= 1
    middle = slice(to // 10, to * 9 // 10)
    np.testing.assert_allclose(out[middle], wanted[middle], atol=2e-3 if rate == 44056 else 1e-4)


def test_what_the_new_rate_cannot_hold_is_gone() -> None:
    out = resampled(sine(15000, 1.0), 44100, 22050)
    assert np.abs(out[2000:-2000]).max() < 1e-4, "15 kHz would be heard as 7050 Hz"


@pytest.mark.parametrize("piece", [1, 7, 441, 50000])
def test_pieces_of_any_size_give_the_same(piece: int) -> None:
    sound = np.random.default_rng(1).standard_normal(3000).astype(np.float32)
    np.testing.assert_array_equal(resampled(sound, 48000, 44100, piece), resampled(sound, 48000, 44100, 3000))


def test_a_constant_stays_constant() -> None:
    out = resampled(np.ones(4000, np.float32), 48000, 44100)
    np.testing.assert_allclose(out[200:-200], 1, atol=1e-5)


def test_one_sample_is_sound_as_well() -> None:
    assert len(resampled(np.ones(1, np.float32), 8000, 44100)) == 6
