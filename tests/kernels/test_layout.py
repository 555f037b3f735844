"""Transposes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hearth.runtime.wasm.steps import MAX_DIMS, Opcode, Transpose
from tests.kernels.arena import Arena, examples, numbers


@examples
@given(st.lists(st.sampled_from([0, 1, 2, 3, 7, 33]), min_size=1, max_size=MAX_DIMS), st.randoms())
def test_transpose_equals_numpys(shape: list[int], random: object) -> None:
    axes = list(range(len(shape)))
    random.shuffle(axes)  # type: ignore[attr-defined]
    x = numbers(1, *shape)
    wanted = x.transpose(axes)
    arena = Arena()
    y = arena.room(x.size)
    strides = np.empty(shape, np.int8).strides
    front = MAX_DIMS - len(shape)
    place = arena.put(x)
    arena.play(
        Transpose(
            Opcode.TRANSPOSE,
            place,
            y,
            (1,) * front + wanted.shape,
            (0,) * front + tuple(strides[axis] for axis in axes),
        )
    )
    np.testing.assert_array_equal(arena.get(y, wanted.shape), wanted)
