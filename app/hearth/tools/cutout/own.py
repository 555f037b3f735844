"""Models that a person brings: whether one cuts out, and what stands between it and the pipeline.

What fits takes one picture of three channels, `(N, 3, H, W)` or `(N, H, W, 3)`, and has an output that is one map.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hearth.errors import Unsupported
from hearth.runtime.graph import Graph
from hearth.runtime.passes import keep_outputs
from hearth.runtime.session import InferenceSession, NodeArg
from hearth.runtime.summary import Port
from hearth.tools.cutout.network import Preparation
from hearth.words import say

Layout = Literal["NCHW", "NHWC"]
Answer = Literal["map", "logits", "bytes", "classes"]
"""What the output's numbers are: 0..1, before a sigmoid, 0..255, or the number of a class with 0 for the background."""

SIDES = (320, 512, 256, 1024)
"""Pixels a side that are tried where a model takes any."""

_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}


@dataclass(frozen=True)
class Signature:
    """How a picture goes in. `width` and `height` are 0 where the model takes any size."""

    input: str
    layout: Layout
    dtype: str
    width: int
    height: int


@dataclass(frozen=True)
class Settings:
    """How a model of a person's own is used; plain data that the page keeps. Sizes in pixels.

    Pixels become (pixel / scale - mean) / std, as for the models of the catalogue.
    """

    input: str
    layout: Layout
    dtype: str
    width: int
    height: int
    any_size: bool
    scale: Literal["image maximum", "255"]
    mean: Sequence[float]
    std: Sequence[float]
    output: str
    answer: Answer = "map"

    def preparation(self) -> Preparation:
        return Preparation((1, 3, self.height, self.width), self.scale, self.mean, self.std)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def signature(inputs: Sequence[Port]) -> Signature:
    """Raises Unsupported, with a sentence for the person, where no picture alone goes in."""
    if len(inputs) != 1:
        raise Unsupported(say("own.inputs", count=len(inputs)))
    (given,) = inputs
    shape = given.shape
    if given.type not in _DTYPES or len(shape) != 4:
        raise Unsupported(say("own.no-picture", what=_words(given)))
    if isinstance(shape[0], int) and shape[0] != 1:
        raise Unsupported(say("own.batch", count=shape[0]))
    layout: Layout
    if shape[1] == 3 or (isinstance(shape[1], str) and shape[3] != 3):
        layout, (height, width) = "NCHW", shape[2:]
    elif shape[3] == 3:
        layout, (height, width) = "NHWC", shape[1:3]
    else:
        raise Unsupported(say("own.no-picture", what=_words(given)))
    sizes = [size if isinstance(size, int) and size > 0 else 0 for size in (width, height)]
    return Signature(given.name, layout, given.type, *sizes)


def guess(found: Signature, outputs: Sequence[Port], side: int) -> Settings:
    """Settings as models of that kind mostly want them; `side` is for sizes that are free. Raises Unsupported."""
    width, height = found.width or side, found.height or side
    scale: Literal["image maximum", "255"] = "255"
    mean, std = _IMAGENET
    if found.dtype == "tensor(uint8)":
        mean, std = (0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255)
    elif height == 320:  # U-2-Net, Silueta
        scale = "image maximum"
    elif height == 1024 and (found.width or found.height):  # IS-Net
        mean, std = (0.5, 0.5, 0.5), (1.0, 1.0, 1.0)
    elif height == 256:  # MediaPipe
        mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    elif not found.width or height == 512:  # MODNet
        mean, std = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
    output = _promising(outputs)
    any_size = not (found.width and found.height)
    return Settings(found.input, found.layout, found.dtype, width, height, any_size, scale, mean, std, output.name)


def _promising(outputs: Sequence[Port]) -> Port:
    """The largest output that is, or may be, one map; the first of several."""

    def area(output: Port) -> int:
        sizes = [size for size in output.shape if isinstance(size, int) and size > 1]
        return int(np.prod(sizes[:2])) if len(sizes) >= 2 else 0

    fitting = [output for output in outputs if _may_be_map(output)]
    if not fitting:
        raise Unsupported(say("own.no-map", what=", ".join(_words(output) for output in outputs)))
    return max(fitting, key=area)


