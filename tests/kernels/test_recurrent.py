"""LSTM and GRU layers against their recurrence written out in numpy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hearth.runtime.wasm.steps import NONE, Number, Opcode, PackMatrix, Recurrent
from tests.kernels.arena import Arena, Array, close, examples, numbers


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def pack(arena: Arena, matrices: list[Array]) -> int:
    """Packs [hidden][columns] matrices one behind the other."""
    vector = arena.library.vector
    floats = [m.shape[0] * -(-m.shape[1] // vector) * vector for m in matrices]
    start = arena.room(sum(floats))
    place = start
    for matrix, count in zip(matrices, floats, strict=True):
        depth, columns = matrix.shape
        source = arena.put(matrix)
        arena.play(PackMatrix(Opcode.PACK_MATRIX, source, place, Number.FLOAT32, 1, depth, columns, 0, columns, 1))
        place += count
    return start


sizes = st.integers(1, 19)


@examples
@given(st.integers(1, 5), st.integers(1, 7), sizes, st.booleans())
def test_lstm_equals_its_recurrence(steps: int, batch: int, hidden: int, reverse: bool) -> None:
    x, r = numbers(1, steps, batch, 4 * hidden), numbers(2, hidden, 4 * hidden)
    h, c = numbers(3, batch, hidden), numbers(4, batch, hidden)
    arena = Arena()
    y, h_place, c_place = arena.room(steps * batch * hidden), arena.put(h), arena.put(c)
    arena.play(
        Recurrent(
            Opcode.LSTM,
            arena.put(x),
            pack(arena, [r]),
            NONE,
            y,
            batch * hidden,
            h_place,
            c_place,
            steps,
            batch,
            hidden,
            reverse,
            0,
        )
    )
    wanted = np.zeros((steps, batch, hidden))
    for t in reversed(range(steps)) if reverse else range(steps):
        i, o, f, g = np.split(x[t].astype(np.float64) + h @ r, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        wanted[t] = h
    close(arena.get(y, wanted.shape), wanted)
    close(arena.get(h_place, h.shape), h)
    close(arena.get(c_place, c.shape), c)


@examples
@given(st.integers(1, 5), st.integers(1, 7), sizes, st.booleans(), st.booleans(), st.booleans())
def test_gru_equals_its_recurrence(
    steps: int, batch: int, hidden: int, reverse: bool, reset_late: bool, with_bias: bool
) -> None:
    x, rz, rh = numbers(1, steps, batch, 3 * hidden), numbers(2, hidden, 2 * hidden), numbers(5, hidden, hidden)
    h, bias = numbers(3, batch, hidden), numbers(6, hidden) * with_bias
    arena = Arena()
    y, h_place = arena.room(steps * batch * hidden), arena.put(h)
    arena.play(
        Recurrent(
            Opcode.GRU,
            arena.put(x),
            pack(arena, [rz, rh]),
            arena.put(bias) if with_bias else NONE,
            y,
            batch * hidden,
            h_place,
            NONE,
            steps,
            batch,
            hidden,
            reverse,
            reset_late,
        )
    )
    wanted = np.zeros((steps, batch, hidden))
    for t in reversed(range(steps)) if reverse else range(steps):
        xz, xr, xh = np.split(x[t].astype(np.float64), 3, axis=1)
        z, r = sigmoid(xz + h @ rz[:, :hidden]), sigmoid(xr + h @ rz[:, hidden:])
        inner = r * (h @ rh + bias) if reset_late else (r * h) @ rh + bias
        h = (1 - z) * np.tanh(xh + inner) + z * h
        wanted[t] = h
    close(arena.get(y, wanted.shape), wanted)
    close(arena.get(h_place, h.shape), h)
