"""A Plan turned into GPU work: each step by the handler of its op, what has none on the CPU in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.device import kind_of
from hearth.runtime.graph import Node
from hearth.runtime.plan import Plan, Step
from hearth.runtime.types import TensorType
from hearth.runtime.webgpu.builder import Builder
from hearth.runtime.webgpu.epilogue import Applied, Epilogue, Operand
from hearth.runtime.webgpu.expressions import BINARY, UNARY, expression
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.program import Halves, Lowered
from hearth.runtime.webgpu.tiles import Choice, ConvChooser, ConvShape, Winograd, choose
from hearth.runtime.webgpu.values import Computed, Shape, Stored, Value, broadcast, count, reshaped, work
from hearth.runtime.webgpu.wgsl import literal

MAX_CROSSINGS = 6
"""A plan that goes to the CPU and back more often is slower than one that stays there."""

HEAVY = frozenset(
    (
        *("Conv", "ConvInteger", "ConvTranspose", "DeformConv", "QLinearConv"),
        *("Attention", "Einsum", "Gemm", "MatMul", "MatMulInteger", "QLinearMatMul"),
        *("GRU", "LSTM", "RNN"),
    )
)
MOST_ON_CPU = 1 << 16
"""Elements that such an op may touch where it has no kernel here: with more, the whole plan is quicker on executors
that have one."""

SHARED_WORK = 2
"""What several steps read is stored if an element costs more than this."""

Handler = Callable[["Lowering", Step], None]
HANDLERS: dict[str, Handler] = {}


def lowers(*names: str) -> Callable[[Handler], Handler]:
    """Registers the handler of ops. It raises Unsupported for a node that it cannot take, having set no value."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update((name, handler) for name in names)
        return handler

    return register


