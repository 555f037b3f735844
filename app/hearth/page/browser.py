"""The bridge as the browser gives it: plain Python values on this side, JavaScript's on the other."""

import asyncio
import hashlib
import importlib
import json
from typing import TYPE_CHECKING, Any

from pyodide.ffi import JsException, create_proxy

from hearth.errors import DownloadFailed
from hearth.page.bridge import Page, Progress
from hearth.words import say

if TYPE_CHECKING:
    from hearth.runtime.unread import Source

_PIECE_BYTES = 1 << 20


class BrowserBridge:
    """`hearth.page.bridge.Bridge` over the object that `web/shell/host.js` offers; a tool's bridge derives from it.

    `hashes` are the sha256 of the models, by id.
    """

    def __init__(self, js: Any, hashes: dict[str, str]) -> None:
        self.js = js
        self.hashes = hashes

    def show(self, view: object) -> None:
        self.js.show(json.dumps(view, default=vars))

    def stop_asked(self, job: int) -> bool:
        return bool(self.js.stopAsked(job))

    async def model(self, model: str, progress: Progress) -> "Source":
        proxy = create_proxy(progress)
        try:
            answer = await self.js.model(model, proxy)
        except JsException as error:
            raise DownloadFailed(say("models.failed", reason=error.message)) from error
        finally:
            proxy.destroy()
        file = BrowserFile(self.js, answer.file)
        progress(len(file), len(file))
        if not answer.checked and model in self.hashes and file.sha256() != self.hashes[model]:
            raise DownloadFailed(say("models.damaged"))
        return file

    def drop_model(self, model: str) -> None:
        self.js.dropModel(model)


class BrowserFile:
    """A file that the browser keeps, mostly on its disk: `hearth.runtime.unread.Source` over a JavaScript Blob."""

    def __init__(self, js: Any, blob: Any) -> None:
        self.js, self.blob = js, blob
        self._size = int(blob.size)

    def __len__(self) -> int:
        return self._size

    def read(self, start: int, end: int) -> bytes:
        """Waits for the browser. Raises DownloadFailed where it has the file no more."""
        try:
            piece = self.js.readPart(self.blob, start, end)
        except JsException as error:
            raise DownloadFailed(say("models.failed", reason=error.message)) from error
        data = bytes(piece.to_bytes())
        self.js.release(piece)
        return data

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for start in range(0, len(self), _PIECE_BYTES):
            digest.update(self.read(start, min(start + _PIECE_BYTES, len(self))))
        return digest.hexdigest()


class Door:
    """What the worker holds: passes each message on to the page of its tool, the first one opening it."""

    def __init__(self, js: Any, tool: str) -> None:
        self.js = js
        self.open = importlib.import_module(f"hearth.page.{tool}.browser").open_page
        self.page: Page | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    def receive(self, text: str) -> None:
        """Takes one message as JSON; the first one is the "start"."""
        message = json.loads(text)
        if self.page is None:
            self.page = self.open(self.js, message["models"])
            self.tasks.add(asyncio.ensure_future(self.page.run()))
            if message["eager"]:
                self.tasks.add(asyncio.ensure_future(self.page.warm_up()))
        self.page.receive(message)


def open_door(js: Any, tool: str) -> Door:
    """Called once by `web/shell/host.js`, with its bridge and the name of the tool."""
    return Door(js, tool)
