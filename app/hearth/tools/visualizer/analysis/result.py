"""What the analysis of a track gives: features a frame, and lists of what happens in it.

Time is in seconds from the track's start. Frames come 50 a second; frame t is centred on t / 50 s. The arrays lie as a
texture wants them: time along the first axis, C-contiguous, uint8 or float32.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hearth.words import Said, english

FRAME_RATE = 50
"""Frames a second."""

SAMPLE_RATE = 22050
"""Of `Analysis.samples`, in Hz."""

DECIBELS = 90.0
"""What a byte of a spectrum spans: 0 is this far below full scale, or less; 255 is full scale."""

LOWEST_LUFS = -70.0
"""Loudness of silence: what EBU R128 gates away."""

MEL_BANDS, BARK_BANDS, LOG_BANDS = 64, 24, 96
KEYS = 88
LOWEST_KEY = 21
"""The MIDI number of the first of the 88 keys, A0."""

CURVES = (
    "momentary",  # loudness over 400 ms around the frame, LUFS
    "short_term",  # loudness over 3 s around the frame, LUFS
    "level",  # root mean square, 0..1
    "onset",  # how much sets in: the mean rise of a logarithmic spectrum, 0..about 0.5
    "bass",  # amplitude below 250 Hz, 0..about 1
    "mid",  # 250 to 4000 Hz
    "treble",  # above 4000 Hz
    "centroid",  # the spectrum's centre of gravity, Hz; 0 in silence
    "flatness",  # 0 for a tone .. 1 for white noise
    "width",  # stereo: 0 mono, 0.5 two sides that have nothing in common, 1 one side the other's negative
    "balance",  # -1 left .. 1 right
    "beat",  # probability that a beat falls here, 0..1
    "downbeat",  # probability that a bar begins here, 0..1
    "voice",  # probability that somebody speaks or sings, 0..1
    "beats",  # how many beats have passed; the fraction is the phase in the beat. -1 where not known
    "bars",  # how many bars have passed; the fraction is the phase in the bar. -1 where not known
)
"""The columns of `Analysis.curves`: four texels of four channels a frame. Each may be interpolated between frames."""

STAGES = ("spectrum", "beats", "voice", "notes", "sections")
"""In the order in which they fill in."""


class Note(NamedTuple):
    """A note that was heard. `pitch` is a MIDI number, `strength` 0..1."""

    start: float
    end: float
    pitch: int
    strength: float


class Beat(NamedTuple):
    """A beat. `position` counts within the bar from 1, the downbeat."""

    time: float
    position: int


class Onset(NamedTuple):
    """Something sets in. `strength` is that of the curve `onset`."""

    time: float
    strength: float


class Span(NamedTuple):
    """A stretch of time."""

    start: float
    end: float


class Section(NamedTuple):
    """A part of the track; parts that sound alike have the same `label`, counted from 0."""

    start: float
    end: float
    label: int


@dataclass(frozen=True)
class Loudness:
    """Of the whole track, by EBU R128; LUFS, or LU for the range. `peak` is the largest sample, dBFS."""

    integrated: float = LOWEST_LUFS
    range: float = 0.0
    momentary_max: float = LOWEST_LUFS
    short_term_max: float = LOWEST_LUFS
    peak: float = -np.inf


@dataclass
class Analysis:
    """All that is known of a track. While the analysis runs, a snapshot: `covered` says how far each stage has come.

    Frames that a stage has not reached hold zeros (in `beats` and `bars` -1, in loudness -70); all arrays of frames are
    of one length T. Arrays of a snapshot must not be written to.
    """

    duration: float = 0.0
    """Seconds of sound that were fed so far; the track's length once `complete`."""

    rate: int = 44100
    """Of the source, in Hz."""

    channels: int = 2
    """Of the source."""

    complete: bool = False
    """Whether every stage has seen the whole track."""

    covered: Mapping[str, float] = field(default_factory=dict)
    """Seconds from the start that each of STAGES has worked through."""

    mel: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, MEL_BANDS), np.uint8))
    """(T, 64): A-weighted level of bands even on the mel scale, 30 to 16000 Hz; bytes over DECIBELS."""

    bark: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, BARK_BANDS), np.uint8))
    """(T, 24): the same for the critical bands, 20 to 15500 Hz."""

    log: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, LOG_BANDS), np.uint8))
    """(T, 96): the same for the semitones of eight octaves, from C1 (32.7 Hz) on."""

    curves: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, len(CURVES)), np.float32))
    """(T, 16): see CURVES."""

    keys: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, KEYS, 2), np.uint8))
    """(T, 88, 2): how sure the network is that each piano key sounds, and that it is struck; 255 is certain."""

    extremes: NDArray[np.int8] = field(default_factory=lambda: np.zeros((0, 2), np.int8))
    """(T, 2): the lowest and the highest sample of the frame's 20 ms, -127..127, for an overview of the waveform."""

    samples: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    """(N,): the track in mono at SAMPLE_RATE, full scale 32767."""

    notes: list[Note] = field(default_factory=list)
    """In the order in which they begin."""

    beats: list[Beat] = field(default_factory=list)
    onsets: list[Onset] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    voice: list[Span] = field(default_factory=list)
    """Where somebody speaks or sings."""

    tempo: float = 0.0
    """Beats a minute: the median of the track; 0 where there is no beat."""

    loudness: Loudness = field(default_factory=Loudness)

    remarks: tuple[Said, ...] = ()
    """What a person should know, as sentences."""

    @property
    def frames(self) -> int:
        """T."""
        return len(self.curves)

    @property
    def downbeats(self) -> list[float]:
        """When each bar begins."""
        return [beat.time for beat in self.beats if beat.position == 1]

    def curve(self, name: str) -> NDArray[np.float32]:
        """(T,): one column of `curves` by its name. An unknown name raises ValueError."""
        return self.curves[:, CURVES.index(name)]

    def high(self, name: str) -> float:
        """What the curve rarely passes (its 99th percentile), to scale pictures by; never 0."""
        values = self.curve(name)
        return max(float(np.percentile(values, 99)), 1e-4) if len(values) else 1.0

    def plain(self) -> dict[str, Any]:
        """All of it but the samples, for JSON. Spectra and keys are base64 of their bytes, row after row."""
        return {
            "duration": round(self.duration, 4),
            "rate": self.rate,
            "channels": self.channels,
            "frame_rate": FRAME_RATE,
            "complete": self.complete,
            "tempo": round(self.tempo, 2),
            "loudness": {name: round(max(float(value), -200.0), 2) for name, value in vars(self.loudness).items()},
            "beats": [[round(beat.time, 4), beat.position] for beat in self.beats],
            "onsets": [[round(onset.time, 4), round(onset.strength, 4)] for onset in self.onsets],
            "notes": [[round(n.start, 4), round(n.end, 4), n.pitch, round(n.strength, 3)] for n in self.notes],
            "voice": [[round(span.start, 3), round(span.end, 3)] for span in self.voice],
            "sections": [[round(part.start, 3), round(part.end, 3), part.label] for part in self.sections],
            "curves": {
                name: [float(f"{value:.5g}") for value in self.curves[:, column]] for column, name in enumerate(CURVES)
            },
            "bytes": {
                name: {"shape": list(array.shape), "base64": base64.b64encode(array.tobytes()).decode()}
                for name, array in (("mel", self.mel), ("bark", self.bark), ("log", self.log), ("keys", self.keys))
            },
            "remarks": [english(remark) for remark in self.remarks],
        }
