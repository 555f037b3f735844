"""Ops along axes: reductions, softmax, normalisations."""

from __future__ import annotations

from ctypes import Structure
from dataclasses import replace
from math import prod

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.steps import (
    NONE,
    Action,
    ActionCode,
    Elementwise,
    Normalise,
    Opcode,
    Operand,
    Reduce,
    Reduction,
    Softmax,
)
from hearth.runtime.wasm.tensors import Tensor, pixel_pitch

REDUCTIONS = {
    "ReduceSum": Reduction.REDUCE_SUM,
    "ReduceMean": Reduction.REDUCE_MEAN,
    "ReduceMax": Reduction.REDUCE_MAX,
    "ReduceMin": Reduction.REDUCE_MIN,
    "ReduceProd": Reduction.REDUCE_PRODUCT,
    "ReduceSumSquare": Reduction.REDUCE_SQUARES,
    "ReduceL1": Reduction.REDUCE_ABSOLUTES,
    "ReduceL2": Reduction.REDUCE_SQUARES,
    "ReduceLogSum": Reduction.REDUCE_SUM,
}
IN_PARTS = ("ReduceMax", "ReduceMin", "ReduceSum")
LONG, PARTS = 1 << 14, 16
AFTERWARDS = {"ReduceL2": ActionCode.SQRT, "ReduceLogSum": ActionCode.LOG}


def _span(axes: list[int]) -> tuple[int, int]:
    """The first axis and one after the last; Unsupported where axes in between are missing."""
    axes = sorted(axes)
    if axes != list(range(axes[0], axes[0] + len(axes))):
        raise Unsupported("Only neighbouring axes are joined.")
    return axes[0], axes[-1] + 1


@lowers(*REDUCTIONS)
def reduce(low: Lowering, step: Step) -> None:
    """Reductions over neighbouring axes."""
    node, how = step.node, step.arguments
    name, output = node.inputs[0], node.outputs[0]
    low.require_floats(name, output)
    shape = low.shape(name)
    chosen = low.constant(node.inputs[1]) if len(node.inputs) > 1 else None
    if len(node.inputs) > 1 and node.inputs[1] and chosen is None:
        raise Unsupported("The axes are not constant.")
    axes = [int(axis) for axis in (chosen.reshape(-1) if chosen is not None else how.get("axes") or ())]
    if not axes and how.get("noop_with_empty_axes"):
        raise Unsupported("Nothing is reduced.")
    axes = [axis % len(shape) for axis in axes] or list(range(len(shape)))
    if not shape or 0 in shape:
        raise Unsupported("Nothing is reduced.")
    first, end = _span(axes)
    outer, count, inner = prod(shape[:first]), prod(shape[first:end]), prod(shape[end:])
    x, y = low.dense(name), low.output(output)
    if outer == inner == 1 and count >= LONG and node.op in IN_PARTS:
        x, count = _parts(low, node.op, x, count)
    strides = (count * inner, inner, inner)

    def make() -> Structure:
        return Reduce(Opcode.REDUCE, REDUCTIONS[node.op], x.place, y.place, outer, count, inner, *strides)

    low.builder.emit(node.op, make, [x, y], outer * count * inner)
    if node.op in AFTERWARDS:
        _act(low, AFTERWARDS[node.op], y)