class Lowering:
    """One plan being lowered: the values known so far, by name."""

    def __init__(self, plan: Plan, limits: Limits, choose_conv: ConvChooser = choose, halves: Halves = "none") -> None:
        self.plan, self.graph, self.limits = plan, plan.graph, limits
        self.choose_conv = choose_conv
        self.builder = Builder(limits, lambda name: self.graph.constants[name], halves)
        self.values: dict[str, Value] = {}
        self.on_cpu: set[str] = set()
        self.waiting: list[int] = []
        self.reads: dict[str, int] = {}
        for step in plan.steps:
            for name in set(step.node.reads()):
                self.reads[name] = self.reads.get(name, 0) + 1
        for name in self.graph.outputs:
            self.reads[name] = self.reads.get(name, 0) + 1
        self.readers = self.graph.consumers()
        self.winograd_bytes = 0
        self.done: set[int] = set()
        """Nodes that an earlier step has taken along, by id."""

    # -- what handlers ask ---------------------------------------------------------------------------------------

    def value(self, name: str) -> Value:
        """A value as float32 or integers on the GPU. Raises Unsupported where it cannot be there."""
        known = self.values.get(name)
        if known is not None:
            return known
        if name in self.graph.constants:
            return self.builder.constant(name)
        if name in self.on_cpu and self.waiting:
            self.flush()
            if name in self.values:
                return self.values[name]
        raise Unsupported(f"The value '{name}' has no place on the GPU.")

    def stored(self, name: str) -> Stored:
        """A value in memory."""
        return self.builder.store(self.value(name))

    def constant(self, name: str) -> np.ndarray | None:
        """A constant's array, None for anything else."""
        return self.graph.constant(name) if name else None

    def shape(self, name: str) -> Shape:
        """A value's shape; Unsupported where it is not known."""
        shape = self.graph.shape(name)
        if shape is None:
            raise Unsupported(f"The shape of '{name}' is not known.")
        return shape

    def dtype(self, name: str) -> np.dtype:
        """A value's type; Unsupported where it is not known, or has no place on the GPU."""
        kind = self.graph.type(name)
        if not isinstance(kind, TensorType) or kind_of(kind.dtype) is None:
            raise Unsupported(f"'{name}' is of a type that has no place on the GPU.")
        assert kind.dtype is not None
        return kind.dtype

    def float_only(self, *names: str) -> None:
        """Raises Unsupported where one of the values is not float32 or float16, which is computed in float32 here."""
        for name in filter(None, names):
            if self.dtype(name).kind != "f":
                raise Unsupported(f"'{name}' is not a float.")

    def set(self, step: Step, value: Value) -> None:
        """Gives a step's first output its value, with the epilogue applied."""
        self.define(step.node.outputs[0], self.applied(value, self.epilogue(step)))

    def define(self, name: str, value: Value) -> None:
        """Names a value. One that is dear and read more than once is stored at once."""
        if self.reads.get(name, 0) > 1 and not isinstance(value, Stored) and work(value) > SHARED_WORK:
            value = self.builder.store(value)
        self.values[name] = value

    def conv_choice(self, shape: ConvShape) -> Choice:
        """The kernel for a convolution. Small GPUs get Winograd's large weights only as far as their memory goes."""
        choice = self.choose_conv(shape, self.limits)
        if isinstance(choice, Winograd):
            budget = self.limits.maxBufferSize // 2
            if shape.winograd_bytes > budget // 8 or self.winograd_bytes + shape.winograd_bytes > budget:
                return choose(shape, self.limits, winograd=False)
            self.winograd_bytes += shape.winograd_bytes
        return choice

    def operand(self, name: str) -> Operand:
        """A value as an operand of an element-wise op: a number where it is a constant of one element."""
        array = self.constant(name)
        if array is not None and array.size == 1 and array.dtype.kind in "fib":
            return float(array.reshape(-1)[0])
        return self.value(name)

    def epilogue(self, step: Step) -> Epilogue:
        """The element-wise ops fused onto a step."""
        names = {step.node.result: "value"}
        result: list[Applied] = []
        for number, after in enumerate(step.epilogue):
            applied = self.elementwise(after.node, names, f"v{number}")
            names[after.node.outputs[0]] = applied.name
            result.append(applied)
        return result

    def elementwise(self, node: Node, names: dict[str, str], name: str) -> Applied:
        """A node as an op over operands; `names` are values that the function at hand has as variables."""
        if node.op not in UNARY | BINARY or node.domain:
            raise Unsupported(f"{node.label} is not element-wise on the GPU.")
        attributes = dict(node.attributes)
        if node.op == "Clip":
            if any(source and self.constant(source) is None for source in node.inputs[1:3]):
                if not all(node.inputs[1:3]) or len(node.inputs) < 3:
                    raise Unsupported(f"{node.label} has one bound that is not constant.")
                given = tuple(self._named(source, names) for source in node.inputs)
                return Applied("Clip", given, attributes, (), name)
            bounds = [attributes.get("min"), attributes.get("max")]
            for position, source in enumerate(node.inputs[1:3]):
                array = self.constant(source)
                bounds[position] = None if array is None else float(array.reshape(-1)[0])
            return Applied("Clip", (self._named(node.inputs[0], names),), attributes, tuple(bounds), name)  # type: ignore[arg-type]
        operands = [self._named(source, names) for source in node.inputs]
        if node.op == "PRelu" and node.opset < 7 and isinstance(operands[1], Stored | Computed):
            # One slope a channel.
            operands[1] = reshaped(
                operands[1], (count(operands[1].shape), *(1,) * (len(self.shape(node.inputs[0])) - 2))
            )
        if node.op == "Pow" and isinstance(operands[1], float):
            attributes["exponent"] = operands[1]
        return Applied(node.op, tuple(operands), attributes, (), name)

    def _named(self, source: str, names: dict[str, str]) -> Operand:
        return names[source] if source in names else self.operand(source)

    def applied(self, value: Value, epilogue: Epilogue) -> Value:
        """A value with an epilogue as a computed value."""
        return self.chain(value.shape, value, epilogue) if epilogue else value

    def chain(self, shape: Shape, value: Value | None, epilogue: Epilogue) -> Value:
        """Element-wise ops in order, over `value` under the name that the epilogue gives it."""
        parts: list[Value] = [] if value is None else [value]
        for applied in epilogue:
            parts += [broadcast(item, shape) for item in applied.operands if not isinstance(item, float | str)]

        def body(names: Any) -> str:
            functions = iter(names)
            lines = [] if value is None else [f"let value = f32({next(functions)}(at));"]
            for applied in epilogue:
                operands = []
                for item in applied.operands:
                    if isinstance(item, str):
                        operands.append(item)
                    else:
                        operands.append(literal(item) if isinstance(item, float) else f"f32({next(functions)}(at))")
                text = expression(applied.op, operands, applied.attributes, applied.limits)
                lines.append(f"let {applied.name} = {text};")
            return " ".join([*lines, f"return {epilogue[-1].name if epilogue else 'value'};"])

        return Computed(shape, tuple(parts), body, len(epilogue))

    # -- the walk ------------------------------------------------------------------------------------------------

    def run(self) -> Lowered:
        """Lowers every step. Raises Unsupported where the GPU is of no use for this plan."""
        for name, kind in self.graph.inputs.items():
            self._input(name, kind)
        for number, step in enumerate(self.plan.steps):
            if id(step.node) in self.done:
                continue
            if not self._on_gpu(step):
                if step.node.op in HEAVY and self._touched(step.node) > MOST_ON_CPU:
                    raise Unsupported(f"{step.node.label} has no kernel on the GPU, and is too much for numpy.")
                self.waiting.append(number)
                self.on_cpu.update(filter(None, step.node.outputs))
        for name in self.graph.outputs:
            if name not in self.values or name in self.graph.inputs or name in self.graph.constants:
                continue
            stored = self.builder.whole(self.values[name])
            others = [self.builder.crossing[other].tensor for other in (*self.builder.inputs, *self.builder.outputs)]
            if stored.tensor in others or stored.tensor.name:
                stored = self.builder.copy(stored)
            self.builder.crossing[name] = stored
            self.builder.outputs.append(name)
        if self.waiting:
            self.flush()
        if len(self.builder.borders) > MAX_CROSSINGS or not self.builder.calls:
            raise Unsupported("Too little of this model runs on the GPU: too many of its ops have no kernel there.")
        return self.builder.finish()

    def _input(self, name: str, kind: object) -> None:
        if not isinstance(kind, TensorType) or not kind.static:
            raise Unsupported(f"The shape of the input '{name}' is not known.")
        assert kind.dtype is not None
        gpu = kind_of(kind.dtype)
        if gpu is None or not count(kind.static_shape):
            self.on_cpu.add(name)
            return
        stored = self.builder.new(kind.static_shape, gpu)
        stored = Stored(replace(stored.tensor, name=name), stored.shape, gpu)
        self.values[name] = self.builder.crossing[name] = stored
        self.builder.inputs.append(name)

    def _touched(self, node: Node) -> int:
        """The elements of a node's inputs and outputs, as far as they are known."""
        shapes = [self.graph.shape(name) for name in (*node.reads(), *node.outputs) if name]
        return sum(count(shape) for shape in shapes if shape is not None)

    def _on_gpu(self, step: Step) -> bool:
        handler = HANDLERS.get(step.node.op) if not step.node.domain else None
        if handler is None:
            return False
        try:
            for name in filter(None, (*step.node.outputs, *step.node.reads())):
                if (name in step.node.outputs or name in self.values) and not count(self.shape(name)):
                    raise Unsupported(f"'{name}' is empty.")
            handler(self, step)
        except Unsupported:
            return False
        return True

    def flush(self) -> None:
        """Lets the steps that wait run on the CPU, here; what later steps need of them comes back to the GPU."""
        steps = [self.plan.steps[number] for number in self.waiting]
        made = {name for step in steps for name in step.node.outputs if name}
        wanted: dict[str, Stored] = {}
        for step in steps:
            for name in step.node.reads():
                on_gpu = name in self.values and name not in self.graph.inputs and name not in made
                if on_gpu and name not in self.on_cpu:
                    wanted[name] = self.builder.whole(self.values[name])
                    self.on_cpu.add(name)
        back: dict[str, Stored] = {}
        for name in made:
            kind = self.graph.type(name)
            if not self.reads.get(name) or not isinstance(kind, TensorType) or not kind.static:
                continue
            gpu = kind_of(kind.dtype)
            if gpu is not None and count(kind.static_shape):
                stored = self.builder.new(kind.static_shape, gpu)
                self.values[name] = back[name] = stored
        self.builder.border(wanted, tuple(self.waiting), back)
        self.waiting.clear()


def lower(
    plan: Plan, limits: Limits | None = None, choose_conv: ConvChooser = choose, *, halves: Halves = "none"
) -> Lowered:
    """Lowers a plan whose shapes are all known; `halves` are for GPUs with `shader-f16`.

    Raises Unsupported where the GPU is of no use for it.
    """
    _load_handlers()
    return Lowering(plan, limits or Limits(), choose_conv, halves).run()


def _load_handlers() -> None:
    from hearth.runtime.webgpu.ops import MODULES

    assert MODULES


def ints(value: object) -> list[int]:
    """A list of integers out of an attribute or an array."""
    items: Iterable[Any] = value.reshape(-1).tolist() if isinstance(value, np.ndarray) else value  # type: ignore[assignment]
    return [int(item) for item in items]
