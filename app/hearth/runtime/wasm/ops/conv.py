"""Convolutions: which kernel is the quickest for a shape, and its weights packed for it."""

from __future__ import annotations

from ctypes import Structure
from math import prod

import numpy as np

from hearth.runtime.ops.registry import WHOLE_NUMBERS
from hearth.runtime.plan import Step
from hearth.runtime.unread import at_hand
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.ops.integer_conv import integer_conv
from hearth.runtime.wasm.ops.layer import CONV_BLOCK, Layer, layer_of
from hearth.runtime.wasm.steps import (
    NONE,
    Matmul,
    Number,
    Opcode,
    PackMatrix,
    Staged,
)
from hearth.runtime.wasm.tensors import pixel_pitch

TAPS, PLANES = 9, 36
FEW = 4
"""For so few outputs the general kernel may take dot products, which a plain matrix product doesn't."""
LEAST_CHANNELS = 8
"""With fewer channels in or out, the transforms of a Winograd convolution cost more than they save."""
BLOCK_BYTES = 400_000
"""What a block of Winograd tiles may take: it is to stay in the second-level cache."""
STREAMED_BYTES = 4_000_000
"""What it may take where the weights are large anyway and each block reads all of them."""
LEAST_BLOCKS = 8
"""So many blocks there should be at least, for threads to share them evenly."""
STAGED_BYTES = 1_000_000
"""Expanded weights larger than this are rather expanded anew at each use, if the tiles are few."""
STAGED_TILES = 160


@lowers("Conv")
def conv(low: Lowering, step: Step) -> None:
    """Images of one or two spatial axes, with constant weights."""
    if step.node.attributes.get(WHOLE_NUMBERS) and integer_conv(low, step):
        return
    layer = layer_of(low, step, by_planes=True)
    batch, outs, *spatial = layer.y.shape
    if layer.groups == layer.weights.shape[0] > 1 and layer.weights.shape[1] == 1:
        _depthwise(layer)
    elif _tiles(layer) is not None:
        _winograd(layer, _tiles(layer) or 0)
    elif prod(layer.weights.shape[2:]) == 1 and layer.groups == 1 and _is_plain(layer) and outs > FEW:
        _pointwise(layer, batch * prod(spatial))
    else:
        _general(layer)
    low.after(step, layer.rest, low.tensors[step.node.outputs[0]])


def _is_plain(layer: Layer) -> bool:
    """Whether a kernel of one tap sees each pixel once, and no padding."""
    window = layer.window
    whole = layer.x.shape[2:] == layer.y.shape[2:]
    return whole and window.stride_y == window.stride_x == 1 and window.pad_top == window.pad_left == 0


def _tiles(layer: Layer) -> int | None:
    """How many Winograd tiles the layer has; None where that way is not open or not the quicker one."""
    window = layer.window
    if (window.height, window.width, window.stride_y, window.stride_x, layer.groups) != (3, 3, 1, 1, 1):
        return None
    if min(layer.channels, layer.outs) < LEAST_CHANNELS:
        return None
    y = (layer.y.shape[0], *([1] * (4 - len(layer.y.shape))), *layer.y.shape[2:])
    tiles, pixels = y[0], prod(y)
    for size, dilation in ((y[1], window.dilation_y), (y[2], window.dilation_x)):
        phases = min(size, dilation)
        tiles *= phases * -(-(-(-size // dilation)) // 4)  # noqa: B002
    return tiles if tiles * PLANES < 0.8 * pixels * TAPS else None


def _depthwise(layer: Layer) -> None:
    """Weights lie (channel, tap) where x lies plane by plane, else (tap, channel)."""
    channels_first = at_hand(layer.weights)[:, 0]
    taps = channels_first if layer.channels == 1 else channels_first.transpose(1, 2, 0)
    taps = np.ascontiguousarray(taps, np.float32)
    weights = layer.builder.constant(taps)
    layer.emit("depthwise", lambda: layer.conv(Opcode.DEPTHWISE, weights.place, 0))


def _pointwise(layer: Layer, pixels: int) -> None:
    """A 1x1 convolution is a product of pixels by channels."""
    channels, outs, builder = layer.channels, layer.outs, layer.builder

    def pack(source: int, packed: int) -> Structure:
        return PackMatrix(Opcode.PACK_MATRIX, source, packed, Number.FLOAT32, 1, channels, outs, 0, 1, channels)

    matrix = at_hand(layer.weights).reshape(outs, channels).astype(np.float32)
    weights = builder.packed(matrix, channels * builder.padded(outs), pack)

    def make() -> Structure:
        x_pitch, y_pitch = pixel_pitch(layer.x) or 0, pixel_pitch(layer.y) or 0
        return Matmul(
            Opcode.MATMUL, layer.x.place, weights.place, layer.y.place, 1, 1, pixels, outs, channels,
            x_pitch, 0, 0, 0, 0, y_pitch, 0, 0, Number.FLOAT32, NONE, NONE,
            CONV_BLOCK, -(-outs // (2 * builder.vector)), layer.finish(),
        )  # fmt: skip

    layer.emit("pointwise", make, weights)


def _general(layer: Layer) -> None:
    depth = prod(layer.weights.shape[1:])
    floats = depth * layer.groups * layer.builder.padded(layer.outs // layer.groups)
    weights = layer.builder.packed(
        layer.weights, floats, lambda source, packed: layer.packing(Opcode.PACK_CONV, source, packed)
    )
    layer.emit("conv", lambda: layer.conv(Opcode.CONV, weights.place, CONV_BLOCK), weights)


def _winograd(layer: Layer, tiles: int) -> None:
    expanded = PLANES * layer.channels * layer.builder.padded(layer.outs)
    if expanded * 4 > STAGED_BYTES and tiles <= STAGED_TILES:
        _winograd_in_stages(layer, tiles)
        return
    weights = layer.builder.packed(
        layer.weights, expanded, lambda source, packed: layer.packing(Opcode.PACK_WINOGRAD, source, packed)
    )
    per_tile = PLANES * 4 * (layer.channels + layer.outs)
    budget = max(BLOCK_BYTES, min(STREAMED_BYTES, expanded * 2))
    block = max(6, min(48, budget // per_tile, tiles // LEAST_BLOCKS) // 6 * 6)
    layer.emit("winograd", lambda: layer.conv(Opcode.WINOGRAD, weights.place, block), weights)


def _winograd_in_stages(layer: Layer, tiles: int) -> None:
    builder = layer.builder
    floats = builder.padded(layer.outs) * layer.channels * TAPS * layer.weights.dtype.itemsize // 4
    weights = builder.packed(
        layer.weights, floats, lambda source, packed: layer.packing(Opcode.PACK_TAPS, source, packed)
    )
    planes = [
        builder.new((PLANES * (tiles * (builder.padded(count) + 16) + 16),)) for count in (layer.channels, layer.outs)
    ]
    for op in (Opcode.WINOGRAD_INPUT, Opcode.WINOGRAD_PRODUCT, Opcode.WINOGRAD_OUTPUT):

        def make(op: Opcode = op) -> Structure:
            return Staged(layer.conv(op, weights.place, 1), planes[0].place, planes[1].place, layer.number)

        touched = {Opcode.WINOGRAD_INPUT: planes[:1], Opcode.WINOGRAD_OUTPUT: planes[1:]}.get(op, planes)
        layer.emit(op.name.lower(), make, weights, *touched)
