"""Other ways to read what was tracked: twice as fast, half as fast, in threes, shifted against the beat.

A tracker that follows a beat faithfully may follow its off-beats or its halves. Each way of reading is a grid over the
tracked beats; what sounds on it, midway, and at its quarters and thirds, tells which one people would tap. A linear
model weighs that; its weights were fitted by `tests/bench/_fit_readings.py` to drums whose beats are known.
"""

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis.result import FRAME_RATE

Floats = NDArray[np.floating]

PARTS = {"low": slice(0, 5), "tones": slice(5, 40), "snares": slice(40, 91), "cymbals": slice(91, 136)}
"""Bands of the spectrogram that the network reads: below 120 Hz, to 700 Hz, to 3 kHz, above."""

AS_TRACKED = (1.0, 0.0)
READINGS = (
    AS_TRACKED,
    *((1.0, phase) for phase in (0.25, 0.5, 0.75)),
    *((2.0, phase) for phase in (0.0, 1.0)),
    *((0.5, phase) for phase in (0.0, 0.25)),
    *((1.5, phase) for phase in (0.0, 0.5, 1.0)),
    *((2 / 3, phase) for phase in (0.0, 1 / 3)),
    (1 / 3, 0.0),
    *((3.0, phase) for phase in (0.0, 1.0, 2.0)),
)
"""Steps between beats and where the first one lies, both in tracked beats."""

SLOWEST, FASTEST = 45.0, 220.0  # beats a minute
USUAL = 110.0
FEWEST = 12  # beats to judge by
LONGEST = 15 * 60  # seconds; what is longer is not one song, and one reading does not fit all of it
LOUD = 1 / 25  # the part of the frames by which loud is measured

WEIGHTS = {
    "on the beat": (0.179, 1.998, 1.225, 0.843, 2.206, 0.733),
    "midway": (-1.650, 0.393, 0.107, -0.155, 0.130, 0.750),
    "a quarter after": (-0.743, -0.970, -0.035, -0.558, -1.105, 0.433),
    "a quarter before": (-0.387, 0.354, 0.095, 0.023, -1.016, 1.002),
    "a third after": (-3.497, -1.059, 0.191, 0.495, 1.233, -2.068),
    "a third before": (-0.631, 0.064, -0.670, -0.863, 0.180, 1.946),
    "every second beat differs": (0.279, -0.002, 0.409, 0.405, -0.449),
    "every second midway differs": (1.037, -0.809, 0.163, -0.303, -0.700),
    "bars of three": (3.808, -1.495, -1.689),
    "bars of four": (5.097, 0.150, -0.342),
    "tempo": (0.973, -0.435, -5.603, 0.110),
    "together": (1.131, 0.234),
    "uneven": (-2.738, -0.580, 2.042, 0.519),
}

STAYING = 0.573
"""What each of `features` counts for, in their order; and what speaks for the beats as they were tracked."""

_WEIGHTS = np.concatenate([np.array(row) for row in WEIGHTS.values()])


def sounding(rises: Floats, beat: Floats, downbeat: Floats) -> Floats:
    """(6, T), each about 0..1: what sets in in each of PARTS, and the network's word on beats and on bars.

    `rises` (T, 4): how the parts rose; `beat` and `downbeat` (T,): probabilities.
    """
    near = _near(rises.T.astype(np.float64))
    count = max(1, int(near.shape[1] * LOUD))
    top = np.partition(near, -count, axis=1)[:, -count:].mean(axis=1, keepdims=True)
    safe = np.clip(beat, 1e-3, 1 - 1e-3)
    odds = np.clip(np.log(safe / (1 - safe)), -4, 3)
    return np.vstack([np.minimum(near / (top + 1e-3), 1.5), _near((odds[None] + 4) / 7), _near(downbeat[None])])


def _near(curves: Floats) -> Floats:
    """The highest value in the frames beside each."""
    padded = np.pad(curves, ((0, 0), (1, 1)), mode="edge")
    return np.maximum(np.maximum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])


def grid(frames: Floats, step: float, phase: float, length: int) -> Floats:
    """The frames of one reading, none outside a track of `length` frames; the tracked grid goes on at both ends."""
    more = np.arange(1, 5)
    before = frames[0] - np.median(np.diff(frames[:6])) * more[::-1]
    after = frames[-1] + np.median(np.diff(frames[-6:])) * more
    places = np.arange(phase - 4, len(frames) + 4, step)
    places = places[(places >= -4) & (places <= len(frames) + 3)]
    found = np.interp(places, np.arange(-4, len(frames) + 4), np.concatenate([before, frames, after]))
    return found[(found >= -0.5) & (found < length - 0.5)]


def features(curves: Floats, beats: Floats) -> Floats:
    """What tells how likely a reading is, a number for each of WEIGHTS; `beats` are frames."""
    steps = np.diff(beats)

    def at(place: float) -> Floats:
        return curves[:, np.clip(np.rint(beats[:-1] + place * steps).astype(int), 0, curves.shape[1] - 1)]

    on, midway = at(0), at(0.5)
    turns = [np.abs(values[:5, ::2].mean(axis=1) - values[:5, 1::2].mean(axis=1)) for values in (on, midway)]
    bars = [np.std([on[:, place::meter].mean(axis=1) for place in range(meter)], axis=0)[[0, 2, 5]] for meter in (3, 4)]
    octaves = np.log2(60 * FRAME_RATE / np.median(steps) / USUAL)
    tempo = [octaves, octaves**2, max(0.0, octaves - 0.6) ** 2, max(0.0, -octaves - 0.6) ** 2]
    together = [min(on[0].mean(), on[4].mean()), midway[4].mean() * midway[2].mean()]
    between = [at(place) for place in (0.25, 0.75, 1 / 3, 2 / 3)]
    means = [values.mean(axis=1) for values in (on, midway, *between)]
    return np.concatenate([*means, *turns, *bars, tempo, together, on[:4].std(axis=1)])


def readings(curves: Floats, frames: Floats) -> dict[tuple[float, float], Floats]:
    """The grid of each reading whose tempo people tap."""
    found = {}
    for step, phase in READINGS:
        beats = grid(frames, step, phase, curves.shape[1])
        if len(beats) >= 6 and SLOWEST <= 60 * FRAME_RATE / float(np.median(np.diff(beats))) <= FASTEST:
            found[step, phase] = beats
    return found


def best_reading(frames: NDArray[np.intp], curves: Floats) -> Floats | None:
    """The beats that people would tap, in frames and between them; None where they are those that were tracked."""
    if len(frames) < FEWEST or curves.shape[1] > LONGEST * FRAME_RATE:
        return None
    found = readings(curves, frames.astype(np.float64))
    scores = {way: features(curves, beats) @ _WEIGHTS + STAYING * (way == AS_TRACKED) for way, beats in found.items()}
    best = max(scores, key=scores.__getitem__, default=AS_TRACKED)
    return None if best == AS_TRACKED else found[best]
