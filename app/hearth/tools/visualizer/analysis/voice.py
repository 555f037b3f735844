"""Where somebody speaks or sings: silero-vad, in steps of 32 ms."""

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis.asking import Answers, Predict
from hearth.tools.visualizer.analysis.growing import Growing
from hearth.tools.visualizer.analysis.listening import Listening
from hearth.tools.visualizer.analysis.resample import Resampler
from hearth.tools.visualizer.analysis.result import FRAME_RATE, SAMPLE_RATE, Span

RATE = 16000
STEP, CONTEXT = 512, 64
"""Samples that a step moves on by, and those before them that the network also sees."""

STEPS = 64
"""Asked about at once: 2 s."""

ON, OFF = 0.5, 0.35
"""A span begins where the probability passes the first, and ends where it falls below the second."""

LONGEST_GAP, SHORTEST_SPAN = 0.3, 0.25  # seconds
STEP_SECONDS = STEP / RATE

Floats = NDArray[np.float32]


class Voice:
    """A stage: reads the samples that were heard, asks the network, keeps its probabilities."""

    def __init__(self, heard: Listening) -> None:
        self._heard = heard
        self._resampler = Resampler(SAMPLE_RATE, RATE, 1)
        self._read = 0  # of the samples heard
        self._waiting = np.zeros(CONTEXT, np.float32)  # from the context of the next step on
        self._h, self._c = np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32)
        self._probabilities = Growing((), np.float32)
        self._ended = False
        self.curve = Growing((), np.float32)
        """The probability a frame."""

    @property
    def seconds(self) -> float:
        return len(self._probabilities) * STEP_SECONDS

    def ask(self, until: float, whole: bool) -> Predict | None:
        size = STEPS * STEP
        self._read_on(size, until, whole)
        left = len(self._waiting) - CONTEXT
        if left < size and not (whole and left > 0):
            return None
        sound = self._waiting[: CONTEXT + size]
        sound = np.pad(sound, (0, CONTEXT + size - len(sound)))
        windows = np.lib.stride_tricks.sliding_window_view(sound, CONTEXT + STEP)[::STEP]
        feeds = {"input": np.ascontiguousarray(windows), "h": self._h, "c": self._c}
        return Predict(["speech_probs", "hn", "cn"], feeds)

    def _read_on(self, size: int, until: float, whole: bool) -> None:
        samples = self._heard.samples.rows
        end = len(samples) if whole else min(len(samples), round(until * SAMPLE_RATE))
        while self._read < end and len(self._waiting) < CONTEXT + size:
            piece = samples[self._read : min(end, self._read + 2 * SAMPLE_RATE)].astype(np.float32) / np.float32(32767)
            self._read += len(piece)
            self._wait(self._resampler.push(piece[None]))
        if whole and self._read == len(samples) and not self._ended:
            self._ended = True
            self._wait(self._resampler.end())

    def _wait(self, piece: Floats) -> None:
        self._waiting = np.concatenate([self._waiting, piece[0]])

    def take(self, answers: Answers) -> None:
        probabilities, self._h, self._c = answers
        done = min(STEPS, -(-(len(self._waiting) - CONTEXT) // STEP))
        probabilities = probabilities.reshape(-1)[:done]
        centres = (np.arange(len(self._probabilities), len(self._probabilities) + done) + 0.5) * STEP_SECONDS
        self._probabilities.append(probabilities)
        self._draw(float(centres[-1]))
        self._waiting = self._waiting[STEPS * STEP :] if done == STEPS else self._waiting[:CONTEXT]

    def _draw(self, until: float) -> None:
        """Goes on with the curve up to `until` seconds."""
        steps = np.arange(len(self.curve), int(until * FRAME_RATE) + 1) / FRAME_RATE / STEP_SECONDS - 0.5
        known = self._probabilities.rows
        low = max(0, int(steps[0]) - 1) if len(steps) else 0
        self.curve.append(np.interp(steps, np.arange(low, len(known)), known[low:]))

    def spans(self) -> list[Span]:
        """Where the probability is high, short gaps bridged and short bits left out."""
        spans: list[list[float]] = []
        inside = False
        for step, probability in enumerate(self._probabilities.rows):
            if not inside and probability >= ON:
                start = step * STEP_SECONDS
                if spans and start - spans[-1][1] <= LONGEST_GAP:
                    spans[-1][1] = start
                else:
                    spans.append([start, start])
            inside = probability >= (OFF if inside else ON)
            if inside:
                spans[-1][1] = (step + 1) * STEP_SECONDS
        return [Span(start, end) for start, end in spans if end - start >= SHORTEST_SPAN]
