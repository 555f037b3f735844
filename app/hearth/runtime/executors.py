"""Which executors there are, and the choice among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hearth.errors import Unsupported
from hearth.runtime.browser import may_have_gpu
from hearth.runtime.executor import Executor


def _numpy() -> Executor:
    from hearth.runtime.numpy import NumpyExecutor

    return NumpyExecutor()


def _wasm() -> Executor:
    from hearth.runtime.wasm import WasmExecutor

    return WasmExecutor()


def _webgpu() -> Executor:
    if not may_have_gpu():  # the kernels' modules take a while to import
        raise Unsupported("There is no GPU here that WebGPU can use.")
    from hearth.runtime.webgpu import WebGPUExecutor

    return WebGPUExecutor()


EXECUTORS: dict[str, Callable[[], Executor]] = {"numpy": _numpy, "wasm": _wasm, "webgpu": _webgpu}
"""Name -> how to make it, the slowest first. Making one raises Unsupported where it cannot run."""


class Choice:
    """Executors in the order in which they are to be tried: all, the fastest first, or those that a caller names.

    Raises Unsupported for a name that is none.
    """

    def __init__(self, wanted: Executor | str | Iterable[str] | None) -> None:
        names = [wanted] if isinstance(wanted, str) else reversed(EXECUTORS) if wanted is None else wanted
        self._left: list[Executor | str] = list(names) if isinstance(names, Iterable) else [names]
        for name in self._left:
            if isinstance(name, str) and name not in EXECUTORS:
                raise Unsupported(f"There is no executor '{name}'; there are {', '.join(EXECUTORS)}.")

    def next(self) -> Executor:
        """The next one that runs here. Raises the last one's Unsupported where none is left."""
        reason = Unsupported("There is no other executor to go on with.")
        while self._left:
            candidate = self._left.pop(0)
            if not isinstance(candidate, str):
                return candidate
            try:
                return EXECUTORS[candidate]()
            except Unsupported as error:
                reason = error
        raise reason

    def __bool__(self) -> bool:
        """Whether there are any left to try."""
        return bool(self._left)
