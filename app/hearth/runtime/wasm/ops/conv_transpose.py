"""Transposed convolution: the output pixels of one residue by the stride are a plain convolution of the input.

Output row y sees input row (y + pad - i * dilation) / stride through tap i, for the taps where that is whole. All rows
y = residue + stride * q share these taps, and row q + 1 sees the input one row further on.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import Structure
from dataclasses import dataclass
from itertools import product
from math import gcd, prod

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.ops.conv import transpose_geometry
from hearth.runtime.plan import Step
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.ops.conv import FEW
from hearth.runtime.wasm.ops.layer import CONV_BLOCK, NUMBERS
from hearth.runtime.wasm.steps import (
    NONE,
    Conv,
    Finish,
    Grid,
    Matmul,
    Number,
    Opcode,
    PackConv,
    PackMatrix,
    Window,
)
from hearth.runtime.wasm.tensors import Tensor, as_image, pixel_pitch


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
    finish, reads, rest = low.finish(step, y)
    whole = list(outputs) == [size * stride for size, stride in zip(shape[2:], strides, strict=True)]
    apart = strides == list(weights.shape[-len(strides) :]) and set(dilations) == {1} and whole and not any(before)
    if apart and weights.shape[1] <= FEW and int(how.get("group", 1)) == 1 and not reads:
        _apart(low, x, y, weights, bias, finish)
        low.after(step, rest, y)
        return
    bias_tensor = low.builder.constant(bias) if bias is not None else None

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


def _apart(
    low: Lowering,
    x: Tensor,
    y: Tensor,
    weights: np.ndarray,
    bias: np.ndarray | None,
    finish: Callable[[], Finish],
) -> None:
    """Where no two input pixels meet in an output pixel: all outputs of a pixel as one product, then moved apart."""
    channels, outs, height, width = weights.shape
    columns = height * width * outs
    matrix = np.ascontiguousarray(weights.transpose(0, 2, 3, 1).reshape(channels, columns), np.float32)

    def pack(source: int, packed: int) -> Structure:
        return PackMatrix(Opcode.PACK_MATRIX, source, packed, Number.FLOAT32, 1, channels, columns, 0, columns, 1)

    packed = low.builder.packed(matrix, channels * low.builder.padded(columns), pack)
    bias_tensor = low.builder.constant(np.tile(bias, height * width)) if bias is not None else None
    batch, _, *spatial = x.shape
    rows, across = (1, *spatial)[-2:]
    pixels = batch * rows * across
    product = low.builder.new((pixels, columns))

    def make() -> Structure:
        made = finish()
        made.bias = bias_tensor.place if bias_tensor else NONE
        return Matmul(
            Opcode.MATMUL, x.place, packed.place, product.place, 1, 1, pixels, columns, channels,
            pixel_pitch(x) or 0, 0, 0, 0, 0, columns, 0, 0, Number.FLOAT32, NONE, NONE, CONV_BLOCK, 1, made,
        )  # fmt: skip

    touched = [x, packed, product, *([bias_tensor] if bias_tensor else [])]
    low.builder.emit(f"conv_transpose {channels}->{outs}", make, touched, pixels * channels * columns)
    shape = (batch * rows, height, across, width, outs)
    pitch = pixel_pitch(y) or 0
    line = across * width * pitch
    source = Tensor(product.buffer, shape, (across * columns, width * outs, columns, outs, 1))
    target = Tensor(y.buffer, shape, (height * line, line, width * pitch, pitch, 1), y.offset)
    low.builder.copy(source, target, "move apart")


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
