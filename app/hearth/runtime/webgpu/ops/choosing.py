"""Ops that choose elements by place or by size: computed values that loop where they must."""

from __future__ import annotations

from collections.abc import Sequence

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.webgpu.lower import Lowering, lowers
from hearth.runtime.webgpu.values import Computed, Shape, count, reshaped, strides, viewed


@lowers("ArgMax", "ArgMin")
def arg_most(low: Lowering, step: Step) -> None:
    low.float_only(step.node.inputs[0])
    value = low.value(step.node.inputs[0])
    axis = int(step.arguments.get("axis", 0)) % len(value.shape)
    size, inner = value.shape[axis], count(value.shape[axis + 1 :])
    sign = (">" if step.node.op == "ArgMax" else "<") + ("=" if step.arguments.get("select_last_index") else "")

    def body(names: Sequence[str]) -> str:
        return (
            f"let start = (at / {inner}u) * {size * inner}u + at % {inner}u; "
            f"var best = {names[0]}(start); var place = 0; "
            f"for (var i = 1u; i < {size}u; i++) {{ let x = {names[0]}(start + i * {inner}u); "
            f"if (x {sign} best) {{ best = x; place = i32(i); }} }} return place;"
        )

    shape = low.shape(step.node.outputs[0])
    low.define(step.node.outputs[0], low.builder.store(Computed(shape, (value,), body, size, "i32")))


@lowers("Trilu")
def triangle(low: Lowering, step: Step) -> None:
    value = low.value(step.node.inputs[0])
    name = step.node.inputs[1] if len(step.node.inputs) > 1 else ""
    given = low.constant(name)
    if name and given is None:
        raise Unsupported("a diagonal that is not constant")
    offset = 0 if given is None else int(given.reshape(-1)[0])
    rows, columns = value.shape[-2:]
    sign = ">=" if step.arguments.get("upper", 1) else "<="
    test = f"i32(at % {columns}u) - i32((at / {columns}u) % {rows}u) {sign} {offset}"
    body = f"if ({test}) {{{{ return {{0}}(at); }}}} return {value.kind}(0);"
    low.set(step, Computed(value.shape, (value,), lambda f: body.format(f[0]), 1, value.kind))


@lowers("GatherElements")
def gather_elements(low: Lowering, step: Step) -> None:
    value, indices = (low.value(name) for name in step.node.inputs)
    axis = int(step.arguments.get("axis", 0)) % len(value.shape)
    size = value.shape[axis]
    steps, shape = strides(value.shape), indices.shape
    others = [
        f"(at / {outer}u) % {shape[number]}u * {steps[number]}u"
        for number, outer in enumerate(strides(shape))
        if number != axis and shape[number] > 1
    ]

    def body(names: Sequence[str]) -> str:
        place = " + ".join([*others, f"u32(j) * {steps[axis]}u"])
        return f"let i = {names[1]}(at); let j = select(i, i + {size}, i < 0); return {names[0]}({place});"

    low.set(step, Computed(shape, (value, indices), body, 2, value.kind))


@lowers("GatherND")
def gather_nd(low: Lowering, step: Step) -> None:
    value, indices = (low.value(name) for name in step.node.inputs)
    batch = int(step.arguments.get("batch_dims", 0))
    shape = low.shape(step.node.outputs[0])
    depth = indices.shape[-1]
    inner = count(value.shape[batch + depth :])
    steps = strides(value.shape)
    rows = count(indices.shape[batch:-1])
    block = count(value.shape[batch:])

    def body(names: Sequence[str]) -> str:
        lines = [f"let row = at / {inner}u; var place = (row / {rows}u) * {block}u + at % {inner}u;"]
        for number in range(depth):
            size, pace = value.shape[batch + number], steps[batch + number]
            lines.append(f"{{ let i = {names[1]}(row * {depth}u + {number}u); ")
            lines.append(f"place += u32(select(i, i + {size}, i < 0)) * {pace}u; }}")
        return " ".join([*lines, f"return {names[0]}(place);"])

    low.set(step, Computed(shape, (value, indices), body, 1 + depth, value.kind))


@lowers("OneHot")
def one_hot(low: Lowering, step: Step) -> None:
    indices, _, values = step.node.inputs
    if low.dtype(indices).kind not in "iu":
        raise Unsupported("places that are no integers")
    shape = low.shape(step.node.outputs[0])
    places, pair = low.value(indices), low.value(values)
    axis = int(step.arguments.get("axis", -1)) % len(shape)
    size, inner = shape[axis], count(shape[axis + 1 :])

    def body(names: Sequence[str]) -> str:
        return (
            f"let i = {names[0]}((at / {size * inner}u) * {inner}u + at % {inner}u); "
            f"let hot = select(i, i + {size}, i < 0) == i32((at / {inner}u) % {size}u); "
            f"return {names[1]}(select(0u, 1u, hot));"
        )

    low.set(step, Computed(shape, (places, pair), body, 2, pair.kind))


@lowers("SpaceToDepth")
def space_to_depth(low: Lowering, step: Step) -> None:
    value = low.value(step.node.inputs[0])
    n, c, h, w = value.shape
    b = int(step.arguments["blocksize"])
    parted: Shape = (n, c, h // b, b, w // b, b)
    mode = step.arguments.get("mode", "DCR")
    steps, order = strides(parted), (0, 3, 5, 1, 2, 4) if mode in ("DCR", b"DCR") else (0, 1, 3, 5, 2, 4)
    moved = viewed(reshaped(value, parted), tuple(parted[axis] for axis in order), [steps[axis] for axis in order])
    low.set(step, reshaped(moved, low.shape(step.node.outputs[0])))
