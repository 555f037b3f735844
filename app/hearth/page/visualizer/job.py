"""One track on its way: sound comes in piece by piece, what is heard of it goes out as it is known."""

import time
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from hearth.errors import BadSound, Cancelled, HearthError
from hearth.page.jobs import Stage
from hearth.page.visualizer.bridge import VisualizerBridge
from hearth.page.visualizer.networks import Shelf
from hearth.page.visualizer.view import Track
from hearth.tools.visualizer.analysis import FRAME_RATE, STAGES, Analyser, Analysis
from hearth.tools.visualizer.moves import moves
from hearth.words import say

SHOW_EVERY = 0.7  # seconds between two deliveries of what is heard
SHARE = 8  # a delivery is followed by at least so many times its own time without one


class Job:
    """`run` works on `track` and keeps its `stages` up to date; `progressed()` shows them."""

    def __init__(
        self, track: Track, shelf: Shelf, bridge: VisualizerBridge, guarded: bool, progressed: Callable[[], None]
    ) -> None:
        self.track = track
        self.shelf = shelf
        self.bridge = bridge
        self.guarded = guarded
        self.progressed = progressed
        self._analyser: Analyser | None = None
        self._sent = 0  # frames
        self._due = 0.0
        track.stages = [Stage(say("song.stage." + name)) for name in STAGES]
        self._stages = dict(zip(STAGES, track.stages, strict=True))

    async def run(self) -> None:
        """Raises BadSound with a sentence for the person, Cancelled when they stopped it."""
        track = self.track
        source = await self.bridge.open(track.id)
        track.state, track.duration = "hearing", source.duration
        analyser = self._analyser = Analyser(source.rate, source.channels, self.shelf.networks(), source.duration)
        try:
            while (piece := await self.bridge.piece()) is not None:
                analyser.feed(piece)
                self._report("spectrum", analyser.seconds / max(track.duration, analyser.seconds))
                if self.shelf.there:
                    await analyser.run_async(self._report)
        except BadSound:
            if analyser.seconds == 0:
                raise
            track.notes.append(say("song.cut-short", time=analyser.seconds))
        if lost := self.bridge.lost():
            track.notes.append(say("song.damaged", time=lost))
        analyser.end()
        track.duration = analyser.seconds
        self._report("spectrum", 1.0)
        try:
            await self.shelf.ready()
        except Cancelled:
            raise
        except HearthError as error:  # what needs no network is there, and enough to see something
            track.notes.append(say("song.no-networks", reason=error.args[0]))
            self._deliver(complete=True)
            return
        await analyser.run_async(self._report)
        self._deliver()

    def guard(self, guarded: bool) -> None:
        """Whether flashes are held back; all that moves the pictures is made anew."""
        self.guarded, self._sent = guarded, 0
        if self._analyser:
            self._deliver()

    def _report(self, name: str, fraction: float) -> None:
        if self.bridge.stop_asked(self.track.id):
            raise Cancelled(say("song.stopped"))
        self._stages[name].fraction = fraction
        self.track.text = say("song.stage.now", stage=say("song.stage." + name), done=fraction)
        if time.perf_counter() >= self._due:
            self._deliver()
        self.progressed()

    def _deliver(self, complete: bool = False) -> None:
        started = time.perf_counter()
        assert self._analyser is not None
        analysis = self._analyser.snapshot()
        if analysis.frames:
            self._send(analysis, complete or analysis.complete)
        self.track.tempo = analysis.tempo
        self.track.notes += [remark for remark in analysis.remarks if remark not in self.track.notes]
        ended = time.perf_counter()
        self._due = ended + max(SHOW_EVERY, SHARE * (ended - started)) if self._sent else 0.0

    def _send(self, analysis: Analysis, complete: bool) -> None:
        made = moves(analysis, guarded=self.guarded, first=self._sent)
        facts = {
            "id": self.track.id,
            "from": made.first,
            "frames": analysis.frames,
            "sampleFrom": made.first_sample,
            "sampleCount": made.first_sample + len(made.samples),
            "duration": max(analysis.duration, self.track.duration),
            "complete": complete,
            "covered": min((analysis.covered[name] for name in ("spectrum", "beats", "voice", "notes")), default=0.0),
            "range": made.heard,
            "loudest": made.loudest,
            "sections": [tuple(section) for section in analysis.sections],
            "loudness": analysis.loudness.integrated,
        }
        arrays: dict[str, NDArray[Any]] = {
            "bands": made.bands,
            "tones": made.tones,
            "curves": made.curves,
            "samples": made.samples,
            "notes": made.notes,
            "onsets": made.onsets,
            "beats": made.beats,
        }
        self.bridge.heard(facts, arrays)
        # The last frame may still change: its second half is not there yet.
        self._sent = max(0, analysis.frames - FRAME_RATE)
