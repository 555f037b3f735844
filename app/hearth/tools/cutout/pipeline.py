"""A photo becomes a cutout: the stages in their order, with progress, stoppable at every step."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from hearth.errors import BadModel, ExecutorFailed, LostTensor, NoSubject, Unsupported
from hearth.runtime.device import DeviceTensor, Held
from hearth.tools.cutout.closer import blend_alpha, blend_masks, box_around, cropped
from hearth.tools.cutout.colours import Colours, estimate
from hearth.tools.cutout.enlarge import enlarge_strips
from hearth.tools.cutout.kernels import kernels
from hearth.tools.cutout.matte import Alpha, Map, Matte, merge_alpha, strips, write
from hearth.tools.cutout.network import Preparation, prepare, stretch
from hearth.tools.cutout.photo import Photo, read
from hearth.tools.cutout.refine import (
    decided,
    fit,
    matted,
    resampled,
    settings_for,
    shrink,
    small_size,
    unbacked,
)
from hearth.tools.cutout.refine.graphics import Refinement, card_of
from hearth.words import Words, say

Stage = Literal["read", "prepare", "predict", "refine", "colours", "write"]
STAGES: tuple[Stage, ...] = ("read", "prepare", "predict", "refine", "colours", "write")
"""`Pipeline.matte` goes through all but the last; `write` is that one."""

Progress = Callable[[str, float], object]
"""progress(stage, fraction from 0 to 1); it may raise Cancelled (or anything) to stop the job."""

Feeds = Mapping[str, Any]
"""Arrays, float32, or such tensors on the graphics card."""


def _ignore(*_: object) -> None:
    """Nobody listens."""


def _new_room(size: int) -> memoryview:
    return np.empty(size, np.uint8).data


@dataclass(frozen=True)
class Options:
    """What a person may choose."""

    refine: bool = True
    """Edges are refined at full size; else the network's mask is enlarged as it is."""

    clean: bool = True
    """Soft edges get the subject's own colours, without the old background's."""

    look_twice: bool = False
    """Where the subject is small, the network sees it a second time, larger."""


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
class Glance:
    """Asks for a first look at what is made, on graphics cards: there alpha at full size takes a while to come down."""

    size: tuple[int, int]
    """Width and height on the screen, at most those of the photo."""

    show: Callable[[Held], object]
    """It is handed the bytes of what `Matte.scaled` would give, within 2 of 255. It is not called for photos with
    transparency, nor where the network looked twice."""


@dataclass(frozen=True)
class Cutout:
    """A finished job."""

    matte: Matte

    png: bytes
    """The file: RGBA with straight alpha at full size, or for `only_mask` the alpha as grey."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels: the photo's, after it was turned upright."""
        return self.matte.size

    @property
    def raw(self) -> Map:
        """The network's own map, not stretched."""
        return self.matte.raw

    @property
    def alpha(self) -> Alpha:
        """(height, width), 0..255."""
        return self.matte.alpha

    @property
    def notes(self) -> tuple[Words, ...]:
        """What a person should know, as sentences."""
        return self.matte.notes


class _Report(NamedTuple):
    stage: Stage
    fraction: float


class _Predict(NamedTuple):
    output: str
    feeds: Feeds
    """Where they are lost with a device that failed, the answer is None."""
    span: tuple[float, float]
    """Of the stage's fraction."""


class _See(NamedTuple):
    """What the network sees, made on the graphics card; where that can't be, the answer is None."""

    refinement: Refinement


class _Solve(NamedTuple):
    """On the graphics card, that is; where that fails, the answer is None."""

    refinement: Refinement
    mask: Map


class _OnScreen(NamedTuple):
    """What was solved last, as the screen shows it; where that fails, the answer is None."""

    refinement: Refinement


class _Refined(NamedTuple):
    """At the photo's size, of what was solved last; where that fails, the answer is None."""

    refinement: Refinement


T = TypeVar("T")
_Steps = Generator[_Report | _Predict | _See | _Solve | _OnScreen | _Refined, Any, T]


