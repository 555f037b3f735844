"""The page's state: takes what the person did, works on one track at a time, shows what changed."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Any

from hearth.errors import HearthError
from hearth.page.jobs import outcome
from hearth.page.visualizer.bridge import VisualizerBridge
from hearth.page.visualizer.job import Job
from hearth.page.visualizer.networks import Shelf
from hearth.page.visualizer.view import State, Track, View
from hearth.words import Said, say

SHOW_EVERY = 0.1  # seconds between two views that differ in progress alone


class VisualizerPage:
    """Holds the `View`. Messages come in through `receive`; `run` works until it is cancelled."""

    def __init__(self, bridge: VisualizerBridge) -> None:
        self.bridge = bridge
        self.shelf = Shelf(bridge)
        self.view = View()
        self._guarded = True
        self._wake = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._job: Job | None = None  # of the track that is shown
        self._shown = 0.0

    def receive(self, message: Mapping[str, Any]) -> None:
        """Does what a message of `web/visualizer/messages.js` asks for. Raises ValueError on an unknown type."""
        match message["type"]:
            case "start":
                self._guarded = message["guard"]
            case "open":
                self._open(Track(message["id"], message["name"]))
            case "stop":
                self._cancel()
            case "retry":
                if self.view.track:
                    self._open(Track(self.view.track.id, self.view.track.name))
            case "guard":
                self._guarded = message["on"]
                if self._job:
                    self._job.guard(self._guarded)
            case unknown:
                raise ValueError(f"a message of type {unknown!r} is not known")
        self._wake.set()
        self._show()

    async def run(self) -> None:
        """Works on the track that was opened last, for ever."""
        while True:
            track = self.view.track
            if track is None or track.state != "opening":
                self._wake.clear()
                await self._wake.wait()
            else:
                await self._work_on(track)

    async def warm_up(self) -> None:
        """Fetches the networks before a track needs them; a failure is told when one does."""
        with contextlib.suppress(HearthError):
            await self.shelf.ready()
        self.view.engine = self.shelf.engine
        self._show()

    def _open(self, track: Track) -> None:
        self._cancel()
        self.view.track = track
        self.view.announcement = say("song.said.opened", name=track.name)

    def _cancel(self) -> None:
        if self._running:
            self._running.cancel()

    async def _work_on(self, track: Track) -> None:
        self._job = Job(track, self.shelf, self.bridge, self._guarded, self._progressed)
        self._running = asyncio.ensure_future(self._job.run())
        ended = await outcome(self._running, say("song.out-of-memory"))
        self._running = None
        done = say("song.done-beat", tempo=track.tempo) if track.tempo else say("song.done")
        texts = {"done": done, "failed": ended.reason, "stopped": say("song.stopped")}
        self._end(track, ended.state, texts[ended.state])
        self.view.engine = self.shelf.engine
        self._show()

    def _end(self, track: Track, state: State, text: Said) -> None:
        track.state, track.text, track.stages = state, text, []
        if track is not self.view.track:  # another one was dropped meanwhile
            return
        if state == "failed":
            self._job = None
        if state in ("done", "failed"):
            self.view.announcement = say("song.said." + state, name=track.name, reason=text)

    def _progressed(self) -> None:
        if time.perf_counter() - self._shown >= SHOW_EVERY:
            self._show()

    def _show(self) -> None:
        self._shown = time.perf_counter()
        self.bridge.show(self.view)
