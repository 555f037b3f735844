"""Scales of frequency, the filters that sum a spectrum into bands along them, and the ear's weighting."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def mel(frequency: Array) -> Array:
    """Hz to mel [O'Shaughnessy, "Speech Communication", 1987]."""
    return 2595 * np.log10(1 + frequency / 700)


def from_mel(mels: Array) -> Array:
    return 700 * (10 ** (mels / 2595) - 1)


def bark(frequency: Array) -> Array:
    """Hz to Bark [Traunmüller, "Analytical expressions for the tonotopic sensory scale", 1990]."""
    return 26.81 * frequency / (1960 + frequency) - 0.53


def from_bark(barks: Array) -> Array:
    return 1960 * (barks + 0.53) / (26.28 - barks)


def a_weighting(frequency: Array) -> Array:
    """How strongly the ear hears a frequency in Hz, as a factor of amplitude; 1 at 1000 Hz [IEC 61672-1]."""

    def response(f: Array) -> Array:
        squared = f**2
        low = (squared + 20.598997**2) * np.sqrt((squared + 107.65265**2) * (squared + 737.86223**2))
        return 12194.217**2 * squared**2 / (low * (squared + 12194.217**2))

    return response(frequency) / response(np.array(1000.0))


def mel_edges(bands: int, low: float, high: float) -> Array:
    """(bands + 2,) in Hz: band b rises from edge b to b + 1 and falls to b + 2."""
    return from_mel(np.linspace(mel(np.array(low)), mel(np.array(high)), bands + 2))


def bark_edges(bands: int, low: float, high: float) -> Array:
    return from_bark(np.linspace(bark(np.array(low)), bark(np.array(high)), bands + 2))


def log_edges(bands: int, lowest: float, per_octave: int) -> Array:
    """Bands whose centres lie evenly on a logarithmic scale, the first at `lowest`."""
    return lowest * 2 ** (np.arange(-1, bands + 1) / per_octave)


class Bands:
    """Triangular filters over the power spectrum of a Hann window.

    A sine of full scale in the middle of a band gives that band 1, times the weighting of its frequency.
    """

    STEPS = 16  # to a bin, in which the triangles are summed; low bands are narrower than one

    def __init__(self, edges: Array, bins: int, spacing: float) -> None:
        """`spacing` is that of the spectrum's bins in Hz."""
        weighting = a_weighting(np.arange(bins) * spacing) ** 2
        self._parts: list[tuple[slice, NDArray[np.float32]]] = []
        for low, centre, high in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
            first, end = int(low / spacing), min(bins, int(high / spacing) + 2)
            steps = np.arange((end - first) * self.STEPS, dtype=np.int64)
            at: Array = (first + steps / self.STEPS) * spacing
            triangle = np.clip(np.minimum((at - low) / (centre - low), (high - at) / (high - centre)), 0, None)
            # What lies between two bins is shared by them.
            part = steps % self.STEPS / self.STEPS
            row = np.bincount(steps // self.STEPS, triangle * (1 - part)).astype(np.float64)
            row[1:] += np.bincount(steps // self.STEPS, triangle * part)[:-1]
            row = row / (row @ _hann_line(np.arange(first, end) - centre / spacing))
            self._parts.append((slice(first, end), (row * weighting[first:end]).astype(np.float32)))

    def __call__(self, power: NDArray[np.float32]) -> NDArray[np.float32]:
        """(T, bins) to (T, bands)."""
        out = np.empty((len(power), len(self._parts)), np.float32)
        for band, (part, weights) in enumerate(self._parts):
            np.einsum("tk,k->t", power[:, part], weights, out=out[:, band])
        return out


def _hann_line(off: Array) -> Array:
    """The power that a Hann window makes of a sine so many bins off, 1 on a bin."""
    # The window's transform: sinc(x) / (1 - x^2), whose poles at +-1 are removable.
    pole = np.isclose(np.abs(off), 1)
    return np.where(pole, 0.5, np.sinc(off) / np.where(pole, 1, 1 - off**2)) ** 2
