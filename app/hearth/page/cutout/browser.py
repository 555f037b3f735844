"""The cutout's bridge as the browser gives it."""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from js import Object, Uint8Array
from pyodide.ffi import JsException, to_js

from hearth.errors import BadImage, BadInput, DownloadFailed
from hearth.page.browser import BrowserBridge
from hearth.page.cutout.bridge import Part, Sheet
from hearth.page.cutout.layers import Layers, Strips
from hearth.page.cutout.page import CutoutPage
from hearth.page.cutout.room import ROOM
from hearth.page.cutout.tool import CutoutTool
from hearth.runtime.device import Held
from hearth.tools.cutout.edits import Packed, Place, unpack
from hearth.tools.cutout.photo import Pixels, check_size
from hearth.words import Said, say


class CutoutBrowserBridge(BrowserBridge):
    """`hearth.page.cutout.bridge.CutoutBridge` over the object that `web/cutout/worker.js` offers."""

    def picture(self, photo: int, kind: str, width: int, height: int, rgba: Pixels | Held) -> None:
        given = to_js(memoryview(rgba)) if isinstance(rgba, Pixels) else rgba
        self.js.picture(photo, kind, width, height, given)

    def layers(self, photo: int, layers: Layers) -> None:
        self.js.layers("layers", photo, json.dumps(layers.sizes), _arrays(layers))

    def near(self, photo: int, layers: Layers) -> None:
        self.js.layers("near", photo, json.dumps(layers.sizes), _arrays(layers))

    def scene(self, photo: int, layers: Layers) -> None:
        self.js.layers("scene", photo, json.dumps(layers.sizes), _arrays(layers))

    def tiles(self, photo: int, tiles: Mapping[Place, Packed]) -> None:
        pixels = b"".join(unpack(packed).tobytes() for packed in tiles.values())
        self.js.tiles(photo, to_js([list(place) for place in tiles]), to_js(memoryview(pixels)))

    def painted(self) -> bytes:
        return bytes(self.js.painted().to_bytes())

    def part(self, data: bytes) -> Part:
        return self.js.part(to_js(memoryview(data)))

    def deliver(self, photo: int, name: str, kind: str, parts: Sequence[Part]) -> None:
        self.js.deliver(photo, name, kind, to_js(parts))

    def sheet(self, width: int, height: int) -> Sheet:
        return _Sheet(self.js.sheet(width, height))

    async def read_picture(self, picture: str) -> bytes:
        try:
            return bytes((await self.js.readPicture(picture)).to_bytes())
        except JsException as error:
            raise BadImage(say("photo.unreadable")) from error

    async def decode_picture(self, picture: str) -> tuple[int, int, Pixels]:
        return await _decoded(self.js.decodePicture(picture))

    def keep(self, photo: int, history: bytes) -> None:
        self.js.keep(photo, to_js(memoryview(history)))

    def kept(self, photo: int) -> bytes:
        return bytes(self.js.kept(photo).to_bytes())

    def inspected(self, report: dict[str, Any]) -> None:
        self.js.inspected(json.dumps(report))

    def checked(self, model: int, verdict: Said) -> None:
        self.js.checked(model, json.dumps(verdict, default=vars))

    async def fetch_package(self, name: str) -> None:
        import pyodide_js

        try:
            await pyodide_js.loadPackage("micropip")
            import micropip

            await micropip.install(name)
        except (JsException, OSError, ValueError) as error:
            raise DownloadFailed(say("own.check-not-fetched")) from error

    async def size(self, photo: int) -> int:
        return int(self.js.size(photo))

    async def read(self, photo: int) -> bytes:
        try:
            file = await self.js.read(photo)
            data = bytes(file.to_bytes())
            self.js.release(file)
            return data
        except JsException as error:  # NotReadableError, NotFoundError: the file changed on disk
            raise BadImage(say("photo.unreadable")) from error

    async def decode(
        self, photo: int, *, opaque: bool = False, without: Sequence[tuple[int, int]] = ()
    ) -> tuple[int, int, Pixels]:
        return await _decoded(self.js.decode(photo, opaque, to_js([list(part) for part in without])))


class _Sheet:
    def __init__(self, js: Any) -> None:
        self.js = js

    def rows(self, rgba: bytes) -> None:
        self.js.rows(to_js(memoryview(rgba)))

    async def encoded(self, kind: str, quality: int) -> Part:
        try:
            return await self.js.encoded(kind, quality)
        except JsException as error:
            raise BadInput(say("file.not-encoded")) from error


def _arrays(layers: Layers) -> Any:
    data = {name: _bytes(layer) for name, layer in layers.data.items()}
    return to_js(data, dict_converter=Object.fromEntries)


def _bytes(layer: np.ndarray | Strips) -> Any:
    if not isinstance(layer, Strips):
        return to_js(layer.reshape(-1).data)
    array, at = Uint8Array.new(prod(layer.shape)), 0
    for strip in layer.strips:
        array.subarray(at, at + strip.nbytes).assign(strip.reshape(-1).data)
        at += strip.nbytes
    return array


async def _decoded(coming: Any) -> tuple[int, int, Pixels]:
    """What the worker's `decode` answers, copied strip by strip: a photo may take a fifth of all memory there is."""
    turn = asyncio.ensure_future(coming)
    try:
        picture = await asyncio.shield(turn)
        try:
            width, height = picture.width, picture.height
            check_size(width, height)
            pixels = ROOM.take(width * height * 4)
            for top in range(0, height, picture.strip):
                rows = picture.rows(top)
                rows.assign_to(pixels[top * width * 4 : top * width * 4 + rows.byteLength])
            return width, height, pixels
        finally:
            picture.close()
    except asyncio.CancelledError:
        turn.add_done_callback(_end_turn)
        raise
    except JsException as error:
        raise BadImage(say("photo.not-decoded")) from error


def _end_turn(turn: asyncio.Future[Any]) -> None:
    """Lets the next photo be decoded: nobody waits for this one any more."""
    with contextlib.suppress(JsException):
        turn.result().close()


def open_page(js: Any, models: Sequence[dict[str, Any]]) -> CutoutPage:
    """The page of this tool; `models` are the entries of `models.json`."""
    bridge = CutoutBrowserBridge(js, {model["id"]: model["sha256"] for model in models})
    return CutoutPage(bridge, CutoutTool(models))
