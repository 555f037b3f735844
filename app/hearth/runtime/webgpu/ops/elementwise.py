"""Element-wise ops: computed values, which end up inside the kernels that read them."""

from __future__ import annotations

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.types import TensorType, dtype_of
from hearth.runtime.webgpu.expressions import BINARY, COMPARISONS, UNARY
from hearth.runtime.webgpu.lower import Lowering, lowers
from hearth.runtime.webgpu.values import Computed, broadcast


@lowers("Identity")
def identity(low: Lowering, step: Step) -> None:
    # With an epilogue its first node starts from the same value by name, which may be smaller than the result.
    if not step.epilogue:
        return low.define(step.node.outputs[0], low.value(step.node.inputs[0]))
    low.float_only(step.node.outputs[0], *(name for name in step.node.reads()))
    shape = low.shape(step.node.outputs[0])
    value = low.value(step.node.inputs[0])
    low.define(step.node.outputs[0], low.chain(shape, broadcast(value, shape), low.epilogue(step)))


@lowers(*sorted((UNARY | BINARY) - COMPARISONS - {"Identity"}))
def arithmetic(low: Lowering, step: Step) -> None:
    low.float_only(*step.node.inputs, step.node.outputs[0])
    shape = low.shape(step.node.outputs[0])
    low.define(step.node.outputs[0], low.chain(shape, None, [low.elementwise(step.node, {}, "v0")]))


@lowers(*sorted(COMPARISONS))
def comparison(low: Lowering, step: Step) -> None:
    """Gives 1 and 0 in float32."""
    low.float_only(*step.node.inputs)
    shape = low.shape(step.node.outputs[0])
    low.define(step.node.outputs[0], low.chain(shape, None, [low.elementwise(step.node, {}, "v0")]))


@lowers("Where")
def where(low: Lowering, step: Step) -> None:
    condition, yes, no = step.node.inputs
    low.float_only(yes, no)
    shape = low.shape(step.node.outputs[0])
    parts = tuple(broadcast(low.value(name), shape) for name in (condition, yes, no))
    low.set(
        step,
        Computed(shape, parts, lambda f: f"return select({f[2]}(at), {f[1]}(at), {f[0]}(at) != 0);", 1),
    )


@lowers("Cast")
def cast(low: Lowering, step: Step) -> None:
    """Integers of any width travel as i32, conditions as 1 and 0."""
    source = low.graph.type(step.node.inputs[0])
    target = dtype_of(step.arguments["to"])
    if not isinstance(source, TensorType) or source.dtype is None:
        raise Unsupported("the type is not known")
    value = low.value(step.node.inputs[0])
    if target == np.float32 and source.dtype.kind in "iub":
        return low.set(step, Computed(value.shape, (value,), lambda f: f"return f32({f[0]}(at));", 0))
    if target == np.float32 and source.dtype == np.float32:
        return low.set(step, value)
    raise Unsupported("a cast that only the CPU does")
