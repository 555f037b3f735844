"""Convolutions of every kind against their definition in numpy."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearth.runtime.wasm.steps import NONE, Conv, Finish, Grid, Opcode, PackConv, Staged, Window
from tests.kernels.arena import NUMBERS, Arena, Array, close, examples, finish, image, numbers


def reference(x: Array, w: Array, window: Window, groups: int, out: tuple[int, int]) -> Array:
    """Convolution of (N, H, W, C) by (M, C / groups, KH, KW), tap by tap, in double precision."""
    n, height, width, channels = x.shape
    outs, per_group = w.shape[0], channels // groups
    y = np.zeros((n, *out, outs))
    for oy in range(out[0]):
        for ox in range(out[1]):
            for i in range(window.height):
                for j in range(window.width):
                    iy = oy * window.stride_y - window.pad_top + i * window.dilation_y
                    ix = ox * window.stride_x - window.pad_left + j * window.dilation_x
                    if 0 <= iy < height and 0 <= ix < width:
                        pixel = x[:, iy, ix].reshape(n, groups, per_group).astype(np.float64)
                        taps = w[:, :, i, j].reshape(groups, outs // groups, per_group)
                        y[:, oy, ox] += np.einsum("ngc,gmc->ngm", pixel, taps).reshape(n, outs)
    return y


def padded(vector: int, count: int) -> int:
    return -(-count // vector) * vector


class Case:
    """One convolution laid out in an arena, ready to be played by any of the kernels."""

    def __init__(self, x: Array, w: Array, window: Window, groups: int = 1, *, block: int = 7, gap: int = 0) -> None:
        self.x, self.w, self.window, self.groups = x, w, window, groups
        reach_y = (window.height - 1) * window.dilation_y + 1
        reach_x = (window.width - 1) * window.dilation_x + 1
        self.out = (
            (x.shape[1] + 2 * window.pad_top - reach_y) // window.stride_y + 1,
            (x.shape[2] + 2 * window.pad_left - reach_x) // window.stride_x + 1,
        )
        self.shape = (x.shape[0], *self.out, w.shape[0])
        self.arena = Arena()
        wide = np.zeros((*x.shape[:3], x.shape[3] + gap), np.float32)
        wide[..., : x.shape[3]] = x
        self.pitch = w.shape[0] + gap
        self.y = self.arena.put(np.full((*self.shape[:3], self.pitch), -7, np.float32))
        self.bias = numbers(5, w.shape[0])
        self.step = Conv(
            Opcode.CONV,
            NONE,
            image(self.arena.put(wide), x.shape, x.shape[3] + gap),
            image(self.y, self.shape, self.pitch),
            window,
            Grid(*self.out, 0, 0, 1, 1),
            groups,
            block,
            finish(self.arena.put(self.bias)),
        )

    def pack(self, op: Opcode, floats: int) -> int:
        """Packs the weights by the kernel `op`; returns their place."""
        outs, per_group, height, width = self.w.shape
        packed = self.arena.room(floats)
        taps = height * width
        self.arena.play(
            PackConv(
                op,
                self.arena.put(self.w),
                NUMBERS[self.w.dtype],
                packed,
                outs,
                per_group * self.groups,
                height,
                width,
                self.groups,
                0,
                outs // self.groups * per_group * taps,
                per_group * taps,
                taps,
                width,
                1,
            )
        )
        return packed

    def result(self) -> Array:
        y = self.arena.get(self.y, (*self.shape[:3], self.pitch))
        assert (y[..., self.shape[3] :] == -7).all(), "the step wrote into the neighbours' channels"
        return y[..., : self.shape[3]]

    def wanted(self) -> Array:
        return reference(self.x, self.w, self.window, self.groups, self.out) + self.bias

    def play_conv(self) -> Array:
        vector = self.arena.library.vector
        per_group = padded(vector, self.w.shape[0] // self.groups)
        self.step.weights = self.pack(Opcode.PACK_CONV, self.groups * per_group * int(np.prod(self.w.shape[1:])))
        self.arena.play(self.step)
        return self.result()

    def play_winograd(self) -> Array:
        vector = self.arena.library.vector
        self.step.op = Opcode.WINOGRAD
        self.step.weights = self.pack(Opcode.PACK_WINOGRAD, 36 * self.w.shape[1] * padded(vector, self.w.shape[0]))
        self.arena.play(self.step)
        return self.result()

    def play_staged(self) -> Array:
        vector = self.arena.library.vector
        itemsize = self.w.dtype.itemsize
        floats = padded(vector, self.w.shape[0]) * self.w.shape[1] * 9 * itemsize // 4
        self.step.weights = self.pack(Opcode.PACK_TAPS, floats)
        window = self.window
        phases = min(window.dilation_y, self.out[0]) * min(window.dilation_x, self.out[1])
        steps = (window.dilation_y, window.dilation_x)
        along = [(size + 4 * d - 1) // d // 4 + 1 for size, d in zip(self.out, steps, strict=True)]
        tiles = self.x.shape[0] * phases * along[0] * along[1]
        planes = [36 * (tiles * (padded(vector, c) + 16) + 16) for c in (self.x.shape[3], self.w.shape[0])]
        rooms = [self.arena.room(count) for count in planes]
        for op in (Opcode.WINOGRAD_INPUT, Opcode.WINOGRAD_PRODUCT, Opcode.WINOGRAD_OUTPUT):
            self.step.op = op
            self.arena.play(Staged(self.step, *rooms, NUMBERS[self.w.dtype]))
        return self.result()


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    per_group, outs = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    window = Window(
        draw(st.integers(1, 4)),
        draw(st.integers(1, 4)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
        draw(st.integers(0, 3)),
        draw(st.integers(0, 3)),
    )
    least_y = max(1, (window.height - 1) * window.dilation_y + 1 - 2 * window.pad_top)
    least_x = max(1, (window.width - 1) * window.dilation_x + 1 - 2 * window.pad_left)
    shape = (draw(st.integers(1, 2)), least_y + draw(st.integers(0, 6)), least_x + draw(st.integers(0, 6)))
    x = numbers(draw(st.integers(0, 9)), *shape, groups * per_group)
    w = numbers(3, groups * outs, per_group, window.height, window.width)
    if draw(st.booleans()):
        w = w.astype(np.float16)
    return Case(x, w, window, groups, block=draw(st.integers(1, 30)), gap=draw(st.sampled_from([0, 0, 3])))


@st.composite
def threes(draw: st.DrawFn) -> Case:
    """3x3 kernels with stride 1: Winograd's case."""
    dilation = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    pad = (draw(st.integers(0, 4)), draw(st.integers(0, 4)))
    window = Window(3, 3, 1, 1, *dilation, *pad)
    height = max(1, 2 * dilation[0] + 1 - 2 * pad[0]) + draw(st.integers(0, 12))
    width = max(1, 2 * dilation[1] + 1 - 2 * pad[1]) + draw(st.integers(0, 12))
    channels, outs = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    x = numbers(draw(st.integers(0, 9)), draw(st.integers(1, 2)), height, width, channels)
    w = numbers(4, outs, channels, 3, 3)
    if draw(st.booleans()):
        w = w.astype(np.float16)
    return Case(x, w, window, block=draw(st.integers(1, 20)), gap=draw(st.sampled_from([0, 0, 5])))


