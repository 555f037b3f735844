"""The networks of the analysis, fetched while the first sound is heard already."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from hearth.errors import HearthError
from hearth.page.visualizer.bridge import VisualizerBridge
from hearth.tools.visualizer.analysis import Networks, pulse
from hearth.words import Said, say

PULSE = "pulse"  # is small and comes with the app
PARTS = {"beats": "beatnet", "voice": "silero-vad", "notes": "basic-pitch", "pulse": PULSE}


class LaterSession:
    """A session that is not there yet; who runs it waits. Where it can't be had, its stage is told so."""

    def __init__(self, opening: "asyncio.Task[Any]") -> None:
        self.opening = opening

    def run(self, output_names: Sequence[str], input_feed: Mapping[str, Any], /) -> Sequence[Any]:
        """For a desk, where the session is there."""
        answers: Sequence[Any] = self.opening.result().run(output_names, input_feed)
        return answers

    async def run_async(self, output_names: Sequence[str], input_feed: Mapping[str, Any], /) -> Sequence[Any]:
        """Raises DownloadFailed or BadModel, as opening it did."""
        session = await asyncio.shield(self.opening)
        answers: Sequence[Any] = await session.run_async(output_names, input_feed)
        return answers


class Shelf:
    """Opens the networks once and keeps them: they are small."""

    def __init__(self, bridge: VisualizerBridge) -> None:
        self.bridge = bridge
        self.engine: Said = say("engine.unknown")
        self._opening: dict[str, asyncio.Task[Any]] = {}

    def networks(self) -> Networks:
        """All of them, on their way or there. One that failed before is tried again."""
        return Networks(**{part: LaterSession(self._open(model)) for part, model in PARTS.items()})

    async def ready(self) -> None:
        """Waits until all are there. Raises DownloadFailed or BadModel."""
        for model in PARTS.values():
            await asyncio.shield(self._open(model))

    @property
    def there(self) -> bool:
        """Whether all are there."""
        return all(
            model in self._opening and self._opening[model].done() and not self._failed(model)
            for model in PARTS.values()
        )

    def _open(self, model: str) -> "asyncio.Task[Any]":
        if model not in self._opening or self._failed(model):
            self._opening[model] = asyncio.ensure_future(self._fetch(model))
            self._opening[model].add_done_callback(_looked_at)
        return self._opening[model]

    def _failed(self, model: str) -> bool:
        task = self._opening[model]
        return task.done() and (task.cancelled() or task.exception() is not None)

    async def _fetch(self, model: str) -> Any:
        data = pulse.network() if model == PULSE else await self.bridge.model(model, lambda loaded, total: None)
        from hearth.runtime import InferenceSession

        session = InferenceSession(data)
        self.engine = say("engine." + session.executor.name)
        return session


def _looked_at(task: "asyncio.Task[Any]") -> None:
    """Who needs the session is told of a failure; nobody may be waiting yet."""
    with contextlib.suppress(asyncio.CancelledError, HearthError):
        task.result()
