"""The page's state and its queue: takes what the person did, works on one photo at a time, shows what changed."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

from hearth.errors import BadInput, HearthError
from hearth.page.cutout.backgrounds import Backgrounds
from hearth.page.cutout.bridge import CutoutBridge
from hearth.page.cutout.checking import check
from hearth.page.cutout.editor import Editor
from hearth.page.cutout.job import Job
from hearth.page.cutout.keeping import pack, unpack
from hearth.page.cutout.mattes import Mattes
from hearth.page.cutout.own import Report, inspect
from hearth.page.cutout.reading import read_photo
from hearth.page.cutout.tool import CutoutTool, looking
from hearth.page.cutout.view import Photo, State, View, photo_from_plain, visible_name
from hearth.page.cutout.writing import write_again
from hearth.page.jobs import outcome
from hearth.tools import cutout
from hearth.tools.cutout import Matte
from hearth.tools.cutout.look import look_from_plain, look_to_plain
from hearth.words import Said, say

SHOW_EVERY = 0.1  # seconds between two views that differ in progress alone
KEEP_EVERY = 0.5  # seconds between two times that what a person did is stored
IDLE = 1.5  # seconds without a message, after which a file that is out of date is written again


class CutoutPage:
    """Holds the `View`. Messages come in through `receive`; `run` works the queue until it is cancelled."""

    def __init__(self, bridge: CutoutBridge, tool: CutoutTool) -> None:
        self.bridge = bridge
        self.tool = tool
        self.view = View(model="")
        self.mattes = Mattes(self._read, self._make)
        self.backgrounds = Backgrounds(bridge)
        self.editor = Editor(bridge, self.mattes, self.backgrounds, self.view, self._show)
        self._wake = asyncio.Event()
        self._running: asyncio.Task[Matte] | None = None
        self._photo: Photo | None = None  # the one that `_running` works on
        self._writing: asyncio.Task[None] | None = None  # while nobody asked for the file
        self._unkept: set[int] = set()  # photos of which something is not stored yet
        self._keeping: asyncio.Task[None] | None = None
        self._inspecting: set[asyncio.Task[None]] = set()
        self._tunable = False  # whether a network has run since it was last made faster
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
            case "pause":
                self._pause(message["on"])
            case "choose":
                self.view.model = message["model"]
            case "twice":
                self.view.twice = message["on"]
            case "inspect":
                self._inspecting.add(task := asyncio.ensure_future(self._inspect(Report(**message["model"]))))
                task.add_done_callback(self._inspecting.discard)
            case "check":
                self._inspecting.add(task := asyncio.ensure_future(check(self.bridge, message["id"])))
                task.add_done_callback(self._inspecting.discard)
            case "models":
                self.tool.own(message["models"])
            case "open":
                self.editor.open(message["id"], message["side"], message["pixels"])
            case "near":
                part = (message[side] for side in ("left", "top", "right", "bottom"))
                self.editor.look_near(message["id"], *part)
            case "export":
                self._ask_for_file(self._find(message["id"]))
            case "look" | "look-all" | "stroke" | "undo" | "redo" | "reset":
                self._edit(message)
            case unknown:
                raise ValueError(f"a message of type {unknown!r} is not known")
        self._wake.set()
        self._show()

    async def run(self) -> None:
        """Writes the files that are asked for, works on the photos that wait, in order, for ever."""
        while True:
            photos = self.view.photos
            if asked := next((photo for photo in photos if photo.writing), None):
                await self._write(asked)
            elif waiting := self._next():
                await self._work_on(waiting)
            else:
                self._wake.clear()
                stale = next((photo for photo in photos if self._is_stale(photo)), None)
                try:
                    async with asyncio.timeout(IDLE if stale or self._tunable else None):
                        await self._wake.wait()
                except TimeoutError:
                    await (self._write(stale) if stale else self._tune())

    async def _tune(self) -> None:
        """Lets the network get faster until something is to be done."""
        tuning, waking = asyncio.ensure_future(self.tool.tune()), asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((tuning, waking), return_when=asyncio.FIRST_COMPLETED)
            self._tunable = not tuning.done()
        finally:
            tuning.cancel()
            waking.cancel()

    async def warm_up(self) -> None:
        """Makes the chosen model ready before a photo needs it; a failure is told when one does."""
        with contextlib.suppress(HearthError):
            await self.tool.load(self.view.model, self.bridge, lambda loaded, total: None)
        self.view.engine = self.tool.engine
        self._show()

    def _start(self, message: Mapping[str, Any]) -> None:
        self.view.model, self.view.twice = message["model"], message["twice"]
        self.view.photos = [photo_from_plain(plain) for plain in message["photos"]]
        for photo in self.view.photos:
            self._take_up(photo)
            if photo.state == "working":  # the worker died, or was ended, while it worked on this one
                if self.bridge.stop_asked(photo.id):
                    self._end(photo, "stopped", say("photo.stopped"))
                else:
                    self._end(photo, "failed", say("photo.worker-died"))

    def _add(self, photos: Sequence[Mapping[str, Any]]) -> None:
        for new in photos:
            photo = self._find(new["id"])  # a worker started anew is told of all files again
            if photo is None:
                photo = _brought_back(new["view"]) if new.get("view") else Photo(new["id"], visible_name(new["name"]))
                self.view.photos.append(photo)
                self._take_up(photo)
                if new.get("look"):
                    self.editor.of(photo.id).look = look_from_plain(new["look"])
            if new.get("kept"):
                self._restore(photo)

    def _take_up(self, photo: Photo) -> None:
        """Goes on with the settings that a photo had before the page was closed, or its worker ended."""
        editing = self.editor.of(photo.id)
        with contextlib.suppress(BadInput):
            editing.look = look_from_plain(photo.look)
        if photo.fresh:
            editing.written = editing.state

    def _restore(self, photo: Photo) -> None:
        """The same with strokes and history."""
        try:
            editing = unpack(self.bridge.kept(photo.id))
        except BadInput as error:
            self._say(error.args[0])
            return
        if photo.fresh:
            editing.written = editing.state
        self.editor.take(photo.id, editing)

    def _next(self) -> Photo | None:
        """The photo to work on now."""
        if self.view.paused:
            return None
        return next((photo for photo in self.view.photos if photo.state == "waiting"), None)

    def _pause(self, on: bool) -> None:
        self.view.paused = on
        self._say(say("said.paused") if on else say("said.resumed"))

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
            self.mattes.drop(photo.id)
            self.editor.forget(photo.id)
            self._say(say("said.removed", name=photo.name))

    async def _work_on(self, photo: Photo) -> None:
        photo.state = "working"
        self._say(say("said.working", name=photo.name))
        self._show()
        started = time.perf_counter()
        self.mattes.make_room()
        editing = self.editor.of(photo.id)
        model, twice = self.view.model, self.view.twice
        job = Job(photo, editing, model, twice, self.tool, self.bridge, self.backgrounds, self._progressed)
        self._photo, self._running = photo, asyncio.ensure_future(job.run())
        ended = await outcome(self._running, say("photo.out-of-memory"))
        self._photo = self._running = None
        if ended.result is None:
            self._end(photo, ended.state, ended.reason or say("photo.stopped"))
        else:
            self._end(photo, "done", say("photo.done", time=time.perf_counter() - started))
            self._tunable = True
            if photo in self.view.photos:
                self.mattes.keep(photo.id, ended.result)
                self.editor.refresh(photo.id)
        self.view.engine = self.tool.engine
        self._show()

    def _edit(self, message: Mapping[str, Any]) -> None:
        photo = self._find(message["id"])
        if photo is None:
            return
        try:
            photo.serial = message.get("serial", photo.serial)
            self.editor.receive(photo.id, message)
        except BadInput as error:
            self._say(error.args[0])
        if self._writing is not None:
            self._writing.cancel()
        changed = self.view.photos if message["type"] == "look-all" else [photo]
        self._unkept |= {one.id for one in changed}
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.ensure_future(self._keep_soon())

    async def _keep_soon(self) -> None:
        """Stores what was done, not more often than once in a while: a slider sends many messages."""
        await asyncio.sleep(KEEP_EVERY)
        for photo in self.view.photos:
            if photo.id in self._unkept:
                self.bridge.keep(photo.id, pack(self.editor.of(photo.id)))
        self._unkept.clear()

    def _ask_for_file(self, photo: Photo | None) -> None:
        if photo is not None and photo.model:
            photo.writing = True

    def _is_stale(self, photo: Photo) -> bool:
        """Whether its file should be written again while there is nothing else to do."""
        editing = self.editor.of(photo.id)
        return photo.state == "done" and editing.state not in (editing.written, editing.failed)

    async def _write(self, photo: Photo) -> None:
        """Writes the file of a photo again."""
        editing = self.editor.of(photo.id)
        state = editing.state
        job = write_again(photo, editing, self.mattes, self.bridge, self.backgrounds, self._progressed)
        task = asyncio.ensure_future(job)
        self._writing = None if photo.writing else task
        ended = await outcome(task, say("photo.out-of-memory"))
        if ended.state == "failed":
            editing.failed, photo.text = state, say("photo.file-failed", reason=ended.reason)
        elif ended.state == "done" and photo.writing:
            self._say(say("said.written", name=photo.name))
        photo.writing, self._writing = False, None
        self._show()

    async def _inspect(self, report: Report) -> None:
        try:
            data = await self.bridge.read(report.id)
        except HearthError as error:
            report.verdict = error.args[0]
        else:
            await inspect(report, data)
        self.bridge.inspected(report.plain())

    async def _read(self, photo: int) -> cutout.Photo:
        return await read_photo(self.bridge, photo)

    async def _make(self, photo: int) -> Matte:
        """The matte of a photo that was done before the worker was started anew."""
        known = self._find(photo)
        model = known.model if known and known.model else self.view.model
        pipeline = await self.tool.load(model, self.bridge, lambda loaded, total: None)
        picture = await self._read(photo)
        with self.tool.reading():
            return await looking(pipeline, bool(known and known.twice)).matte_async(picture)

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
            wanted = (self.view.model, self.view.twice)
            photo.can_redo = photo.state == "done" and (photo.model, photo.twice) != wanted
            editing = self.editor.of(photo.id)
            photo.look = look_to_plain(editing.look)
            photo.undo = say("step." + editing.past[-1].what) if editing.past else ""
            photo.redo = say("step." + editing.future[-1].what) if editing.future else ""
            photo.touched = editing.touched
            photo.fresh = editing.state == editing.written
        self.bridge.show(self.view)


def _brought_back(plain: dict[str, Any]) -> Photo:
    """A photo from when the page was open before; what was under way then begins anew."""
    photo = photo_from_plain(plain)
    photo.writing, photo.stages = False, []
    if photo.state == "working":
        photo.state = "done" if photo.model else "waiting"
    if photo.state == "waiting":
        photo.text = say("photo.waiting")
    return photo
