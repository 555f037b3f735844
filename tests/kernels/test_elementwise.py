"""Element-wise chains: every action, broadcasting, strides, booleans."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.runtime.wasm.steps import MAX_DIMS, Action, ActionCode, Elementwise, Number, Opcode, Operand
from tests.kernels.arena import Arena, Array, close, examples, numbers

A = ActionCode


def operand(arena: Arena, array: Array, shape: Sequence[int]) -> Operand:
    """An array, broadcast to `shape`, as the kernel walks it."""
    place = arena.put(array)
    strides = np.broadcast_to(np.empty(array.shape, np.int8), shape).strides
    number = Number.UINT8 if array.dtype == bool else Number.FLOAT32
    return Operand(place, number, (0,) * (MAX_DIMS - len(shape)) + strides)


def chain(
    arena: Arena, shape: Sequence[int], inputs: Sequence[Array], actions: Sequence[Action], truth: bool = False
) -> Array:
    """Plays a chain and returns its result."""
    count = math.prod(shape)
    y = arena.room(max(1, -(-count // 4) if truth else count))
    strides = np.empty(shape, np.int8).strides
    step = Elementwise(
        Opcode.ELEMENTWISE,
        (1,) * (MAX_DIMS - len(shape)) + tuple(shape),
        len(inputs),
        len(actions),
        Operand(y, Number.UINT8 if truth else Number.FLOAT32, (0,) * (MAX_DIMS - len(shape)) + strides),
        tuple(operand(arena, array, shape) for array in inputs),
        tuple(actions),
    )
    arena.play(step)
    return arena.get(y, shape, bool if truth else np.float32)


ONE: dict[ActionCode, tuple[Callable[[Array], Array], float, float]] = {
    A.AFFINE: (lambda x: x * 0.5 - 3, 0.5, -3),
    A.RECIPROCAL: (lambda x: 1 / x, 0, 0),
    A.ABSOLUTE: (np.abs, 0, 0),
    A.SQRT: (np.sqrt, 0, 0),
    A.EXP: (np.exp, 0, 0),
    A.LOG: (np.log, 0, 0),
    A.SIGMOID: (lambda x: 1 / (1 + np.exp(-x)), 0, 0),
    A.TANH: (np.tanh, 0, 0),
    A.ERF: (np.vectorize(math.erf), 0, 0),
    A.FLOOR: (np.floor, 0, 0),
    A.CEIL: (np.ceil, 0, 0),
    A.ROUND: (np.round, 0, 0),
    A.SIGN: (np.sign, 0, 0),
    A.CLAMP: (lambda x: np.clip(x, -0.5, 2), -0.5, 2),
    A.LEAKY: (lambda x: np.where(x < 0, 0.1 * x, x), 0.1, 0),
    A.ELU: (lambda x: np.where(x < 0, 1.5 * np.expm1(x), 1.2 * x), 1.5, 1.2),
    A.SOFTPLUS: (lambda x: np.logaddexp(0, x), 0, 0),
    A.SOFTSIGN: (lambda x: x / (1 + np.abs(x)), 0, 0),
    A.HARD_SIGMOID: (lambda x: np.clip(0.2 * x + 0.5, 0, 1), 0.2, 0.5),
    A.HARD_SWISH: (lambda x: x * np.clip(x / 6 + 0.5, 0, 1), 1 / 6, 0.5),
    A.NOT: (lambda x: (x == 0) * 1.0, 0, 0),
}

TWO: dict[ActionCode, Callable[[Array, Array], Array]] = {
    A.ADD: np.add,
    A.SUBTRACT: np.subtract,
    A.MULTIPLY: np.multiply,
    A.DIVIDE: np.divide,
    A.MINIMUM: np.minimum,
    A.MAXIMUM: np.maximum,
    A.LESS: np.less,
    A.LESS_EQUAL: np.less_equal,
    A.EQUAL: np.equal,
    A.PRELU: lambda x, y: np.where(x < 0, x * y, x),
}


@pytest.mark.parametrize("code", ONE, ids=lambda code: code.name)
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_each_action_of_one_operand_equals_numpys(code: ActionCode, scale: float) -> None:
    meaning, alpha, beta = ONE[code]
    x = numbers(1, 5, 1001) * np.float32(scale)
    x[0, :4] = [0, -0.0, 1e-6, 0.5]
    got = chain(Arena(), x.shape, [x], [Action(code, 0, 0, 0, alpha, beta)])
    with np.errstate(all="ignore"):
        wanted = meaning(x.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(got, wanted, rtol=2e-6, atol=1e-6)


def test_every_action_is_tested() -> None:
    assert {*ONE, *TWO, A.WHERE} == set(ActionCode)


@pytest.mark.parametrize("code", [A.EXP, A.LOG, A.SIGMOID, A.TANH, A.ERF, A.SQRT, A.FLOOR, A.ROUND, A.SIGN])
def test_infinities_and_nans_come_out_as_in_numpy(code: ActionCode) -> None:
    x = np.array([np.inf, -np.inf, np.nan, 0, -0.0, 1e30, -1e30, 1e-42], np.float32)
    with np.errstate(all="ignore"):
        wanted = ONE[code][0](x.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(
        chain(Arena(), x.shape, [x], [Action(code)]), wanted, rtol=1e-5, atol=1e-37 if code != A.SQRT else 1e-18
    )


@pytest.mark.parametrize("code", TWO, ids=lambda code: code.name)
def test_each_action_of_two_operands_equals_numpys(code: ActionCode) -> None:
    x, y = numbers(1, 7, 45), numbers(2, 7, 45)
    y[0] = x[0]
    close(chain(Arena(), x.shape, [x, y], [Action(code, 0, 1)]), TWO[code](x, y).astype(np.float32), 1e-6)


@pytest.mark.parametrize("code", [A.MINIMUM, A.MAXIMUM])
def test_a_nan_on_either_side_wins(code: ActionCode) -> None:
    x, y = np.array([np.nan, 1, np.nan, 2], np.float32), np.array([1, np.nan, np.nan, 3], np.float32)
    np.testing.assert_array_equal(chain(Arena(), x.shape, [x, y], [Action(code, 0, 1)]), TWO[code](x, y))


@examples
@given(st.data())
def test_operands_broadcast_as_in_numpy(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.sampled_from([1, 2, 3, 5, 17, 300]), min_size=1, max_size=4)))
    if math.prod(shape) > 20000:
        return
    arrays = []
    for seed in range(3):
        part = shape[data.draw(st.integers(0, len(shape))) :]
        part = tuple(1 if data.draw(st.booleans()) else size for size in part)
        arrays.append(numbers(seed, *part))
    got = chain(Arena(), shape, arrays, [Action(A.MULTIPLY, 0, 1), Action(A.ADD, 3, 2), Action(A.TANH, 4)])
    close(got, np.broadcast_to(np.tanh(arrays[0] * arrays[1] + arrays[2]), shape), 1e-6)


def test_conditions_come_as_booleans_and_go_as_booleans() -> None:
    x, y, condition = numbers(1, 6, 50), numbers(2, 50), numbers(3, 6, 1) > 0
    arena = Arena()
    np.testing.assert_array_equal(
        chain(arena, x.shape, [condition, x, y], [Action(A.WHERE, 0, 1, 2)]), np.where(condition, x, y)
    )
    np.testing.assert_array_equal(chain(arena, x.shape, [x, y], [Action(A.LESS, 0, 1)], truth=True), x < y)


def test_a_chain_without_actions_copies_between_layouts() -> None:
    x = numbers(1, 3, 4, 5)
    arena = Arena()
    y = arena.room(60)
    source = Operand(arena.put(x), Number.FLOAT32, (0, 0, 20, 1, 5))
    target = Operand(y, Number.FLOAT32, (0, 0, 20, 4, 1))
    target.strides[3], target.strides[4] = 4, 1
    arena.play(Elementwise(Opcode.ELEMENTWISE, (1, 1, 3, 5, 4), 1, 0, target, (source,)))
    np.testing.assert_array_equal(arena.get(y, (3, 5, 4)), x.transpose(0, 2, 1))


def test_a_chain_without_actions_copies_into_the_middle_of_longer_rows() -> None:
    x = numbers(1, 3, 600)
    arena = Arena()
    y = arena.put(np.zeros((3, 700), np.float32))
    source = operand(arena, x, x.shape)
    target = Operand(y + 50, Number.FLOAT32, (0, 0, 0, 700, 1))
    arena.play(Elementwise(Opcode.ELEMENTWISE, (1, 1, 1, 3, 600), 1, 0, target, (source,)))
    np.testing.assert_array_equal(arena.get(y, (3, 700)), np.pad(x, ((0, 0), (50, 50))))


def test_an_empty_chain_of_nothing_does_nothing() -> None:
    x = np.empty((0, 4), np.float32)
    assert chain(Arena(), x.shape, [x], [Action(A.EXP)]).shape == (0, 4)
