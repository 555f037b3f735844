"""Ops that move elements: views and computed values, no kernels of their own."""

from __future__ import annotations

from collections.abc import Sequence

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.types import TensorType
from hearth.runtime.webgpu.lower import Lowering, ints, lowers
from hearth.runtime.webgpu.values import (
    Computed,
    Shape,
    Value,
    broadcast,
    count,
    joined,
    reshaped,
    strides,
    viewed,
)
from hearth.runtime.webgpu.wgsl import literal


@lowers("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout")
def reshape(low: Lowering, step: Step) -> None:
    node = step.node
    if node.op == "Dropout" and (len(node.outputs) > 1 or any(node.inputs[2:])):
        raise Unsupported("dropout that drops")
    low.set(step, reshaped(low.value(step.node.inputs[0]), low.shape(step.node.outputs[0])))


@lowers("Transpose")
def transpose(low: Lowering, step: Step) -> None:
    value = low.value(step.node.inputs[0])
    order = step.arguments.get("perm") or list(range(len(value.shape)))[::-1]
    steps = strides(value.shape)
    low.set(step, viewed(value, tuple(value.shape[axis] for axis in order), [steps[axis] for axis in order]))


@lowers("Expand")
def expand(low: Lowering, step: Step) -> None:
    low.set(step, broadcast(low.value(step.node.inputs[0]), low.shape(step.node.outputs[0])))


@lowers("Slice")
def slice_(low: Lowering, step: Step) -> None:
    value = low.value(step.node.inputs[0])
    if "starts" in step.arguments:
        starts, ends = ints(step.arguments["starts"]), ints(step.arguments["ends"])
        axes, paces = step.arguments.get("axes"), None
    else:
        arrays = [low.constant(name) for name in step.node.inputs[1:]]
        if any(array is None and name for array, name in zip(arrays, step.node.inputs[1:], strict=True)):
            raise Unsupported("the bounds are not constant")
        lists = [None if array is None else ints(array) for array in arrays] + [None, None]
        starts, ends, axes, paces = lists[0] or [], lists[1] or [], lists[2], lists[3]
    axes = list(axes) if axes is not None else list(range(len(starts)))
    paces = list(paces) if paces is not None else [1] * len(starts)
    shape, steps, start = list(value.shape), list(strides(value.shape)), 0
    for begin, end, axis, pace in zip(starts, ends, axes, paces, strict=True):
        taken = range(shape[axis])[slice(begin, end if abs(end) < 1 << 40 else None, pace)]
        start += (taken[0] if taken else 0) * steps[axis]
        shape[axis], steps[axis] = len(taken), steps[axis] * pace
    if tuple(shape) != low.shape(step.node.outputs[0]) or not count(tuple(shape)):
        raise Unsupported("the slice is empty")
    low.set(step, viewed(value, tuple(shape), steps, start))


@lowers("Split")
def split(low: Lowering, step: Step) -> None:
    value = low.value(step.node.inputs[0])
    axis = int(step.arguments.get("axis", 0)) % len(value.shape)
    steps = strides(value.shape)
    start = 0
    for name in step.node.outputs:
        shape = low.shape(name)
        if name:
            low.define(name, viewed(value, shape, steps, start * steps[axis]))
        start += shape[axis]


@lowers("Concat")
def concat(low: Lowering, step: Step) -> None:
    values = [low.value(name) for name in step.node.inputs]
    values = [value for value in values if count(value.shape)]
    kinds = {value.kind for value in values}
    if len(kinds) > 1:
        raise Unsupported("mixed types")
    shape = low.shape(step.node.outputs[0])
    axis = int(step.arguments["axis"]) % len(shape)
    if len(values) == 1:
        return low.set(step, values[0])
    low.set(step, joined(tuple(values), axis))


@lowers("Pad")
def pad(low: Lowering, step: Step) -> None:
    low.float_only(step.node.inputs[0])
    value = low.value(step.node.inputs[0])
    rank = len(value.shape)
    mode = step.arguments.get("mode", "constant")
    mode = mode.decode() if isinstance(mode, bytes) else mode
    if "pads" in step.arguments:
        pads, fill = ints(step.arguments["pads"]), float(step.arguments.get("value", 0.0))
        axes = list(range(rank))
    else:
        inputs = [*step.node.inputs, "", "", ""]
        given, filler, chosen = (low.constant(name) for name in inputs[1:4])
        if given is None or (inputs[2] and filler is None) or (inputs[3] and chosen is None):
            raise Unsupported("the padding is not constant")
        pads, fill = ints(given), float(filler.reshape(-1)[0]) if filler is not None and filler.size else 0.0
        axes = [axis % rank for axis in ints(chosen)] if chosen is not None else list(range(rank))
    before, after = [0] * rank, [0] * rank
    for position, axis in enumerate(axes):
        before[axis], after[axis] = pads[position], pads[position + len(axes)]
    if mode not in ("constant", "reflect", "edge"):
        raise Unsupported(f"padding by {mode}")
    if mode == "reflect" and any(max(b, a) >= n for b, a, n in zip(before, after, value.shape, strict=True)):
        raise Unsupported("reflection of a reflection")
    shape = low.shape(step.node.outputs[0])
    low.set(step, _padded(value, shape, before, mode, fill))


