"""Reductions, softmax and normalisation along one axis."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.runtime.wasm.steps import NONE, Normalise, Opcode, Reduce, Reduction, Softmax
from tests.kernels.arena import Arena, Array, close, examples, numbers

MEANINGS: dict[Reduction, Callable[[Array], Array]] = {
    Reduction.REDUCE_SUM: lambda x: x.sum(1),
    Reduction.REDUCE_MEAN: lambda x: x.mean(1),
    Reduction.REDUCE_MAX: lambda x: x.max(1),
    Reduction.REDUCE_MIN: lambda x: x.min(1),
    Reduction.REDUCE_SQUARES: lambda x: (x * x).sum(1),
    Reduction.REDUCE_ABSOLUTES: lambda x: np.abs(x).sum(1),
    Reduction.REDUCE_PRODUCT: lambda x: x.prod(1),
}
shapes = st.tuples(st.integers(1, 4), st.integers(1, 50), st.sampled_from([1, 1, 2, 8, 13, 107]))


@examples
@given(st.sampled_from(Reduction), shapes, st.integers(0, 3))
def test_reduction_equals_numpys(kind: Reduction, shape: tuple[int, int, int], gap: int) -> None:
    outer, count, inner = shape
    x = numbers(1, outer, count, inner + gap)
    arena = Arena()
    y = arena.room(outer * inner)
    width = inner + gap
    place = arena.put(x)
    arena.play(Reduce(Opcode.REDUCE, kind, place, y, outer, count, inner, count * width, width, inner))
    close(arena.get(y, (outer, inner)), MEANINGS[kind](x[..., :inner].astype(np.float64)))


def test_a_sum_of_a_million_keeps_its_digits() -> None:
    x = np.full(1_000_000, 0.1, np.float32)
    arena = Arena()
    y = arena.room(1)
    arena.play(Reduce(Opcode.REDUCE, Reduction.REDUCE_SUM, arena.put(x), y, 1, x.size, 1, 0, 1, 1))
    np.testing.assert_allclose(arena.get(y, (1,)), x.sum(dtype=np.float64), rtol=1e-6)


@pytest.mark.parametrize("kind", [Reduction.REDUCE_MAX, Reduction.REDUCE_MIN])
def test_a_nan_wins_a_maximum(kind: Reduction) -> None:
    x = numbers(1, 40)
    x[17] = np.nan
    arena = Arena()
    y = arena.room(1)
    arena.play(Reduce(Opcode.REDUCE, kind, arena.put(x), y, 1, x.size, 1, 0, 1, 1))
    assert np.isnan(arena.get(y, (1,)))[0]


@examples
@given(shapes, st.booleans(), st.sampled_from([1, 100]))
def test_softmax_equals_its_definition(shape: tuple[int, int, int], logarithm: bool, scale: int) -> None:
    outer, count, inner = shape
    x = numbers(1, *shape) * scale
    shifted = x.astype(np.float64) - x.max(1, keepdims=True)
    wanted = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    arena = Arena()
    y = arena.room(x.size)
    strides = (count * inner, inner)
    place = arena.put(x)
    arena.play(Softmax(Opcode.SOFTMAX, place, y, outer, count, inner, *strides, *strides, logarithm))
    close(arena.get(y, shape), wanted if logarithm else np.exp(wanted), 1e-6)


def test_softmax_of_what_is_far_below_is_nothing_and_of_what_is_no_number_none() -> None:
    """As masks of attention need it: -inf has no share at all, and a NaN takes its whole line, and no other."""
    x = np.zeros((3, 11, 1), np.float32)
    x[0, 3:, 0] = np.array([-np.inf, -88, -200, -3e38, -np.inf, -100, -90, -np.inf], np.float32)
    x[1, 10] = np.nan
    arena = Arena()
    for inner in (1, 9):
        wide = np.repeat(x, inner, 2)
        y = arena.room(wide.size)
        strides = (11 * inner, inner) * 2
        arena.play(Softmax(Opcode.SOFTMAX, arena.put(wide), y, 3, 11, inner, *strides, False))
        got = arena.get(y, wide.shape)
        np.testing.assert_array_equal(got[0, 3:] > 0, False)
        close(got[0, :3], np.full((3, inner), 1 / 3), 1e-6)
        assert np.isnan(got[1]).all()
        close(got[2], np.full((11, inner), 1 / 11), 1e-6)


@examples
@given(shapes, st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_normalisation_equals_its_definition(
    shape: tuple[int, int, int], by_count: bool, centred: bool, with_scale: bool, with_shift: bool
) -> None:
    outer, count, inner = shape
    x = numbers(1, *shape) + 1000
    by_count = by_count and inner == 1
    length = count if by_count else inner
    scale, shift = numbers(2, length), numbers(3, length)
    wide = x.astype(np.float64)
    centre = wide - wide.mean(1, keepdims=True) if centred else wide
    wanted = centre / np.sqrt((centre**2).mean(1, keepdims=True) + 1e-3)
    along = (slice(None), None) if by_count else (slice(None),)
    wanted = wanted * (scale[along] if with_scale else 1) + (shift[along] if with_shift else 0)
    arena = Arena()
    y = arena.room(x.size)
    strides = (count * inner, inner)
    arena.play(
        Normalise(
            Opcode.NORMALISE,
            arena.put(x),
            y,
            outer,
            count,
            inner,
            *strides,
            *strides,
            arena.put(scale) if with_scale else NONE,
            arena.put(shift) if with_shift else NONE,
            by_count,
            centred,
            1e-3,
        )
    )
    close(arena.get(y, shape), wanted, 2e-3)
