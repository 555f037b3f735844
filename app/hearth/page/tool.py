"""The cutout tool as the page uses it: the network of the chosen model, made ready once and kept."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from hearth.page import words
from hearth.page.bridge import Bridge, Progress
from hearth.tools.cutout import Pipeline, Preparation


class CutoutTool:
    """Keeps one pipeline, that of the model used last: memory is for photos.

    `models` are the entries of `models.json`.
    """

    def __init__(self, models: Sequence[Mapping[str, Any]]) -> None:
        self.models = {model["id"]: model for model in models}
        self.engine = words.ENGINE_UNKNOWN
        self._model = ""
        self._pipeline: Pipeline | None = None

    async def load(self, model: str, bridge: Bridge, progress: Progress) -> Pipeline:
        """The pipeline of a model, its file fetched if need be. Raises DownloadFailed or BadModel."""
        if self._pipeline is None or self._model != model:
            coming = asyncio.ensure_future(bridge.model(model, progress))
            # Imported while the model is on its way, so that the page takes photos before.
            from hearth.runtime import InferenceSession

            data = await coming
            self._pipeline = None
            session = InferenceSession(data)
            self._pipeline = Pipeline(session, self._preparation(model))
            self._model = model
            self.engine = words.ENGINES[session.executor.name]
        return self._pipeline

    def _preparation(self, model: str) -> Preparation:
        entry = self.models[model]
        pixels = entry["pixels"]
        return Preparation(entry["input"]["shape"], pixels["scale"], pixels["mean"], pixels["std"])
