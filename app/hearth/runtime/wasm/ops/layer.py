"""One convolution on its way into a program: what all ways to compute it have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.ops.windows import Windows, windows
from hearth.runtime.plan import Step
from hearth.runtime.unread import Constant, at_hand
from hearth.runtime.wasm.builder import Builder, Make
from hearth.runtime.wasm.lower import Lowering
from hearth.runtime.wasm.steps import Conv, Grid, Number, Opcode, PackConv, Window
from hearth.runtime.wasm.tensors import Tensor, as_image

CONV_BLOCK = 48
"""Pixels that the general kernel takes at once."""
LEAST_ACROSS, MOST_APART = 16, 2
"""From so many columns on, and up to such a stride, a depthwise convolution may go along the rows of a plane."""
LONGEST = 1 << 30
"""Sums of two lengths below it fit into 32 bits."""
NUMBERS = {np.dtype(np.float32): Number.FLOAT32, np.dtype(np.float16): Number.FLOAT16}


@dataclass
class Layer:
    """One convolution on its way into a program."""

    low: Lowering
    step: Step
    x: Tensor
    y: Tensor
    weights: Constant
    window: Window
    groups: int
    bias: Tensor | None
    rest: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.finish, reads, self.rest = self.low.finish(self.step, self.y, self.bias)
        self.touches = [self.x, self.y, *reads]
        self.channels, self.outs = self.x.shape[1], self.y.shape[1]
        self.cost = prod(self.y.shape) * prod(self.weights.shape[1:])

    @property
    def builder(self) -> Builder:
        return self.low.builder

    @property
    def number(self) -> Number:
        return NUMBERS[self.weights.dtype]

    def conv(self, op: Opcode, weights: int, block: int) -> Conv:
        """The step's parameters."""
        y = as_image(self.y)
        grid = Grid(y.height, y.width, 0, 0, 1, 1)
        return Conv(op, weights, as_image(self.x), y, self.window, grid, self.groups, block, self.finish())

    def emit(self, kind: str, make: Make, *more: Tensor) -> None:
        """A kernel call that reads and writes what the layer does, and `more`."""
        label = f"{kind} {self.channels}->{self.outs} {self.window.height}x{self.window.width}"
        label += f" @{'x'.join(map(str, self.y.shape[2:]))}"
        self.builder.emit(label, make, [*self.touches, *more], self.cost)

    def packing(self, op: Opcode, source: int, packed: int) -> PackConv:
        """Weights as ONNX has them for Conv."""
        outs, per_group, height, width = self.weights.shape
        taps = height * width
        return PackConv(
            op, source, self.number, packed, outs, self.channels, height, width, self.groups,
            0, outs // self.groups * per_group * taps, per_group * taps, taps, width, 1,
        )  # fmt: skip


def layer_of(low: Lowering, step: Step, by_planes: bool = False) -> Layer:
    """Raises Unsupported for what has no kernel. `by_planes`: a depthwise one may be of images of one channel each."""
    node, arguments = step.node, step.arguments
    low.require_floats(node.inputs[0], node.outputs[0])
    weights = low.stored(node.inputs[1])
    x_shape = low.shape(node.inputs[0])
    if len(x_shape) not in (3, 4) or 0 in x_shape:
        raise Unsupported("Only images with one or two axes have a kernel.")
    geometry = windows(
        x_shape[2:],
        weights.shape[2:],
        arguments.get("strides"),
        arguments.get("dilations"),
        arguments.get("pads"),
        str(arguments.get("auto_pad", "NOTSET")),
    )
    if min(before for before, _ in geometry.pads) < 0:
        raise Unsupported("Negative pads have no kernel.")
    if weights.ndim == 3:
        weights = at_hand(weights)[:, :, None]
    bias_name = node.inputs[2] if len(node.inputs) > 2 else ""
    bias = low.constant(bias_name)
    if bias_name and bias is None:
        raise Unsupported("The bias is not constant.")
    alone = int(arguments.get("group", 1)) == weights.shape[0] == x_shape[1] > 1
    wide = geometry.strides[-1] <= MOST_APART and low.shape(node.outputs[0])[-1] >= LEAST_ACROSS
    planes = low.planes(node.inputs[0], node.outputs[0]) if by_planes and alone and wide else None
    x, y = planes or (low.image(node.inputs[0]), low.output_image(node.outputs[0]))
    bias_tensor = low.builder.constant(bias) if bias is not None else None
    return Layer(low, step, x, y, weights, window_of(geometry), int(arguments.get("group", 1)), bias_tensor)


def window_of(geometry: Windows) -> Window:
    """A window for the kernels; one spatial axis is an image of one row. Unsupported for sizes over 32 bits."""
    reaches = ((k - 1) * d + 1 for k, d in zip(geometry.kernel, geometry.dilations, strict=True))
    padded = (n + sum(pads) for n, pads in zip(geometry.sizes, geometry.pads, strict=True))
    if max(*reaches, *padded, *geometry.strides, *geometry.dilations) >= LONGEST:
        raise Unsupported("Such windows are numpy's.")
    front = 2 - len(geometry.kernel)
    fields = []
    for values, neutral in (
        (geometry.kernel, 1),
        (geometry.strides, 1),
        (geometry.dilations, 1),
        (tuple(before for before, _ in geometry.pads), 0),
    ):
        fields += [*[neutral] * front, *values]
    return Window(*fields)
