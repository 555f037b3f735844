"""The first stage: everything that is told without a network, as sound comes in."""

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis import beat_features
from hearth.tools.visualizer.analysis.channels import loudness_gains, to_stereo
from hearth.tools.visualizer.analysis.growing import Growing
from hearth.tools.visualizer.analysis.loudness import KWeighting
from hearth.tools.visualizer.analysis.resample import Resampler
from hearth.tools.visualizer.analysis.result import BARK_BANDS, FRAME_RATE, LOG_BANDS, MEL_BANDS, SAMPLE_RATE
from hearth.tools.visualizer.analysis.spectrum import HOP, RATE, Spectra, Spectrum

Floats = NDArray[np.float32]


OWN_CURVES = ("level", "onset", "bass", "mid", "treble", "centroid", "flatness", "width", "balance")


class Listening:
    """Takes pieces of sound and keeps what they tell; `frames` of every array are there at any time."""

    def __init__(self, rate: int, channels: int) -> None:
        self._to_stereo = to_stereo(channels)
        self._to_rate = Resampler(rate, RATE, channels)
        self._to_samples = Resampler(RATE, SAMPLE_RATE, 1)
        self._k_weighting = KWeighting(loudness_gains(channels))
        self._spectrum = Spectrum()
        self._beat_features = beat_features.Spectrogram()
        self._short = np.zeros((2, 0), np.float32)
        self.mel = Growing((MEL_BANDS,), np.uint8)
        self.bark = Growing((BARK_BANDS,), np.uint8)
        self.log = Growing((LOG_BANDS,), np.uint8)
        self.extremes = Growing((2,), np.int8)
        self.samples = Growing((), np.int16)
        self.energy = Growing((), np.float32)
        """K-weighted, a hop; the last half second comes late."""
        self.bands = Growing((beat_features.BANDS,), np.float32)
        """What the network for beats reads, without the rise; it forgets what that has read."""
        self.curves = {name: Growing((), np.float32) for name in OWN_CURVES}
        self.peak = 0.0

    def __len__(self) -> int:
        """Frames that every array has, but for `energy`."""
        return min(map(len, (self.mel, self.extremes, self.curves["onset"])))

    def expect(self, seconds: float) -> None:
        """Makes room for a track of that length."""
        frames = int(seconds * FRAME_RATE) + 2
        for array in (self.mel, self.bark, self.log):
            array.reserve(frames)
        self.samples.reserve(int(seconds * SAMPLE_RATE) + SAMPLE_RATE)

    def push(self, sound: Floats) -> None:
        """Takes (channels, n)."""
        self._push(self._to_rate.push(sound))

    def end(self) -> None:
        """Nothing more comes."""
        self._push(self._to_rate.end())
        self._add_spectra(self._spectrum.end())
        self._add_samples(self._to_samples.end())
        self._add_bands(self._beat_features.end())
        self.energy.append(self._k_weighting.end())
        if self._short.shape[1]:
            self._add_hops(self._short[:, None, :])
        count = max(map(len, (self.mel, self.extremes)))
        for array in (self.mel, self.bark, self.log, self.extremes, self.bands, *self.curves.values()):
            array.extend_to(count)

    def _push(self, sound: Floats) -> None:
        if not sound.shape[1]:
            return
        self.peak = max(self.peak, float(np.abs(sound).max()))
        self.energy.append(self._k_weighting.push(sound))
        stereo = np.einsum("oc,cn->on", self._to_stereo, sound)
        mono = stereo.mean(axis=0)
        self._add_spectra(self._spectrum.push(mono))
        self._add_samples(self._to_samples.push(mono[None]))
        held = np.concatenate([self._short, stereo], axis=1)
        count = held.shape[1] // HOP
        self._short = held[:, count * HOP :]
        if count:
            self._add_hops(held[:, : count * HOP].reshape(2, count, HOP))

    def _add_spectra(self, spectra: Spectra) -> None:
        for name in ("mel", "bark", "log"):
            getattr(self, name).append(getattr(spectra, name))
        for name in ("bass", "mid", "treble", "centroid", "flatness"):
            self.curves[name].append(getattr(spectra, name))

    def _add_samples(self, samples: Floats) -> None:
        samples = samples[0]
        self.samples.append(np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16))
        self._add_bands(self._beat_features.push(samples))

    def _add_bands(self, bands: Floats) -> None:
        before = self.bands.part(len(self.bands) - 1, len(self.bands)).copy()
        self.bands.append(bands)
        self.curves["onset"].append(beat_features.rise(bands, before).mean(axis=1))

    def _add_hops(self, stereo: Floats) -> None:
        """(2, T, HOP) to what is told by samples as they are."""
        left, right = stereo
        mono = (left + right) / 2
        limits = np.stack([mono.min(axis=1), mono.max(axis=1)], axis=1)
        self.extremes.append(np.rint(np.clip(limits, -1, 1) * 127).astype(np.int8))
        self.curves["level"].append(np.sqrt((mono**2).mean(axis=1)))
        both = np.stack([(left**2).sum(axis=1), (right**2).sum(axis=1), 2 * (left * right).sum(axis=1)])
        total = both[0] + both[1]
        safe = np.where(total > 1e-9, total, 1)
        self.curves["width"].append(np.where(total > 1e-9, np.clip((1 - both[2] / safe) / 2, 0, 1), 0))
        self.curves["balance"].append(np.where(total > 1e-9, (both[1] - both[0]) / safe, 0))
