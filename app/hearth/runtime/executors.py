"""Which executors there are, and the choice among them."""

from __future__ import annotations

from collections.abc import Callable

from hearth.errors import Unsupported
from hearth.runtime.executor import Executor


def _numpy() -> Executor:
    from hearth.runtime.numpy import NumpyExecutor

    return NumpyExecutor()


EXECUTORS: dict[str, Callable[[], Executor]] = {"numpy": _numpy}
"""Name -> how to make it, the slowest first. Making one raises Unsupported where it cannot run."""


def choose_executor(wanted: Executor | str | None) -> Executor:
    """An executor by name, or the fastest that this machine has; Unsupported for a name that is none."""
    if wanted is None:
        for make in reversed(EXECUTORS.values()):
            try:
                return make()
            except Unsupported:
                continue
    if isinstance(wanted, str):
        if wanted not in EXECUTORS:
            raise Unsupported(f"There is no executor '{wanted}'; there are {', '.join(EXECUTORS)}.")
        return EXECUTORS[wanted]()
    assert wanted is not None
    return wanted
