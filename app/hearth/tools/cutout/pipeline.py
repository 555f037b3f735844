"""A photo becomes a cutout: the stages in their order, with progress, stoppable at every step."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from hearth.errors import BadModel
from hearth.tools.cutout import png
from hearth.tools.cutout.compose import compose, merge_alpha
from hearth.tools.cutout.enlarge import enlarge_strips
from hearth.tools.cutout.network import Preparation, prepare, stretch
from hearth.tools.cutout.photo import Photo, read

Stage = Literal["read", "prepare", "predict", "enlarge", "compose", "write"]
STAGES: tuple[Stage, ...] = ("read", "prepare", "predict", "enlarge", "compose", "write")

Progress = Callable[[str, float], object]
"""progress(stage, fraction from 0 to 1); it may raise Cancelled (or anything) to stop the job."""

Feeds = Mapping[str, NDArray[np.float32]]

Map = NDArray[np.float32]
"""The network's own answer, (h, w) at its own size."""

_STRIP_PIXELS = 1 << 18


def _ignore(*_: object) -> None:
    """Nobody listens."""


class Session(Protocol):
    """What the pipeline asks of `hearth.runtime.InferenceSession` (onnxruntime's will do as well)."""

    def get_inputs(self) -> Sequence["_Named"]: ...

    def get_outputs(self) -> Sequence["_Named"]: ...

    def run(self, output_names: Sequence[str], input_feed: Feeds, /) -> Sequence[NDArray[np.float32]]: ...


class AsyncSession(Session, Protocol):
    def run_async(
        self, output_names: Sequence[str], input_feed: Feeds, progress: Callable[[float], object], /
    ) -> Awaitable[Sequence[NDArray[np.float32]]]: ...


class _Named(Protocol):
    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Cutout:
    """A finished job."""

    size: tuple[int, int]
    """Width and height in pixels: the photo's, after it was turned upright."""

    raw: Map
    """The network's own map, not stretched."""

    alpha: NDArray[np.uint8]
    """(height, width), 0..255."""

    png: bytes
    """The file: RGBA with straight alpha at full size, or for `only_mask` the alpha as grey."""

    notes: tuple[str, ...]
    """What a person should know, as sentences."""


class _Report(NamedTuple):
    stage: Stage
    fraction: float


class _Predict(NamedTuple):
    output: str
    feeds: Feeds


_Steps = Generator[_Report | _Predict, NDArray[np.float32] | None, Cutout]


@dataclass(frozen=True)
class Pipeline:
    """The background remover around one network.

    `run` and `run_async` take the bytes of a file, or a Photo that is already there, and return the Cutout.
    Both raise BadImage, TooLarge or NoSubject, and whatever `progress` raises. `run_async` lets the event
    loop breathe at every report, so that a message that cancels the job arrives. `on_map` is handed the
    network's map even where there is no subject in it, `on_alpha` the alpha (height, width) before the file is
    written.
    """

    session: Session
    preparation: Preparation

    def run(
        self,
        source: bytes | Photo,
        progress: Progress = _ignore,
        *,
        only_mask: bool = False,
        on_map: Callable[[Map], object] = _ignore,
        on_alpha: Callable[[NDArray[np.uint8]], object] = _ignore,
    ) -> Cutout:
        steps = self._steps(source, only_mask, on_map, on_alpha)
        answer = None
        try:
            while True:
                step = steps.send(answer)
                answer = None
                if isinstance(step, _Predict):
                    (answer,) = self.session.run([step.output], step.feeds)
                else:
                    progress(step.stage, step.fraction)
        except StopIteration as finished:
            return cast(Cutout, finished.value)

    async def run_async(
        self,
        source: bytes | Photo,
        progress: Progress = _ignore,
        *,
        only_mask: bool = False,
        on_map: Callable[[Map], object] = _ignore,
        on_alpha: Callable[[NDArray[np.uint8]], object] = _ignore,
    ) -> Cutout:
        session = cast(AsyncSession, self.session)

        def predicted(fraction: float) -> None:
            progress("predict", fraction)

        steps = self._steps(source, only_mask, on_map, on_alpha)
        answer = None
        try:
            while True:
                step = steps.send(answer)
                answer = None
                if isinstance(step, _Predict):
                    (answer,) = await session.run_async([step.output], step.feeds, predicted)
                else:
                    await asyncio.sleep(0)
                    progress(step.stage, step.fraction)
        except StopIteration as finished:
            return cast(Cutout, finished.value)

    def _steps(
        self,
        source: bytes | Photo,
        only_mask: bool,
        on_map: Callable[[Map], object],
        on_alpha: Callable[[NDArray[np.uint8]], object],
    ) -> _Steps:
        """The whole job, for callers who wait or await: it asks for a prediction by yielding the request."""
        yield _Report("read", 0.0)
        photo = source if isinstance(source, Photo) else read(source)
        width, height = photo.size
        yield _Report("read", 1.0)

        yield _Report("prepare", 0.0)
        feeds = {self.session.get_inputs()[0].name: prepare(photo, self.preparation)}
        yield _Report("prepare", 1.0)

        yield _Report("predict", 0.0)
        answer = yield _Predict(self.session.get_outputs()[0].name, feeds)
        raw = as_map(answer)
        on_map(raw)
        mask = stretch(raw)
        yield _Report("predict", 1.0)

        alpha = np.empty((height, width), np.uint8)
        yield _Report("enlarge", 0.0)
        for fraction in enlarge_strips(mask, alpha):
            yield _Report("enlarge", fraction)

        yield _Report("compose", 0.0)
        for top, bottom in _strips(width, height):
            merge_alpha(photo, alpha, top, bottom)
            yield _Report("compose", bottom / height)

        on_alpha(alpha)

        pieces = []
        for fraction, piece in write(photo, alpha, only_mask=only_mask):
            pieces.append(piece)
            yield _Report("write", fraction)
        return Cutout((width, height), raw, alpha, b"".join(pieces), photo.notes)


def as_map(answer: object) -> Map:
    """The network's answer as a map (h, w); raises BadModel when it is anything but one map."""
    raw = np.asarray(answer, np.float32)
    if raw.ndim < 2 or raw.size != raw.shape[-1] * raw.shape[-2]:
        raise BadModel(f"This model does not cut out: it answers {raw.shape} numbers where one map is needed.")
    return raw.reshape(raw.shape[-2:])


def write(photo: Photo, alpha: NDArray[np.uint8], *, only_mask: bool = False) -> Iterator[tuple[float, bytes]]:
    """Yields the fraction done and the next piece of the PNG file: the cutout, or its alpha alone as grey."""
    width, height = photo.size
    if only_mask:
        return png.encode(lambda top, bottom: alpha[top:bottom, :, None], width, height, 1)
    return png.encode(lambda top, bottom: compose(photo, alpha, top, bottom), width, height, 4, photo.icc)


def _strips(width: int, height: int) -> Iterator[tuple[int, int]]:
    step = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, step):
        yield top, min(top + step, height)
