"""What every executor offers: compile a Plan once, run it often."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from hearth.runtime.plan import Plan

Progress = Callable[[float], object]


class Program(Protocol):
    """A plan made ready by an executor."""

    def run(self, feeds: Mapping[str, Any]) -> Sequence[Any]:
        """Runs on values for every input of the plan's graph; returns its outputs in the graph's order."""
        ...

    async def run_async(self, feeds: Mapping[str, Any], progress: Progress | None = None) -> Sequence[Any]:
        """The same without blocking the event loop where the executor can wait; tells `progress` 0 to 1."""
        ...


class Executor(Protocol):
    """A way to run plans. `needs_static` says that it wants every shape known."""

    name: str
    needs_static: bool

    def compile(self, plan: Plan) -> Program:
        """Makes a plan ready. Raises Unsupported where the executor can't take it."""
        ...
