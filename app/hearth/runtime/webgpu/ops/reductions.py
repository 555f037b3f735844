"""Reductions over axes, and what is built of them: softmax and normalisations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.webgpu.builder import Builder
from hearth.runtime.webgpu.epilogue import Epilogue, declare_finish, epilogue_tensors
from hearth.runtime.webgpu.lower import Lowering, ints, lowers
from hearth.runtime.webgpu.values import (
    Computed,
    Interface,
    Shape,
    Stored,
    Value,
    broadcast,
    count,
    reshaped,
    strides,
    viewed,
)
from hearth.runtime.webgpu.wgsl import literal

IN_PLACE = 8
"""So few elements are reduced by whoever reads the result."""
LONG = 8192
"""So many elements are reduced in two steps, by many workgroups first."""

CHUNKS = 64

_COMBINE = {"sum": "a + b", "max": "max(a, b)", "min": "min(a, b)", "prod": "a * b"}
_START = {"sum": "0.0", "max": "-3.4028234e38", "min": "3.4028234e38", "prod": "1.0"}
_KINDS: dict[str, tuple[str, str, str]] = {
    "ReduceSum": ("{}", "sum", "{}"),
    "ReduceMean": ("{}", "sum", "({}) / LENGTH"),
    "ReduceMax": ("{}", "max", "{}"),
    "ReduceMin": ("{}", "min", "{}"),
    "ReduceProd": ("{}", "prod", "{}"),
    "ReduceL1": ("abs({})", "sum", "{}"),
    "ReduceL2": ("{0} * {0}", "sum", "sqrt({})"),
    "ReduceSumSquare": ("{0} * {0}", "sum", "{}"),
    "ReduceLogSum": ("{}", "sum", "log({})"),
}
"""What is done to each element, how they are combined, what is done to the result."""


def mapped(value: Value, formula: str, *others: Value) -> Value:
    """A formula over `{0}`, `{1}`, ...: the value and others broadcast to its shape."""
    parts = (value, *(broadcast(other, value.shape) for other in others))
    if formula == "{}":
        return value
    return Computed(value.shape, parts, lambda f: f"{_lets(f)} return {formula.format(*_names(f))};", 1)


def _names(functions: Sequence[str]) -> list[str]:
    return [f"p{number}" for number in range(len(functions))]


def _lets(functions: Sequence[str]) -> str:
    return " ".join(f"let p{number} = {function}(at);" for number, function in enumerate(functions))


def reduced(
    builder: Builder, value: Value, axes: Sequence[int], how: str, after: str = "{}", epilogue: Epilogue = ()
) -> Value:
    """A reduction that keeps the reduced axes with length one; `after` is a formula over the result."""
    rank = len(value.shape)
    gone = sorted(axis % rank for axis in axes)
    kept = [axis for axis in range(rank) if axis not in gone]
    order = [*kept, *gone]
    steps = strides(value.shape)
    length = count(tuple(value.shape[axis] for axis in gone))
    shape = tuple(1 if axis in gone else size for axis, size in enumerate(value.shape))
    moved = viewed(value, tuple(value.shape[axis] for axis in order), [steps[axis] for axis in order])
    after = after.replace("LENGTH", f"{length}.0")
    total = count(shape)
    if length <= IN_PLACE and not epilogue:
        return Computed(shape, (moved,), lambda f: _short(f[0], length, how, after), length)
    if length > LONG and total < 64:
        moved = reduced(builder, _chunks(moved, total, length, _START[how]), [2], how)
        length = CHUNKS
    moved = builder.readable(moved, 1 + epilogue_tensors(epilogue))
    interface = Interface()
    function = interface.function(moved)
    finish = declare_finish(interface, epilogue, shape).replace("fn finish(", "fn concluded(")
    output = builder.new(shape)
    interface.output(output.tensor)
    groups, row = builder.rows(total, 1)
    builder.call(
        "reduce",
        {"LENGTH": length, "COUNT": total, "ROW": row, "THREADS": 256 if length > 2048 else 64},
        interface,
        groups,
        f"reduce {how} {total}x{length}",
        parts=[
            f"const START = {_START[how]};",
            f"fn combine(a: f32, b: f32) -> f32 {{ return {_COMBINE[how]}; }}",
            f"fn value(at: u32) -> f32 {{ return {function}(at); }}",
            finish,
            f"fn finish(value: f32, at: u32) -> f32 {{ return concluded({after.format('value')}, at); }}",
        ],
    )
    return output


def _chunks(value: Value, total: int, length: int, start: str) -> Value:
    """Each row of a (total, length) value in CHUNKS parts of one length, the last ones filled up."""
    part = -(-length // CHUNKS)

    def body(names: Sequence[str]) -> str:
        inner = f"at % {CHUNKS * part}u"
        return (
            f"let i = {inner}; if (i >= {length}u) {{ return {start}; }} "
            f"return {names[0]}((at / {CHUNKS * part}u) * {length}u + i);"
        )

    return Computed((total, CHUNKS, part), (value,), body, 1)


def _short(function: str, length: int, how: str, after: str) -> str:
    lines = [f"let start = at * {length}u; var a = {function}(start);"]
    for number in range(1, length):
        lines.append(f"{{ let b = {function}(start + {number}u); a = {_COMBINE[how]}; }}")
    return " ".join([*lines, f"return {after.format('a')};"])


def _reduce_axes(low: Lowering, step: Step, rank: int) -> list[int]:
    if "axes" in step.arguments and step.arguments["axes"] is not None:
        return ints(step.arguments["axes"])
    given = step.node.inputs[1] if len(step.node.inputs) > 1 else ""
    array = low.constant(given)
    if given and array is None:
        raise Unsupported("the axes are not constant")
    axes = [] if array is None else ints(array)
    if axes or step.arguments.get("noop_with_empty_axes"):
        return axes
    return list(range(rank))


@lowers(*_KINDS)
def reduction(low: Lowering, step: Step) -> None:
    low.float_only(step.node.inputs[0])
    value = low.value(step.node.inputs[0])
    axes = _reduce_axes(low, step, len(value.shape))
    if not axes or not count(value.shape):
        raise Unsupported("a reduction of nothing")
    before, how, after = _KINDS[step.node.op]
    result = reduced(low.builder, mapped(value, before), axes, how, after)
    low.set(step, reshaped(result, low.shape(step.node.outputs[0])))


@lowers("GlobalAveragePool", "GlobalMaxPool")
def global_pool(low: Lowering, step: Step) -> None:
    low.float_only(step.node.inputs[0])
    value = low.value(step.node.inputs[0])
    before, how, after = _KINDS["ReduceMean" if step.node.op == "GlobalAveragePool" else "ReduceMax"]
    axes = range(2, len(value.shape))
    low.set(step, reduced(low.builder, mapped(value, before), axes, how, after))


@lowers("Softmax", "LogSoftmax")
def softmax(low: Lowering, step: Step) -> None:
    low.float_only(step.node.inputs[0])
    value = low.value(step.node.inputs[0])
    rank = len(value.shape)
    modern = step.node.opset >= 13
    axis = int(step.arguments.get("axis", -1 if modern else 1)) % rank
    axes = [axis] if modern else list(range(axis, rank))
    value = low.builder.store(value)
    top = low.builder.store(reduced(low.builder, value, axes, "max"))
    total = low.builder.store(reduced(low.builder, mapped(value, "exp({0} - {1})", top), axes, "sum"))
    formula = "exp({0} - {1}) / {2}" if step.node.op == "Softmax" else "{0} - {1} - log({2})"
    low.set(step, mapped(value, formula, top, total))


def _normalised(builder: Builder, value: Value, axes: Sequence[int], epsilon: float) -> tuple[Stored, Stored, Stored]:
    """(the value stored, its mean, one over its deviation) along axes."""
    stored = builder.store(value)
    mean = builder.store(reduced(builder, stored, axes, "sum", "({}) / LENGTH"))
    spread = mapped(stored, "({0} - {1}) * ({0} - {1})", mean)
    after = f"inverseSqrt(({{}}) / LENGTH + {literal(epsilon)})"
    return stored, mean, builder.store(reduced(builder, spread, axes, "sum", after))


def _affine(low: Lowering, step: Step, value: Value, shape: Callable[[Shape], Shape]) -> tuple[str, list[Value]]:
    """A formula's tail for scale and bias inputs, and the values."""
    others: list[Value] = []
    tail = ""
    for position, sign in ((1, "*"), (2, "+")):
        name = step.node.inputs[position] if len(step.node.inputs) > position else ""
        if name:
            given = low.value(name)
            others.append(reshaped(given, shape(given.shape)))
            tail += f" {sign} {{{2 + len(others)}}}"
    return tail, others


