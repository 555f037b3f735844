"""Transposed convolution: the output pixels of one residue by the stride are a plain convolution of the input.

Output row y sees input row (y + pad - i * dilation) / stride through tap i, for the taps where that is whole. All rows
y = residue + stride * q share these taps, and row q + 1 sees the input one row further on.
"""

from __future__ import annotations

from ctypes import Structure
from dataclasses import dataclass
from itertools import product
from math import gcd, prod

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.ops.conv import transpose_geometry
from hearth.runtime.plan import Step
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.ops.conv import CONV_BLOCK, NUMBERS
from hearth.runtime.wasm.steps import NONE, Conv, Finish, Grid, Opcode, PackConv, Window
from hearth.runtime.wasm.tensors import Tensor, as_image


@dataclass(frozen=True)
class Residue:
    """One axis of one residue: its outputs, and the taps they see."""

    first: int
    count: int
    tap: int
    taps: int
    every: int
    start: int
    gap: int


def residues(kernel: int, stride: int, dilation: int, pad: int, outputs: int) -> list[Residue]:
    """All residues of an axis. `start` is the input row that output `first` sees through `tap`."""
    every = stride // gcd(stride, dilation)
    found = []
    for first in range(min(stride, outputs)):
        taps = [i for i in range(kernel) if (first + pad - i * dilation) % stride == 0]
        tap = taps[0] if taps else 0
        start = (first + pad - tap * dilation) // stride
        count = -(-(outputs - first) // stride)
        found.append(Residue(first, count, tap, len(taps), every, start, every * dilation // stride))
    return found


@lowers("ConvTranspose")
def conv_transpose(low: Lowering, step: Step) -> None:
    """Images of one or two spatial axes, with constant weights."""
    node, how = step.node, step.arguments
    low.require_floats(node.inputs[0], node.outputs[0])
    weights = low.weights(node.inputs[1])
    shape = low.shape(node.inputs[0])
    bias_name = node.inputs[2] if len(node.inputs) > 2 else ""
    bias = low.constant(bias_name)
    if len(shape) not in (3, 4) or 0 in shape or (bias_name and bias is None):
        raise Unsupported("Only images with one or two axes have a kernel.")
    strides, dilations, before, outputs = transpose_geometry(
        shape[2:],
        weights.shape[2:],
        how.get("strides"),
        how.get("dilations"),
        how.get("pads"),
        str(how.get("auto_pad", "NOTSET")),
        how.get("output_padding"),
        how.get("output_shape"),
    )
    if min(before) < 0 or tuple(outputs) != low.shape(node.outputs[0])[2:]:
        raise Unsupported("Such pads are numpy's.")
    axes = [residues(*numbers) for numbers in zip(weights.shape[2:], strides, dilations, before, outputs, strict=True)]
    if len(axes) == 1:
        axes.insert(0, [Residue(0, 1, 0, 1, 1, 0, 1)])
        weights = weights[:, :, None]
    x, y = low.image(node.inputs[0]), low.output_image(node.outputs[0])
    bias_tensor = low.builder.constant(bias) if bias is not None else None
    finish, reads, rest = low.finish(step, y)

    def finished() -> Finish:
        made = finish()
        made.bias = bias_tensor.place if bias_tensor else NONE
        return made

    groups = int(how.get("group", 1))
    source = np.ascontiguousarray(weights)
    for down, across in product(*axes):
        packed = _packed(low, source, down, across, groups)

        def make(down: Residue = down, across: Residue = across, packed: Tensor = packed) -> Structure:
            window = Window(down.taps, across.taps, 1, 1, -down.gap, -across.gap, -down.start, -across.start)
            grid = Grid(down.count, across.count, down.first, across.first, *(([1] * 2 + strides)[-2:]))
            return Conv(
                Opcode.CONV, packed.place, as_image(x), as_image(y), window, grid, groups, CONV_BLOCK, finished()
            )

        touched = [x, y, packed, *reads, *([bias_tensor] if bias_tensor else [])]
        cost = shape[0] * down.count * across.count * down.taps * across.taps * prod(source.shape[:2])
        low.builder.emit(f"conv_transpose {source.shape[0]}->{y.shape[1]}", make, touched, cost)
    low.after(step, rest, y)


def _packed(low: Lowering, weights: np.ndarray, down: Residue, across: Residue, groups: int) -> Tensor:
    """The taps of one residue. ONNX has the weights as [in][out / groups][height][width]."""
    channels, outs, height, width = weights.shape
    area = height * width
    per_group = channels // groups
    floats = groups * per_group * down.taps * across.taps * low.builder.padded(outs)

    def pack(source: int, packed: int) -> Structure:
        return PackConv(
            Opcode.PACK_CONV, source, NUMBERS[weights.dtype], packed, outs * groups, channels, down.taps, across.taps,
            groups, down.tap * width + across.tap, per_group * outs * area, area, outs * area,
            down.every * width, across.every,
        )  # fmt: skip

    return low.builder.packed(weights, floats, pack)
