"""Plays a plan step by step with each op's numpy meaning."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hearth.runtime.executor import Progress
from hearth.runtime.plan import Plan, Step
from hearth.runtime.types import ValueType

Values = dict[str, Any]


class NumpyProgram:
    """A plan with its constants at hand, widened to the types that ops compute in; subgraphs likewise, made once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.constants: Values = {name: plan.graph.constant(name) for name in plan.graph.constants}
        self.inputs = tuple(plan.graph.inputs)
        self.types = tuple(plan.graph.outputs.values())
        self.bodies: dict[int, dict[str, Any]] = {}
        for step in plan.steps:
            bodies = {key: _compiled(value) for key, value in step.arguments.items() if _has_plan(value)}
            if bodies:
                self.bodies[id(step)] = bodies

    def run(self, feeds: Mapping[str, Any]) -> list[Any]:
        with np.errstate(all="ignore"):
            return self.play({**self.constants, **feeds})

    def play(self, values: Values) -> list[Any]:
        """Runs on a dictionary of values that it may fill; numpy's warnings are off already."""
        for step in self.plan.steps:
            self._play(step, values)
        return [values[name] for name in self.plan.graph.outputs]

    async def run_async(self, feeds: Mapping[str, Any], progress: Progress | None = None) -> list[Any]:
        """Lets the event loop turn between steps, so that a page can cancel."""
        values = {**self.constants, **feeds}
        for number, step in enumerate(self.plan.steps):
            if progress is not None:
                progress(number / len(self.plan.steps))
            with np.errstate(all="ignore"):
                self._play(step, values)
            await asyncio.sleep(0)
        return [values[name] for name in self.plan.graph.outputs]

    def _play(self, step: Step, values: Values) -> None:
        node, arguments = step.node, step.arguments
        bodies = self.bodies.get(id(step))
        if bodies:
            arguments = {**arguments, **{key: _bound(value, values) for key, value in bodies.items()}}
        inputs = [values[name] if name else None for name in node.inputs]
        results = step.operator.run(inputs, arguments, node.label)
        if step.epilogue:
            values[node.result] = results[0]
            for after in step.epilogue:
                self._play(after, values)
        else:
            for name, value in zip(node.outputs, results, strict=False):
                if name:
                    values[name] = value if not isinstance(value, np.generic) else np.asarray(value)
        for name in step.frees:
            values.pop(name, None)


class Subroutine:
    """A subgraph as a function of its inputs, which sees the values around it. `types` are those of its outputs."""

    __slots__ = ("outer", "program", "types")

    def __init__(self, program: NumpyProgram, outer: Values) -> None:
        self.program = program
        self.outer = outer
        self.types: Sequence[ValueType] = program.types

    def __call__(self, *arguments: Any) -> list[Any]:
        given = dict(zip(self.program.inputs, arguments, strict=True))
        return self.program.play({**self.outer, **self.program.constants, **given})


def _has_plan(argument: Any) -> bool:
    return isinstance(argument, Plan) or (
        isinstance(argument, list) and bool(argument) and isinstance(argument[0], Plan)
    )


def _compiled(argument: Any) -> Any:
    return [NumpyProgram(plan) for plan in argument] if isinstance(argument, list) else NumpyProgram(argument)


def _bound(program: Any, values: Values) -> Any:
    if isinstance(program, list):
        return [Subroutine(item, values) for item in program]
    return Subroutine(program, values)


class NumpyExecutor:
    """Runs everything the table of operators has, with any shapes."""

    name = "numpy"
    needs_static = False

    def compile(self, plan: Plan) -> NumpyProgram:
        return NumpyProgram(plan)
