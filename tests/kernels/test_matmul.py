"""Matrix products with weights stored in every way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.runtime.wasm.ops.integers import pairs
from hearth.runtime.wasm.steps import NONE, Finish, IntegerProduct, Matmul, Number, Opcode, PackMatrix, Widen
from tests.kernels.arena import NUMBERS, Arena, Array, close, examples, finish, numbers


def padded(vector: int, count: int) -> int:
    return -(-count // vector) * vector


def product(
    arena: Arena, a: Array, b: Array, transposed: bool = False, block: int = 5, panels: int = 2
) -> tuple[Matmul, int]:
    """Packs (batches of) b and gives the step for a @ b and the place of its result."""
    batch, depth, columns = b.shape
    rows = a.shape[1]
    wide = padded(arena.library.vector, columns)
    packed = arena.room(-(-batch * depth * wide * b.dtype.itemsize // 4))
    number = NUMBERS.get(b.dtype, Number.INT8 if b.dtype == np.int8 else Number.UINT8)
    source = arena.put(b.swapaxes(1, 2) if transposed else b)
    strides = (1, depth) if transposed else (columns, 1)
    arena.play(PackMatrix(Opcode.PACK_MATRIX, source, packed, number, batch, depth, columns, depth * columns, *strides))
    c = arena.room(batch * rows * columns)
    step = Matmul(
        Opcode.MATMUL, arena.put(a), packed, c, 1, batch, rows, columns, depth,
        depth, 0, rows * depth, 0, depth * wide, columns, 0, rows * columns,
        number, NONE, NONE, block, panels, finish(),
    )  # fmt: skip
    return step, c


sizes = st.integers(1, 40)


@examples
@given(st.integers(1, 3), sizes, sizes, sizes, st.booleans(), st.booleans(), st.integers(1, 17), st.integers(1, 3))
def test_product_equals_numpys(
    batch: int, rows: int, columns: int, depth: int, half: bool, transposed: bool, block: int, panels: int
) -> None:
    arena = Arena()
    a, b = numbers(1, batch, rows, depth), numbers(2, batch, depth, columns)
    if half:
        b = b.astype(np.float16)
    step, c = product(arena, a, b, transposed, block, panels)
    arena.play(step)
    close(arena.get(c, (batch, rows, columns)), a.astype(np.float64) @ b.astype(np.float64))


def test_large_product_equals_numpys() -> None:
    arena = Arena()
    a, b = numbers(1, 1, 300, 1024), numbers(2, 1, 1024, 200)
    step, c = product(arena, a, b, block=64, panels=4)
    arena.play(step)
    close(arena.get(c, (1, 300, 200)), a.astype(np.float64) @ b.astype(np.float64))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
@pytest.mark.parametrize("with_zeros", [False, True])
@pytest.mark.parametrize("columns", [1, 8, 21])
def test_quantised_weights_are_scaled_by_column(dtype: type, with_zeros: bool, columns: int) -> None:
    arena = Arena()
    generator = np.random.default_rng(4)
    stored = generator.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, (1, 30, columns), dtype, endpoint=True)
    scales = generator.random(columns, np.float32)
    zeros = generator.integers(-9, 90, columns).astype(np.float32) * with_zeros
    a = numbers(1, 1, 7, 30)
    step, c = product(arena, a, stored)
    step.scales, step.zeros = arena.put(scales), arena.put(zeros) if with_zeros else NONE
    arena.play(step)
    close(arena.get(c, (1, 7, columns)), a.astype(np.float64) @ ((stored - zeros.astype(np.float64)) * scales))


@examples
@given(sizes, sizes, st.integers(1, 70), st.integers(1, 9), st.integers(1, 3))
def test_a_product_of_whole_numbers_is_exact(rows: int, columns: int, depth: int, block: int, panels: int) -> None:
    arena = Arena()
    generator = np.random.default_rng(rows * columns)
    a = generator.integers(-255, 256, (rows, depth)).astype(np.float32)
    b = generator.integers(-255, 256, (depth, columns)).astype(np.float32)
    c = arena.room(rows * columns)
    packed = arena.put(pairs(b, 2 * arena.library.vector))
    places = arena.put(a), packed, c
    sizes = rows, columns, depth, depth, columns, block, panels
    arena.play(IntegerProduct(Opcode.INTEGER_PRODUCT, *places, *sizes, finish()))
    assert np.array_equal(arena.get(c, (rows, columns)), a @ b)


def test_bias_clamp_and_residual_finish_a_product() -> None:
    arena = Arena()
    a, b, bias, residual = numbers(1, 1, 9, 12), numbers(2, 1, 12, 19), numbers(3, 19), numbers(4, 9, 19)
    step, c = product(arena, a, b)
    step.finish = Finish(arena.put(bias), arena.put(residual), 19, 1, -1.0, 1.5)
    arena.play(step)
    close(arena.get(c, (9, 19)), np.clip(a[0] @ b[0] + bias, -1, 1.5) + residual)


def test_every_finite_half_is_widened_exactly() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    arena = Arena()
    source, out = arena.put(halves), arena.room(halves.size)
    arena.play(Widen(Opcode.WIDEN, source, out, halves.size))
    np.testing.assert_array_equal(arena.get(out, halves.shape), halves.astype(np.float32))
