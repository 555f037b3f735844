"""The executor around the kernels: overlapping runs, numpy in between, concatenation in place, memory that is full."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from hearth.errors import ExecutorFailed, TooLarge
from hearth.runtime.limits import LIMITS
from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.passes import optimise
from hearth.runtime.plan import Plan, make_plan
from hearth.runtime.wasm import WasmExecutor
from hearth.runtime.wasm.builder import Compute
from hearth.runtime.wasm.executor import WasmProgram
from tests.kernels.arena import close, numbers
from tests.runtime.graphs import Builder

IMAGE = (1, 8, 12, 12)


def unet() -> Plan:
    """Two convolutions, the second over the first's output joined with its own smaller map enlarged."""
    b = Builder(x=IMAGE)
    first = b.node("Conv", "x", b.constant(numbers(1, 8, 8, 3, 3)), pads=[1, 1, 1, 1])
    small = b.node("MaxPool", first, kernel_shape=[2, 2], strides=[2, 2])
    large = b.node("Resize", small, "", b.constant(np.array([1, 1, 2, 2], np.float32)), mode="linear")
    joined = b.node("Concat", large, first, axis=1)
    return planned(b, b.node("Conv", joined, b.constant(numbers(2, 4, 16, 3, 3)), pads=[1, 1, 1, 1]))


def planned(b: Builder, output: str) -> Plan:
    """The plan as a session makes it: shapes inferred, constants folded."""
    graph = b.done(output)
    optimise(graph)
    return make_plan(graph)


def both(plan: Plan, **feeds: np.ndarray) -> tuple[WasmProgram, np.ndarray, np.ndarray]:
    program = WasmExecutor().compile(plan)
    return program, program.run(feeds)[0], NumpyExecutor().compile(plan).run(feeds)[0]


def test_parts_of_a_concatenation_are_made_in_place() -> None:
    program, got, wanted = both(unet(), x=numbers(3, *IMAGE))
    kinds = {label.split()[0] for label in program.lowered.labels}
    assert {"winograd", "pool_max", "resize"} <= kinds and "concat" not in kinds
    close(got, wanted)


def test_overlapping_runs_do_not_disturb_each_other() -> None:
    program = WasmExecutor().compile(unet())
    pictures = [numbers(seed, *IMAGE) for seed in range(4)]
    alone = [program.run({"x": picture})[0] for picture in pictures]

    async def together() -> list[list[np.ndarray]]:
        return list(await asyncio.gather(*(program.run_async({"x": picture}) for picture in pictures)))

    for one, other in zip(asyncio.run(together()), alone, strict=True):
        np.testing.assert_array_equal(one[0], other)


def test_a_step_without_a_kernel_runs_in_numpy_on_values_of_the_arena() -> None:
    b = Builder(x=(2, 5))
    doubled = b.node("Add", "x", "x")
    turned = b.node("CumSum", doubled, b.constant(np.array(1)))
    program, got, wanted = both(planned(b, b.node("Exp", turned)), x=numbers(1, 2, 5))
    assert any(isinstance(action, Compute) for action in program.lowered.actions)
    np.testing.assert_allclose(got, wanted, rtol=1e-5)


def test_a_fused_step_that_kernels_do_only_in_part_is_done_whole_by_numpy() -> None:
    b = Builder(x=IMAGE, p=IMAGE)
    product = b.node("Conv", "x", b.constant(numbers(1, 8, 8, 3, 3)), pads=[1, 1, 1, 1])
    power = b.node("Pow", b.node("Abs", product), "p")
    feeds = {"x": numbers(3, *IMAGE), "p": numbers(4, *IMAGE) > 0}
    _, got, wanted = both(planned(b, power), x=feeds["x"], p=feeds["p"].astype(np.float32))
    close(got, wanted)


def test_results_are_the_callers_own() -> None:
    program = WasmExecutor().compile(unet())
    first = program.run({"x": numbers(1, *IMAGE)})[0]
    kept = first.copy()
    program.run({"x": numbers(2, *IMAGE)})
    np.testing.assert_array_equal(first, kept)


def test_memory_that_is_full_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> np.ndarray:
        raise MemoryError

    plan, executor = unet(), WasmExecutor()
    monkeypatch.setattr(np, "empty", full)
    with pytest.raises(ExecutorFailed, match=r"not enough memory for this model: it needs \d+ MiB"):
        executor.compile(plan)


def test_a_model_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LIMITS, "live_bytes", 1000)
    with pytest.raises(TooLarge, match="at a time"):
        WasmExecutor().compile(unet())


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("bct,bcs->bts", [(2, 6, 5), (2, 6, 7)]),
        ("bts,bcs->bct", [(2, 5, 7), (2, 6, 7)]),
        ("bthd,bshd->bhts", [(2, 5, 3, 4), (2, 7, 3, 4)]),
        ("bthc,hcd->btd", [(2, 5, 3, 4), (3, 4, 6)]),
        ("ij,jk->ki", [(9, 5), (5, 4)]),
        ("ij,ij->", [(9, 5), (9, 5)]),
    ],
)
def test_sums_of_products_by_letters_are_matrix_products(equation: str, shapes: list[tuple[int, ...]]) -> None:
    b = Builder(a=shapes[0], b=shapes[1])
    feeds = {"a": numbers(1, *shapes[0]), "b": numbers(2, *shapes[1])}
    program, got, wanted = both(planned(b, b.node("Einsum", "a", "b", equation=equation)), **feeds)
    assert program.places() == ["wasm"]
    close(got, wanted)


def test_attention_over_a_batch_and_masked_rows_stays_on_the_kernels() -> None:
    shape = (2, 5, 3, 4)
    b = Builder(q=shape, k=shape)
    queries = b.node("Transpose", "q", perm=[0, 2, 1, 3])
    weights = b.node("MatMul", queries, b.node("Transpose", "k", perm=[0, 2, 3, 1]))
    weights = b.node("Softmax", b.node("Log", weights))  # of less than nothing: no number
    weights = b.node("Where", b.node("IsNaN", weights), np.zeros((), np.float32), weights)
    output = b.node("MatMul", weights, b.node("Transpose", "k", perm=[0, 2, 1, 3]))
    program, got, wanted = both(planned(b, output), q=numbers(1, *shape), k=numbers(2, *shape))
    assert set(program.places()) == {"wasm"}
    assert (wanted == 0).any()
    close(got, wanted)


@pytest.mark.parametrize("plain", [True, False], ids=["groups", "scaled"])
def test_batches_are_normalised_by_kernels(plain: bool) -> None:
    b = Builder(x=(3, 6, 4, 5))
    ones, zeros = np.ones(6, np.float32), np.zeros(6, np.float32)
    parts = [ones, zeros] if plain else [numbers(1, 6), numbers(2, 6)]
    alone = b.node("InstanceNormalization", b.node("Relu", "x"), *parts)
    mean, variance = numbers(3, 6), np.abs(numbers(4, 6)) + 1
    output = b.node("BatchNormalization", alone, numbers(5, 6), numbers(6, 6), mean, variance)
    program, got, wanted = both(planned(b, output), x=numbers(7, 3, 6, 4, 5))
    assert set(program.places()) == {"wasm"}
    close(got, wanted)