def _padded(value: Value, shape: Shape, before: list[int], mode: str, fill: float) -> Value:
    outer, inner = strides(shape), strides(value.shape)

    def body(names: Sequence[str]) -> str:
        lines, terms = [], []
        for axis, (size, wide) in enumerate(zip(value.shape, shape, strict=True)):
            if wide == 1 and size == 1:
                continue
            coordinate = f"i32((at / {outer[axis]}u) % {wide}u)"
            if size == wide and not before[axis]:
                terms.append(f"{coordinate} * {inner[axis]}")
                continue
            name = f"c{axis}"
            lines.append(f"var {name} = {coordinate} - {before[axis]};")
            if mode == "constant":
                lines.append(f"if ({name} < 0 || {name} >= {size}) {{ return {literal(fill)}; }}")
            elif mode == "edge":
                lines.append(f"{name} = clamp({name}, 0, {size - 1});")
            else:
                lines.append(f"{name} = {size - 1} - abs({size - 1} - abs({name}));")
            terms.append(f"{name} * {inner[axis]}")
        return " ".join([*lines, f"return {names[0]}(u32({' + '.join(terms) or '0'}));"])

    return Computed(shape, (value,), body, 1)


@lowers("Gather")
def gather(low: Lowering, step: Step) -> None:
    data, places = step.node.inputs
    value = low.value(data)
    axis = int(step.arguments.get("axis", 0)) % len(value.shape)
    size, inner = value.shape[axis], count(value.shape[axis + 1 :])
    shape = low.shape(step.node.outputs[0])
    chosen = low.constant(places)
    if chosen is not None and chosen.ndim == 0:
        steps = list(strides(value.shape))
        at = int(chosen) % size
        return low.set(step, viewed(value, shape, steps[:axis] + steps[axis + 1 :], at * steps[axis]))
    kind = low.graph.type(places)
    if not isinstance(kind, TensorType) or kind.dtype is None or kind.dtype.kind not in "iu":
        raise Unsupported("the indices are no integers")
    indices = low.value(places)
    many = count(indices.shape)

    def body(names: Sequence[str]) -> str:
        return (
            f"let i = {names[1]}((at / {inner}u) % {many}u); let j = select(i, i + {size}, i < 0); "
            f"return {names[0]}((at / {inner * many}u) * {size * inner}u + u32(j) * {inner}u + at % {inner}u);"
        )

    low.set(step, Computed(shape, (value, indices), body, 2, value.kind))


@lowers("Tile")
def tile(low: Lowering, step: Step) -> None:
    value = low.value(step.node.inputs[0])
    shape = low.shape(step.node.outputs[0])
    outer, inner = strides(shape), strides(value.shape)
    terms = [
        f"((at / {outer[axis]}u) % {shape[axis]}u) % {size}u * {inner[axis]}u" for axis, size in enumerate(value.shape)
    ]
    low.set(step, Computed(shape, (value,), lambda f: f"return {f[0]}({' + '.join(terms)});", 1, value.kind))


@lowers("DepthToSpace")
def depth_to_space(low: Lowering, step: Step) -> None:
    value = low.value(step.node.inputs[0])
    n, c, h, w = value.shape
    b = int(step.arguments["blocksize"])
    mode = step.arguments.get("mode", "DCR")
    split_shape = (n, b, b, c // b**2, h, w) if mode in ("DCR", b"DCR") else (n, c // b**2, b, b, h, w)
    order = (0, 3, 4, 1, 5, 2) if mode in ("DCR", b"DCR") else (0, 1, 4, 2, 5, 3)
    steps = strides(split_shape)
    moved = viewed(
        reshaped(value, split_shape), tuple(split_shape[axis] for axis in order), [steps[axis] for axis in order]
    )
    low.set(step, reshaped(moved, low.shape(step.node.outputs[0])))
