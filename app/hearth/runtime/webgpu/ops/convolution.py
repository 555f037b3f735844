"""Conv and ConvTranspose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hearth.errors import Unsupported
from hearth.runtime.graph import Node
from hearth.runtime.ops.registry import WHOLE_NUMBERS
from hearth.runtime.ops.windows import windows
from hearth.runtime.plan import Step
from hearth.runtime.webgpu.conv import Convolution
from hearth.runtime.webgpu.direct import emit_general, emit_staged, emit_unstaged
from hearth.runtime.webgpu.epilogue import declare_finish, epilogue_tensors
from hearth.runtime.webgpu.lower import Lowering, lowers
from hearth.runtime.webgpu.tiles import Choice, ConvShape, General, Staged, Unstaged, Winograd, choose
from hearth.runtime.webgpu.values import Computed, Interface, Joined, Stored, Value, count, reshaped, tensors, work
from hearth.runtime.webgpu.winograd import emit_winograd

FEW_CHANNELS = 8
"""A 1x1 convolution to one output over so few channels is computed where it is read."""


@lowers("Conv")
def conv(low: Lowering, step: Step) -> None:
    node = step.node
    low.float_only(node.inputs[0], node.outputs[0])
    weights, bias = _parameters(low, node)
    shape = conv_shape(low, step)
    value = low.value(node.inputs[0])
    line = len(value.shape) == 3  # one spatial axis: a map of one row
    if line:
        value = reshaped(value, (*value.shape[:2], 1, value.shape[2]))
    epilogue = low.epilogue(step)
    constant = weights.tensor.constant and (bias is None or bias.tensor.constant)
    few = shape.outputs == 1 and shape.channels <= FEW_CHANNELS
    if constant and few and shape.kernel == (1, 1) and _plain(shape):
        return low.define(node.outputs[0], low.applied(_pointwise(low, shape, value, weights, bias, line), epilogue))
    wide = [item for part in epilogue for item in part.operands if not isinstance(item, float | str) and item.shape]
    if line and wide:
        raise Unsupported("an epilogue over one axis")
    exact = bool(node.attributes.get(WHOLE_NUMBERS))  # which Winograd's fractions are not
    choice = low.conv_choice(shape) if constant and not exact else choose(shape, low.limits, winograd=False)
    pooling = None if line else _pooling(low, node, shape, choice)
    task = Convolution(low.builder, shape, value, weights, bias, epilogue, pooling is not None)
    if task.others > low.limits.maxStorageBuffersPerShaderStage - 1:
        raise Unsupported("the epilogue reads too many tensors")
    _emit(task, choice)
    low.define(node.outputs[0], reshaped(task.output, low.shape(node.outputs[0])))
    if pooling is not None and task.pooled is not None:
        low.define(pooling.outputs[0], task.pooled)
        low.done.add(id(pooling))


def _emit(task: Convolution, choice: Choice) -> None:
    match choice:
        case Winograd():
            emit_winograd(task, choice)
        case Staged():
            emit_staged(task, choice)
        case Unstaged():
            emit_unstaged(task, choice)
        case General():
            emit_general(task, choice)


def conv_shape(low: Lowering, step: Step) -> ConvShape:
    """The geometry of a Conv node; Unsupported for more than two spatial axes."""
    x, w = low.shape(step.node.inputs[0]), low.shape(step.node.inputs[1])
    how = step.arguments
    if len(x) not in (3, 4) or not count(x):
        raise Unsupported("a convolution over three axes")
    names = ("strides", "dilations", "pads")
    strides, dilations, pads = (list(how.get(name) or ()) or None for name in names)
    auto = how.get("auto_pad", "NOTSET")
    auto = auto.decode() if isinstance(auto, bytes) else auto
    geometry = windows(x[2:], w[2:], strides, dilations, pads, auto)
    before = tuple(pair[0] for pair in geometry.pads)
    pairs = (x[2:], geometry.outputs, geometry.kernel, geometry.strides, geometry.dilations, before)
    fills = (1, 1, 1, 1, 1, 0)
    two = [(fill, *pair) if len(pair) == 1 else tuple(pair) for pair, fill in zip(pairs, fills, strict=True)]
    return ConvShape(x[0], x[1], w[0], int(how.get("group", 1)), *two)  # type: ignore[arg-type]


def _parameters(low: Lowering, node: Node) -> tuple[Stored, Stored | None]:
    """Weights and bias in memory; constants as they are stored."""
    names = [*node.inputs, ""][1:3]
    low.float_only(*names)
    weights, bias = (
        None if not name else low.builder.constant(name) if name in low.graph.constants else low.stored(name)
        for name in names
    )
    assert weights is not None
    return weights, bias


def _plain(shape: ConvShape) -> bool:
    return shape.strides == (1, 1) and shape.pads == (0, 0) and shape.in_size == shape.size and shape.groups == 1


def _pointwise(
    low: Lowering, shape: ConvShape, value: Value, weights: Stored, bias: Stored | None, line: bool
) -> Value:
    """A weighted sum of few channels, with the weights and the bias in one tensor."""
    builder, channels = low.builder, shape.channels
    plane = shape.size[0] * shape.size[1]
    others: tuple[Value, ...] = (weights,) if bias is None else (weights, bias)

    def text(names: Sequence[str]) -> str:
        last = f"{names[1]}(0u)" if bias is not None else "0.0"
        return f"if (at == {channels}u) {{ return {last}; }} return {names[0]}(at);"

    packed = builder.packed(
        ("pointwise", weights.tensor),
        channels + 1,
        lambda target: builder.fill(target, Computed((channels + 1,), others, text)),
    )
    if len(tensors(value)) > builder.limits.maxStorageBuffersPerShaderStage - 2:
        value = builder.store(value)
    parts: tuple[Value, ...] = (value,)
    if isinstance(value, Joined) and value.axis == 1 and shape.batch == 1:
        parts = value.parts

    def body(names: Sequence[str]) -> str:
        weight = names[-1]
        lines = [f"let n = at / {plane}u; let p = at % {plane}u; var sum = {weight}({channels}u);"]
        channel = 0
        for name, part in zip(names, parts, strict=False):
            for inner in range(part.shape[1]):
                place = f"(n * {part.shape[1]}u + {inner}u) * {plane}u + p"
                lines.append(f"sum = fma({weight}({channel}u), {name}({place}), sum);")
                channel += 1
        return " ".join([*lines, "return sum;"])

    result = (shape.batch, 1, *shape.size)
    computed = Computed(result, (*parts, packed), body, channels)
    return reshaped(computed, (shape.batch, 1, shape.size[1])) if line else computed


def _pooling(low: Lowering, node: Node, shape: ConvShape, choice: Choice) -> Node | None:
    """The 2x2 pooling of a convolution's result that its kernel can do on the way."""
    height, width = shape.size
    if height % 2 or width % 2:
        return None
    match choice:
        case Winograd():
            able = shape.dilations == (1, 1)
        case Staged():
            able = choice.thread_h % 2 == 0 and width % 4 == 0
        case Unstaged():
            able = choice.side == 2
        case _:
            able = False
    readers = low.readers.get(node.outputs[0], []) if able else []
    return next((reader for reader in readers if is_halving(reader)), None)


