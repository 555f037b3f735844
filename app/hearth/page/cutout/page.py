"""The page's state and its queue: takes what the person did, works on one photo at a time, shows what changed."""

import asyncio
import contextlib
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from hearth.errors import Cancelled, HearthError
from hearth.page.cutout.bridge import CutoutBridge
from hearth.page.cutout.job import Job
from hearth.page.cutout.tool import CutoutTool
from hearth.page.cutout.view import Photo, State, View, photo_from_plain, visible_name
from hearth.words import Said, say

SHOW_EVERY = 0.1  # seconds between two views that differ in progress alone


class CutoutPage:
    """Holds the `View`. Messages come in through `receive`; `run` works the queue until it is cancelled."""

    def __init__(self, bridge: CutoutBridge, tool: CutoutTool) -> None:
        self.bridge = bridge
        self.tool = tool
        self.view = View(model="")
        self._wake = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._photo: Photo | None = None  # the one that `_running` works on
        self._shown = 0.0

    def receive(self, message: Mapping[str, Any]) -> None:
        """Does what a message of `web/cutout/messages.js` asks for. Raises ValueError on a type it does not know."""
        match message["type"]:
            case "start":
                self._start(message)
            case "add":
                self._add(message["photos"])
            case "stop":
                self._stop(self._find(message["id"]))
            case "retry":
                self._retry(self._find(message["id"]))
            case "remove":
                self._remove(self._find(message["id"]))
            case "choose":
                self.view.model = message["model"]
            case unknown:
                raise ValueError(f"a message of type {unknown!r} is not known")
        self._wake.set()
        self._show()

    async def run(self) -> None:
        """Works on the photos that wait, in order, for ever."""
        while True:
            waiting = next((photo for photo in self.view.photos if photo.state == "waiting"), None)
            if waiting is None:
                self._wake.clear()
                await self._wake.wait()
            else:
                await self._work_on(waiting)

    async def warm_up(self) -> None:
        """Makes the chosen model ready before a photo needs it; a failure is told when one does."""
        with contextlib.suppress(HearthError):
            await self.tool.load(self.view.model, self.bridge, lambda loaded, total: None)
        self.view.engine = self.tool.engine
        self._show()

    def _start(self, message: Mapping[str, Any]) -> None:
        self.view.model = message["model"]
        self.view.photos = [photo_from_plain(plain) for plain in message["photos"]]
        for photo in self.view.photos:
            if photo.state == "working":  # the worker died, or was ended, while it worked on this one
                if self.bridge.stop_asked(photo.id):
                    self._end(photo, "stopped", say("photo.stopped"))
                else:
                    self._end(photo, "failed", say("photo.worker-died"))

    def _add(self, photos: Sequence[Mapping[str, Any]]) -> None:
        known = {photo.id for photo in self.view.photos}  # a worker started anew is told of all files again
        self.view.photos += [Photo(new["id"], visible_name(new["name"])) for new in photos if new["id"] not in known]

    def _find(self, photo: int) -> Photo | None:
        return next((known for known in self.view.photos if known.id == photo), None)

    def _stop(self, photo: Photo | None) -> None:
        if photo is None:
            return
        if photo is self._photo and self._running is not None:
            self._running.cancel()
        elif photo.state == "waiting":
            self._end(photo, "stopped", say("photo.stopped"))

    def _retry(self, photo: Photo | None) -> None:
        if photo is not None and photo.state in ("done", "failed", "stopped"):
            photo.state, photo.text, photo.stages = "waiting", say("photo.waiting"), []

    def _remove(self, photo: Photo | None) -> None:
        if photo is not None:
            self._stop(photo)
            self.view.photos.remove(photo)
            self._say(say("said.removed", name=photo.name))

    async def _work_on(self, photo: Photo) -> None:
        photo.state = "working"
        self._say(say("said.working", name=photo.name))
        self._show()
        started = time.perf_counter()
        job = Job(photo, self.view.model, self.tool, self.bridge, self._progressed)
        self._photo, self._running = photo, asyncio.ensure_future(job.run())
        try:
            await self._running
        except (Cancelled, asyncio.CancelledError):
            if (this := asyncio.current_task()) and this.cancelling():  # the page itself ends, not the job alone
                raise
            self._end(photo, "stopped", say("photo.stopped"))
        except HearthError as error:
            self._end(photo, "failed", error.args[0])
        except MemoryError:
            self._end(photo, "failed", say("photo.out-of-memory"))
        except Exception as error:  # a bug may spoil one photo, never the queue behind it
            traceback.print_exc()
            self._end(photo, "failed", say("photo.broke", what=type(error).__name__))
        else:
            self._end(photo, "done", say("photo.done", time=time.perf_counter() - started))
        finally:
            self._photo = self._running = None
        self.view.engine = self.tool.engine
        self._show()

    def _end(self, photo: Photo, state: State, text: Said) -> None:
        """Ends a job; a photo that has an earlier cutout goes back to that."""
        if photo.model and state != "done":
            text = say("photo.redo-stopped") if state == "stopped" else say("photo.redo-failed", reason=text)
        photo.text, photo.stages = text, []
        photo.state = "done" if photo.model else state
        if photo not in self.view.photos:  # removed while it was worked on
            return
        self._say(say("said." + state, name=photo.name, reason=text))

    def _progressed(self, milestone: bool) -> None:
        if milestone or time.perf_counter() - self._shown >= SHOW_EVERY:
            self._show()

    def _say(self, sentence: Said) -> None:
        self.view.announcement = sentence

    def _show(self) -> None:
        self._shown = time.perf_counter()
        for photo in self.view.photos:
            photo.can_redo = photo.state == "done" and photo.model != self.view.model
        self.bridge.show(self.view.plain())
