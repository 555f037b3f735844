"""The cutout tool as the page uses it: the network of the chosen model, made ready once and kept."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hearth.errors import DownloadFailed
from hearth.page.bridge import Progress
from hearth.page.cutout.bridge import CutoutBridge
from hearth.page.cutout.room import ROOM
from hearth.tools.cutout import Pipeline, Preparation
from hearth.words import say

if TYPE_CHECKING:
    from hearth.runtime import InferenceSession
    from hearth.runtime.unread import Source


MASK_TOLERANCE = 0.01
"""How far a mask of 0 to 1 may be from the one in float32; nobody sees it."""


def looking(pipeline: Pipeline, twice: bool) -> Pipeline:
    """The same pipeline, with or without a second look."""
    return replace(pipeline, options=replace(pipeline.options, look_twice=twice))


class CutoutTool:
    """Keeps one pipeline, that of the model used last: memory is for photos.

    `models` are the entries of `models.json`, and of the person's own models: those have `own`, the plain
    `hearth.tools.cutout.own.Settings`.
    """

    def __init__(self, models: Sequence[Mapping[str, Any]]) -> None:
        self.models = {model["id"]: model for model in models}
        self.engine = say("engine.unknown")
        self._model = ""
        self._pipeline: Pipeline | None = None
        self._session: InferenceSession | None = None
        self._progress: Progress = lambda loaded, total: None
        self._one_at_a_time = asyncio.Lock()

    def own(self, models: Sequence[Mapping[str, Any]]) -> None:
        """Takes the models that the person brought, as they are now."""
        known = {model["id"]: model for model in models}
        if known.get(self._model) != self.models.get(self._model, {}) and "own" in self.models.get(self._model, {}):
            self._pipeline = None  # made anew, as it is set now
        self.models = {name: model for name, model in self.models.items() if "own" not in model} | known

    async def load(self, model: str, bridge: CutoutBridge, progress: Progress) -> Pipeline:
        """The pipeline of a model, its file fetched if need be. Raises DownloadFailed or BadModel.

        Who asks last is told the progress. Cancelled while the file is on its way, it ends the download.
        """
        self._progress = progress
        async with self._one_at_a_time:
            if self._pipeline is None or self._model != model:
                self._pipeline = await self._open(model, bridge)
                self._model = model
            return self._pipeline

    async def _open(self, model: str, bridge: CutoutBridge) -> Pipeline:
        coming = asyncio.ensure_future(bridge.model(model, self._told))
        # Imported while the model is on its way, so that the page takes photos before.
        from hearth.runtime import InferenceSession

        try:
            data = await coming
        except asyncio.CancelledError:
            bridge.drop_model(model)
            raise
        entry = self.models[model]
        if "own" in entry:
            return self._open_own(data, entry["own"])
        session = self._session = InferenceSession(data, tolerance=MASK_TOLERANCE)
        self.engine = say("engine." + session.executor.name)
        return Pipeline(session, self._preparation(entry), room=ROOM.take)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """To be held while a pipeline works: one whose file is gone from the device is opened anew the next time."""
        try:
            yield
        except DownloadFailed:
            self._pipeline = self._session = None
            raise

    async def tune(self) -> None:
        """Makes later photos faster, for as long as nothing else is to be done; may be cancelled."""
        if self._session is not None:
            with suppress(DownloadFailed), self.reading():  # the next photo tells of it
                await self._session.tune_async()

    def _told(self, loaded: int, total: int) -> None:
        if loaded >= total:
            # Makes room before the file is here: memory that has grown stays grown.
            self._pipeline = self._session = None
        self._progress(loaded, total)

    def _open_own(self, data: "bytes | Source", plain: Mapping[str, Any]) -> Pipeline:
        from hearth.runtime.session import read_model
        from hearth.tools.cutout import own

        settings = own.Settings(**plain)
        session = self._session = own.session_for(read_model(data), settings)
        self.engine = say("engine." + session.executor.name)
        return Pipeline(own.OwnSession(session, settings), settings.preparation(), room=ROOM.take)

    def _preparation(self, entry: Mapping[str, Any]) -> Preparation:
        pixels = entry["pixels"]
        return Preparation(entry["input"]["shape"], pixels["scale"], pixels["mean"], pixels["std"])
