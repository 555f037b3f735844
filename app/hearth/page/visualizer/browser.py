"""The visualizer's bridge as the browser gives it."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyodide.ffi import JsException, to_js

from hearth.errors import BadSound
from hearth.page.browser import BrowserBridge
from hearth.page.visualizer.bridge import Source
from hearth.page.visualizer.page import VisualizerPage
from hearth.words import say


class VisualizerBrowserBridge(BrowserBridge):
    """`hearth.page.visualizer.bridge.VisualizerBridge` over the object that `web/visualizer/worker.js` offers."""

    channels = 1

    async def open(self, track: int) -> Source:
        try:
            answer = await self.js.open(track)
        except JsException as error:  # NotReadableError, NotFoundError: the file changed on disk
            raise BadSound(say("song.unreadable")) from error
        if answer.problem:
            raise BadSound(say("song.problem." + answer.problem, codec=answer.detail))
        self.channels = answer.channels
        return Source(int(answer.rate), self.channels, float(answer.duration))

    async def piece(self) -> NDArray[np.float32] | None:
        try:
            samples = await self.js.piece()
        except JsException as error:
            raise BadSound(say("song.problem.damaged")) from error
        if samples is None:
            return None
        return np.frombuffer(samples.to_bytes(), np.float32).reshape(-1, self.channels)

    def lost(self) -> float:
        return float(self.js.lost())

    def heard(self, facts: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        self.js.heard(json.dumps(facts), to_js({name: to_js(array.reshape(-1).data) for name, array in arrays.items()}))


def open_page(js: Any, models: Sequence[dict[str, Any]]) -> VisualizerPage:
    """The page of this tool; `models` are its entries of `models.json`."""
    return VisualizerPage(VisualizerBrowserBridge(js, {model["id"]: model["sha256"] for model in models}))