def _may_be_map(output: Port) -> bool:
    if not output.type.startswith("tensor(") or output.type == "tensor(string)":
        return False
    if not output.shape:
        return True  # nothing is said of it: a trial will tell
    known = [size for size in output.shape if isinstance(size, int) and size != 1]
    return 2 <= len(output.shape) <= 4 and len(known) <= 2


def session_for(graph: Graph, settings: Settings) -> InferenceSession:
    """A session that computes the one output which is used. Rewrites the graph."""
    keep_outputs(graph, [settings.output])
    return InferenceSession(graph)


class OwnSession:
    """A model of a person's own as the pipeline wants one: float32 NCHW in, one map (h, w) of 0..1 out."""

    def __init__(self, session: InferenceSession, settings: Settings) -> None:
        self.session = session
        self.settings = settings

    @property
    def executor_name(self) -> str:
        return self.session.executor_name

    def get_inputs(self) -> list[NodeArg]:
        return [port for port in self.session.get_inputs() if port.name == self.settings.input]

    def get_outputs(self) -> list[NodeArg]:
        return [port for port in self.session.get_outputs() if port.name == self.settings.output]

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        return [self._map(self.session.run([self.settings.output], self._feeds(feeds))[0])]

    async def run_async(
        self, names: Sequence[str], feeds: Mapping[str, NDArray[np.float32]], progress: Callable[[float], object]
    ) -> list[NDArray[np.float32]]:
        return [self._map(await self.answer(feeds, progress))]

    async def answer(
        self, feeds: Mapping[str, NDArray[np.float32]], progress: Callable[[float], object]
    ) -> NDArray[Any]:
        """What the model itself answers."""
        (answer,) = await self.session.run_async([self.settings.output], self._feeds(feeds), progress)
        return np.asarray(answer)

    def _feeds(self, feeds: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
        picture = feeds[self.settings.input]
        if self.settings.layout == "NHWC":
            picture = picture.transpose(0, 2, 3, 1)
        dtype = _DTYPES[self.settings.dtype]
        if dtype is np.uint8:
            picture = picture.clip(0, 255).round()
        return {self.settings.input: np.ascontiguousarray(picture, dtype)}

    def _map(self, answer: Any) -> NDArray[np.float32]:
        raw = as_one_map(answer)
        match self.settings.answer:
            case "logits":
                return 1 / (1 + np.exp(-raw.clip(-60, 60)))
            case "bytes":
                return raw / np.float32(255)
            case "classes":
                return (raw > 0).astype(np.float32)
        return raw


def as_one_map(answer: Any) -> NDArray[np.float32]:
    """The map (h, w) in an answer whose other sizes are all 1. Raises Unsupported for any other answer."""
    array = np.asarray(answer)
    sizes = [size for size in array.shape if size != 1]
    if array.dtype.kind not in "fiub" or array.ndim < 2 or len(sizes) != 2:
        raise Unsupported(say("own.no-map", what=f"{array.dtype} {' × '.join(map(str, array.shape))}"))
    return array.reshape(sizes).astype(np.float32)


def answer_of(raw: NDArray[Any]) -> Answer:
    """What the numbers of a map are, told from those of a trial."""
    if raw.dtype.kind in "iub":
        return "bytes" if raw.max() > 100 else "classes"
    low, high = float(raw.min()), float(raw.max())
    if low >= -0.05 and high <= 1.05:
        return "map"
    return "bytes" if low >= -0.05 and high > 60 else "logits"


def trial_picture(settings: Settings) -> NDArray[np.float32]:
    """A light disk on a dark slope, prepared: enough to see what a model answers."""
    y, x = np.mgrid[0 : settings.height, 0 : settings.width].astype(np.float32)
    middle = np.hypot(x - settings.width / 2, y - settings.height / 2) < min(settings.width, settings.height) / 4
    grey = np.where(middle, 0.9, 0.3 * y / settings.height)
    mean, std = (np.asarray(values, np.float32).reshape(3, 1, 1) for values in (settings.mean, settings.std))
    return ((grey[None] - mean) / std)[None].astype(np.float32)


def _words(port: Port) -> str:
    return f"{port.name}: {port.type} {' × '.join(map(str, port.shape))}".strip()