@lowers("LayerNormalization")
def layer_normalization(low: Lowering, step: Step) -> None:
    low.float_only(*step.node.inputs)
    value = low.value(step.node.inputs[0])
    axis = int(step.arguments.get("axis", -1)) % len(value.shape)
    axes = range(axis, len(value.shape))
    stored, mean, scale = _normalised(low.builder, value, axes, float(step.arguments.get("epsilon", 1e-5)))
    tail, others = _affine(low, step, stored, lambda shape: shape)
    low.set(step, mapped(stored, "({0} - {1}) * {2}" + tail, mean, scale, *others))
    for name, extra in zip(step.node.outputs[1:], (mean, scale), strict=False):
        if name:
            low.define(name, reshaped(extra, low.shape(name)))


@lowers("RMSNormalization")
def rms_normalization(low: Lowering, step: Step) -> None:
    low.float_only(*step.node.inputs)
    value = low.builder.store(low.value(step.node.inputs[0]))
    axis = int(step.arguments.get("axis", -1)) % len(value.shape)
    after = f"inverseSqrt(({{}}) / LENGTH + {literal(float(step.arguments.get('epsilon', 1e-5)))})"
    axes = range(axis, len(value.shape))
    scale = low.builder.store(reduced(low.builder, mapped(value, "{0} * {0}"), axes, "sum", after))
    low.set(step, mapped(value, "{0} * {1} * {2}", scale, low.value(step.node.inputs[1])))


