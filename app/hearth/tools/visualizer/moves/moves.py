"""An analysis as the shaders take it: everything from 0 to 1, fast up and slow down, and safe to look at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis import FRAME_RATE, SAMPLE_RATE, Analysis
from hearth.tools.visualizer.moves.flashes import FALL_FREE, FALL_GUARDED, allowed
from hearth.tools.visualizer.moves.release import faded, released

CURVES = (
    "level", "bass", "mid", "treble",
    "onset", "pulse", "bar", "flash",
    "voice", "bright", "noise", "wide",
    "loud", "energy", "beats", "bars",
)  # fmt: skip
"""Columns of `Moves.curves`; `web/visualizer/shaders/scene.glsl` says what each means."""

WAVE_RATE = SAMPLE_RATE // 2
"""Samples a second of `Moves.samples`."""

SEEN_BYTES = 160
"""How much of the spectrum's 255 bytes is seen, from the loudest down: 56 dB."""

PULSE_SECONDS, FLASH_SECONDS = 0.25, 0.18
MOST_LOOKED_AT = 500_000

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Moves:
    """Arrays of frames begin with frame `first`, `samples` with `first_sample`; all else is about the whole track."""

    first: int
    bands: NDArray[np.uint8]
    """(T - first, 64): the mel spectrum."""

    tones: NDArray[np.uint8]
    """(T - first, 96): the semitones from C1 on."""

    curves: Floats
    """(T, 16): see CURVES."""

    heard: tuple[float, float]
    """Bytes of `bands` and `tones` to be seen as 0 and as 1."""

    first_sample: int
    samples: NDArray[np.int16]
    loudest: float
    """Of the samples, 0..1, but for a few."""

    notes: Floats
    """(N, 4): start, end in seconds, MIDI number, strength."""

    onsets: Floats
    """(N, 4): time, strength 0..1, 1 where light may jump, unused."""

    beats: Floats
    """(N, 4): time, place in the bar from 1, 1 where light may jump, unused."""