@dataclass(frozen=True)
class Pipeline:
    """The background remover around one network.

    `matte` takes the bytes of a file, or a Photo that is already there, and returns the Matte, from which previews,
    edits and files are made (see there); `run` goes on to the PNG. Both come in a kind that is awaited: it lets the
    event loop breathe at every report, so that a message that cancels the job arrives. All raise BadImage, TooLarge or
    NoSubject, and whatever `progress` raises. `on_map` is handed the network's map even where there is no subject; a
    `glance` is shown before the matte is whole.

        matte = await pipeline.matte_async(data, progress)
        preview = matte.scaled(1024, 768)
        for fraction, piece in write(matte): ...
    """

    session: Session
    preparation: Preparation
    options: Options = Options()

    room: Callable[[int], memoryview] = _new_room
    """Gives so many bytes, with anything in them, for alpha at full size."""

    def matte(
        self,
        source: bytes | Photo,
        progress: Progress = _ignore,
        *,
        on_map: Callable[[Map], object] = _ignore,
        glance: Glance | None = None,
    ) -> Matte:
        steps = self._steps(source, on_map, glance)
        answer: Any = None
        try:
            while True:
                step = steps.send(answer)
                answer = None
                if isinstance(step, _Predict):
                    with suppress(LostTensor):
                        (answer,) = self.session.run([step.output], step.feeds)
                elif isinstance(step, _See):
                    with suppress(ExecutorFailed, Unsupported):
                        answer = step.refinement.see()
                elif isinstance(step, _Solve):
                    with suppress(ExecutorFailed, Unsupported):
                        answer = step.refinement.solve(step.mask)
                elif isinstance(step, _OnScreen):
                    with suppress(ExecutorFailed, Unsupported):
                        answer = step.refinement.on_screen()
                elif isinstance(step, _Refined):
                    with suppress(ExecutorFailed, Unsupported):
                        answer = step.refinement.refined()
                else:
                    progress(step.stage, step.fraction)
        except StopIteration as finished:
            return cast(Matte, finished.value)

    async def matte_async(
        self,
        source: bytes | Photo,
        progress: Progress = _ignore,
        *,
        on_map: Callable[[Map], object] = _ignore,
        glance: Glance | None = None,
    ) -> Matte:
        session = cast(AsyncSession, self.session)

        first, last = 0.0, 1.0

        def predicted(fraction: float) -> None:
            progress("predict", first + (last - first) * fraction)

        steps = self._steps(source, on_map, glance)
        answer: Any = None
        try:
            while True:
                step = steps.send(answer)
                answer = None
                if isinstance(step, _Predict):
                    first, last = step.span
                    with suppress(LostTensor):
                        (answer,) = await session.run_async([step.output], step.feeds, predicted)
                elif isinstance(step, _See):
                    with suppress(ExecutorFailed, Unsupported):
                        answer = await step.refinement.see_async()
                elif isinstance(step, _Solve):
                    with suppress(ExecutorFailed, Unsupported):
                        answer = await step.refinement.solve_async(step.mask)
                elif isinstance(step, _OnScreen):
                    with suppress(ExecutorFailed, Unsupported):
                        answer = await step.refinement.on_screen_async()
                elif isinstance(step, _Refined):
                    with suppress(ExecutorFailed, Unsupported):
                        answer = await step.refinement.refined_async()
                else:
                    await asyncio.sleep(0)
                    progress(step.stage, step.fraction)
        except StopIteration as finished:
            return cast(Matte, finished.value)

    def run(
        self,
        source: bytes | Photo,
        progress: Progress = _ignore,
        *,
        only_mask: bool = False,
        on_map: Callable[[Map], object] = _ignore,
    ) -> Cutout:
        matte = self.matte(source, progress, on_map=on_map)
        pieces = []
        for fraction, piece in write(matte, only_mask=only_mask):
            pieces.append(piece)
            progress("write", fraction)
        return Cutout(matte, b"".join(pieces))

    async def run_async(
        self,
        source: bytes | Photo,
        progress: Progress = _ignore,
        *,
        only_mask: bool = False,
        on_map: Callable[[Map], object] = _ignore,
        on_matte: Callable[[Matte], object] = _ignore,
    ) -> Cutout:
        """`on_matte` is handed the matte before the file is written."""
        matte = await self.matte_async(source, progress, on_map=on_map)
        on_matte(matte)
        pieces = []
        for fraction, piece in write(matte, only_mask=only_mask):
            pieces.append(piece)
            await asyncio.sleep(0)
            progress("write", fraction)
        return Cutout(matte, b"".join(pieces))

    def _refinement(self, photo: Photo, coloured: bool, glance: Glance | None = None) -> Refinement | None:
        """The photo on its way to the graphics card, if the network runs on one."""
        card = card_of(self.session)
        with suppress(ExecutorFailed, Unsupported):
            if card is not None and self.options.refine:
                screen = None if glance is None else glance.size
                return Refinement(card, photo, settings_for(photo), self.preparation, screen, coloured)
        return None

    def _steps(self, source: bytes | Photo, on_map: Callable[[Map], object], glance: Glance | None) -> _Steps[Matte]:
        """The whole job, for callers who wait or await: it asks for a prediction by yielding the request."""
        yield _Report("read", 0.0)
        photo = source if isinstance(source, Photo) else read(source)
        width, height = photo.size
        yield _Report("read", 1.0)

        yield _Report("prepare", 0.0)
        if photo.has_alpha or not self.options.clean:
            glance = None
        refinement = self._refinement(photo, self.options.clean, glance)
        seen = None if refinement is None else (yield _See(refinement))
        if seen is None:
            seen = prepare(photo, self.preparation)
        yield _Report("prepare", 1.0)

        yield _Report("predict", 0.0)
        twice = self.options.look_twice
        raw = yield from self._map_of(photo, seen, (0.0, 0.5 if twice else 1.0))
        on_map(raw)
        mask = stretch(raw)
        box = box_around(mask, photo.size) if twice else None
        part = cropped(photo, box) if box else None
        closer = None
        if part:
            with suppress(NoSubject):  # the first look stands
                closer = stretch((yield from self._map_of(part, prepare(part, self.preparation), (0.5, 1.0))))
        yield _Report("predict", 1.0)

        yield _Report("refine", 0.0)
        small = _Small(photo)
        if closer is None:
            edges = yield from self._refined(small, mask, refinement, (0.0, 0.9), glance)
        else:
            edges = yield from self._refined(small, mask, refinement, (0.0, 0.5))
        alpha = edges.alpha
        if box and part and closer is not None:
            in_box = yield from self._refined(_Small(part), closer, self._refinement(part, False), (0.5, 0.9))
            blend_alpha(alpha, in_box.alpha, box)
            mask = blend_masks(mask, closer, box, photo.size)
        if photo.has_alpha:
            for top, bottom in strips(width, height):
                merge_alpha(photo, alpha, top, bottom)
                yield _Report("refine", 0.9 + 0.1 * bottom / height)
        yield _Report("refine", 1.0)

        yield _Report("colours", 0.0)
        colours = edges.colours
        if self.options.clean and edges.soft is not None:
            for fraction in small.shrink():
                yield _Report("colours", 0.5 * fraction)
            colours = estimate(small.picture, edges.soft, small.kernels)
        yield _Report("colours", 1.0)
        return Matte(photo, raw, mask, alpha, colours, photo.notes)

    def _map_of(self, photo: Photo, seen: NDArray[np.float32] | DeviceTensor, span: tuple[float, float]) -> _Steps[Map]:
        name, output = self.session.get_inputs()[0].name, self.session.get_outputs()[0].name
        answer = yield _Predict(output, {name: seen}, span)
        if answer is None:  # it was on a card that failed
            answer = yield _Predict(output, {name: prepare(photo, self.preparation)}, span)
        return as_map(answer)

    def _refined(
        self,
        small: "_Small",
        mask: Map,
        refinement: Refinement | None,
        span: tuple[float, float],
        glance: Glance | None = None,
    ) -> _Steps["_Edges"]:
        photo, at_size = small.photo, resampled(mask, small.size)

        def done(fraction: float) -> _Report:
            return _Report("refine", span[0] + (span[1] - span[0]) * fraction)

        if refinement is not None and card_of(self.session) is not None:  # the session may have left it
            cells = yield _Solve(refinement, at_size)
            sides = None if cells is None else decided(cells)
            share = None if cells is None else unbacked(cells, sides)
            if sides is not None:
                refinement.side(sides)
            if share is not None:
                refinement.back(share)
            shown = None if cells is None or glance is None else (yield _OnScreen(refinement))
            if shown is not None and glance is not None:
                glance.show(shown)
            refined = None if cells is None else (yield _Refined(refinement))
            refinement.destroy()
            if refined is not None:
                return _Edges(refined.alpha, colours=refined.colours)
        width, height = photo.size
        alpha = np.frombuffer(self.room(width * height), np.uint8).reshape(height, width)
        if not self.options.refine:
            for fraction in enlarge_strips(mask, alpha):
                yield done(fraction)
            return _Edges(alpha, at_size)
        for fraction in small.shrink():
            yield done(0.3 * fraction)
        soft = matted(small.picture, at_size, small.kernels, settings_for(photo))
        yield done(0.5)
        coefficients = fit(small.picture, soft, small.kernels)
        for top, bottom in strips(*photo.size):
            coefficients.apply(photo.pixels, alpha, top, bottom, small.kernels)
            yield done(0.5 + 0.5 * bottom / len(alpha))
        return _Edges(alpha, soft)


class _Edges(NamedTuple):
    """A mask refined, or enlarged as it is."""

    alpha: Alpha
    soft: Map | None = None
    """The small one (h, w), of 0..1, that it comes from; None where a graphics card made it."""
    colours: Colours | None = None
    """Those of subject and background, where the card made them."""


class _Small:
    """The small copy of a photo on which edges and colours are worked out, made when it is first wanted."""

    def __init__(self, photo: Photo) -> None:
        self.photo = photo
        self.kernels = kernels()
        self.size = small_size(*photo.size)
        self.picture = np.empty((*self.size[::-1], 4), np.float32)
        self._whole = False

    def shrink(self) -> Iterator[float]:
        """Yields the fraction that is there."""
        if not self._whole:
            yield from shrink(self.photo, self.picture, self.kernels)
        self._whole = True


def as_map(answer: object) -> Map:
    """The network's answer as a map (h, w); raises BadModel when it is anything but one map."""
    raw = np.asarray(answer, np.float32)
    if raw.ndim < 2 or raw.size != raw.shape[-1] * raw.shape[-2]:
        raise BadModel(say("model.no-map", shape=" × ".join(map(str, raw.shape))))
    return raw.reshape(raw.shape[-2:])
