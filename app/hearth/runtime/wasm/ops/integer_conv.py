"""Convolutions of whole numbers, computed as integers: exact, and about twice as many products an instruction."""

from __future__ import annotations

from ctypes import Structure
from dataclasses import replace
from math import prod

import numpy as np

from hearth.runtime.plan import Step
from hearth.runtime.unread import at_hand
from hearth.runtime.wasm.lower import Lowering
from hearth.runtime.wasm.ops.integers import EXACT_DEPTH, pairs
from hearth.runtime.wasm.ops.layer import CONV_BLOCK, Layer, layer_of
from hearth.runtime.wasm.steps import NONE, Image, IntegerConv, Opcode, PairImage
from hearth.runtime.wasm.tensors import Tensor, pixel_pitch

TRANSFORM = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]])
"""Twice what Winograd's F(2, 3) makes of three weights: whole numbers."""
WINOGRAD_CHANNELS, WINOGRAD_DEPTH = 32, 512
"""Where the sums of Winograd's planes pay, and up to how many channels four times a sum fits into 32 bits."""
WINOGRAD_TILES = 12


def integer_conv(low: Lowering, step: Step) -> bool:
    """Whether it took the convolution: not one of a channel each, and not sums that 32 bits can't hold."""
    scales, rounds, rest = _requantising(low, step)
    layer = layer_of(low, rest)
    per_group, *kernel = layer.weights.shape[1:]
    depth = per_group * prod(kernel)
    if per_group == 1 or (layer.groups > 1 and per_group % 2) or depth >= EXACT_DEPTH:
        return False
    bias = low.constant(step.node.inputs[2]) if len(step.node.inputs) > 2 else None
    _emit(layer, scales, None if bias is None else bias, rounds)
    low.after(rest, layer.rest, layer.y)
    return True


def _requantising(low: Lowering, step: Step) -> tuple[np.ndarray | None, bool, Step]:
    """How the epilogue begins, the scale of each channel and whether sums are rounded after it, and the rest of it."""
    rest, value = list(step.epilogue), step.node.result
    outs = low.shape(step.node.inputs[1])[0]
    rank = len(low.shape(step.node.inputs[0]))
    scales, rounds = None, False
    if rest and rest[0].node.op == "Mul":
        factor = next((low.constant(name) for name in rest[0].node.inputs if name != value), None)
        each = factor is not None and factor.shape in ((outs, *(1,) * (rank - 2)), (1, outs, *(1,) * (rank - 2)))
        if factor is not None and (each or factor.size == 1):
            scales = np.broadcast_to(factor.reshape(-1), (outs,)).astype(np.float32)
            value = rest.pop(0).node.outputs[0]
    if rest and rest[0].node.op == "Round":
        rounds, value = True, rest.pop(0).node.outputs[0]
    return scales, rounds, replace(step, node=replace(step.node, result=value), epilogue=tuple(rest))


def _emit(layer: Layer, scales: np.ndarray | None, bias: np.ndarray | None, rounds: bool) -> None:
    builder, x = layer.builder, layer.x
    panel = 2 * builder.vector
    count = -(-layer.channels // 2)
    pixels = x.shape[0] * prod(x.shape[2:])
    image = builder.new((pixels * count,))
    builder.emit(
        f"pairs {layer.channels}",
        lambda: PairImage(Opcode.PAIR_IMAGE, x.place, image.place, pixels, pixel_pitch(x) or 0, layer.channels),
        [x, image],
    )
    by_tiles = _by_tiles(layer)
    packed = _transformed if by_tiles else _packed
    weights = builder.table(
        np.concatenate([packed(part, panel) for part in np.split(at_hand(layer.weights), layer.groups)])
    )
    channels = -(-layer.outs // panel) * panel
    factor, added = (
        None if array is None else builder.table(np.pad(array.astype(kind), (0, channels - layer.outs)))
        for array, kind in ((scales, np.float32), (bias, np.int32))
    )

    def make() -> Structure:
        op, block = (Opcode.INTEGER_WINOGRAD, WINOGRAD_TILES) if by_tiles else (Opcode.INTEGER_CONV, CONV_BLOCK)
        conv = layer.conv(op, weights.place, block)
        conv.x = Image(image.place, count, conv.x.batch, conv.x.height, conv.x.width, count)
        conv.finish.bias = NONE
        return IntegerConv(conv, _place(added), _place(factor), rounds)

    layer.emit(
        "integer winograd" if by_tiles else "integer conv",
        make,
        image,
        weights,
        *(tensor for tensor in (factor, added) if tensor is not None),
    )


def _by_tiles(layer: Layer) -> bool:
    """Whether Winograd's way is open, and the quicker one: for 3x3 with stride 1 and many channels."""
    window = layer.window
    plain = (window.stride_y, window.stride_x, window.dilation_y, window.dilation_x, layer.groups) == (1, 1, 1, 1, 1)
    channels, outs = layer.channels, layer.outs
    fits = channels <= WINOGRAD_DEPTH and channels % (2 * layer.builder.vector) == 0
    enough = min(channels, outs) >= WINOGRAD_CHANNELS and min(layer.y.shape[2:]) > 1
    return plain and layer.weights.shape[2:] == (3, 3) and fits and enough


def _transformed(weights: np.ndarray, panel: int) -> np.ndarray:
    """A group's (out, in, 3, 3) as Winograd's planes, four times as large: its channels in pairs, plane by plane."""
    planes = np.einsum("ai,ncij,bj->abcn", TRANSFORM, weights.astype(np.int64), TRANSFORM)
    return np.concatenate([pairs(plane, panel) for plane in planes.reshape(-1, *planes.shape[2:])])


def _packed(weights: np.ndarray, panel: int) -> np.ndarray:
    """A group's (out, in, height, width) as the kernel reads them: its channels in pairs, tap by tap."""
    outs, channels = weights.shape[:2]
    even = np.pad(weights, ((0, 0), (0, channels % 2), (0, 0), (0, 0)))
    return pairs(even.transpose(2, 3, 1, 0).reshape(-1, outs), panel)


def _place(tensor: Tensor | None) -> int:
    return NONE if tensor is None else tensor.place
