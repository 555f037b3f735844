"""Pooling and resampling of channels-last images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.runtime.wasm.steps import Opcode, Pool, Pooling, Resize, Window
from tests.kernels.arena import Arena, Array, close, examples, image, numbers


def pooled(x: Array, kind: Pooling, window: Window, out: tuple[int, int], padded: tuple[int, int]) -> Array:
    n, height, width, channels = x.shape
    y = np.zeros((n, *out, channels))
    for oy in range(out[0]):
        for ox in range(out[1]):
            ys = [oy * window.stride_y - window.pad_top + i * window.dilation_y for i in range(window.height)]
            xs = [ox * window.stride_x - window.pad_left + j * window.dilation_x for j in range(window.width)]
            counted = sum(i < padded[0] - window.pad_top for i in ys) * sum(j < padded[1] - window.pad_left for j in xs)
            taps = x[:, [i for i in ys if 0 <= i < height]][:, :, [j for j in xs if 0 <= j < width]]
            taps = taps.reshape(n, -1, channels).astype(np.float64)
            if kind == Pooling.POOL_MAX:
                y[:, oy, ox] = taps.max(1)
            else:
                y[:, oy, ox] = taps.sum(1) / (taps.shape[1] if kind == Pooling.POOL_MEAN else counted)
    return y


@examples
@given(
    st.sampled_from(Pooling),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.integers(1, 17),
    st.integers(0, 7),
    st.booleans(),
)
def test_pool_equals_its_definition(
    kind: Pooling,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    channels: int,
    extra: int,
    ceil: bool,
) -> None:
    pads = [(k - 1) // 2 for k in kernel]
    size = [(k - 1) * d + 1 + extra for k, d in zip(kernel, dilation, strict=True)]
    padded = [s + 2 * p for s, p in zip(size, pads, strict=True)]
    room = [p - (k - 1) * d - 1 for p, k, d in zip(padded, kernel, dilation, strict=True)]
    out = [-(-r // s) + 1 if ceil else r // s + 1 for r, s in zip(room, stride, strict=True)]
    out = [o - ((o - 1) * s >= z + p) for o, s, z, p in zip(out, stride, size, pads, strict=True)]
    window = Window(*kernel, *stride, *dilation, *pads)
    x = numbers(1, 2, *size, channels)
    wanted = pooled(x, kind, window, (out[0], out[1]), (padded[0], padded[1]))
    arena = Arena()
    y = arena.room(wanted.size)
    source = image(arena.put(x), x.shape)
    arena.play(Pool(Opcode.POOL, kind, source, image(y, wanted.shape), window, *padded))
    close(arena.get(y, wanted.shape), wanted)


@examples
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.tuples(st.integers(0, 1), st.integers(0, 1)),
    st.tuples(st.integers(2, 5), st.integers(2, 70)),
)
def test_maxima_along_a_plane_equal_their_definition(
    kernel: tuple[int, int], stride: tuple[int, int], pad: tuple[int, int], size: tuple[int, int]
) -> None:
    pads = [min(p, k - 1) for p, k in zip(pad, kernel, strict=True)]
    padded = [s + 2 * p for s, p in zip(size, pads, strict=True)]
    out = [max(1, (s - k) // apart + 1) for s, k, apart in zip(padded, kernel, stride, strict=True)]
    window = Window(*kernel, *stride, 1, 1, *pads)
    x = numbers(1, 3, *size, 1)
    wanted = pooled(x, Pooling.POOL_MAX, window, (out[0], out[1]), (padded[0], padded[1]))
    arena = Arena()
    y = arena.room(wanted.size)
    arena.play(
        Pool(Opcode.POOL, Pooling.POOL_MAX, image(arena.put(x), x.shape), image(y, wanted.shape), window, *padded)
    )
    close(arena.get(y, wanted.shape), wanted)


@examples
@given(
    st.integers(1, 2),
    st.tuples(st.integers(1, 7), st.integers(1, 7)),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.integers(1, 19),
    st.integers(0, 3),
)
def test_resize_blends_the_rows_and_columns_of_its_tables(
    batch: int, size: tuple[int, int], out: tuple[int, int], taps: tuple[int, int], channels: int, gap: int
) -> None:
    generator = np.random.default_rng(3)
    tables = [generator.integers(0, size[axis], (out[axis], taps[axis])).astype(np.int32) for axis in (0, 1)]
    weights = [numbers(axis, out[axis], taps[axis]) for axis in (0, 1)]
    x = numbers(1, batch, *size, channels + gap)
    wanted = np.einsum("nyrxcd,yr,xc->nyxd", x[:, tables[0]][:, :, :, tables[1], :channels], *weights)
    arena = Arena()
    y = arena.room(wanted.size)
    arena.play(
        Resize(
            Opcode.RESIZE,
            image(arena.put(x), (batch, *size, channels), channels + gap),
            image(y, wanted.shape),
            *taps,
            *(arena.put(array) for pair in zip(tables, weights, strict=True) for array in pair),
        )
    )
    close(arena.get(y, wanted.shape), wanted)


@pytest.mark.parametrize("channels", [1, 8])
def test_nearest_resize_copies_bit_for_bit(channels: int) -> None:
    x = numbers(1, 1, 3, 2, channels)
    index = np.arange(6, dtype=np.int32) // 2
    ones = np.ones(6, np.float32)
    arena = Arena()
    y = arena.room(6 * 4 * channels)
    step = Resize(
        Opcode.RESIZE,
        image(arena.put(x), x.shape),
        image(y, (1, 6, 4, channels)),
        1,
        1,
        *(arena.put(array) for array in (index, ones, index[:4], ones)),
    )
    arena.play(step)
    np.testing.assert_array_equal(arena.get(y, (1, 6, 4, channels)), x.repeat(2, 1).repeat(2, 2))
