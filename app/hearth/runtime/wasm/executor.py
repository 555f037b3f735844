"""The executor: plans as kernel programs, with numpy in between where an op has no kernel."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hearth.errors import ExecutorFailed, Unsupported
from hearth.runtime.executor import Progress, check_shape
from hearth.runtime.limits import LIMITS, check_time, deadline
from hearth.runtime.numpy.executor import NumpyProgram
from hearth.runtime.plan import Plan
from hearth.runtime.wasm.builder import Action, Compute, Load, Lowered, Play
from hearth.runtime.wasm.library import Library, library
from hearth.runtime.wasm.lower import lower
from hearth.runtime.wasm.player import HeapPlayer, Player
from hearth.runtime.wasm.threads import SharedPlayer, WorkersLost, pool

TURNS = 24
"""Into so many parts of about equal work a run is cut, so that the event loop may turn in between."""


@dataclass(frozen=True)
class Turn:
    """An action, or a part of one that plays many steps. Where the run pauses behind it, `done` says how far it is."""

    action: Action
    label: str = ""
    done: float | None = None


def turns(lowered: Lowered, count: int) -> list[Turn]:
    """A program's actions, those of many steps cut so that a run has about `count` pieces of equal work.

    With one piece nothing is cut: a run of steps is one call.
    """
    total, done, pause = sum(lowered.costs) or 1, 0, 0
    share = -(-total // count)
    made: list[Turn] = []
    for action in lowered.actions:
        if not isinstance(action, Play):
            made.append(Turn(action, "", done / total if isinstance(action, Compute) else None))
            continue
        first = action.first
        for step in range(action.first, action.end):
            done += lowered.costs[step]
            if count > 1 and done - pause >= share:
                made.append(Turn(Play(first, step + 1), lowered.labels[step], done / total))
                first, pause = step + 1, done
        if first < action.end:
            made.append(Turn(Play(first, action.end)))
    return made


class WasmProgram:
    """A plan lowered, its constants packed. `threads` is a pool to play it with, or None.

    Runs may overlap: each has a player, with its memory, to itself, and more are made when they are needed.
    """

    def __init__(self, plan: Plan, kernels: Library, threads: Any = None) -> None:
        self.plan, self.kernels, self.threads = plan, kernels, threads
        self.lowered = lower(plan, kernels.vector)
        self.turns = {count: turns(self.lowered, count) for count in (1, TURNS)}
        self.idle = [_player(self.lowered, kernels, threads)]
        self.parts = {
            action.step: _numpy_part(plan, action.step)
            for action in self.lowered.actions
            if isinstance(action, Compute)
        }

    def run(self, feeds: Mapping[str, Any]) -> list[Any]:
        """Runs and waits. Raises ExecutorFailed where the kernels can't go on."""
        results: list[Any] = []
        for _ in self._surely(feeds, results, 1):
            pass
        return results

    async def run_async(self, feeds: Mapping[str, Any], progress: Progress | None = None) -> list[Any]:
        """Lets the event loop turn now and then, so that a page can cancel."""
        results: list[Any] = []
        for done in self._surely(feeds, results, TURNS):
            if progress is not None:
                progress(done)
            await asyncio.sleep(0)
        return results

    def places(self) -> list[str]:
        """Where each step of the plan runs."""
        return ["numpy" if number in self.parts else "wasm" for number in range(len(self.plan.steps))]

    def destroy(self) -> None:
        """Gives shared memory back."""
        for player in self.idle:
            if isinstance(player, SharedPlayer):
                player.close()
        self.idle.clear()

    def _surely(self, feeds: Mapping[str, Any], results: list[Any], count: int) -> Iterator[float]:
        """A run that starts over, on this thread alone, where a worker goes missing."""
        try:
            player = self.idle.pop()
        except IndexError:
            player = _player(self.lowered, self.kernels, self.threads)
        try:
            yield from self._turns(player, feeds, results, count)
        except WorkersLost:
            results.clear()
            yield from self._turns(player, feeds, results, count)
        finally:
            self.idle.append(player)

    def _turns(self, player: Player, feeds: Mapping[str, Any], results: list[Any], count: int) -> Iterator[float]:
        """Runs piece by piece, telling how far it is; the outputs are in `results` at the end."""
        values = dict(feeds)
        yield 0.0
        with self._guarded(count):
            for turn in self.turns[count]:
                action = turn.action
                if isinstance(action, Play):
                    player.play(action.first, action.end)
                elif isinstance(action, Load):
                    value = values[action.name]
                    if np.shape(value) != action.target.shape:
                        check_shape(self.plan.graph, action.name, value)
                    player.write(action.target, value)
                else:
                    self._compute(player, action, values)
                if turn.label:
                    check_time(turn.label)
                if turn.done is not None:
                    yield turn.done
        results += [self._output(player, name, values) for name in self.plan.graph.outputs]

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """A limit of time, and silence about numbers that overflow in numpy's steps."""
        with np.errstate(all="ignore"), deadline(LIMITS.run_seconds):
            yield

    def _guarded(self, count: int) -> contextlib.AbstractContextManager[None]:
        """A run that is one call of the kernels has nothing to watch, and its time counts."""
        return self._watched() if self.parts or count > 1 else contextlib.nullcontext()

    def _compute(self, player: Player, action: Compute, values: dict[str, Any]) -> None:
        """Lets numpy run a step on what lies in the arena. Results that are views of it become copies."""
        reads = {name: player.read(tensor) for name, tensor in action.reads.items()}
        part = self.parts[action.step]
        values.update(part.constants)
        values.update(reads)
        part.play(values)
        for name in self.plan.steps[action.step].node.outputs:
            value = values.get(name)
            if isinstance(value, np.ndarray) and any(np.may_share_memory(value, read) for read in reads.values()):
                values[name] = value.copy()

    def _output(self, player: Player, name: str, values: dict[str, Any]) -> Any:
        tensor = self.lowered.outputs.get(name)
        if tensor is not None:
            return player.take(tensor)
        return values[name] if name in values else self.plan.graph.constant(name)


def _numpy_part(plan: Plan, number: int) -> NumpyProgram:
    """One step of a plan, to be played over values that are there; it frees nothing."""
    step = replace(plan.steps[number], frees=())
    graph = plan.graph.copy()
    read = set(step.node.reads())
    graph.constants = {name: array for name, array in graph.constants.items() if name in read}
    graph.outputs = {}
    return NumpyProgram(Plan(graph, (step,)))


def _player(lowered: Lowered, kernels: Library, threads: Any) -> Player:
    """With threads where they have the memory for it, else on one."""
    if threads is not None:
        try:
            return SharedPlayer(lowered, threads)
        except ExecutorFailed:
            pass
    return HeapPlayer(lowered, kernels)


class WasmExecutor:
    """Runs plans on SIMD kernels, with threads where the page has them.

    Making one raises Unsupported where there are no kernels for this machine.
    """

    name = "wasm"
    needs_static = True
    packed = frozenset({("com.microsoft", "MatMulNBits")})

    def __init__(self, threads: bool = True) -> None:
        self.kernels = library()
        self.pool: Any = None
        if threads:
            with contextlib.suppress(Unsupported):
                self.pool = pool()

    def compile(self, plan: Plan) -> WasmProgram:
        return WasmProgram(plan, self.kernels, self.pool)
