"""The page without a browser: a bridge over plain dicts and a small real network."""

import asyncio
import importlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper
from PIL import Image

from hearth.errors import BadImage, DownloadFailed
from hearth.page.bridge import Progress
from hearth.page.cutout.layers import Layers, Strips
from hearth.page.cutout.page import CutoutPage
from hearth.page.cutout.tool import CutoutTool
from hearth.runtime.device import Held
from hearth.tools.cutout.edits import Packed, Place
from hearth.tools.cutout.photo import Pixels
from hearth.words import Said, english, say

SIDE = 16


def network() -> bytes:
    """An ONNX file whose map is the brightness of each pixel, as a sigmoid of the mean over the channels."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Sigmoid", ["mean"], ["map"]),
    ]
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])]
    outputs = [helper.make_tensor_value_info("map", TensorProto.FLOAT, [1, 1, SIDE, SIDE])]
    graph = helper.make_graph(nodes, "brightness", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8).SerializeToString()


MODELS = [
    {
        "id": name,
        "input": {"shape": [1, 3, SIDE, SIDE]},
        "pixels": {"scale": "255", "mean": [0.5, 0.5, 0.5], "std": [0.1, 0.1, 0.1]},
    }
    for name in ("quick", "better")
]


def png(width: int = 40, height: int = 30) -> bytes:
    """A white square on black."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4] = 255
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "png")
    return out.getvalue()


def in_english(plain: Any) -> Any:
    """A view with its sentences in words, as the page shows it."""
    if isinstance(plain, dict):
        return english(plain) if "key" in plain else {name: in_english(value) for name, value in plain.items()}
    return [in_english(part) for part in plain] if isinstance(plain, list) else plain


def whole(layer: NDArray[np.uint8] | Strips) -> NDArray[np.uint8]:
    """A layer as the canvas has it in the end."""
    if not isinstance(layer, Strips):
        return layer
    array = np.concatenate(list(layer.strips))
    assert array.shape == layer.shape
    return array


class DeskSheet:
    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        self.rgba = b""

    def rows(self, rgba: bytes) -> None:
        self.rgba += rgba

    async def encoded(self, kind: str, quality: int) -> bytes:
        out = io.BytesIO()
        Image.frombytes("RGBA", self.size, self.rgba).save(out, kind.removeprefix("image/"), quality=quality)
        return out.getvalue()


