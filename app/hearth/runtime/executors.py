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


def next_slower(executor: Executor) -> Executor | None:
    """The executor to go on with when one has failed; None after the last."""
    names = list(EXECUTORS)
    at = names.index(executor.name) if executor.name in names else 0
    for name in reversed(names[:at]):
        try:
            return EXECUTORS[name]()
        except Unsupported:
            continue
    return None


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
