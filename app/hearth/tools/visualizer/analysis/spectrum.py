"""What a spectrum every 20 ms tells: bands on three scales, energies, centroid, flatness."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis.framing import Frames
from hearth.tools.visualizer.analysis.result import BARK_BANDS, DECIBELS, LOG_BANDS, MEL_BANDS
from hearth.tools.visualizer.analysis.scales import Bands, bark_edges, log_edges, mel_edges

RATE = 44100
HOP = RATE // 50
SIZE = 4096
"""Samples in a window: 93 ms, bins of 10.8 Hz."""

BASS_HZ, TREBLE_HZ = 250.0, 4000.0
LOWEST_HZ, HIGHEST_HZ = 30.0, 16000.0
C1_HZ = 440 * 2 ** (-45 / 12)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Spectra:
    """T frames; bytes and units as in `Analysis`."""

    mel: NDArray[np.uint8]
    bark: NDArray[np.uint8]
    log: NDArray[np.uint8]
    bass: Floats
    mid: Floats
    treble: Floats
    centroid: Floats
    flatness: Floats


class Spectrum:
    """Mono at RATE comes in, frames go out."""

    def __init__(self) -> None:
        self._frames = Frames(SIZE, HOP)
        self._window = np.hanning(SIZE + 1)[:-1].astype(np.float32)
        self._scale = np.float32((2 / self._window.sum()) ** 2)  # a sine of full scale is 1
        bins, spacing = SIZE // 2 + 1, RATE / SIZE
        self._mel = Bands(mel_edges(MEL_BANDS, LOWEST_HZ, HIGHEST_HZ), bins, spacing)
        self._bark = Bands(bark_edges(BARK_BANDS, 20.0, 15500.0), bins, spacing)
        self._log = Bands(log_edges(LOG_BANDS, C1_HZ, 12), bins, spacing)
        self._frequencies = (np.arange(bins) * spacing).astype(np.float32)
        bass, treble, low, high = (
            int(np.searchsorted(self._frequencies, hz)) for hz in (BASS_HZ, TREBLE_HZ, LOWEST_HZ, HIGHEST_HZ)
        )
        self._ranges = (slice(1, bass), slice(bass, treble), slice(treble, bins))
        self._heard = slice(low, high)

    def push(self, mono: Floats) -> Spectra:
        return self._spectra(self._frames.push(mono))

    def end(self) -> Spectra:
        """The frames that lie partly past the end."""
        return self._spectra(self._frames.end())

    def _spectra(self, frames: Floats) -> Spectra:
        transform = np.fft.rfft(frames * self._window)
        power: Floats = (transform.real**2 + transform.imag**2).astype(np.float32) * self._scale
        # A window spreads a sine over bins that hold 1.5 times its power.
        bass, mid, treble = (np.sqrt(power[:, part].sum(axis=1) / 1.5) for part in self._ranges)
        heard, at = power[:, self._heard], self._frequencies[self._heard]
        total = heard.sum(axis=1)
        loud = total > 1e-9
        safe = np.where(loud, total, 1)
        centroid = np.where(loud, heard @ at / safe, 0)
        flatness = np.where(loud, np.exp(np.log(heard + 1e-20).mean(axis=1)) / (safe / heard.shape[1]), 0)
        mel, bark, log = (_bytes(bands(power)) for bands in (self._mel, self._bark, self._log))
        return Spectra(mel, bark, log, bass, mid, treble, _narrow(centroid), _narrow(flatness))


def _narrow(values: NDArray[np.floating]) -> Floats:
    return values.astype(np.float32)


def _bytes(power: Floats) -> NDArray[np.uint8]:
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    return np.rint(np.clip(decibels / DECIBELS + 1, 0, 1) * 255).astype(np.uint8)
