"""The cutout's bridge as the browser gives it."""

from collections.abc import Sequence
from typing import Any

from pyodide.ffi import JsException, to_js

from hearth.errors import BadImage
from hearth.page.browser import BrowserBridge
from hearth.page.cutout.page import CutoutPage
from hearth.page.cutout.tool import CutoutTool
from hearth.tools.cutout.photo import check_size
from hearth.words import say


class CutoutBrowserBridge(BrowserBridge):
    """`hearth.page.cutout.bridge.CutoutBridge` over the object that `web/cutout/worker.js` offers."""

    def picture(self, photo: int, kind: str, width: int, height: int, rgba: bytes) -> None:
        self.js.picture(photo, kind, width, height, to_js(memoryview(rgba)))

    def deliver(self, photo: int, name: str, png: bytes) -> None:
        self.js.deliver(photo, name, to_js(memoryview(png)))

    async def size(self, photo: int) -> int:
        return int(self.js.size(photo))

    async def read(self, photo: int) -> bytes:
        try:
            return bytes((await self.js.read(photo)).to_bytes())
        except JsException as error:  # NotReadableError, NotFoundError: the file changed on disk
            raise BadImage(say("photo.unreadable")) from error

    async def decode(self, photo: int, *, to_screen: bool) -> tuple[int, int, bytes]:
        try:
            picture = await self.js.decode(photo, to_screen)
            try:
                check_size(picture.width, picture.height)
                return picture.width, picture.height, bytes(picture.pixels().to_bytes())
            finally:
                picture.close()
        except JsException as error:
            raise BadImage(say("photo.not-decoded")) from error


def open_page(js: Any, models: Sequence[dict[str, Any]]) -> CutoutPage:
    """The page of this tool; `models` are the entries of `models.json`."""
    bridge = CutoutBrowserBridge(js, {model["id"]: model["sha256"] for model in models})
    return CutoutPage(bridge, CutoutTool(models))