@examples
@given(convolutions())
def test_convolution_of_any_shape_equals_its_definition(case: Case) -> None:
    close(case.play_conv(), case.wanted())


@examples
@given(threes())
def test_winograd_equals_the_definition(case: Case) -> None:
    close(case.play_winograd(), case.wanted(), 1e-4)


@examples
@given(threes())
def test_winograd_in_stages_equals_the_definition(case: Case) -> None:
    close(case.play_staged(), case.wanted(), 1e-4)


@pytest.mark.parametrize("late", [0, 1])
@pytest.mark.parametrize("kernel", ["conv", "winograd"])
@pytest.mark.parametrize("outs", [8, 11])
def test_residual_and_clamp_follow_in_the_order_that_is_asked_for(late: int, kernel: str, outs: int) -> None:
    case = Case(numbers(1, 2, 9, 10, 6), numbers(2, outs, 6, 3, 3), Window(3, 3, 1, 1, 1, 1, 1, 1))
    residual = numbers(3, *case.shape)
    case.step.finish = Finish(case.step.finish.bias, case.arena.put(residual), outs, late, 0.0, 6.0)
    got = getattr(case, f"play_{kernel}")()
    wanted = case.wanted()
    close(got, np.clip(wanted, 0, 6) + residual if late else np.clip(wanted + residual, 0, 6), 1e-4)


def test_a_finish_without_clamp_keeps_infinities() -> None:
    x = np.full((1, 1, 1, 4), np.inf, np.float32)
    case = Case(x, np.ones((4, 4, 1, 1), np.float32), Window(1, 1, 1, 1, 1, 1, 0, 0))
    assert (case.play_conv() == np.inf).all()


