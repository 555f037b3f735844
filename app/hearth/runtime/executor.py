"""What every executor offers: compile a Plan once, run it often."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from hearth.errors import ExecutorFailed
from hearth.runtime.graph import Graph
from hearth.runtime.plan import Plan

Progress = Callable[[float], object]


def check_shape(graph: Graph, name: str, value: Any) -> None:
    """Raises ExecutorFailed where a value computed on the CPU has another shape than the model declares.

    What an op's inputs decide is known from the model's own word alone, and that may be wrong.
    """
    expected = graph.shape(name)
    if expected is not None and np.shape(value) != expected:
        raise ExecutorFailed(f"'{name}' has the shape {np.shape(value)}, and the model declares {expected}.")


class Program(Protocol):
    """A plan made ready by an executor."""

    def run(self, feeds: Mapping[str, Any]) -> Sequence[Any]:
        """Runs on values for every input of the plan's graph; returns its outputs in the graph's order."""
        ...

    async def run_async(self, feeds: Mapping[str, Any], progress: Progress | None = None) -> Sequence[Any]:
        """The same without blocking the event loop where the executor can wait; tells `progress` 0 to 1."""
        ...

    def places(self) -> Sequence[str]:
        """The name of the executor that runs each step of the plan: its own, or one it hands steps to."""
        ...


@runtime_checkable
class KeepingProgram(Program, Protocol):
    """A program that takes DeviceTensors, and leaves outputs on its device as such."""

    def run_keeping(self, feeds: Mapping[str, Any], keep: Collection[str]) -> Sequence[Any]:
        """`run`, with the outputs named in `keep` left on the device where they are there."""
        ...

    async def run_keeping_async(self, feeds: Mapping[str, Any], keep: Collection[str]) -> Sequence[Any]:
        """The same without blocking."""
        ...


@runtime_checkable
class TunableProgram(Program, Protocol):
    """A program that can be made faster where it runs."""

    async def tune(self) -> None:
        """Looks for a faster way, after a run; for idle time. It takes seconds and may be cancelled."""
        ...


class Executor(Protocol):
    """A way to run plans. `needs_static` says that it wants every shape known, and gets integers as floats.

    `packed`: (domain, op) of products that it takes with their weights as they are, all the same.
    """

    name: str
    needs_static: bool
    packed: frozenset[tuple[str, str]]

    def compile(self, plan: Plan) -> Program:
        """Makes a plan ready. Raises Unsupported where the executor can't take it."""
        ...
