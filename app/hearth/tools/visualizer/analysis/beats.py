"""Beats and bars: what BeatNet hears, what the network for the pulse makes of it, followed by the tracker."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis import beat_features
from hearth.tools.visualizer.analysis.asking import Answers, Predict
from hearth.tools.visualizer.analysis.bars import count_bars
from hearth.tools.visualizer.analysis.felt import felt
from hearth.tools.visualizer.analysis.growing import Growing
from hearth.tools.visualizer.analysis.listening import Listening
from hearth.tools.visualizer.analysis.onsets import peak_offset
from hearth.tools.visualizer.analysis.pulse import FEATURES, REACH, WINDOW, PulseFeatures
from hearth.tools.visualizer.analysis.result import FRAME_RATE, Beat
from hearth.tools.visualizer.analysis.tracking import Tracker

FRAMES = 100
"""BeatNet is asked about at once: 2 s. The pulse is asked for when so much more of it can be known."""

BEATNET, PULSE = 0, 1
"""The stage's networks."""

FEWEST = 4  # beats; less is none
SUREST = 3.0
"""What the network's logarithm of the odds counts for at most."""

RARE = -2.0
"""Most frames hold no beat, which the network knows: beyond this odds speak for one."""


LEAST = 0.5
"""How likely the first and the last beat are at least: around them the tracker goes on for as long as it may."""


class Beats:
    """A stage: reads the spectrogram that was heard, asks its networks, tracks the beat."""

    def __init__(self, heard: Listening) -> None:
        self._heard = heard
        self._h, self._c = np.zeros((2, 1, 150), np.float32), np.zeros((2, 1, 150), np.float32)
        self._to_features = PulseFeatures()
        self._features = Growing((FEATURES,), np.float32)
        self._tracker = Tracker(FRAME_RATE)
        self._asked = BEATNET
        self._until = 0  # frames of the pulse that the last question answers
        self.beat, self.downbeat = Growing((), np.float32), Growing((), np.float32)
        """Curves: the probability of any beat, and of one that begins a bar."""

    @property
    def seconds(self) -> float:
        return len(self.beat) / FRAME_RATE

    def ask(self, until: float, whole: bool) -> Predict | None:
        there = len(self._heard.bands)
        end = there if whole else min(there, int(until * FRAME_RATE))
        question = self._ask_beatnet(end, whole)
        self._asked = BEATNET if question else PULSE
        return question or self._ask_pulse(whole)

    def _ask_beatnet(self, end: int, whole: bool) -> Predict | None:
        done = len(self._features)
        if end - done < FRAMES and not (whole and end > done):
            return None
        before, bands = self._bands(done, min(end, done + FRAMES))
        features = np.zeros((FRAMES, 2 * beat_features.BANDS), np.float32)
        features[: len(bands)] = np.hstack([bands, beat_features.rise(bands, before)])
        feeds = {"features": features, "h": self._h, "c": self._c}
        return Predict(["activations", "hn", "cn"], feeds, BEATNET)

    def _ask_pulse(self, whole: bool) -> Predict | None:
        done, there = len(self.beat), len(self._features)
        known = there if whole else there - REACH
        if known - done < FRAMES and not (whole and known > done):
            return None
        first = max(0, done - REACH)
        seen = self._features.rows[first : first + WINDOW]
        self._until = known if first + WINDOW >= there else first + WINDOW - REACH
        features = np.zeros((1, WINDOW, FEATURES), np.float32)
        features[0, : len(seen)] = seen
        return Predict(["odds"], {"features": features}, PULSE)

    def take(self, answers: Answers) -> None:
        if self._asked == BEATNET:
            self._take_beatnet(answers)
        else:
            self._take_pulse(answers)

    def _take_beatnet(self, answers: Answers) -> None:
        activations, self._h, self._c = answers
        done = len(self._features)
        before, bands = self._bands(done, min(len(self._heard.bands), done + FRAMES))
        self._features.append(self._to_features.push(bands, before, activations[: len(bands)]))
        self._heard.bands.forget(len(self._features) - 1)

    def _take_pulse(self, answers: Answers) -> None:
        done = len(self.beat)
        first = max(0, done - REACH)
        odds = answers[0][0, done - first : self._until - first]
        beat, downbeat = (1 / (1 + np.exp(-np.clip(odds, -30, 30)))).T
        self.beat.append(beat)
        self.downbeat.append(downbeat)
        self._tracker.push(np.clip(odds[:, 0], None, SUREST) - RARE)

    def _bands(self, first: int, end: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The frame before, (0 or 1, 136), and those from `first` to `end`."""
        bands = self._heard.bands.part(first - 1, end)
        return (bands[:1], bands[1:]) if first else (bands[:0], bands)

    def beats(self) -> list[Beat]:
        """The beats as far as the stage has come."""
        frames = np.array(self._tracker.beats(), np.intp)
        curve = self.beat.rows
        sure = np.flatnonzero(_near(curve, frames) >= LEAST)
        frames = frames[sure[0] : sure[-1] + 1] if len(sure) else frames[:0]
        frames = felt(frames, _near(curve, frames), self._heard.curves["onset"].rows, FRAME_RATE)
        if len(frames) < FEWEST:
            return []
        beat, downbeat = _near(curve, frames), _near(self.downbeat.rows, frames)
        positions = count_bars(downbeat, np.maximum(beat - downbeat, 0))
        times = [(frame + peak_offset(curve, frame)) / FRAME_RATE for frame in frames.tolist()]
        return [Beat(max(0.0, time), position) for time, position in zip(times, positions, strict=True)]

    @staticmethod
    def tempo(beats: Sequence[Beat]) -> float:
        """Beats a minute: the median over stretches of eight beats, or of as many as there are."""
        times = np.array([beat.time for beat in beats])
        apart = min(8, len(times) - 1)
        return 60 * apart / float(np.median(times[apart:] - times[:-apart])) if apart > 0 else 0.0

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


def _near(curve: NDArray[np.float32], frames: NDArray[np.intp]) -> NDArray[np.float64]:
    """The highest value in each frame and those beside it."""
    padded = np.pad(curve.astype(np.float64), 1)
    highest: NDArray[np.float64] = np.max([padded[frames + offset] for offset in range(3)], axis=0)
    return highest
