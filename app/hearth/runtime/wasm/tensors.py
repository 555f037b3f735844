"""Values in the arena: buffers, and tensors as strided views of them.

A layout is nothing but strides. Images lie channels last, so a (N, C, H, W) tensor whose channel stride is 1 is one
that the convolution kernels read as it is; a part of a concatenation is the same with a wider pixel pitch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from hearth.runtime.wasm.steps import Image, Number

Shape = tuple[int, ...]
ITEMSIZE = {Number.FLOAT32: 4, Number.UINT8: 1}


@dataclass(eq=False)
class Buffer:
    """A run of floats in the arena, alive from the first to the last moment in which something touches it."""

    floats: int
    place: int = -1
    first: int = -1
    last: int = -1
    constant: bool = False

    def touch(self, moment: int) -> None:
        """Notes that the step at `moment` reads or writes it."""
        self.first = moment if self.first < 0 else min(self.first, moment)
        self.last = max(self.last, moment)


@dataclass(frozen=True)
class Tensor:
    """A view of a buffer. `offset` and `strides` count elements; booleans are bytes and start at the buffer."""

    buffer: Buffer = field(repr=False)
    shape: Shape
    strides: Shape
    offset: int = 0
    number: Number = Number.FLOAT32

    @property
    def place(self) -> int:
        """Where it starts, in floats from the arena's start; known once the arena is planned."""
        return self.buffer.place + self.offset

    @cached_property
    def dtype(self) -> np.dtype:
        return np.dtype(np.float32 if self.number == Number.FLOAT32 else np.bool_)

    @cached_property
    def is_dense(self) -> bool:
        """Whether it lies as a C-contiguous array does."""
        return same_order(self.shape, self.strides, dense_strides(self.shape))

    def like(self, other: Tensor) -> bool:
        """Whether this is the very same place and layout."""
        return (
            self.buffer is other.buffer
            and self.offset == other.offset
            and self.shape == other.shape
            and same_order(self.shape, self.strides, other.strides)
        )

    @cached_property
    def span(self) -> int:
        """Elements from the earliest to the latest in memory, gaps included."""
        if 0 in self.shape:
            return 0
        return 1 + sum((size - 1) * abs(stride) for size, stride in zip(self.shape, self.strides, strict=True))

    @cached_property
    def before(self) -> int:
        """Elements that lie in front of its first one: strides may lead backwards."""
        if 0 in self.shape:
            return 0
        return -sum(min(0, (size - 1) * stride) for size, stride in zip(self.shape, self.strides, strict=True))

    def over(self, memory: np.ndarray) -> np.ndarray:
        """The tensor as an array over memory of its dtype that starts where its earliest element lies."""
        steps = tuple(stride * self.dtype.itemsize for stride in self.strides)
        return np.lib.stride_tricks.as_strided(memory[self.before :], self.shape, steps)

    def view(self, arena: np.ndarray) -> np.ndarray:
        """The tensor as an array over the arena's memory."""
        return self.over(arena[self.place - self.before :].view(self.dtype))

    def viewed(self, array: np.ndarray, ghost: np.ndarray) -> Tensor | None:
        """This tensor, changed as a numpy operation changed `ghost` into `array`; None where that is not a view."""
        start = address(array) - address(ghost)
        if array.dtype != ghost.dtype or not 0 <= start < max(1, ghost.nbytes) or (array.size and array.base is None):
            return None
        return replace(self, shape=array.shape, strides=array.strides, offset=self.offset + start)

    def ghost(self) -> np.ndarray:
        """A one-byte stand-in with this tensor's shape and strides, to see what numpy makes of a view."""
        return np.lib.stride_tricks.as_strided(np.empty(max(1, self.span), np.int8), self.shape, self.strides)


def address(array: np.ndarray) -> int:
    """Where an array's first element lies in memory."""
    return int(array.__array_interface__["data"][0])


def dense_strides(shape: Sequence[int]) -> Shape:
    """Strides in elements of a C-contiguous array."""
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * max(1, shape[axis + 1])
    return tuple(strides)


def image_strides(shape: Sequence[int], pitch: int | None = None) -> Shape:
    """Strides of (N, C, *spatial) lying channels last, `pitch` floats from pixel to pixel."""
    strides, step = [0] * len(shape), pitch or max(1, shape[1])
    for axis in range(len(shape) - 1, 1, -1):
        strides[axis] = step
        step *= max(1, shape[axis])
    strides[0], strides[1] = step, 1
    return tuple(strides)


def same_order(shape: Sequence[int], strides: Sequence[int], wanted: Sequence[int]) -> bool:
    """Whether two sets of strides mean the same for a shape: axes of one element don't count."""
    return math.prod(shape) == 0 or all(a == b for size, a, b in zip(shape, strides, wanted, strict=True) if size != 1)


def pixel_pitch(tensor: Tensor) -> int | None:
    """Floats from pixel to pixel of a (N, C, *spatial) tensor that lies channels last; None where it does not."""
    if tensor.number != Number.FLOAT32 or len(tensor.shape) not in (3, 4):
        return None
    spatial = [axis for axis in range(len(tensor.shape) - 1, 1, -1) if tensor.shape[axis] != 1]
    channels = max(1, tensor.shape[1])
    pitch = channels
    if spatial:
        skipped = math.prod(tensor.shape[axis] for axis in range(spatial[0] + 1, len(tensor.shape)))
        pitch = tensor.strides[spatial[0]] // skipped
    elif tensor.shape[0] > 1:
        pitch = tensor.strides[0]
    fits = pitch >= channels and same_order(tensor.shape, tensor.strides, image_strides(tensor.shape, pitch))
    return pitch if fits else None


def as_image(tensor: Tensor) -> Image:
    """The kernels' description of a tensor that lies channels last; one spatial axis is an image of one row."""
    pitch = pixel_pitch(tensor)
    assert pitch is not None
    batch, channels = tensor.shape[:2]
    height, width = (1, *tensor.shape[2:]) if len(tensor.shape) == 3 else tensor.shape[2:]
    return Image(tensor.place, pitch, batch, height, width, channels)


def collapse(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> tuple[Shape, list[Shape]]:
    """The fewest axes that walk the same elements in the same order, and each operand's strides over them."""
    sizes: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for axis, size in enumerate(shape):
        if size == 1:
            continue
        now = [operand[axis] for operand in strides]
        if sizes and all(kept[-1] == step * size for kept, step in zip(steps, now, strict=True)):
            sizes[-1] *= size
            for kept, step in zip(steps, now, strict=True):
                kept[-1] = step
        else:
            sizes.append(size)
            for kept, step in zip(steps, now, strict=True):
                kept.append(step)
    return tuple(sizes), [tuple(kept) for kept in steps]
