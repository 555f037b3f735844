"""Element-wise ops: computed values, which end up inside the kernels that read them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.device import kind_of
from hearth.runtime.graph import Node
from hearth.runtime.plan import Step
from hearth.runtime.types import dtype_of
from hearth.runtime.webgpu.expressions import BINARY, COMPARISONS, LOGICAL, UNARY
from hearth.runtime.webgpu.lower import Lowering, lowers
from hearth.runtime.webgpu.ops.integers import integer
from hearth.runtime.webgpu.values import Computed, Value, broadcast


@lowers("Identity")
def identity(low: Lowering, step: Step) -> None:
    node = step.node
    # With an epilogue its first node starts from the same value by name, which may be smaller than the result.
    if not step.epilogue:
        return low.define(node.outputs[0], low.value(node.inputs[0]))
    if any(low.dtype(name).kind != "f" for name in (node.outputs[0], *node.reads())):
        low.values[node.result] = low.value(node.inputs[0])
        for after in step.epilogue:
            low.values[after.node.outputs[0]] = _one(low, after.node)
        return
    shape = low.shape(node.outputs[0])
    value = low.value(node.inputs[0])
    low.define(node.outputs[0], low.chain(shape, broadcast(value, shape), low.epilogue(step)))


@lowers(*sorted((UNARY | BINARY) - {"Identity"}), "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "BitShift")
def arithmetic(low: Lowering, step: Step) -> None:
    low.define(step.node.outputs[0], _one(low, step.node))


def _one(low: Lowering, node: Node) -> Value:
    """A node's value. Comparisons and logic give 1 and 0."""
    shape = low.shape(node.outputs[0])
    names = [name for name in node.inputs if name]
    kinds = {low.dtype(name).kind for name in (names[:1] if node.op == "Clip" else names)}
    if node.op in LOGICAL or (node.op == "Equal" and kinds == {"b"}):
        if kinds != {"b"}:
            raise Unsupported("logic over other than conditions")
    elif kinds <= {"i", "u"}:
        return integer(low, node, shape)
    else:
        low.float_only(*names, *(() if node.op in COMPARISONS else node.outputs))
    return low.chain(shape, None, [low.elementwise(node, {}, "v0")])


@lowers("IsNaN", "IsInf")
def not_finite(low: Lowering, step: Step) -> None:
    """By the bits of a stored number: what computes it may take it that it is finite."""
    low.float_only(step.node.inputs[0])
    value = low.builder.store(low.value(step.node.inputs[0]))
    bits, infinite = "bitcast<u32>(f32({}(at)))", ["0x7f800000u", "0xff800000u"]
    if step.node.op == "IsNaN":
        test = "(bits & 0x7fffffffu) > 0x7f800000u"
    else:
        asked = [step.arguments.get(f"detect_{sign}", 1) for sign in ("positive", "negative")]
        tests = [f"bits == {number}" for number, wanted in zip(infinite, asked, strict=True) if wanted]
        test = " || ".join(tests) or "false"

    def body(names: Sequence[str]) -> str:
        return f"let bits = {bits.format(names[0])}; return select(0.0, 1.0, {test});"

    low.set(step, Computed(value.shape, (value,), body, 1))


@lowers("Where")
def where(low: Lowering, step: Step) -> None:
    condition, yes, no = step.node.inputs
    shape = low.shape(step.node.outputs[0])
    kind = kind_of(low.dtype(yes))
    assert kind is not None
    parts = tuple(broadcast(low.value(name), shape) for name in (condition, yes, no))
    low.set(
        step,
        Computed(shape, parts, lambda f: f"return select({f[2]}(at), {f[1]}(at), {f[0]}(at) != 0);", 1, kind),
    )


@lowers("Cast")
def cast(low: Lowering, step: Step) -> None:
    try:
        target = dtype_of(step.arguments["to"])
    except (KeyError, TypeError):
        raise Unsupported("a type by its name") from None
    low.set(step, converted(low.value(step.node.inputs[0]), low.dtype(step.node.inputs[0]), target))


@lowers("CastLike")
def cast_like(low: Lowering, step: Step) -> None:
    source, like = step.node.inputs
    low.set(step, converted(low.value(source), low.dtype(source), low.dtype(like)))


def converted(value: Value, source: np.dtype, target: np.dtype) -> Value:
    """A value as another type; Unsupported for types that have no place on the GPU."""
    kind = kind_of(target)
    if kind is None:
        raise Unsupported(f"a cast to {target}")
    if source == target or (target.name == "float32" and source.kind in "fb"):
        return value
    floating = kind_of(source) == "f32"
    match target.name:
        case "float32":
            formula = "f32(bitcast<u32>({}))" if source.name == "uint32" else "f32({})"
        case "float16":
            formula = "unpack2x16float(pack2x16float(vec2<f32>(f32({}), 0.0))).x"
        case "bool":
            formula = "select(0.0, 1.0, {} != 0)"
        case "uint32":
            formula = "bitcast<i32>(u32({}))" if floating else "{}"
        case "int8" | "int16":
            shift = 32 - 8 * target.itemsize
            formula = f"(i32({{}}) << {shift}u) >> {shift}u"
        case "uint8" | "uint16":
            formula = f"i32({{}}) & {(1 << 8 * target.itemsize) - 1}"
        case _:
            if source.name == "uint32" and target.name != "int32":
                raise Unsupported("integers that may need more than 32 bits")
            formula = "i32({})"
    return Computed(value.shape, (value,), lambda f: f"return {formula.format(f'{f[0]}(at)')};", 0, kind)
