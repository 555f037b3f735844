"""Plays a plan step by step with each op's numpy meaning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hearth.runtime.executor import Progress
from hearth.runtime.plan import Plan, Step

Values = dict[str, Any]


class NumpyProgram:
    """A plan with its constants at hand, widened to the types that ops compute in."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.constants: Values = {name: plan.graph.constant(name) for name in plan.graph.constants}

    def run(self, feeds: Mapping[str, Any]) -> list[Any]:
        values = {**self.constants, **feeds}
        with np.errstate(all="ignore"):
            for step in self.plan.steps:
                _play(step, values)
        return [values[name] for name in self.plan.graph.outputs]

    async def run_async(self, feeds: Mapping[str, Any], progress: Progress | None = None) -> list[Any]:
        """Lets the event loop turn between steps, so that a page can cancel."""
        values = {**self.constants, **feeds}
        for number, step in enumerate(self.plan.steps):
            if progress is not None:
                progress(number / len(self.plan.steps))
            with np.errstate(all="ignore"):
                _play(step, values)
            await asyncio.sleep(0)
        return [values[name] for name in self.plan.graph.outputs]


def _subroutine(plan: Plan, outer: Values) -> Callable[..., list[Any]]:
    """A subgraph as a function of its inputs, which sees the values around it."""
    program = NumpyProgram(plan)
    inputs = list(plan.graph.inputs)

    def call(*arguments: Any) -> list[Any]:
        return program.run({**outer, **dict(zip(inputs, arguments, strict=True))})

    return call


def _bound(argument: Any, values: Values) -> Any:
    if isinstance(argument, Plan):
        return _subroutine(argument, values)
    if isinstance(argument, list) and argument and isinstance(argument[0], Plan):
        return [_subroutine(plan, values) for plan in argument]
    return argument


def _play(step: Step, values: Values) -> None:
    node = step.node
    inputs = [values[name] if name else None for name in node.inputs]
    arguments = {key: _bound(value, values) for key, value in step.arguments.items()}
    results = step.operator.run(inputs, arguments, node.label)
    if step.epilogue:
        values[node.result] = results[0]
        for after in step.epilogue:
            _play(after, values)
    else:
        for name, value in zip(node.outputs, results, strict=False):
            if name:
                values[name] = value if not isinstance(value, np.generic) else np.asarray(value)
    for name in step.frees:
        values.pop(name, None)


class NumpyExecutor:
    """Runs everything the table of operators has, with any shapes."""

    name = "numpy"
    needs_static = False

    def compile(self, plan: Plan) -> NumpyProgram:
        return NumpyProgram(plan)
