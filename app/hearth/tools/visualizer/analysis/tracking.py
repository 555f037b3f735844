"""Beats out of a network's activations: the most likely sequence of beats whose tempo changes smoothly.

A semi-Markov form of the bar pointer model [Whiteley, Cemgil, Godsill, ISMIR 2006; Krebs, Böck, Widmer, "An efficient
state-space model for joint tempo and meter tracking", ISMIR 2015]: a state is a beat at a frame together with the
interval that follows it. Frames without a beat are all alike, so that a way through the track is worth what its beats
are worth and what its changes of tempo cost. Sound comes in pieces; the best way is asked for at any time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis.growing import Growing

_START = 255
"""In place of an interval: the beat is the first one, or the first after a break."""


@dataclass(frozen=True)
class Tempi:
    """What is believed of tempo: beats a minute, and natural logarithms of probability."""

    slowest: float = 50.0
    fastest: float = 215.0
    likely: float = 110.0
    spread: float = 0.5  # octaves around the likely one, a standard deviation
    steadiness: float = 80.0  # what a change costs, times the logarithm of the ratio of intervals
    reward: float = 1.0  # of every beat, so that beats are rather found than left out
    break_cost: float = 12.0  # of letting the beat go, and taking it up anew


class Tracker:
    """`push` how much speaks for a beat, a frame each; `beats()` gives the frames of beats."""

    def __init__(self, rate: float, tempi: Tempi = Tempi()) -> None:
        """`rate`: frames a second."""
        shortest, longest = int(rate * 60 / tempi.fastest), int(np.ceil(rate * 60 / tempi.slowest))
        self._tempi = tempi
        self._intervals = np.arange(shortest, longest + 1)
        logs = np.log(self._intervals)
        change = -tempi.steadiness * np.abs(logs[:, None] - logs[None, :])
        change -= np.log(np.exp(change).sum(axis=0))
        octaves = np.log2(60 * rate / self._intervals / tempi.likely)
        self._prior = (-0.5 * (octaves / tempi.spread) ** 2).astype(np.float32)
        self._change = (change + self._prior[:, None]).astype(np.float32)  # [to, from]
        self._rows = np.arange(len(self._intervals))
        count = len(self._intervals)
        # A ring over the last frames: the worth of the best way to a beat there that goes on with each interval.
        self._onward = np.full((longest, count), -np.inf, np.float32)
        self._before = Growing((count,), np.uint8)  # [frame, interval after]: the interval before, or _START
        self._resumed = Growing((), np.int32)  # where the way to a first beat at a frame ended before, or -1
        self._end_interval = Growing((), np.uint8)  # of the best way that ends with a beat at a frame
        self._best_until = Growing((), np.int32)  # the frame at which the best of all ways so far ends, or -1
        self._worth_until = Growing((), np.float64)

    def __len__(self) -> int:
        """Frames that were pushed."""
        return len(self._before)

    def push(self, evidence: NDArray[np.floating]) -> None:
        """(n,): the logarithm of the odds that there is a beat."""
        first, count = len(self), len(evidence)
        for array in (self._before, self._resumed, self._end_interval, self._best_until, self._worth_until):
            array.extend_to(first + count)
        for frame, worth in enumerate((evidence + self._tempi.reward).tolist(), first):
            self._step(frame, worth)

    def _step(self, frame: int, worth: float) -> None:
        ring = len(self._onward)
        arrived = self._onward[(frame - self._intervals) % ring, self._rows] + np.float32(worth)
        ways = self._change + arrived
        before = ways.argmax(axis=1)
        onward = ways[self._rows, before]
        # A way may also begin here, after what the best one so far is worth, less what a break costs.
        gap = frame - int(self._intervals[0])
        resumed, start = -1, 0.0
        if gap >= 0 and self._best_until.rows[gap] >= 0:
            after = float(self._worth_until.rows[gap]) - self._tempi.break_cost
            if after > 0:
                resumed, start = int(self._best_until.rows[gap]), after
        fresh = self._prior + np.float32(start + worth)
        begins = fresh > onward
        self._onward[frame % ring] = np.where(begins, fresh, onward)
        self._before.rows[frame] = np.where(begins, _START, before)
        self._resumed.rows[frame] = resumed
        end = int(arrived.argmax())
        self._end_interval.rows[frame] = end
        better = frame == 0 or arrived[end] > self._worth_until.rows[frame - 1]
        self._worth_until.rows[frame] = arrived[end] if better else self._worth_until.rows[frame - 1]
        self._best_until.rows[frame] = (
            frame if better and np.isfinite(arrived[end]) else self._best_until.rows[frame - 1] if frame else -1
        )

    def beats(self) -> list[int]:
        """Frames of the beats of the best way through all that was pushed."""
        beats: list[int] = []
        any_worth = len(self) and self._worth_until.rows[-1] > 0
        frame = int(self._best_until.rows[-1]) if any_worth else -1
        while frame >= 0:
            interval = int(self._end_interval.rows[frame])
            while interval != _START:
                beats.append(frame)
                frame -= int(self._intervals[interval])
                interval = int(self._before.rows[frame, interval])
            beats.append(frame)
            frame = int(self._resumed.rows[frame])
        return beats[::-1]
