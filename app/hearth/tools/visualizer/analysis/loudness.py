"""Loudness as EBU R128 has it: K-weighted energy, gated [ITU-R BS.1770-5, EBU Tech 3341 and 3342]."""

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis.result import FRAME_RATE, LOWEST_LUFS, Loudness

RATE = 44100
HOP = RATE // FRAME_RATE
MOMENTARY, SHORT_TERM = FRAME_RATE * 2 // 5, FRAME_RATE * 3
"""Windows of 400 ms and 3 s, in hops."""

STEP = FRAME_RATE // 10
"""Gating blocks begin every 100 ms."""

SIZE, TAIL = 1 << 15, 1 << 13
"""Samples of a transform, and how many the filter rings on for: 0.19 s, after which it is down by 190 dB."""

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


class KWeighting:
    """Sound of (channels, n) at RATE comes in, its K-weighted energy in hops of 20 ms goes out."""

    def __init__(self, gains: Floats) -> None:
        """`gains`: what each channel's energy counts for; 0 leaves it out."""
        self._gains = gains
        self._response = k_response(np.fft.rfftfreq(SIZE, 1 / RATE)).astype(np.complex64)
        self._held = np.zeros((len(gains), TAIL), np.float32)
        self._waiting = np.zeros(0, np.float32)
        self._samples = 0

    def push(self, sound: Floats) -> Floats:
        """Mean energy of each hop that is complete, channels summed: (T,)."""
        self._samples += sound.shape[1]
        self._held = np.concatenate([self._held, sound], axis=1)
        energies = [self._waiting]
        while self._held.shape[1] >= SIZE:
            energies.append(self._energy(self._held[:, :SIZE]))
            self._held = self._held[:, SIZE - TAIL :]
        return self._hops(np.concatenate(energies))

    def end(self) -> Floats:
        left = self._held.shape[1] - TAIL
        padded = np.zeros((len(self._gains), SIZE), np.float32)
        padded[:, : TAIL + left] = self._held
        energy = np.concatenate([self._waiting, self._energy(padded)[:left]])
        # The last hop is short: its mean is over what is there.
        hops = self._hops(energy)
        rest = self._waiting
        return np.append(hops, np.float32(rest.mean())) if len(rest) else hops

    def _energy(self, block: Floats) -> Floats:
        """Of the samples after the block's first TAIL, whose own the filter's ringing spoils."""
        filtered = np.fft.irfft(np.fft.rfft(block) * self._response, SIZE)[:, TAIL:]
        return np.einsum("cn,cn,c->n", filtered, filtered, self._gains).astype(np.float32)

    def _hops(self, energy: Floats) -> Floats:
        count = len(energy) // HOP
        self._waiting = energy[count * HOP :]
        return energy[: count * HOP].reshape(count, HOP).mean(axis=1)


def k_response(frequencies: NDArray[np.floating]) -> NDArray[np.complex128]:
    """The K-weighting's response at RATE: BS.1770's two filters, which it gives for 48 kHz, by their analogue shape.

    Centre frequencies, qualities and gain are those that the bilinear transform leads back to from its coefficients.
    """
    z = np.exp(-2j * np.pi * frequencies / RATE)
    warped, quality, gain = np.tan(np.pi * 1681.974450955533 / RATE), 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = gain**0.4996667741545416
    over = 1 + warped / quality + warped**2
    shelf = (gain + middle * warped / quality + warped**2) + 2 * (warped**2 - gain) * z
    shelf = shelf + (gain - middle * warped / quality + warped**2) * z**2
    shelf = shelf / (over + 2 * (warped**2 - 1) * z + (1 - warped / quality + warped**2) * z**2)
    warped, quality = np.tan(np.pi * 38.13547087602444 / RATE), 0.5003270373238773
    over = 1 + warped / quality + warped**2
    under = 1 + 2 * (warped**2 - 1) / over * z + (1 - warped / quality + warped**2) / over * z**2
    return shelf * (1 - 2 * z + z**2) / under


def lufs(energy: NDArray[np.floating]) -> Doubles:
    """Loudness of a mean energy, not below LOWEST_LUFS."""
    return np.maximum(-0.691 + 10 * np.log10(np.maximum(np.asarray(energy, np.float64), 1e-12)), LOWEST_LUFS)


def around(energy: Floats, hops: int) -> Doubles:
    """The loudness over `hops` hops around the beginning of each: (T,). Nothing sounds before the start or past the
    end."""
    total = np.concatenate([np.zeros(hops // 2), np.asarray(energy, np.float64), np.zeros(hops - hops // 2)])
    sums = np.concatenate([[0.0], np.cumsum(total)])
    return lufs((sums[hops:] - sums[:-hops])[: len(energy)] / hops)


def measure(energy: Floats, peak: float) -> Loudness:
    """The numbers for the whole track, out of all its hops. `peak` is the largest magnitude of a sample."""
    momentary, short_term = _blocks(energy, MOMENTARY), _blocks(energy, SHORT_TERM)
    return Loudness(
        integrated=float(lufs(_gated(momentary, 10.0))) if len(momentary) else LOWEST_LUFS,
        range=_range(short_term),
        momentary_max=float(lufs(momentary.max(initial=0))),
        short_term_max=float(lufs(short_term.max(initial=0))),
        peak=20 * float(np.log10(peak)) if peak > 0 else -np.inf,
    )


def _blocks(energy: Floats, hops: int) -> Doubles:
    """The mean energy of every block of `hops` that lies in the track, 100 ms apart."""
    sums = np.concatenate([[0.0], np.cumsum(np.asarray(energy, np.float64))])
    return (sums[hops:] - sums[:-hops])[::STEP] / hops if len(energy) >= hops else np.zeros(0)


def _loud(energy: Doubles, below: float) -> Doubles:
    """Those blocks above -70 LUFS and not more than `below` LU under the mean of these."""
    heard = energy[energy > 10 ** ((LOWEST_LUFS + 0.691) / 10)]
    return heard[heard > heard.mean() * 10 ** (-below / 10)] if len(heard) else heard


def _gated(energy: Doubles, below: float) -> Doubles:
    loud = _loud(energy, below)
    return np.asarray(loud.mean() if len(loud) else 0.0)


def _range(short_term: Doubles) -> float:
    loud = _loud(short_term, 20.0)
    if not len(loud):
        return 0.0
    low, high = np.percentile(lufs(loud), [10, 95])
    return float(high - low)