def moves(analysis: Analysis, *, guarded: bool = True, first: int = 0) -> Moves:
    """Spectra and samples from frame `first` on: earlier ones do not change as the analysis goes on."""
    fall = (FALL_GUARDED if guarded else FALL_FREE) / FRAME_RATE
    beats, onsets = _beats(analysis, guarded), _onsets(analysis)
    jumps = onsets[:, 2] > 0
    if guarded:
        kept = [float(time) for time in beats[beats[:, 2] > 0, 0]]
        jumps = np.array(allowed([(float(time), float(strength)) for time, strength in onsets[:, :2]], kept), bool)
        onsets[:, 2] = jumps
    heard = _heard(analysis.mel)
    first_sample = first * WAVE_RATE // FRAME_RATE
    pairs = analysis.samples[2 * first_sample : len(analysis.samples) // 2 * 2].reshape(-1, 2)
    return Moves(
        first=first,
        bands=_released_bytes(analysis.mel, first, fall),
        tones=_released_bytes(analysis.log, first, fall),
        curves=_curves(analysis, beats, onsets, fall),
        heard=heard,
        first_sample=first_sample,
        samples=np.ascontiguousarray(((pairs[:, 0].astype(np.int32) + pairs[:, 1]) >> 1).astype(np.int16)),
        loudest=_loudest(analysis.samples),
        notes=np.array([tuple(note) for note in analysis.notes], np.float32).reshape(-1, 4),
        onsets=onsets.astype(np.float32),
        beats=beats.astype(np.float32),
    )


def _curves(analysis: Analysis, beats: NDArray[np.float64], onsets: NDArray[np.float64], fall: float) -> Floats:
    frames = analysis.frames
    out = np.zeros((frames, len(CURVES)), np.float32)
    if not frames:
        return out
    times = np.arange(frames) / FRAME_RATE
    own = {name: released(_scaled(analysis, name), fall) for name in ("level", "bass", "mid", "treble", "onset")}
    light = [np.array([(time, 0.55 + 0.45 * (place == 1)) for time, place, jump, _ in beats if jump]).reshape(-1, 2)]
    own["pulse"] = _jumps(light[0], times, PULSE_SECONDS)
    own["bar"] = _jumps(light[0][light[0][:, 1] == 1], times, 2 * PULSE_SECONDS)
    light.append(onsets[onsets[:, 2] > 0, :2])
    every = np.concatenate(light)
    own["flash"] = _jumps(every[np.argsort(every[:, 0], kind="stable")], times, FLASH_SECONDS)
    if not len(beats):  # none are known, as yet or at all: what sets in leads
        own["pulse"] = own["flash"]
    own["voice"] = released(analysis.curve("voice"), fall)
    own["bright"] = _smooth(np.clip(np.log2(np.maximum(analysis.curve("centroid"), 100) / 100) / 6.3, 0, 1), 9)
    own["noise"] = _smooth(np.sqrt(np.clip(analysis.curve("flatness"), 0, 1)), 9)
    own["wide"] = _smooth(np.clip(analysis.curve("width") * 2, 0, 1), 9)
    for name, source, window in (("loud", "momentary", 5), ("energy", "short_term", 25)):
        loudness = analysis.curve(source)
        top = max(float(np.percentile(loudness, 98)), -40.0)
        own[name] = _smooth(np.clip(1 + (loudness - top) / 20, 0, 1), window)
    for name in ("beats", "bars"):
        own[name] = analysis.curve(name)
    for column, name in enumerate(CURVES):
        out[:, column] = own[name]
    return out


def _scaled(analysis: Analysis, name: str) -> Floats:
    """From what is quiet in this track, 0, to what is loud in it, 1: music that is loud all the time moves as well."""
    values = analysis.curve(name)
    high, low = analysis.high(name), 0.8 * float(np.percentile(values, 10))
    return np.clip((values - low) / max(high - low, 1e-4), 0, 1).astype(np.float32)


def _jumps(moments: NDArray[np.float64], at: NDArray[np.float64], seconds: float) -> Floats:
    return faded(moments[:, 0], moments[:, 1], at, seconds)


def _smooth(values: NDArray[np.floating], window: int) -> Floats:
    """The mean over `window` frames, an odd number, around each."""
    if len(values) < window:
        return values.astype(np.float32)
    padded = np.pad(values, window // 2, mode="edge")
    sums = np.concatenate([[0.0], np.cumsum(padded, dtype=np.float64)])
    return ((sums[window:] - sums[:-window]) / window).astype(np.float32)


def _beats(analysis: Analysis, guarded: bool) -> NDArray[np.float64]:
    """(N, 4) as in `Moves.beats`. Where beats come too fast, the first ones of the bars jump before the others."""
    rows = np.array([(beat.time, beat.position, 1, 0) for beat in analysis.beats], np.float64).reshape(-1, 4)
    if guarded:
        # Of beats alike every second one is taken, not those that happen to come first.
        ranks = [(time, 2.0 if place == 1 else 1.0 if place % 2 else 0.0) for time, place in rows[:, :2]]
        rows[:, 2] = allowed(ranks)
    return rows


def _onsets(analysis: Analysis) -> NDArray[np.float64]:
    rows = np.array([(onset.time, onset.strength, 1, 0) for onset in analysis.onsets], np.float64).reshape(-1, 4)
    if len(rows):
        rows[:, 1] = np.clip(rows[:, 1] / max(float(np.percentile(rows[:, 1], 90)), 1e-6), 0.15, 1)
    return rows


def _heard(spectrum: NDArray[np.uint8]) -> tuple[float, float]:
    looked_at = spectrum.reshape(-1)[:: max(1, spectrum.size // MOST_LOOKED_AT)]
    top = max(float(np.percentile(looked_at, 99.7)), 60.0) if len(looked_at) else 220.0
    return max(top - SEEN_BYTES, 4.0), top + 4


def _released_bytes(spectrum: NDArray[np.uint8], first: int, fall: float) -> NDArray[np.uint8]:
    """`fall` is of the height that is seen."""
    bytes_a_frame = fall * SEEN_BYTES
    begin = max(0, first - int(256 / bytes_a_frame) - 1)
    values = (spectrum[begin:] / np.float32(256)).astype(np.float32)
    return (released(values, bytes_a_frame / 256) * 256)[first - begin :].astype(np.uint8)


def _loudest(samples: NDArray[np.int16]) -> float:
    looked_at = samples[:: max(1, len(samples) // MOST_LOOKED_AT)]
    return float(np.percentile(np.abs(looked_at.astype(np.int32)), 99.9)) / 32768 if len(looked_at) else 1.0
