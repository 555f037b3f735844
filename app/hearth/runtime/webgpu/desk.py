"""Plays lowered plans natively, through the package `wgpu`: for laptops with a GPU, and for tests of the kernels."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hearth.errors import ExecutorFailed, Unsupported
from hearth.runtime.device import Held
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.program import Dispatch, Lowered, Range

ALLOW_SOFTWARE = "HEARTH_SOFTWARE_GPU"
"""An environment variable: set, adapters that are software are taken too. Tests set it."""


def open_device() -> Device:
    """The GPU of this machine. Raises Unsupported where there is none, or `wgpu` is not installed."""
    found = _find(bool(os.environ.get(ALLOW_SOFTWARE)))
    if isinstance(found, str):
        raise Unsupported(found)
    return found


@cache
def _find(software: bool) -> Device | str:
    """The GPU, or why there is none; looked for once, since that takes a while."""
    try:
        import wgpu  # type: ignore[import-not-found, import-untyped, unused-ignore]
        from wgpu.backends.wgpu_native import (  # type: ignore[import-not-found, import-untyped, unused-ignore]
            extras,
        )
    except ImportError:
        return "WebGPU on a desk needs the package wgpu: pip install wgpu."
    with contextlib.suppress(RuntimeError):  # someone else uses wgpu in this process already
        extras.set_instance_extras(backends=["Vulkan", "Metal", "DX12"])
    with _drivers_silent():
        adapters = wgpu.gpu.enumerate_adapters_sync()
    order = ("DiscreteGPU", "IntegratedGPU", *(["CPU"] if software else []))
    adapters = [adapter for adapter in adapters if adapter.info["adapter_type"] in order]
    if not adapters:
        return "There is no GPU here that WebGPU can use."
    try:
        return Device(min(adapters, key=lambda adapter: order.index(adapter.info["adapter_type"])))
    except RuntimeError as error:
        return f"The GPU can't be opened: {error}"


@contextlib.contextmanager
def _drivers_silent() -> Iterator[None]:
    """Drivers that are asked what they offer tell the process's stderr, past Python, that there is no display."""
    try:
        kept = os.dup(2)
    except OSError:  # closed by whoever started this process
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    """Gives the GPU's own errors the name that sessions know."""
    import wgpu

    try:
        yield
    except (RuntimeError, wgpu.GPUError) as error:
        raise ExecutorFailed(f"The graphics card failed: {error}") from error


class Device:
    """A GPU and what it offers."""

    trusted = False

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter
        names = {_camel(key): key for key in adapter.limits}
        self.limits = Limits.read({name: adapter.limits[key] for name, key in names.items()}, adapter.features)
        self.name = f"{adapter.info['device']} ({adapter.info['backend_type']})"
        self.software = adapter.info["adapter_type"] == "CPU"
        self.notes = FolderNotes(Path(os.environ.get("HEARTH_CACHE") or Path.home() / ".cache" / "hearth"))
        wanted = {names[name]: value for name, value in vars(self.limits).items() if name in names}
        features = ["shader-f16"] if self.limits.halves else []
        self.device = adapter.request_device_sync(required_features=features, required_limits=wanted)

    def player(self, lowered: Lowered) -> DeskPlayer:
        return DeskPlayer(self.device, lowered)

    def room(self, size: int) -> Any:
        """A buffer of so many bytes."""
        import wgpu

        usage = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC | wgpu.BufferUsage.COPY_DST
        with _failing():
            return self.device.create_buffer(size=max(size, 16), usage=usage)

    def put(self, buffer: Any, data: memoryview) -> None:
        """Writes bytes to the start of a buffer."""
        with _failing():
            self.device.queue.write_buffer(buffer, 0, data)

    def fetch(self, buffer: Any, size: int) -> memoryview:
        """The first bytes of a buffer."""
        with _failing():
            return self.device.queue.read_buffer(buffer, 0, size)

    async def fetch_async(self, buffer: Any, size: int) -> memoryview:
        """The same."""
        return self.fetch(buffer, size)

    def free(self, buffer: Any) -> None:
        """Gives a buffer back."""
        buffer.destroy()


