"""Notes: what basic-pitch hears, made into notes that begin and end.

[Bittner, Bosch, Rubinstein, Meseguer-Brocal, Ewert: "A lightweight instrument-agnostic model for polyphonic note
transcription and multipitch estimation", ICASSP 2022]
"""

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis.asking import Answers, Predict
from hearth.tools.visualizer.analysis.growing import Growing
from hearth.tools.visualizer.analysis.listening import Listening
from hearth.tools.visualizer.analysis.note_making import make_notes
from hearth.tools.visualizer.analysis.result import FRAME_RATE, KEYS, SAMPLE_RATE, Note

WINDOW, HOP = 43844, 256
"""Samples that the network sees at once, and a frame of its answer."""

WINDOW_FRAMES, OVERLAP = 172, 30
"""Frames of an answer; half the overlap is left out on either side, where the network hears too little."""

STRIDE = (WINDOW_FRAMES - OVERLAP) * HOP
RATE = SAMPLE_RATE / HOP
SEGMENT, CONTEXT_BEFORE, CONTEXT_AFTER = (round(seconds * RATE) for seconds in (10, 3, 8))
"""Notes are made ten seconds at a time, those that begin there, with some of what lies around."""


class Notes:
    """A stage: reads the samples that were heard, asks basic-pitch, makes notes."""

    INPUT = "serving_default_input_2:0"
    OUTPUTS = ("StatefulPartitionedCall:1", "StatefulPartitionedCall:2")

    def __init__(self, heard: Listening) -> None:
        self._heard = heard
        self._windows = 0
        self._sounding = Growing((KEYS,), np.float16)
        self._struck = Growing((KEYS,), np.float16)
        self._keys = Growing((KEYS, 2), np.uint8)
        self._drawn = 0  # frames of them
        self._made: list[Note] = []
        self._made_until = 0  # frames

    @property
    def seconds(self) -> float:
        return len(self._sounding) / RATE

    def ask(self, until: float, whole: bool) -> Predict | None:
        samples = self._heard.samples.rows
        start = self._windows * STRIDE - OVERLAP // 2 * HOP
        used = start + WINDOW - OVERLAP // 2 * HOP  # what lies behind it comes again
        if len(self._sounding) * HOP >= len(samples) or (used > until * SAMPLE_RATE and not whole):
            return None
        if start + WINDOW > len(samples) and not whole:
            return None
        piece = samples[max(start, 0) : start + WINDOW].astype(np.float32) / np.float32(32767)
        window = np.zeros((1, WINDOW, 1), np.float32)
        at = max(-start, 0)
        window[0, at : at + len(piece), 0] = piece
        return Predict(self.OUTPUTS, {self.INPUT: window})

    def take(self, answers: Answers) -> None:
        self._windows += 1
        left = -(-len(self._heard.samples) // HOP) - len(self._sounding)
        count = min(WINDOW_FRAMES - OVERLAP, left)
        for kept, answer in zip((self._sounding, self._struck), answers, strict=True):
            kept.append(answer.reshape(WINDOW_FRAMES, KEYS)[OVERLAP // 2 :][:count])
        self._draw()
        while self._made_until + SEGMENT + CONTEXT_AFTER <= len(self._sounding):
            self._made += self._segment(self._made_until, SEGMENT)
            self._made_until += SEGMENT
        for kept in (self._sounding, self._struck):
            kept.forget(self._made_until - CONTEXT_BEFORE)

    def _draw(self) -> None:
        """Goes on with the keys at the analysis' own frame rate, by the nearest frames of the network."""
        frames = np.arange(self._drawn, int(self.seconds * FRAME_RATE))
        nearest = np.minimum(np.rint(frames / FRAME_RATE * RATE).astype(int), len(self._sounding) - 1)
        if not len(nearest):
            return
        first, end = nearest[0], nearest[-1] + 1
        kept = [array.part(first, end)[nearest - first] for array in (self._sounding, self._struck)]
        both = np.stack(kept, axis=2).astype(np.float32)
        self._drawn = int(frames[-1]) + 1
        self._keys.extend_to(self._drawn)
        self._keys.rows[frames] = np.rint(np.clip(both, 0, 1) * 255).astype(np.uint8)

    def _segment(self, first: int, count: int) -> list[Note]:
        low, high = max(0, first - CONTEXT_BEFORE), first + count + CONTEXT_AFTER
        sounding, struck = (kept.part(low, high).astype(np.float32) for kept in (self._sounding, self._struck))
        made = make_notes(sounding, struck)
        inside = [note for note in made if first <= note.first + low < first + count]
        return [Note((note.first + low) / RATE, (note.end + low) / RATE, note.pitch, note.strength) for note in inside]

    def keys(self, frames: int) -> NDArray[np.uint8]:
        """(frames, 88, 2): zeros where the network has not been yet."""
        self._keys.extend_to(frames)
        keys: NDArray[np.uint8] = self._keys.rows[:frames]
        return keys

    def expect(self, seconds: float) -> None:
        """Makes room for a track of that length."""
        self._keys.reserve(int(seconds * FRAME_RATE) + 2)

    def notes(self) -> list[Note]:
        """Those that began so far; the latest ones may still change."""
        tail = self._segment(self._made_until, len(self._sounding) - self._made_until)
        return self._made + tail
