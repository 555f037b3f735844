"""Plays a plan step by step with each op's numpy meaning."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hearth.errors import BadModel, HearthError
from hearth.runtime.executor import Progress
from hearth.runtime.limits import (
    LARGE,
    check_live,
    check_products,
    check_time,
    check_types,
    tick,
)
from hearth.runtime.ops.registry import MISFITS, Operand
from hearth.runtime.ops.rules import same
from hearth.runtime.plan import Plan, Step
from hearth.runtime.types import ValueType

Values = dict[str, Any]

_SMALL = 64
"""Constants of up to so many elements may decide a shape."""


class _Call:
    """One op, ready to be played: all that can be looked up before a run is looked up."""

    __slots__ = ("arguments", "bodies", "checked", "frees", "inputs", "label", "op", "operator", "outputs")

    def __init__(self, step: Step, outputs: Sequence[str], frees: Sequence[str] = ()) -> None:
        self.op = step.node.op
        self.label = step.node.label
        self.operator = step.operator
        self.inputs = tuple(step.node.inputs)
        self.outputs = tuple(outputs)
        self.frees = tuple(frees)
        self.bodies = {key: _compiled(value) for key, value in step.arguments.items() if _has_plan(value)}
        self.arguments = step.arguments
        can_grow = step.operator.rule not in (None, same)
        self.checked: object = () if can_grow else None
        """The shapes for which the size of the result was last checked; None: no need to."""

    def play(self, values: Values) -> None:
        arguments = self.arguments
        if self.bodies:
            arguments = {**arguments, **{key: _bound(value, values) for key, value in self.bodies.items()}}
        inputs = [values[name] for name in self.inputs]
        if self.checked is not None:
            self._check(inputs)
        results = self.operator.run(inputs, arguments, self.label)
        if len(results) < len(self.outputs) and any(self.outputs[len(results) :]):
            raise BadModel(f"{self.label} names {len(self.outputs)} outputs, but makes {len(results)}.")
        for name, value in zip(self.outputs, results, strict=False):
            if not name:
                continue
            if isinstance(value, np.generic):
                value = np.asarray(value)
            values[name] = value
            if isinstance(value, np.ndarray) and value.nbytes > LARGE:
                check_live(self.label, values)
        for name in self.frees:
            values.pop(name, None)

    def _check(self, inputs: Sequence[Any]) -> None:
        """Refuses an op whose result would be too large, once for the shapes (and small integers) at hand."""
        key = [
            (value.shape, value.tobytes() if value.dtype.kind == "i" and value.size <= _SMALL else None)
            if isinstance(value, np.ndarray)
            else None
            for value in inputs
        ]
        if key == self.checked:
            return
        operands = [
            None if value is None else Operand(value.dtype, value.shape, value)
            for value in inputs
            if value is None or isinstance(value, np.ndarray)
        ]
        if len(operands) == len(inputs) and self.operator.rule is not None:
            try:
                kinds = self.operator.rule(*operands, **self.arguments)
            except (HearthError, *MISFITS):
                kinds = ()  # the op itself says what is wrong
            kinds = kinds if isinstance(kinds, Sequence) else [kinds]
            check_types(self.label, kinds)
            shapes = [None if item is None else item.shape for item in operands]
            check_products(self.label, self.op, shapes, kinds, self.arguments)  # type: ignore[arg-type]
        self.checked = key


def _calls(step: Step) -> list[_Call]:
    """The step's op and those of its epilogue."""
    if not step.epilogue:
        return [_Call(step, step.node.outputs, step.frees)]
    calls = [_Call(step, [step.node.result]), *(_Call(after, after.node.outputs) for after in step.epilogue)]
    # The result of a head that only hands on its input goes by that input's name, which later steps may read.
    inner = {name for call in calls for name in call.outputs} - {*step.node.outputs, *step.node.inputs}
    calls[-1].frees = (*step.frees, *inner)
    return calls


class NumpyProgram:
    """A plan with its constants at hand, widened to the types that ops compute in; subgraphs likewise, made once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.constants: Values = {name: plan.graph.constant(name) for name in plan.graph.constants}
        for constant in self.constants.values():
            constant.flags.writeable = False
        self.constants[""] = None
        self.inputs = tuple(plan.graph.inputs)
        self.outputs = tuple(plan.graph.outputs)
        self.types = tuple(plan.graph.outputs.values())
        self.calls = [call for step in plan.steps for call in _calls(step)]

    def run(self, feeds: Mapping[str, Any]) -> list[Any]:
        with np.errstate(all="ignore"):
            return self.play({**self.constants, **feeds})

    def places(self) -> list[str]:
        """Every step runs here."""
        return ["numpy"] * len(self.plan.steps)

    def play(self, values: Values) -> list[Any]:
        """Runs on a dictionary of values that it may fill; numpy's warnings are off already."""
        for call in self.calls:
            call.play(values)
            check_time(call.label)
        return [values[name] for name in self.outputs]

    async def run_async(self, feeds: Mapping[str, Any], progress: Progress | None = None) -> list[Any]:
        """Lets the event loop turn between steps, so that a page can cancel."""
        values = {**self.constants, **feeds}
        for number, call in enumerate(self.calls):
            if progress is not None:
                progress(number / len(self.calls))
            with np.errstate(all="ignore"):
                call.play(values)
            check_time(call.label)
            await asyncio.sleep(0)
        return [values[name] for name in self.outputs]


class Subroutine:
    """A subgraph as a function of its inputs, which sees the values around it. `types` are those of its outputs."""

    __slots__ = ("outer", "program", "types")

    def __init__(self, program: NumpyProgram, outer: Values) -> None:
        self.program = program
        self.outer = outer
        self.types: Sequence[ValueType] = program.types

    def __call__(self, *arguments: Any) -> list[Any]:
        tick()
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
    packed: frozenset[tuple[str, str]] = frozenset()

    def compile(self, plan: Plan) -> NumpyProgram:
        return NumpyProgram(plan)
