"""MatMul and Gemm."""

from __future__ import annotations

from collections.abc import Sequence

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.webgpu.epilogue import Applied, Epilogue, declare_finish, epilogue_tensors
from hearth.runtime.webgpu.lower import Lowering, lowers
from hearth.runtime.webgpu.values import (
    Interface,
    Shape,
    Stored,
    Value,
    count,
    reshaped,
    strides,
    tensors,
    viewed,
    work,
)

FEW_ROWS = 4
COLUMNS = 8
"""That a workgroup of `matvec` makes, as its file has it."""

MAX_WORK = 4
"""Weights that cost no more than this are made while the product reads them: integers with a scale, say."""


@lowers("MatMul")
def matmul(low: Lowering, step: Step) -> None:
    low.float_only(*step.node.inputs)
    left, right = (low.value(name) for name in step.node.inputs)
    shape = low.shape(step.node.outputs[0])
    a = left.shape if len(left.shape) > 1 else (1, *left.shape)
    b = right.shape if len(right.shape) > 1 else (*right.shape, 1)
    batch = shape[: max(len(a), len(b)) - 2]
    _define(low, step, product(low, reshaped(left, a), reshaped(right, b), batch, low.epilogue(step)))


@lowers("Gemm")
def gemm(low: Lowering, step: Step) -> None:
    low.float_only(*step.node.inputs)
    how = step.arguments
    left, right = (low.value(name) for name in step.node.inputs[:2])
    if how.get("transA"):
        left = _transposed(left)
    if how.get("transB"):
        right = _transposed(right)
    before: list[Applied] = []
    last = "value"
    alpha, beta = float(how.get("alpha", 1.0)), float(how.get("beta", 1.0))
    if alpha != 1:
        before.append(Applied("Mul", (last, alpha), {}, (), "scaled"))
        last = "scaled"
    if len(step.node.inputs) > 2 and step.node.inputs[2]:
        addend = low.operand(step.node.inputs[2])
        if beta != 1:
            raise Unsupported("a scaled addend")
        before.append(Applied("Add", (last, addend), {}, (), "biased"))
        last = "biased"
    # The epilogue starts from what the product is called by then.
    after = [
        Applied(
            part.op,
            tuple(last if item == "value" else item for item in part.operands),
            part.attributes,
            part.limits,
            part.name,
        )
        for part in low.epilogue(step)
    ]
    _define(low, step, product(low, left, right, (), [*before, *after]))


def _transposed(value: Value) -> Value:
    rows, columns = value.shape
    return viewed(value, (columns, rows), (1, columns))


def _define(low: Lowering, step: Step, value: Stored) -> None:
    low.define(step.node.outputs[0], reshaped(value, low.shape(step.node.outputs[0])))


def product(low: Lowering, left: Value, right: Value, batch: Shape, epilogue: Epilogue = ()) -> Stored:
    """(*batch, m, n) of left (..., m, k) and right (..., k, n), whose axes before the last two spread over `batch`."""
    builder = low.builder
    m, k, n = left.shape[-2], left.shape[-1], right.shape[-1]
    if not count((m, k, n)):
        raise Unsupported("an empty product")
    room = low.limits.maxStorageBuffersPerShaderStage - 1 - epilogue_tensors(epilogue)
    if work(left) > 2 or len(tensors(left)) > 1:
        left = builder.store(left)
    if work(right) > MAX_WORK or len(tensors(right)) > room - 1:
        right = builder.store(right)
    if room < 2:
        raise Unsupported("the epilogue reads too many tensors")
    shape = (*batch, m, n)
    interface = Interface()
    parts = [
        _reader(interface, "left", left, batch, ("m", "k")),
        _reader(interface, "right", right, batch, ("k", "n")),
        declare_finish(interface, epilogue, shape),
    ]
    output = builder.new(shape)
    interface.output(output.tensor)
    batches = count(batch)
    label = f"{batches}x{m}x{k}x{n}"
    flops = 2 * batches * m * k * n
    if m <= FEW_ROWS or n <= FEW_ROWS or k >= 8 * max(m, n):
        size = {"M": m, "N": n, "K": k}
        builder.call(
            "matvec", size, interface, (-(-n // COLUMNS), m, batches), f"matvec {label}", flops=flops, parts=parts
        )
    else:
        groups = (-(-n // 32), -(-m // 32), batches)
        builder.call("matmul", {"M": m, "N": n, "K": k}, interface, groups, f"matmul {label}", flops=flops, parts=parts)
    return output


def _reader(interface: Interface, name: str, value: Value, batch: Shape, axes: Sequence[str]) -> str:
    """WGSL of `left(batch, m, k)` or `right(batch, k, n)`, with the batch axes broadcast."""
    own = (1,) * (len(batch) - (len(value.shape) - 2)) + value.shape[:-2]
    matrix = value.shape[-2] * value.shape[-1]
    outer = strides(batch)
    inner = strides(own)
    terms = [
        f"((batch / {outer[axis]}u) % {size}u) * {inner[axis] * matrix}u" for axis, size in enumerate(own) if size > 1
    ]
    first = " + ".join([*terms, f"{axes[0]} * {value.shape[-1]}u + {axes[1]}"])
    function = interface.function(value)
    return f"fn {name}(batch: u32, {axes[0]}: u32, {axes[1]}: u32) -> f32 {{ return {function}({first}); }}"