class DeskBridge:
    """`hearth.page.cutout.bridge.CutoutBridge` that keeps what it is told."""

    def __init__(self) -> None:
        self.files: dict[int, bytes] = {}
        self.views: list[dict[str, Any]] = []
        self.pictures: list[tuple[int, str, int, int, bytes]] = []
        self.cutouts: dict[int, tuple[str, bytes]] = {}
        self.scenes: dict[int, Layers] = {}
        self.parts: dict[int, Layers] = {}
        self.kinds: dict[int, str] = {}
        self.own: dict[str, bytes] = {}
        self.histories: dict[int, bytes] = {}
        self.canvas: dict[int, dict[str, NDArray[np.uint8]]] = {}
        self.canvas_sizes: dict[int, dict[str, Any]] = {}
        self.strokes: dict[int, dict[Place, Packed]] = {}
        self.brush = b""
        self.reports: list[dict[str, Any]] = []
        self.verdicts: list[str] = []
        self.stopping = 0
        self.asked: list[str] = []
        self.dropped: list[str] = []
        self.offline = False
        self.held: asyncio.Event | None = None  # models come when it is set
        self.on_show: Callable[[dict[str, Any]], None] = lambda view: None
        self.decoded: tuple[int, int, Pixels] | None = None

    def show(self, view: object) -> None:
        shown = in_english(json.loads(json.dumps(view, default=vars)))
        self.views.append(shown)
        self.on_show(shown)

    def picture(self, photo: int, kind: str, width: int, height: int, rgba: Pixels | Held) -> None:
        data = bytes(rgba) if isinstance(rgba, Pixels) else rgba.to_bytes()
        self.pictures.append((photo, kind, width, height, data))

    def layers(self, photo: int, layers: Layers) -> None:
        self.canvas.setdefault(photo, {}).update({name: whole(layer) for name, layer in layers.data.items()})
        self.canvas_sizes[photo] = layers.sizes

    def near(self, photo: int, layers: Layers) -> None:
        self.parts[photo] = layers

    def scene(self, photo: int, layers: Layers) -> None:
        self.scenes[photo] = layers

    def tiles(self, photo: int, tiles: Mapping[Place, Packed]) -> None:
        self.strokes.setdefault(photo, {}).update(tiles)

    def painted(self) -> bytes:
        return self.brush

    def part(self, data: bytes) -> bytes:
        return data

    def deliver(self, photo: int, name: str, kind: str, parts: Sequence[bytes]) -> None:
        self.cutouts[photo] = (name, b"".join(parts))
        self.kinds[photo] = kind

    def sheet(self, width: int, height: int) -> "DeskSheet":
        return DeskSheet(width, height)

    async def read_picture(self, picture: str) -> bytes:
        if picture not in self.own:
            raise BadImage(say("photo.unreadable"))
        return self.own[picture]

    async def decode_picture(self, picture: str) -> tuple[int, int, Pixels]:
        raise BadImage(say("photo.not-decoded"))

    def keep(self, photo: int, history: bytes) -> None:
        self.histories[photo] = history

    def kept(self, photo: int) -> bytes:
        return self.histories[photo]

    def stop_asked(self, photo: int) -> bool:
        return self.stopping == photo

    def inspected(self, report: dict[str, Any]) -> None:
        self.reports.append(in_english(report))

    def checked(self, model: int, verdict: Said) -> None:
        self.verdicts.append(english(verdict))

    async def fetch_package(self, name: str) -> None:
        importlib.import_module(name)

    async def size(self, photo: int) -> int:
        return len(self.files[photo])

    async def read(self, photo: int) -> bytes:
        return self.files[photo]

    async def decode(
        self, photo: int, *, opaque: bool = False, without: Sequence[tuple[int, int]] = ()
    ) -> tuple[int, int, Pixels]:
        if self.decoded is None:
            raise BadImage(say("photo.not-decoded"))
        return self.decoded

    async def model(self, model: str, progress: Progress) -> bytes:
        self.asked.append(model)
        if self.held is not None:
            progress(0, 1000)
            await self.held.wait()
            progress(1000, 1000)
        if self.offline:
            raise DownloadFailed(say("models.failed", reason="the connection broke"))
        return network()

    def drop_model(self, model: str) -> None:
        self.dropped.append(model)


class Desk:
    """A page at work, and what a person does with it. Use `async with`."""

    def __init__(self) -> None:
        self.bridge = DeskBridge()
        self.page = CutoutPage(self.bridge, CutoutTool(MODELS))

    async def __aenter__(self) -> "Desk":
        self.start()
        self.running = asyncio.ensure_future(self.page.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    def start(self, photos: list[dict[str, Any]] | None = None) -> None:
        self.page.receive({"type": "start", "model": "quick", "twice": False, "photos": photos or []})

    def add(self, *files: tuple[int, str, bytes]) -> None:
        self.bridge.files |= {number: data for number, _, data in files}
        self.page.receive({"type": "add", "photos": [{"id": number, "name": name} for number, name, _ in files]})

    def tell(self, kind: str, **fields: object) -> None:
        self.page.receive({"type": kind, **fields})

    def photo(self, number: int) -> dict[str, Any]:
        """The photo as it is shown now."""
        return next(photo for photo in self.bridge.views[-1]["photos"] if photo["id"] == number)

    async def until(self, number: int, *states: str) -> dict[str, Any]:
        """Waits until a photo is shown in one of these states."""
        async with asyncio.timeout(120):
            while self.photo(number)["state"] not in states:
                await asyncio.sleep(0.001)
        return self.photo(number)
