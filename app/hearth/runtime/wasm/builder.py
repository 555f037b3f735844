"""Collects kernel calls, constants and work for numpy while a plan is lowered, and lays it all out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from ctypes import Structure
from dataclasses import dataclass, field

import numpy as np

from hearth.errors import TooLarge, Unsupported
from hearth.runtime.limits import LIMITS
from hearth.runtime.unread import Constant
from hearth.runtime.wasm.arena import aligned, plan_arena
from hearth.runtime.wasm.steps import (
    MAX_DIMS,
    Elementwise,
    Number,
    Opcode,
    Operand,
    Transpose,
)
from hearth.runtime.wasm.tensors import Buffer, Shape, Tensor, collapse, dense_strides, image_strides

MOST_FLOATS = 1 << 31
"""Places are 32-bit numbers."""

Make = Callable[[], Structure]
"""A step's parameters, asked for once places are known."""


@dataclass(frozen=True)
class Play:
    """Runs kernel steps [first, end)."""

    first: int
    end: int


@dataclass(frozen=True)
class Compute:
    """Lets numpy run one step of the plan; `reads` are what it takes out of the arena."""

    step: int
    reads: dict[str, Tensor]


@dataclass(frozen=True)
class Load:
    """Copies a value that Python holds into the arena."""

    name: str
    target: Tensor


Action = Play | Compute | Load


@dataclass(frozen=True)
class Packing:
    """A constant that a kernel rearranges once: `make(place of the source)`."""

    source: Constant
    make: Callable[[int], Structure]


@dataclass
class Lowered:
    """A plan as a program over one arena; sizes and places in floats."""

    steps: list[np.ndarray]
    labels: list[str]
    costs: list[int]
    actions: list[Action]
    outputs: dict[str, Tensor]
    constants: list[tuple[Tensor, np.ndarray]]
    packings: list[Packing]
    staging: int
    floats: int

    def __str__(self) -> str:
        lines = [f"{len(self.steps)} kernel steps, {self.floats * 4 / 1e6:.1f} MB"]
        for action in self.actions:
            if isinstance(action, Play):
                lines += [f"  {number:4} {self.labels[number]}" for number in range(action.first, action.end)]
            else:
                lines.append(f"       {type(action).__name__.lower()} {getattr(action, 'name', '')}")
        return "\n".join(lines)