@examples
@given(
    st.integers(1, 2),
    st.integers(1, 21),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    st.integers(0, 14),
)
def test_depthwise_equals_a_convolution_of_as_many_groups(
    batch: int,
    channels: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    pad: tuple[int, int],
    extra: int,
) -> None:
    window = Window(*kernel, *stride, *dilation, *pad)
    sizes = [max(1, (k - 1) * d + 1 - 2 * p) + extra for k, d, p in zip(kernel, dilation, pad, strict=True)]
    case = Case(numbers(1, batch, *sizes, channels), numbers(2, channels, 1, *kernel), window, channels, gap=2)
    case.step.op = Opcode.DEPTHWISE
    case.step.weights = case.arena.put(np.ascontiguousarray(case.w[:, 0].transpose(1, 2, 0)))
    case.step.finish.low, case.step.finish.high = 0.0, inf
    case.arena.play(case.step)
    close(case.result(), np.maximum(case.wanted(), 0))


@examples
@given(
    st.integers(1, 2),
    st.integers(2, 4),
    st.tuples(st.integers(1, 4), st.integers(1, 5)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.integers(0, 5), st.integers(0, 90)),
)
def test_depthwise_along_planes_equals_depthwise_across_channels(
    batch: int,
    channels: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    pad: tuple[int, int],
    extra: tuple[int, int],
) -> None:
    window = Window(*kernel, *stride, *dilation, *pad)
    sizes = [max(1, (k - 1) * d + 1 - 2 * p) + e for k, d, p, e in zip(kernel, dilation, pad, extra, strict=True)]
    case = Case(numbers(1, batch, *sizes, channels), numbers(2, channels, 1, *kernel), window, channels)
    x = np.ascontiguousarray(case.x.transpose(0, 3, 1, 2)).reshape(batch * channels, *sizes, 1)
    shape = (batch * channels, *case.out, 1)
    y = case.arena.room(int(np.prod(shape)))
    step = case.step
    step.op, step.weights = Opcode.DEPTHWISE, case.arena.put(case.w)
    step.x, step.y = image(case.arena.put(x), x.shape), image(y, shape)
    step.finish.low, step.finish.high = -0.5, inf
    case.arena.play(step)
    got = case.arena.get(y, (batch, channels, *case.out)).transpose(0, 2, 3, 1)
    close(got, np.maximum(case.wanted(), -0.5))


@examples
@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 6),
)
def test_residues_of_a_transposed_convolution_make_up_the_whole(
    channels: int, outs: int, kernel: int, stride: int, pad: int, size: int
) -> None:
    """Pixel y of the output sees input row (y + pad - i) / stride through tap i, where that is whole."""
    length = (size - 1) * stride + kernel - 2 * pad
    if length < 1:
        return
    x, w = numbers(1, 1, size, size, channels), numbers(2, channels, outs, kernel, kernel)
    wanted = np.zeros((1, length, length, outs))
    for y in range(size):
        for i in range(kernel):
            for xx in range(size):
                for j in range(kernel):
                    oy, ox = y * stride + i - pad, xx * stride + j - pad
                    if 0 <= oy < length and 0 <= ox < length:
                        wanted[0, oy, ox] += x[0, y, xx].astype(np.float64) @ w[:, :, i, j]
    arena = Arena()
    source, target = arena.put(x), arena.put(np.zeros(wanted.shape, np.float32))
    weights = arena.put(w)
    vector = arena.library.vector
    for first_y in range(min(stride, length)):
        for first_x in range(min(stride, length)):
            taps = [[i for i in range(kernel) if (first + pad - i) % stride == 0] for first in (first_y, first_x)]
            counts = [len(side) for side in taps]
            if not all(counts):
                continue
            packed = arena.room(channels * counts[0] * counts[1] * padded(vector, outs))
            start = taps[0][0] * kernel + taps[1][0]
            arena.play(
                PackConv(
                    Opcode.PACK_CONV,
                    weights,
                    0,
                    packed,
                    outs,
                    channels,
                    *counts,
                    1,
                    start,
                    0,
                    kernel * kernel,
                    outs * kernel * kernel,
                    stride * kernel,
                    stride,
                ),
                Conv(
                    Opcode.CONV,
                    packed,
                    image(source, x.shape),
                    image(target, wanted.shape),
                    Window(
                        *counts,
                        1,
                        1,
                        -1,
                        -1,
                        -((first_y + pad - taps[0][0]) // stride),
                        -((first_x + pad - taps[1][0]) // stride),
                    ),
                    Grid(
                        -(-(length - first_y) // stride),
                        -(-(length - first_x) // stride),
                        first_y,
                        first_x,
                        stride,
                        stride,
                    ),
                    1,
                    5,
                    finish(),
                ),
            )
    close(arena.get(target, wanted.shape), wanted)
