"""A track is listened to: sound comes in pieces, features fill in stage by stage.

    analyser = Analyser(rate, channels, networks)
    for piece in pieces:            # (n, channels) or (n,) float32, -1..1
        analyser.feed(piece)        # what needs no network is there at once
    analyser.end()
    await analyser.run_async(progress)
    analyser.snapshot()             # an Analysis, at any time before as well

`run` may be called between pieces too: the networks then work on what has come so far.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from hearth.errors import BadSound
from hearth.tools.visualizer.analysis.asking import Answers, Predict, Stage
from hearth.tools.visualizer.analysis.beats import Beats
from hearth.tools.visualizer.analysis.listening import Listening
from hearth.tools.visualizer.analysis.loudness import MOMENTARY, SHORT_TERM, around, measure
from hearth.tools.visualizer.analysis.notes import Notes
from hearth.tools.visualizer.analysis.onsets import pick_onsets
from hearth.tools.visualizer.analysis.result import (
    CURVES,
    FRAME_RATE,
    LOWEST_LUFS,
    SAMPLE_RATE,
    STAGES,
    Analysis,
)
from hearth.tools.visualizer.analysis.sections import find_sections
from hearth.tools.visualizer.analysis.voice import Voice
from hearth.words import say

Progress = Callable[[str, float], object]
"""progress(stage, fraction from 0 to 1 of the sound that is there); it may raise Cancelled (or anything) to stop."""

HORIZON_SECONDS = 30.0
"""How far a stage runs ahead of the next one, so that all of a long track's beginning is there soon."""

PIECE_SECONDS = 10.0
"""The most that is worked on at once, which bounds memory."""

MOST_EXPECTED = 2 * 3600.0
"""Seconds that room is made for at once: a file may say anything of its length."""

LOWEST_RATE, HIGHEST_RATE, MOST_CHANNELS = 1000, 768_000, 64


class Session(Protocol):
    """What is asked of `hearth.runtime.InferenceSession` (onnxruntime's will do as well for `run`)."""

    def run(self, output_names: Sequence[str], input_feed: Mapping[str, Any], /) -> Sequence[Any]: ...


class AsyncSession(Session, Protocol):
    def run_async(self, output_names: Sequence[str], input_feed: Mapping[str, Any], /) -> Awaitable[Sequence[Any]]: ...


@dataclass(frozen=True)
class Networks:
    """Sessions of the models `beatnet`, `silero-vad` and `basic-pitch`, and of `pulse.network()`.

    Without one its stage finds nothing; beats need both `beats` and `pulse`.
    """

    beats: Session | None = None
    voice: Session | None = None
    notes: Session | None = None
    pulse: Session | None = None


class _Report(NamedTuple):
    stage: str
    fraction: float


class _Question(NamedTuple):
    session: Session
    predict: Predict


_Steps = Generator[_Report | _Question, Answers | None, None]


def _ignore(*_: object) -> None:
    """Nobody listens."""