@dataclass
class Builder:
    """Kernel calls in order. `vector` is the library's vector width."""

    vector: int
    buffers: list[Buffer] = field(default_factory=list)
    makes: list[Make] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    costs: list[int] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    constants: list[tuple[Tensor, np.ndarray]] = field(default_factory=list)
    packings: list[Packing] = field(default_factory=list)
    moment: int = 0
    early: int = 0
    """Actions at the front that were put before steps which were there already."""

    def padded(self, count: int) -> int:
        """A number of channels or columns rounded up to whole vectors."""
        return -(-count // self.vector) * self.vector

    # -- tensors -------------------------------------------------------------------------------------------------

    def new(self, shape: Shape, strides: Shape | None = None, number: Number = Number.FLOAT32) -> Tensor:
        """A tensor in a buffer of its own; dense if no strides are given."""
        count = math.prod(shape)
        buffer = Buffer(count if number == Number.FLOAT32 else -(-count // 4))
        self.buffers.append(buffer)
        return Tensor(buffer, shape, strides or dense_strides(shape), 0, number)

    def new_image(self, shape: Shape) -> Tensor:
        """A (N, C, *spatial) tensor that lies channels last."""
        return self.new(shape, image_strides(shape))

    def constant(self, array: np.ndarray, image: bool = False) -> Tensor:
        """A constant's tensor: float32, or booleans."""
        number = Number.UINT8 if array.dtype == np.bool_ else Number.FLOAT32
        tensor = self.new(array.shape, image_strides(array.shape) if image else None, number)
        tensor.buffer.constant = True
        self.constants.append((tensor, array))
        return tensor

    def table(self, array: np.ndarray) -> Tensor:
        """Any 32-bit numbers, to be read by their place alone."""
        return self.constant(np.ascontiguousarray(array).view(np.float32))

    def packed(
        self, source: Constant, floats: int, make: Callable[[int, int], Structure], room: Tensor | None = None
    ) -> Tensor:
        """A constant rearranged by a kernel: `make(place of the source, place of the result)`."""
        tensor = room or self.new((floats,))
        tensor.buffer.constant = True
        self.packings.append(Packing(source, lambda place: make(place, tensor.place)))
        return tensor

    # -- steps ---------------------------------------------------------------------------------------------------

    def emit(self, label: str, make: Make, touches: Sequence[Tensor], cost: int = 0) -> None:
        """A kernel call. `cost` in multiply-adds, as the op's definition counts them."""
        self.makes.append(make)
        self.labels.append(label)
        self.costs.append(max(cost, sum(math.prod(tensor.shape) for tensor in touches if not tensor.buffer.constant)))
        if self.actions and isinstance(self.actions[-1], Play):
            self.actions[-1] = Play(self.actions[-1].first, len(self.makes))
        else:
            self.actions.append(Play(len(self.makes) - 1, len(self.makes)))
        self._touch(touches)

    def act(self, action: Load | Compute) -> None:
        """Something that Python does in between."""
        self.actions.append(action)
        self._touch([action.target] if isinstance(action, Load) else list(action.reads.values()))

    def load_first(self, load: Load) -> None:
        """Copies in what is known from the start before anything is played, so that steps stay one run."""
        self.actions.insert(self.early, load)
        self.early += 1
        load.target.buffer.touch(0)

    def _touch(self, tensors: Sequence[Tensor]) -> None:
        for tensor in tensors:
            tensor.buffer.touch(self.moment)
        self.moment += 1

    def copy(self, source: Tensor, target: Tensor, label: str = "copy") -> None:
        """Copies between layouts of one shape."""
        order = sorted(range(len(target.shape)), key=lambda axis: (-target.strides[axis], target.shape[axis]))
        shape = [target.shape[axis] for axis in order]
        strides = [[tensor.strides[axis] for axis in order] for tensor in (target, source)]
        sizes, (to, fro) = collapse(shape, strides)
        front = (1,) * (MAX_DIMS - len(sizes))
        sizes, to, fro = front + sizes, (0,) * len(front) + to, (0,) * len(front) + fro
        if len(sizes) > MAX_DIMS:
            raise Unsupported(f"A copy of {len(sizes)} axes is numpy's.")
        inner = dense_strides(sizes)
        dense = all(size == 1 or a == b for size, a, b in zip(sizes, to, inner, strict=True))

        def make() -> Structure:
            if dense and source.number == Number.FLOAT32 and target.number == Number.FLOAT32:
                return Transpose(Opcode.TRANSPOSE, source.place, target.place, sizes, fro)
            operands = [Operand(tensor.place, tensor.number, steps) for tensor, steps in ((target, to), (source, fro))]
            return Elementwise(Opcode.ELEMENTWISE, sizes, 1, 0, operands[0], (operands[1],))

        self.emit(label, make, [source, target])

    # -- the end -------------------------------------------------------------------------------------------------

    def finish(self, outputs: dict[str, Tensor]) -> Lowered:
        """Plans the arena and asks every step for its parameters."""
        for tensor in outputs.values():
            tensor.buffer.touch(self.moment)
        fixed = [buffer for buffer in self.buffers if buffer.constant]
        place = 0
        for buffer in fixed:
            buffer.place = place
            place += aligned(buffer.floats)
        moving = [buffer for buffer in self.buffers if not buffer.constant and buffer.first >= 0]
        end = plan_arena(moving, place)
        largest = max((-(-packing.source.nbytes // 4) for packing in self.packings), default=0)
        end = max(end, place + aligned(largest))
        if end * 4 > LIMITS.live_bytes or end >= MOST_FLOATS:
            held, allowed = (size / 2**30 for size in (end * 4, LIMITS.live_bytes))
            raise TooLarge(f"The model holds {held:,.1f} GiB at a time; it may hold {allowed:,.1f} GiB.")
        return Lowered(
            [words(make()) for make in self.makes],
            self.labels,
            self.costs,
            self.actions,
            outputs,
            self.constants,
            self.packings,
            place,
            end,
        )


def words(step: Structure) -> np.ndarray:
    """A step's struct as 32-bit words."""
    return np.frombuffer(bytes(step), np.int32).copy()