def _parts(low: Lowering, op: str, x: Tensor, count: int) -> tuple[Tensor, int]:
    """What each of many parts comes to, and how many there are: a unit of work each, where the whole would be one."""
    size = -(-count // PARTS)
    parts, rest = divmod(count, size)
    made = low.builder.new((parts + bool(rest),))

    def make(at: int, outer: int, length: int) -> Structure:
        strides = (length, 1, 1)
        place = x.place + at * size
        return Reduce(Opcode.REDUCE, REDUCTIONS[op], place, made.place + at, outer, length, 1, *strides)

    low.builder.emit(f"{op} parts", lambda: make(0, parts, size), [x, made], parts * size)
    if rest:
        low.builder.emit(f"{op} rest", lambda: make(parts, 1, rest), [x, made], rest)
    return made, parts + bool(rest)


def _act(low: Lowering, code: ActionCode, y: Tensor) -> None:
    def make() -> Structure:
        whole = Operand(y.place, y.number, (0, 0, 0, 0, 1))
        return Elementwise(Opcode.ELEMENTWISE, (1, 1, 1, 1, prod(y.shape)), 1, 1, whole, (whole,), (Action(code),))

    low.builder.emit(code.name.lower(), make, [y])


@lowers("Softmax", "LogSoftmax")
def softmax(low: Lowering, step: Step) -> None:
    """Along one axis; before opset 13 along all axes from one on."""
    node = step.node
    name, output = node.inputs[0], node.outputs[0]
    low.require_floats(name, output)
    shape = low.shape(name)
    if not shape or 0 in shape:
        raise Unsupported("There is nothing to normalise.")
    late = node.opset >= 13
    axis = int(step.arguments.get("axis", -1 if late else 1)) % len(shape)
    end = axis + 1 if late else len(shape)
    outer, count, inner = prod(shape[:axis]), prod(shape[axis:end]), prod(shape[end:])
    x, y = low.dense(name), low.output(output)
    steps = (count * inner, inner) * 2
    logarithm = node.op == "LogSoftmax"
    low.builder.emit(
        node.op,
        lambda: Softmax(Opcode.SOFTMAX, x.place, y.place, outer, count, inner, *steps, logarithm),
        [x, y],
        prod(shape) * 4,
    )


@lowers("LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization")
def layer_norm(low: Lowering, step: Step) -> None:
    """Along the axes from one on, with constant scale and shift."""
    node, how = step.node, step.arguments
    shape = low.shape(node.inputs[0])
    if any(node.outputs[1:]) or 0 in shape:
        raise Unsupported("Only the normalised values have a kernel.")
    axis = int(how.get("axis", -1)) % len(shape)
    along = prod(shape[axis:])
    factors = [_factors(low, name, along) for name in node.inputs[1:3]]
    centred = node.op == "LayerNormalization"
    _normalise(low, step, (prod(shape[:axis]), along, 1), factors, centred)


@lowers("InstanceNormalization")
def instance_norm(low: Lowering, step: Step) -> None:
    """Every channel of every image on its own. Groups come like this too, with a scale of 1 and a shift of 0."""
    node = step.node
    shape = low.shape(node.inputs[0])
    if 0 in shape:
        raise Unsupported("There is nothing to normalise.")
    pixels, channels = prod(shape[2:]), shape[1]
    scale, shift = (low.constant(name) for name in node.inputs[1:3])
    if scale is not None and shift is not None and (scale == 1).all() and not shift.any():
        _normalise(low, step, (shape[0] * channels, pixels, 1), [None, None], True)
        return
    factors = [_factors(low, name, channels) for name in node.inputs[1:3]]
    low.require_floats(node.inputs[0], node.outputs[0])
    x = low.image(node.inputs[0])
    y = low.output_image(node.outputs[0])
    steps = (0, pixel_pitch(x) or 0, 0, pixel_pitch(y) or 0)
    for number in range(shape[0]):
        one = [replace(part, offset=part.offset + number * part.strides[0]) for part in (x, y)]
        _emit(low, step, one[0], one[1], (1, pixels, channels), steps, factors, False, True)


def _factors(low: Lowering, name: str, count: int) -> Tensor | None:
    """Scale or shift: a constant with one number for each element of the normalised axes."""
    if not name:
        return None
    array = low.constant(name)
    if array is None or array.size != count:
        raise Unsupported("Scale or shift are not constant.")
    return low.builder.constant(np.ascontiguousarray(array.reshape(-1), np.float32))


def _normalise(
    low: Lowering, step: Step, sizes: tuple[int, int, int], factors: list[Tensor | None], centred: bool
) -> None:
    name, output = step.node.inputs[0], step.node.outputs[0]
    low.require_floats(name, output)
    x, y = low.dense(name), low.output(output)
    steps = (sizes[1] * sizes[2], sizes[2]) * 2
    _emit(low, step, x, y, sizes, steps, factors, True, centred)


def _emit(
    low: Lowering,
    step: Step,
    x: Tensor,
    y: Tensor,
    sizes: tuple[int, int, int],
    strides: tuple[int, ...],
    factors: list[Tensor | None],
    by_count: bool,
    centred: bool,
) -> None:
    scale, shift = [*factors, None, None][:2]
    epsilon = float(step.arguments.get("epsilon", 1e-5))

    def make() -> Structure:
        places = [NONE if tensor is None else tensor.place for tensor in (scale, shift)]
        return Normalise(Opcode.NORMALISE, x.place, y.place, *sizes, *strides, *places, by_count, centred, epsilon)

    touched = [x, y, *(tensor for tensor in (scale, shift) if tensor is not None)]
    low.builder.emit(step.node.op, make, touched, prod(x.shape) * 4)
