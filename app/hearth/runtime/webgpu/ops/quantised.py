"""Numbers as integers times a scale: where weights are such, products widen them while they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.device import INT_BITS
from hearth.runtime.plan import Step
from hearth.runtime.webgpu.lower import Lowering, lowers
from hearth.runtime.webgpu.values import Computed, Value, broadcast, reshaped
from hearth.runtime.webgpu.wgsl import literal


def _spread(low: Lowering, step: Step, name: str) -> Value | float | None:
    """A scale or zero point: a number, or a value that broadcasts to the input's shape; None for zeros."""
    if not name:
        return None
    array = low.constant(name)
    if array is not None and array.dtype.kind in "iuf":
        if array.dtype.kind in "iu" and not array.any():
            return None
        if array.size == 1:
            return float(array.reshape(-1)[0])
    shape = low.shape(step.node.inputs[0])
    value = low.value(name)
    if not value.shape or value.shape == (1,):
        return broadcast(reshaped(value, ()), shape)
    if len(value.shape) != 1:
        raise Unsupported("scales by block")
    axis = int(step.arguments.get("axis", 1)) % len(shape)
    return broadcast(reshaped(value, (*value.shape, *(1,) * (len(shape) - axis - 1))), shape)


def _formula(value: Value, formula: str, others: Mapping[str, Value | float | None], kind: str) -> Value:
    """A formula over `x` and named others, each a value or a number."""
    parts = [other for other in others.values() if isinstance(other, Value)]

    def body(names: Sequence[str]) -> str:
        functions = iter(names)
        lines = [f"let x = f32({next(functions)}(at));"]
        for name, other in others.items():
            given = f"f32({next(functions)}(at))" if isinstance(other, Value) else literal(float(other or 0.0))
            lines.append(f"let {name} = {given};")
        return " ".join([*lines, f"return {formula};"])

    return Computed(value.shape, (value, *parts), body, 1, kind)


@lowers("DequantizeLinear")
def dequantise(low: Lowering, step: Step) -> None:
    source, scale_name, *zero = step.node.inputs
    if low.dtype(source).name not in INT_BITS or step.arguments.get("block_size"):
        raise Unsupported("a type that has no place on the GPU, or scales by block")
    low.float_only(scale_name, step.node.outputs[0])
    scale, offset = _spread(low, step, scale_name), _spread(low, step, zero[0] if zero else "")
    assert scale is not None
    formula = "x * scale" if offset is None else "(x - zero) * scale"
    others = {"scale": scale} if offset is None else {"scale": scale, "zero": offset}
    low.set(step, _formula(low.value(source), formula, others, "f32"))


@lowers("QuantizeLinear")
def quantise(low: Lowering, step: Step) -> None:
    source, scale_name, *zero = step.node.inputs
    target = low.dtype(step.node.outputs[0])
    if INT_BITS.get(target.name, 64) > 16 or step.arguments.get("block_size"):
        raise Unsupported("a type that has no place on the GPU, or scales by block")
    low.float_only(source, scale_name)
    scale, offset = _spread(low, step, scale_name), _spread(low, step, zero[0] if zero else "")
    assert scale is not None
    bounds = np.iinfo(target)
    formula = f"i32(clamp(round(x / scale) + zero, {bounds.min}.0, {bounds.max}.0))"
    low.define(step.node.outputs[0], _formula(low.value(source), formula, {"scale": scale, "zero": offset}, "i32"))
