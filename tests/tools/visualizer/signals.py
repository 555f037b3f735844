"""Sounds with known answers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RATE = 44100

Floats = NDArray[np.float32]


def times(seconds: float, rate: int = RATE) -> NDArray[np.float64]:
    return np.arange(round(seconds * rate)) / rate


def sine(hertz: float, seconds: float, decibels: float = 0.0, rate: int = RATE) -> Floats:
    """Its peak lies so many decibels over full scale."""
    return (10 ** (decibels / 20) * np.sin(2 * np.pi * hertz * times(seconds, rate))).astype(np.float32)


def stereo(mono: Floats) -> Floats:
    """(n, 2), both sides alike."""
    return np.stack([mono, mono], axis=1)


def clicks(at: Sequence[float], seconds: float) -> Floats:
    """Short bursts of noise, as a click track has them."""
    sound = np.zeros(round(seconds * RATE), np.float32)
    burst = np.random.default_rng(3).standard_normal(600) * np.exp(-np.arange(600) / 120) * 0.5
    for time in at:
        start = round(time * RATE)
        sound[start : start + 600] += burst[: len(sound) - start].astype(np.float32)
    return sound


def plucked(pitches: Sequence[int], at: float, seconds: float, total: float) -> Floats:
    """Keys struck together at a time: ten overtones that die away."""
    t = times(seconds)
    sound = np.zeros(round(total * RATE))
    for pitch in pitches:
        base = 440 * 2 ** ((pitch - 69) / 12)
        tone = sum(np.sin(2 * np.pi * base * n * t) / n**1.5 * np.exp(-t * (1.5 + n / 3)) for n in range(1, 11))
        sound[round(at * RATE) : round(at * RATE) + len(t)] += np.minimum(1, t / 0.003) * tone
    return (0.25 * sound).astype(np.float32)


def noise(seconds: float, pink: bool = False) -> Floats:
    """White noise, or one whose power falls by 3 dB an octave."""
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(round(seconds * RATE)))
    if pink:
        spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    sound = np.fft.irfft(spectrum)
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)
