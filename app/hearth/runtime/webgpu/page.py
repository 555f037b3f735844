"""Plays lowered plans in the page, through `web/gpu.js`.

The worker opens the GPU and registers it as the JavaScript module `hearth_gpu`, with `gpu` null where there is none:

    pyodide.registerJsModule("hearth_gpu", { gpu: await openGpu(), notes: { recall(key) {}, remember(key, text) {} } });

`notes` keep which kernels were found fastest; they may be left out.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, cast

from hearth.errors import ExecutorFailed, Unsupported
from hearth.runtime.browser import open_bridge
from hearth.runtime.device import Held
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.program import Lowered, Range

_OPEN: list[PageGpu] = []


def open_gpu() -> PageGpu:
    """The GPU that the worker opened. Raises Unsupported where there is none, or it has failed before."""
    open_bridge()
    try:
        import hearth_gpu  # type: ignore[import-not-found]
    except ImportError:
        raise Unsupported("This page has no access to a GPU.") from None
    if not hearth_gpu.gpu or hearth_gpu.gpu.failure:
        raise Unsupported("There is no GPU here that WebGPU can use.")
    if not _OPEN:
        _OPEN.append(PageGpu(hearth_gpu.gpu, getattr(hearth_gpu, "notes", None)))
    return _OPEN[0]


class PageGpu:
    """The page's GPU."""

    trusted = False

    def __init__(self, gpu: Any, notes: Any = None) -> None:
        self.gpu = gpu
        self.notes = PageNotes(notes) if notes else None
        self.name = str(gpu.name)
        self.software = bool(gpu.software)
        self.limits = Limits.read(json.loads(gpu.limits), json.loads(gpu.features))

    def player(self, lowered: Lowered) -> PagePlayer:
        from pyodide.ffi import JsException

        try:
            return PagePlayer(self.gpu.player(lowered.to_json()))
        except JsException as error:
            raise ExecutorFailed(f"The GPU failed: {error.message}") from error

    def room(self, size: int) -> Any:
        """A buffer of so many bytes."""
        return self.gpu.room(size)

    def put(self, buffer: Any, data: memoryview) -> None:
        """Writes bytes to the start of a buffer."""
        with _lent(data) as view:
            self.gpu.put(buffer, view)

    async def fetch_async(self, buffer: Any, size: int) -> memoryview:
        """The first bytes of a buffer."""
        return memoryview((await _answer(self.gpu.fetch(buffer, size))).to_bytes())

    def fetch(self, buffer: Any, size: int) -> memoryview:
        """The same, where the browser lets Python wait (JSPI); ExecutorFailed elsewhere."""
        return _wait(self.fetch_async(buffer, size))

    def free(self, buffer: Any) -> None:
        """Gives a buffer back."""
        buffer.destroy()


class PageNotes:
    """What the page keeps from visit to visit."""

    def __init__(self, notes: Any) -> None:
        self.notes = notes

    def recall(self, key: str) -> str | None:
        """What was kept, if it still is."""
        text = self.notes.recall(key)
        return text if isinstance(text, str) else None

    def remember(self, key: str, text: str) -> None:
        """Keeps a text, if the browser allows it."""
        self.notes.remember(key, text)


class PagePlayer:
    """One lowered plan, in JavaScript's hands."""

    def __init__(self, player: Any) -> None:
        self.player = player

    def write(self, place: Range, data: memoryview) -> None:
        """Puts bytes where a value lies."""
        with _lent(data) as view:
            self.player.write(place.buffer, place.offset, view)

    def load(self, place: Range, buffer: Any) -> None:
        """Copies the start of a buffer to where a value lies."""
        self.player.load(place.buffer, place.offset, buffer, place.bytes)

    def save(self, place: Range, buffer: Any) -> None:
        """Copies a value to the start of a buffer."""
        self.player.save(place.buffer, place.offset, buffer, place.bytes)

    def submit(self, first: int, last: int) -> None:
        """Lets dispatches [first, last) run, and does not wait for them."""
        from pyodide.ffi import JsException

        try:
            self.player.submit(first, last)
        except JsException as error:
            raise ExecutorFailed(f"The GPU failed: {error.message}") from error

    async def prepare(self) -> None:
        """Waits for the kernels and packs the weights."""
        await _answer(self.player.prepare())

    def prepare_sync(self) -> None:
        """The same, where the browser lets Python wait (JSPI); ExecutorFailed elsewhere."""
        _wait(self.prepare())

    async def play(self, first: int, last: int, reads: Sequence[Range]) -> list[memoryview]:
        """Runs dispatches [first, last) and brings back what lies in `reads`."""
        whole, at, result = memoryview((await self._play(first, last, reads)).to_bytes()), 0, []
        for place in reads:
            result.append(whole[at : at + place.bytes])
            at += place.bytes
        return result

    def play_sync(self, first: int, last: int, reads: Sequence[Range]) -> list[memoryview]:
        """`play`, where the browser lets Python wait."""
        return _wait(self.play(first, last, reads))

    async def play_for(self, first: int, last: int, place: Range) -> Held:
        """`play` for one value, as an array of JavaScript's."""
        return cast(Held, await self._play(first, last, [place]))

    def play_for_sync(self, first: int, last: int, place: Range) -> Held:
        """The same, where the browser lets Python wait."""
        return cast(Held, _wait(self.play_for(first, last, place)))

    async def _play(self, first: int, last: int, reads: Sequence[Range]) -> Any:
        return await _answer(self.player.play(first, last, json.dumps([asdict(place) for place in reads])))

    async def time(self, runs: int) -> float:
        """Milliseconds that all dispatches take, the mean of so many runs on what lies there."""
        return float(await _answer(self.player.time(runs)))

    def destroy(self) -> None:
        """Frees everything on the GPU."""
        self.player.destroy()


@contextlib.contextmanager
def _lent(data: memoryview) -> Iterator[Any]:
    """Bytes as JavaScript sees them where they lie, without a copy."""
    from pyodide.ffi import create_proxy

    proxy = create_proxy(data)
    view = proxy.getBuffer("u8")
    try:
        yield view.data
    finally:
        view.release()
        proxy.destroy()


async def _answer(promise: Any) -> Any:
    from pyodide.ffi import JsException

    try:
        return await promise
    except JsException as error:
        raise ExecutorFailed(f"The GPU failed: {error.message}") from error


def _wait(coroutine: Any) -> Any:
    from pyodide.ffi import can_run_sync, run_sync

    if not can_run_sync():
        coroutine.close()
        raise ExecutorFailed("This browser can't wait for the GPU here: call run_async instead.")
    return run_sync(coroutine)
