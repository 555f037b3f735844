"""When an executor fails, the session goes on with the next one; when it was asked for by name, it says so."""

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from hearth.errors import ExecutorFailed
from hearth.runtime import InferenceSession, executors
from hearth.runtime.executor import Progress
from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.numpy.executor import NumpyProgram
from hearth.runtime.plan import Plan
from tests.runtime.graphs import Builder, floats


class Fragile(NumpyExecutor):
    """Runs like numpy until its device is taken away."""

    name = "fragile"
    device_is_there = True

    def compile(self, plan: Plan) -> NumpyProgram:
        executor = self

        class Program(NumpyProgram):
            def run(self, feeds: Mapping[str, Any]) -> list[Any]:
                if not executor.device_is_there:
                    raise ExecutorFailed("The device was lost.")
                return super().run(feeds)

            async def run_async(self, feeds: Mapping[str, Any], progress: Progress | None = None) -> list[Any]:
                return self.run(feeds)

        if not self.device_is_there:
            raise ExecutorFailed("The device was lost.")
        return Program(plan)


@pytest.fixture
def fragile(monkeypatch: pytest.MonkeyPatch) -> Fragile:
    executor = Fragile()
    monkeypatch.delitem(executors.EXECUTORS, "wasm")
    monkeypatch.setitem(executors.EXECUTORS, "numpy", NumpyExecutor)
    monkeypatch.setitem(executors.EXECUTORS, "fragile", lambda: executor)
    return executor


def session(executor: str | None) -> InferenceSession:
    b = Builder(x=("n",))
    return InferenceSession(b.done(b.node("Exp", "x")), executor)


def test_the_same_run_goes_on_with_the_next_executor(fragile: Fragile) -> None:
    chosen = session(None)
    assert chosen.executor_name == "fragile"
    x = floats(4)
    fragile.device_is_there = False
    np.testing.assert_allclose(chosen.run(None, {"x": x})[0], np.exp(x), rtol=1e-6)
    assert chosen.executor_name == "numpy"


def test_an_awaited_run_goes_on_too(fragile: Fragile) -> None:
    chosen = session(None)
    fragile.device_is_there = False
    x = floats(4)
    np.testing.assert_allclose(asyncio.run(chosen.run_async(None, {"x": x}))[0], np.exp(x), rtol=1e-6)


def test_a_failure_while_compiling_moves_on_as_well(fragile: Fragile) -> None:
    fragile.device_is_there = False
    assert session(None).executor_name == "numpy"


def test_an_executor_asked_for_by_name_is_not_replaced(fragile: Fragile) -> None:
    chosen = session("fragile")
    fragile.device_is_there = False
    with pytest.raises(ExecutorFailed, match="The device was lost"):
        chosen.run(None, {"x": floats(4)})


def test_runs_that_fail_together_leave_one_executor_behind(fragile: Fragile, monkeypatch: pytest.MonkeyPatch) -> None:
    class Second(Fragile):
        name = "second"

    monkeypatch.setattr(executors, "EXECUTORS", {"numpy": NumpyExecutor, "second": Second, "fragile": lambda: fragile})

    class Slow(NumpyProgram):
        async def run_async(self, feeds: Mapping[str, Any], progress: Progress | None = None) -> list[Any]:
            await asyncio.sleep(0)
            raise ExecutorFailed("The device was lost.")

    monkeypatch.setattr(Fragile, "compile", lambda self, plan: (Slow if self is fragile else NumpyProgram)(plan))
    chosen, x = session(None), floats(4)

    async def together() -> list[list[Any]]:
        return await asyncio.gather(*(chosen.run_async(None, {"x": x}) for _ in range(2)))

    for results in asyncio.run(together()):
        np.testing.assert_allclose(results[0], np.exp(x), rtol=1e-6)
    assert chosen.executor_name == "second"
