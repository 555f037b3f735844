"""The bridge as the browser gives it: plain Python values on this side, JavaScript's on the other."""

import asyncio
import hashlib
import json
from typing import Any

from pyodide.ffi import JsException, create_proxy, to_js

from hearth.errors import BadImage, DownloadFailed
from hearth.page import words
from hearth.page.bridge import Progress
from hearth.page.page import Page
from hearth.page.tool import CutoutTool
from hearth.tools.cutout.photo import check_size


class BrowserBridge:
    """`hearth.page.bridge.Bridge` over the object that `web/worker.js` offers."""

    def __init__(self, js: Any) -> None:
        self.js = js
        self.hashes: dict[str, str] = {}  # of the models, by id

    def show(self, view: dict[str, Any]) -> None:
        self.js.show(json.dumps(view))

    def picture(self, photo: int, kind: str, width: int, height: int, rgba: bytes) -> None:
        self.js.picture(photo, kind, width, height, to_js(memoryview(rgba)))

    def deliver(self, photo: int, name: str, png: bytes) -> None:
        self.js.deliver(photo, name, to_js(memoryview(png)))

    def stop_asked(self, photo: int) -> bool:
        return bool(self.js.stopAsked(photo))

    async def size(self, photo: int) -> int:
        return int(self.js.size(photo))

    async def read(self, photo: int) -> bytes:
        try:
            return bytes((await self.js.read(photo)).to_bytes())
        except JsException as error:  # NotReadableError, NotFoundError: the file changed on disk
            raise BadImage(words.UNREADABLE) from error

    async def decode(self, photo: int, *, to_screen: bool) -> tuple[int, int, bytes]:
        try:
            picture = await self.js.decode(photo, to_screen)
            try:
                check_size(picture.width, picture.height)
                return picture.width, picture.height, bytes(picture.pixels().to_bytes())
            finally:
                picture.close()
        except JsException as error:
            raise BadImage(words.NOT_DECODED) from error

    async def model(self, model: str, progress: Progress) -> bytes:
        proxy = create_proxy(progress)
        try:
            answer = await self.js.model(model, proxy)
        except JsException as error:
            raise DownloadFailed(words.MODEL_FAILED.format(reason=error.message)) from error
        finally:
            proxy.destroy()
        data = bytes(answer.data.to_bytes())
        if not answer.checked and hashlib.sha256(data).hexdigest() != self.hashes[model]:
            raise DownloadFailed(words.BROKEN_MODEL)
        return data

    def drop_model(self, model: str) -> None:
        self.js.dropModel(model)


class Door:
    """What the worker holds: passes each message on to the page, the first one opening it."""

    def __init__(self, js: Any) -> None:
        self.bridge = BrowserBridge(js)
        self.page: Page | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    def receive(self, text: str) -> None:
        """Takes one message as JSON."""
        message = json.loads(text)
        if self.page is None:
            self.bridge.hashes = {model["id"]: model["sha256"] for model in message["models"]}
            self.page = Page(self.bridge, CutoutTool(message["models"]))
            self.tasks.add(asyncio.ensure_future(self.page.run()))
            if message["eager"]:
                self.tasks.add(asyncio.ensure_future(self.page.warm_up()))
        self.page.receive(message)


def open_page(js: Any) -> Door:
    """Called once by `web/worker.js`, with its bridge."""
    return Door(js)
