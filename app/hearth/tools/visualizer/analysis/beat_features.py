"""What BeatNet reads: a logarithmic spectrogram and how it rises, 50 frames a second, as it was trained on.

136 triangular filters, 24 to an octave from 30 to 17000 Hz (less those that fall on one bin), over the magnitudes of a
Hann window of 64 ms; log10(1 + x); beside it the rise since the frame before. [Heydari et al., ISMIR 2021; the
filters: Böck et al., "madmom: a new Python audio and music signal processing library", 2016]
"""

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis.framing import Frames
from hearth.tools.visualizer.analysis.result import SAMPLE_RATE

SIZE = round(0.064 * SAMPLE_RATE)
HOP = SAMPLE_RATE // 50
BANDS = 136
PER_OCTAVE = 24
LOWEST_HZ, HIGHEST_HZ, TUNING_HZ = 30.0, 17000.0, 440.0

Floats = NDArray[np.float32]


class Spectrogram:
    """Mono at SAMPLE_RATE, full scale 1, comes in; (T, 136) goes out."""

    def __init__(self) -> None:
        self._frames = Frames(SIZE, HOP)
        self._window = np.hanning(SIZE).astype(np.float32)
        self._filters = filters()

    def push(self, mono: Floats) -> Floats:
        return self._bands(self._frames.push(mono))

    def end(self) -> Floats:
        return self._bands(self._frames.end())

    def _bands(self, frames: Floats) -> Floats:
        magnitudes = np.abs(np.fft.rfft(frames * self._window))
        bands = np.empty((len(frames), BANDS), np.float32)
        for band, (part, weights) in enumerate(self._filters):
            np.einsum("tk,k->t", magnitudes[:, part], weights, out=bands[:, band])
        return np.log10(bands + 1)


def filters() -> list[tuple[slice, Floats]]:
    """For each band the bins that it sums, and their weights, 1 in all."""
    bins = SIZE // 2
    # The spacing is that of the training: bins counted without the highest.
    frequencies = np.arange(bins) * SAMPLE_RATE / (2 * bins)
    low, high = (np.log2(hz / TUNING_HZ) * PER_OCTAVE for hz in (LOWEST_HZ, HIGHEST_HZ))
    centres = TUNING_HZ * 2 ** (np.arange(np.floor(low), np.ceil(high)) / PER_OCTAVE)
    centres = centres[(centres >= LOWEST_HZ) & (centres <= HIGHEST_HZ)]
    above = np.clip(np.searchsorted(frequencies, centres), 1, bins - 1)
    nearest = np.unique(above - (centres - frequencies[above - 1] < frequencies[above] - centres))
    made = []
    for first, middle, end in zip(nearest[:-2], nearest[1:-1], nearest[2:], strict=True):
        rising = np.linspace(0, 1, middle - first, endpoint=False)
        falling = np.linspace(1, 0, end - middle, endpoint=False)
        weights = np.concatenate([rising, falling])
        made.append((slice(int(first), int(end)), (weights / weights.sum()).astype(np.float32)))
    return made


def rise(bands: Floats, before: Floats) -> Floats:
    """How each band rose since the frame before; `before` is the last frame of the piece before, (0 or 1, 136)."""
    after = np.concatenate([before if len(before) else bands[:1], bands])
    return np.maximum(np.diff(after, axis=0), 0)