class FolderNotes:
    """Small texts kept in a folder, a file each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _place(self, key: str) -> Path:
        return self.folder / "notes" / f"{hashlib.sha256(key.encode()).hexdigest()}.txt"

    def recall(self, key: str) -> str | None:
        """What was kept, if it still is."""
        try:
            return self._place(key).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def remember(self, key: str, text: str) -> None:
        """Keeps a text, if the folder can be written to."""
        place = self._place(key)
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            scratch = place.with_suffix(f".{os.getpid()}")
            scratch.write_text(text, "utf-8")
            scratch.replace(place)


@dataclass(frozen=True)
class HeldBytes:
    """What came from the device."""

    data: memoryview

    def to_bytes(self) -> bytes:
        return bytes(self.data)


def _camel(name: str) -> str:
    """`max-buffer-size` as WebGPU writes it."""
    first, *rest = name.split("-")
    return first + "".join(part.capitalize() for part in rest)


class DeskPlayer:
    """One lowered plan on a device."""

    def __init__(self, device: Any, lowered: Lowered) -> None:
        import wgpu

        self.device, self.lowered = device, lowered
        with _failing():
            self._open(wgpu.BufferUsage)

    def _open(self, usage: Any) -> None:
        device, lowered = self.device, self.lowered
        flags = usage.STORAGE | usage.UNIFORM | usage.COPY_SRC | usage.COPY_DST
        self.buffers = [device.create_buffer(size=max(size, 16), usage=flags) for size in lowered.buffers]
        if lowered.uniforms:
            device.queue.write_buffer(self.buffers[-1], 0, array("i", lowered.uniforms))
        self.pipelines = [self._pipeline(text) for text in lowered.shaders]
        self.setup = [self._bound(dispatch) for dispatch in lowered.setup]
        self.dispatches = [self._bound(dispatch) for dispatch in lowered.dispatches]

    def _pipeline(self, text: str) -> Any:
        module = self.device.create_shader_module(code=text)
        return self.device.create_compute_pipeline(layout="auto", compute={"module": module, "entry_point": "main"})

    def _bound(self, dispatch: Dispatch) -> tuple[Any, Any, tuple[int, int, int]]:
        pipeline = self.pipelines[dispatch.shader]
        entries = [
            {"binding": number, "resource": {"buffer": self.buffers[r.buffer], "offset": r.offset, "size": r.bytes}}
            for number, r in enumerate(dispatch.bindings)
        ]
        group = self.device.create_bind_group(layout=pipeline.get_bind_group_layout(0), entries=entries)
        return pipeline, group, dispatch.groups

    def write(self, place: Range, data: bytes | memoryview) -> None:
        """Puts bytes where a value lies."""
        with _failing():
            self.device.queue.write_buffer(self.buffers[place.buffer], place.offset, data)

    def load(self, place: Range, buffer: Any) -> None:
        """Copies the start of a buffer to where a value lies."""
        self._copy(buffer, 0, self.buffers[place.buffer], place.offset, place.bytes)

    def save(self, place: Range, buffer: Any) -> None:
        """Copies a value to the start of a buffer."""
        self._copy(self.buffers[place.buffer], place.offset, buffer, 0, place.bytes)

    def _copy(self, source: Any, start: int, target: Any, at: int, size: int) -> None:
        with _failing():
            encoder = self.device.create_command_encoder()
            encoder.copy_buffer_to_buffer(source, start, target, at, size)
            self.device.queue.submit([encoder.finish()])

    def submit(self, first: int, last: int) -> None:
        """Lets dispatches [first, last) run, and does not wait for them."""
        with _failing():
            self._submit(self.dispatches[first:last])

    async def prepare(self) -> None:
        """Runs the setup; the constants must be written."""
        self.prepare_sync()

    def prepare_sync(self) -> None:
        with _failing():
            self._submit(self.setup)
        for number in self.lowered.temporary:
            self.buffers[number].destroy()

    async def play(self, first: int, last: int, reads: Sequence[Range]) -> list[memoryview]:
        """Runs dispatches [first, last) and brings back what lies in `reads`."""
        return self.play_sync(first, last, reads)

    def play_sync(self, first: int, last: int, reads: Sequence[Range]) -> list[memoryview]:
        with _failing():
            self._submit(self.dispatches[first:last])
            return [self.device.queue.read_buffer(self.buffers[r.buffer], r.offset, r.bytes) for r in reads]

    async def play_for(self, first: int, last: int, place: Range) -> Held:
        """`play` for one value."""
        return self.play_for_sync(first, last, place)

    def play_for_sync(self, first: int, last: int, place: Range) -> Held:
        return HeldBytes(*self.play_sync(first, last, [place]))

    async def time(self, runs: int) -> float:
        """Milliseconds that all dispatches take, the mean of so many runs on what lies there."""
        await asyncio.sleep(0)  # who wants to cancel can
        start = time.perf_counter()
        with _failing():
            for _ in range(runs):
                self._submit(self.dispatches)
            self.device.queue.read_buffer(self.buffers[-2], 0, 4)
        return (time.perf_counter() - start) * 1000 / runs

    def _submit(self, dispatches: Sequence[tuple[Any, Any, tuple[int, int, int]]]) -> None:
        if not dispatches:
            return
        encoder = self.device.create_command_encoder()
        # One pass: wgpu itself orders kernels that share buffers.
        compute = encoder.begin_compute_pass()
        for pipeline, group, groups in dispatches:
            compute.set_pipeline(pipeline)
            compute.set_bind_group(0, group)
            compute.dispatch_workgroups(*groups)
        compute.end()
        self.device.queue.submit([encoder.finish()])

    def destroy(self) -> None:
        """Frees the buffers."""
        for buffer in self.buffers:
            buffer.destroy()