class Analyser:
    """Raises BadSound where rate or channels make no sense."""

    def __init__(self, rate: int, channels: int, networks: Networks = Networks(), expected: float = 0.0) -> None:
        """`expected`: how many seconds will come, where that is known; it saves memory and may be wrong."""
        if not 1 <= channels <= MOST_CHANNELS:
            raise BadSound(say("sound.channels", channels=channels, most=MOST_CHANNELS))
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise BadSound(say("sound.rate", rate=rate, least=LOWEST_RATE, most=HIGHEST_RATE))
        self.rate, self.channels = rate, channels
        self._listening = Listening(rate, channels)
        self._beats, self._voice, self._notes = Beats(self._listening), Voice(self._listening), Notes(self._listening)
        self._stages: list[tuple[str, Stage, list[Session]]] = [
            (name, stage, [session for session in sessions if session is not None])
            for name, stage, sessions in (
                ("beats", self._beats, (networks.beats, networks.pulse)),
                ("voice", self._voice, (networks.voice,)),
                ("notes", self._notes, (networks.notes,)),
            )
            if None not in sessions
        ]
        expected = min(expected, MOST_EXPECTED)
        self._listening.expect(expected)
        if networks.notes:
            self._notes.expect(expected)
        self._fed = 0  # samples of the source
        self._ended = self._finished = False
        self._sections: list[Any] = []

    @property
    def seconds(self) -> float:
        """How much sound was fed."""
        return self._fed / self.rate

    def feed(self, piece: NDArray[Any]) -> None:
        """Takes the next samples, (n, channels), or (n,) for mono: floats of full scale 1, of any number.

        Values that are no numbers count as silence. Raises BadSound where the channels do not fit.
        """
        if self._ended:
            raise BadSound(say("sound.ended"))
        samples = np.atleast_2d(np.asarray(piece, np.float32).T)
        if samples.ndim != 2 or samples.shape[0] != self.channels:
            raise BadSound(say("sound.other-channels", piece=samples.shape[0], track=self.channels))
        step = round(PIECE_SECONDS * self.rate)
        for start in range(0, samples.shape[1], step):
            part = samples[:, start : start + step]
            self._listening.push(np.nan_to_num(part, nan=0.0, posinf=0.0, neginf=0.0))
            self._fed += part.shape[1]

    def end(self) -> None:
        """Says that no more sound comes. Raises BadSound where there was none at all."""
        if not self._fed:
            raise BadSound(say("sound.no-sample"))
        if not self._ended:
            self._ended = True
            self._listening.end()

    def run(self, progress: Progress = _ignore) -> None:
        """Lets the networks work on all sound that is there. Goes on where it was stopped by what `progress` raised."""
        steps = self._steps()
        step = _next(steps, None)
        while step is not None:
            answer = None
            if isinstance(step, _Question):
                answer = step.session.run(step.predict.outputs, step.predict.feeds)
            else:
                progress(step.stage, step.fraction)
            step = _next(steps, answer)

    async def run_async(self, progress: Progress = _ignore) -> None:
        """`run` for an event loop, which gets its turn at every report."""
        steps = self._steps()
        step = _next(steps, None)
        while step is not None:
            answer = None
            if isinstance(step, _Question):
                session = cast(AsyncSession, step.session)
                answer = await session.run_async(step.predict.outputs, step.predict.feeds)
            else:
                await asyncio.sleep(0)
                progress(step.stage, step.fraction)
            step = _next(steps, answer)

    def _steps(self) -> _Steps:
        there = self._heard_seconds()
        horizon = 0.0
        while horizon < there:
            horizon = min(there, (horizon // HORIZON_SECONDS + 1) * HORIZON_SECONDS)
            for name, stage, sessions in self._stages:
                while question := stage.ask(horizon, whole=self._ended and horizon >= there):
                    answers = yield _Question(sessions[question.network], question)
                    assert answers is not None
                    stage.take(answers)
                    yield _Report(name, min(1.0, stage.seconds / there))
        if self._ended and not self._finished:
            yield _Report("sections", 0.0)
            self._sections = find_sections(self.snapshot())
            self._finished = True
            yield _Report("sections", 1.0)

    def _heard_seconds(self) -> float:
        """Of sound that is through the first stage."""
        return self.seconds if self._ended else len(self._listening.samples) / SAMPLE_RATE

    def snapshot(self) -> Analysis:
        """What is known by now."""
        heard = self._listening
        frames = len(heard)
        curves = np.zeros((frames, len(CURVES)), np.float32)
        own = heard.curves | {"beat": self._beats.beat, "downbeat": self._beats.downbeat, "voice": self._voice.curve}
        for name, curve in own.items():
            values = curve.rows[:frames]
            curves[: len(values), CURVES.index(name)] = values
        energy = heard.energy.rows
        for name, hops in (("momentary", MOMENTARY), ("short_term", SHORT_TERM)):
            values = around(energy, hops)[:frames]
            curves[:, CURVES.index(name)] = LOWEST_LUFS
            curves[: len(values), CURVES.index(name)] = values
        beats = self._beats.beats()
        counts = self._beats.counts(beats, frames)
        curves[:, CURVES.index("beats")], curves[:, CURVES.index("bars")] = counts
        spectrum = frames / FRAME_RATE if not self._ended else self.seconds
        covered = dict.fromkeys(STAGES, 0.0) | {name: stage.seconds for name, stage, _ in self._stages}
        covered |= {"spectrum": spectrum, "sections": self.seconds if self._finished else 0.0}
        loudness = measure(energy, heard.peak)
        return Analysis(
            duration=self.seconds,
            rate=self.rate,
            channels=self.channels,
            complete=self._finished,
            covered={name: min(seconds, self.seconds) for name, seconds in covered.items()},
            mel=heard.mel.rows[:frames],
            bark=heard.bark.rows[:frames],
            log=heard.log.rows[:frames],
            curves=curves,
            keys=self._notes.keys(frames),
            extremes=heard.extremes.rows[:frames],
            samples=heard.samples.rows,
            notes=self._notes.notes(),
            beats=beats,
            onsets=pick_onsets(heard.curves["onset"].rows[:frames]),
            sections=list(self._sections),
            voice=self._voice.spans(),
            tempo=self._beats.tempo(beats),
            loudness=loudness,
            remarks=(say("sound.silent"),) if self._ended and heard.peak == 0 else (),
        )


def _next(steps: _Steps, answer: Answers | None) -> _Report | _Question | None:
    try:
        return steps.send(answer)
    except StopIteration:
        return None
