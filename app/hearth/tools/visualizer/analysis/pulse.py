"""The network that hears the pulse: from what BeatNet says and from what sets in, ten seconds to each side of a frame.

BeatNet hears forwards only and is as sure of eighths as of beats. This one, a temporal convolutional network of the
project's own, knows what comes after; `models/train` holds how it was made and what it learnt from.
"""

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis import beat_features
from hearth.tools.visualizer.analysis.result import FRAME_RATE

Floats = NDArray[np.float32]

GROUPS = (
    (0, 5),
    (5, 17),
    (17, 29),
    (29, 40),
    (40, 53),
    (53, 66),
    (66, 79),
    (79, 91),
    (91, 106),
    (106, 121),
    (121, 136),
)
"""Bands of BeatNet's spectrogram, each group's rise a number: half an octave or more each."""

FEATURES = len(GROUPS) + 2
REACH = 513
"""Frames to each side that an answer depends on."""

WINDOW = 1536
"""Frames that are asked about at once; the network is not told where a track ends, silence lies around it."""

QUIETEST, HALF_LIFE = 0.02, 5 * FRAME_RATE
"""What sets in is measured by the loudest that did in its group, which is forgotten by half within 5 s."""

ODDS = 4.0
"""By this BeatNet's logarithms of odds are divided."""


def network() -> bytes:
    """The ONNX file. Input `features` (1, WINDOW, FEATURES), output `odds` (1, WINDOW, 2): the logarithms of the odds
    that a beat falls on a frame, and that a bar begins there."""
    return files(__package__).joinpath("pulse.onnx").read_bytes()


class PulseFeatures:
    """Makes features as sound comes in."""

    def __init__(self) -> None:
        self._loudest = np.full(len(GROUPS), QUIETEST, np.float32)

    def push(self, bands: Floats, before: Floats, activations: Floats) -> Floats:
        """(n, FEATURES) of the next frames: `bands` (n, 136), `before` the frame before them (0 or 1, 136), and what
        BeatNet answered, (n, 3)."""
        rises = beat_features.rise(bands, before)
        grouped = np.stack([rises[:, first:end].mean(axis=1) for first, end in GROUPS], axis=1)
        features = np.empty((len(bands), FEATURES), np.float32)
        forget = np.float32(0.5 ** (1 / HALF_LIFE))
        for frame, row in enumerate(grouped):
            self._loudest = np.maximum(np.maximum(row, self._loudest * forget), np.float32(QUIETEST))
            features[frame, : len(GROUPS)] = row / self._loudest
        features[:, len(GROUPS)] = _log_odds(activations[:, 0] + activations[:, 1]) / ODDS
        features[:, len(GROUPS) + 1] = _log_odds(activations[:, 1]) / ODDS
        return features


def _log_odds(probability: Floats) -> Floats:
    safe = np.clip(probability, 1e-4, 1 - 1e-4)
    odds: Floats = np.log(safe / (1 - safe))
    return odds