def is_halving(node: Node) -> bool:
    """Whether a node is a 2x2 maximum with stride 2 and no padding."""
    get: Callable[..., Any] = node.attributes.get
    return (
        node.op == "MaxPool"
        and len(node.outputs) == 1
        and get("kernel_shape") == [2, 2]
        and get("strides") == [2, 2]
        and not any(get("pads") or [])
        and get("auto_pad", "NOTSET") in ("NOTSET", "VALID", b"NOTSET", b"VALID")
        and (get("dilations") or [1, 1]) == [1, 1]
        and not node.epilogue
    )


@lowers("ConvTranspose")
def conv_transpose(low: Lowering, step: Step) -> None:
    node, how = step.node, step.arguments
    low.float_only(node.inputs[0], node.outputs[0])
    weights, bias = _parameters(low, node)
    x, w, y = low.shape(node.inputs[0]), low.shape(node.inputs[1]), low.shape(node.outputs[0])
    if len(x) != 4:
        raise Unsupported("a transposed convolution over other than two axes")
    strides = list(how.get("strides") or [1, 1])
    dilations = list(how.get("dilations") or [1, 1])
    extra = list(how.get("output_padding") or [0, 0])
    pads = list(how.get("pads") or [0, 0, 0, 0])
    auto = how.get("auto_pad", "NOTSET")
    auto = auto.decode() if isinstance(auto, bytes) else auto
    for axis in (0, 1):
        whole = strides[axis] * (x[2 + axis] - 1) + extra[axis] + (w[2 + axis] - 1) * dilations[axis] + 1
        if auto in ("SAME_UPPER", "SAME_LOWER") or how.get("output_shape"):
            total = whole - y[2 + axis]
            pads[axis] = total // 2 if auto == "SAME_UPPER" or total < 0 else total - total // 2
            if auto == "NOTSET":
                raise Unsupported("a transposed convolution with a given size")
    groups = int(how.get("group", 1))
    epilogue = low.epilogue(step)
    value = low.value(node.inputs[0])
    if work(value) > 2 or len(tensors(value)) + epilogue_tensors(epilogue) > 4:
        value = low.builder.store(value)
    interface = Interface()
    names = {"element": interface.function(value), "weights": interface.function(weights)}
    if bias is not None:
        names["bias"] = interface.function(bias)
    finish = declare_finish(interface, epilogue, y)
    output = low.builder.new(y)
    interface.output(output.tensor)
    groups_of, row = low.builder.rows(count(y))
    parts = [f"fn {name}(at: u32) -> f32 {{ return {known}(at); }}" for name, known in names.items()]
    if bias is None:
        parts.append("fn bias(at: u32) -> f32 { return 0.0; }")
    low.builder.call(
        "conv_transpose",
        {
            "CHANNELS": x[1] // groups,
            "ALL_CHANNELS": x[1],
            "OUTPUTS": y[1],
            "GROUP_OUTPUTS": y[1] // groups,
            "IN_HEIGHT": x[2],
            "IN_WIDTH": x[3],
            "HEIGHT": y[2],
            "WIDTH": y[3],
            "KERNEL_H": w[2],
            "KERNEL_W": w[3],
            "STRIDE_Y": strides[0],
            "STRIDE_X": strides[1],
            "DILATION_Y": dilations[0],
            "DILATION_X": dilations[1],
            "PAD_TOP": pads[0],
            "PAD_LEFT": pads[1],
            "COUNT": count(y),
            "ROW": row,
        },
        interface,
        groups_of,
        f"transposed {y[2]}x{y[3]} {x[1]}->{y[1]}",
        flops=2 * count(x) * y[1] // groups * w[2] * w[3],
        parts=[*parts, finish],
    )
    low.define(node.outputs[0], output)