@lowers("LpNormalization")
def lp_normalization(low: Lowering, step: Step) -> None:
    low.float_only(step.node.inputs[0])
    value = low.builder.store(low.value(step.node.inputs[0]))
    axis = int(step.arguments.get("axis", -1))
    before, after = ("abs({0})", "{}") if int(step.arguments.get("p", 2)) == 1 else ("{0} * {0}", "sqrt({})")
    norm = low.builder.store(reduced(low.builder, mapped(value, before), [axis], "sum", after))
    low.set(step, mapped(value, "select({0} / {1}, 0.0, {1} == 0.0)", norm))


@lowers("ReduceLogSumExp")
def log_sum_exp(low: Lowering, step: Step) -> None:
    low.float_only(step.node.inputs[0])
    value = low.builder.store(low.value(step.node.inputs[0]))
    axes = _reduce_axes(low, step, len(value.shape))
    if not axes:
        raise Unsupported("a reduction of nothing")
    top = low.builder.store(reduced(low.builder, value, axes, "max"))
    total = reduced(low.builder, mapped(value, "exp({0} - {1})", top), axes, "sum", "log({})")
    low.set(step, reshaped(mapped(top, "{0} + {1}", total), low.shape(step.node.outputs[0])))


@lowers("GroupNormalization")
def group_normalization(low: Lowering, step: Step) -> None:
    """Scale and bias are given by channel since opset 21, by group before."""
    low.float_only(*step.node.inputs)
    value = low.value(step.node.inputs[0])
    batch, channels, *rest = value.shape
    groups = int(step.arguments["num_groups"])
    parted = reshaped(value, (batch, groups, channels // groups, count(tuple(rest))))
    stored, mean, scale = _normalised(low.builder, parted, [2, 3], float(step.arguments.get("epsilon", 1e-5)))
    by_channel = step.node.opset >= 21
    tail, others = _affine(low, step, stored, lambda shape: (1, groups, channels // groups if by_channel else 1, 1))
    low.set(step, reshaped(mapped(stored, "({0} - {1}) * {2}" + tail, mean, scale, *others), value.shape))


@lowers("InstanceNormalization")
def instance_normalization(low: Lowering, step: Step) -> None:
    low.float_only(*step.node.inputs)
    value = low.value(step.node.inputs[0])
    rank = len(value.shape)
    epsilon = float(step.arguments.get("epsilon", 1e-5))
    stored, mean, scale = _normalised(low.builder, value, range(2, rank), epsilon)
    tail, others = _affine(low, step, stored, lambda shape: (1, shape[0], *(1,) * (rank - 2)))
    low.set(step, mapped(stored, "({0} - {1}) * {2}" + tail, mean, scale, *others))


@lowers("BatchNormalization")
def batch_normalization(low: Lowering, step: Step) -> None:
    if len(step.node.outputs) > 1 or step.arguments.get("training_mode"):
        raise Unsupported("training")
    low.float_only(*step.node.inputs)
    value = low.value(step.node.inputs[0])
    rank = len(value.shape)
    others = [low.value(name) for name in step.node.inputs[1:5]]
    columns = [reshaped(other, (1, count(other.shape), *(1,) * (rank - 2))) for other in others]
    epsilon = literal(float(step.arguments.get("epsilon", 1e-5)))
    low.set(step, mapped(value, f"({{0}} - {{3}}) * {{1}} * inverseSqrt({{4}} + {epsilon}) + {{2}}", *columns))
