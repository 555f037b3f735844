"""Beats and bars: what BeatNet hears, counted by the tracker."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis import beat_features
from hearth.tools.visualizer.analysis.asking import Answers, Predict
from hearth.tools.visualizer.analysis.bars import count_bars
from hearth.tools.visualizer.analysis.growing import Growing
from hearth.tools.visualizer.analysis.levels import counted
from hearth.tools.visualizer.analysis.listening import Listening
from hearth.tools.visualizer.analysis.onsets import peak_offset
from hearth.tools.visualizer.analysis.readings import PARTS, best_reading, sounding
from hearth.tools.visualizer.analysis.result import FRAME_RATE, Beat
from hearth.tools.visualizer.analysis.tracking import Tracker

FRAMES = 100
"""Asked about at once: 2 s."""

FEWEST = 4  # beats; less is none

SUREST = 3.0
"""What the network's odds count for at most, as a logarithm: it is as sure of eighths as of beats."""

LOW, CYMBALS = list(PARTS).index("low"), list(PARTS).index("cymbals")
NEAR = 1  # frames
QUIETEST, HALF_LIFE = 0.03, 5 * FRAME_RATE
LOUD = 0.7
"""What sets in up there is measured by the loudest that did: it is forgotten by half within 5 s."""


class Beats:
    """A stage: reads the spectrogram that was heard, asks BeatNet, tracks the beat."""

    def __init__(self, heard: Listening) -> None:
        self._heard = heard
        self._h, self._c = np.zeros((2, 1, 150), np.float32), np.zeros((2, 1, 150), np.float32)
        self._tracker = Tracker(FRAME_RATE)
        self._loudest = QUIETEST
        self._rises = Growing((len(PARTS),), np.float32)  # how much sets in, in each part of the spectrum
        self.beat, self.downbeat = Growing((), np.float32), Growing((), np.float32)
        """Curves: the probability of any beat, and of one that begins a bar."""

    @property
    def seconds(self) -> float:
        return len(self.beat) / FRAME_RATE

    def ask(self, until: float, whole: bool) -> Predict | None:
        done = len(self.beat)
        end = len(self._heard.bands) if whole else min(len(self._heard.bands), int(until * FRAME_RATE))
        if end - done < FRAMES and not (whole and end > done):
            return None
        bands = self._heard.bands.rows[max(done - 1, 0) : min(end, done + FRAMES)]
        before, bands = (bands[:1], bands[1:]) if done else (bands[:0], bands)
        features = np.zeros((FRAMES, 2 * beat_features.BANDS), np.float32)
        features[: len(bands)] = np.hstack([bands, beat_features.rise(bands, before)])
        return Predict(["activations", "hn", "cn"], {"features": features, "h": self._h, "c": self._c})

    def take(self, answers: Answers) -> None:
        activations, self._h, self._c = answers
        done = min(FRAMES, len(self._heard.bands) - len(self.beat))
        activations = activations[:done]
        self.beat.append(activations[:, 0] + activations[:, 1])
        self.downbeat.append(activations[:, 1])
        odds = np.clip(activations[:, 0] + activations[:, 1], 1e-4, 1 - 1e-4)
        evidence = np.minimum(np.log(odds / (1 - odds)), SUREST)
        rises = self._rises_from(len(self.beat) - done)
        self._rises.append(rises)
        self._tracker.push(evidence + self._cymbals(rises) - 0.5)

    def _rises_from(self, first: int) -> NDArray[np.float32]:
        """How the parts rose in the frames from one on that the network has answered for."""
        bands = self._heard.bands.rows[max(first - 1, 0) : len(self.beat)]
        rises = beat_features.rise(bands[1:], bands[:1]) if first else beat_features.rise(bands, bands[:0])
        return np.stack([rises[:, part].mean(axis=1) for part in PARTS.values()], axis=1)

    def _cymbals(self, rises: NDArray[np.float32]) -> NDArray[np.float64]:
        """How much sets in above 3 kHz, 0..1: time is kept there, even where the network hears syncopes."""
        strengths = rises[:, CYMBALS].tolist()
        out = np.empty(len(strengths))
        for frame, strength in enumerate(strengths):
            self._loudest = max(strength, self._loudest * 0.5 ** (1 / HALF_LIFE), QUIETEST)
            out[frame] = min(1.0, strength / (LOUD * self._loudest))
        return out

    def beats(self) -> list[Beat]:
        """The beats as far as the stage has come."""
        frames = self._tracker.beats()
        if len(frames) < FEWEST:
            return []
        tracked = np.array(frames)
        down = self._near(self.downbeat.rows, tracked)
        tracked = counted(tracked, self._heard.curves["onset"].rows, down, FRAME_RATE)
        curve = self.beat.rows
        read = best_reading(tracked, sounding(self._rises.rows, curve, self.downbeat.rows))
        at = tracked if read is None else np.clip(np.rint(read).astype(np.intp), 0, len(curve) - 1)
        exact = [frame + peak_offset(curve, frame) for frame in at.tolist()] if read is None else read.tolist()
        down, all_beats = self._near(self.downbeat.rows, at), self._near(curve, at)
        positions = count_bars(down, all_beats - down, self._near(self._rises.rows[:, LOW], at))
        times = [frame / FRAME_RATE for frame in exact]
        return [Beat(max(0.0, time), position) for time, position in zip(times, positions, strict=True)]

    @staticmethod
    def _near(curve: NDArray[np.float32], frames: NDArray[np.intp]) -> NDArray[np.float64]:
        """The highest value in the frames beside each."""
        padded = np.pad(curve.astype(np.float64), NEAR)
        return np.max([padded[frames + offset] for offset in range(2 * NEAR + 1)], axis=0)

    @staticmethod
    def tempo(beats: Sequence[Beat]) -> float:
        """Beats a minute."""
        return 60 / float(np.median(np.diff([beat.time for beat in beats]))) if len(beats) > 1 else 0.0

    @staticmethod
    def counts(beats: Sequence[Beat], frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The curves `beats` and `bars`: how many have passed at each frame; -1 before the first and after the last."""
        now = np.arange(frames) / FRAME_RATE
        times = np.array([beat.time for beat in beats])
        bars = np.array([beat.time for beat in beats if beat.position == 1])
        beat_count, bar_count = (
            np.interp(now, marks, np.arange(len(marks)), left=-1, right=-1) if len(marks) > 1 else np.full(frames, -1.0)
            for marks in (times, bars)
        )
        return beat_count.astype(np.float32), bar_count.astype(np.float32)
