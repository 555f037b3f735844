"""Element-wise nodes as actions of one kernel call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ctypes import Structure
from math import inf, prod
from typing import TYPE_CHECKING

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.graph import Node
from hearth.runtime.wasm.steps import (
    MAX_ACTIONS,
    MAX_DIMS,
    MAX_OPERANDS,
    Action,
    ActionCode,
    Elementwise,
    Opcode,
    Operand,
)
from hearth.runtime.wasm.tensors import Shape, Tensor, collapse

if TYPE_CHECKING:
    from hearth.runtime.wasm.lower import Lowering

A = ActionCode
Value = int | float
"""What an action reads: the number of a value, or (as a float) a constant."""

PLAIN = {
    "Abs": A.ABSOLUTE,
    "Sqrt": A.SQRT,
    "Exp": A.EXP,
    "Log": A.LOG,
    "Sigmoid": A.SIGMOID,
    "Tanh": A.TANH,
    "Erf": A.ERF,
    "Floor": A.FLOOR,
    "Ceil": A.CEIL,
    "Round": A.ROUND,
    "Sign": A.SIGN,
    "Softplus": A.SOFTPLUS,
    "Softsign": A.SOFTSIGN,
    "Not": A.NOT,
    "Reciprocal": A.RECIPROCAL,
}
PAIRS = {
    "Add": A.ADD,
    "Sub": A.SUBTRACT,
    "Mul": A.MULTIPLY,
    "Div": A.DIVIDE,
    "Min": A.MINIMUM,
    "Max": A.MAXIMUM,
    "PRelu": A.PRELU,
    "Less": A.LESS,
    "LessOrEqual": A.LESS_EQUAL,
    "Equal": A.EQUAL,
}
SELU = (1.6732632423543772, 1.0507009873554805)
ELEMENTWISE = frozenset(
    {*PLAIN, *PAIRS, "Neg", "Relu", "Clip", "LeakyRelu", "Elu", "Selu", "HardSigmoid", "HardSwish", "Pow", "Gelu"}
    | {"Greater", "GreaterOrEqual", "Where", "And", "Or", "Cast", "Identity", "Sum", "Mean", "ThresholdedRelu", "IsNaN"}
)


class Chain:
    """A chain being built: inputs first, then the result of each action. `known` are values that it may read."""

    def __init__(self, lowering: Lowering, known: Mapping[str, Tensor] | None = None) -> None:
        self.lowering = lowering
        self.known = dict(known or {})
        self.inputs: list[Tensor] = []
        self.actions: list[tuple[ActionCode, list[int], float, float]] = []
        self.values: dict[str, Value] = {}
        self.last: Value = 0.0

    def add(self, nodes: Sequence[Node]) -> None:
        """Takes the nodes in order. Raises Unsupported where one can't be an action."""
        for node in nodes:
            self.values[node.outputs[0]] = self.last = self._node(node)
        if len(self.inputs) > MAX_OPERANDS or len(self.actions) >= MAX_ACTIONS:
            raise Unsupported("The chain is too long for one call.")

    def emit(self, target: Tensor, label: str) -> None:
        """Emits the kernel call that writes the last node's value to `target`."""
        if isinstance(self.last, float) or self.last != -len(self.actions) or not self.actions:
            self._act(A.AFFINE, self.last, alpha=1.0)
        inputs = list(self.inputs)
        order = sorted(range(len(target.shape)), key=lambda axis: (-target.strides[axis], axis))
        operands = [target.strides, *(_broadcast(tensor, target.shape) for tensor in inputs)]
        sizes, steps = collapse(
            [target.shape[axis] for axis in order], [[stride[axis] for axis in order] for stride in operands]
        )
        if len(sizes) > MAX_DIMS:
            raise Unsupported("the operands' layouts are too different for one call")
        front = MAX_DIMS - len(sizes)
        count = len(inputs)
        actions = [Action(code, *self._numbers(reads, count), alpha, beta) for code, reads, alpha, beta in self.actions]

        def make() -> Structure:
            placed = [
                Operand(tensor.place, tensor.number, (0,) * front + step)
                for tensor, step in zip((target, *inputs), steps, strict=True)
            ]
            return Elementwise(
                Opcode.ELEMENTWISE,
                (1,) * front + sizes,
                count,
                len(actions),
                placed[0],
                tuple(placed[1:]),
                tuple(actions),
            )

        self.lowering.builder.emit(label, make, [target, *inputs], prod(target.shape) * len(actions))

    # -- values --------------------------------------------------------------------------------------------------

    def _numbers(self, reads: list[int], inputs: int) -> tuple[int, int, int]:
        """Actions' results are numbered from -1 down while inputs may still be added."""
        numbers = [read if read >= 0 else inputs - 1 - read for read in reads]
        return tuple([*numbers, 0, 0, 0][:3])  # type: ignore[return-value]

    def _act(self, code: ActionCode, *reads: Value, alpha: float = 0.0, beta: float = 0.0) -> int:
        numbers = [self._stored(read) for read in reads]
        self.actions.append((code, numbers, alpha, beta))
        return -len(self.actions)

    def _stored(self, value: Value) -> int:
        """A value's number; a constant becomes an input of one element."""
        if isinstance(value, int):
            return value
        return self._input(self.lowering.builder.constant(np.array(value, np.float32)))

    def _input(self, tensor: Tensor) -> int:
        for number, known in enumerate(self.inputs):
            if known.like(tensor):
                return number
        self.inputs.append(tensor)
        return len(self.inputs) - 1

    def value(self, name: str) -> Value:
        """What a node reads: an earlier result, a number, or a tensor of the arena."""
        if name in self.values:
            return self.values[name]
        if name in self.known:
            return self._input(self.known[name])
        array = self.lowering.constant(name)
        if array is not None and array.size == 1 and array.dtype.kind in "fb":
            return float(array.reshape(-1)[0])
        return self._input(self.lowering.tensor(name))

    # -- nodes ---------------------------------------------------------------------------------------------------

    def _node(self, node: Node) -> Value:
        if node.domain or node.op not in ELEMENTWISE:
            raise Unsupported(f"{node.label} is not element-wise.")
        bounds = self.lowering.clamp(node)
        if bounds is not None:
            return self._act(A.CLAMP, self.value(node.inputs[0]), alpha=bounds[0], beta=bounds[1])
        if node.op == "Clip":
            raise Unsupported(f"{node.label} has bounds that are not constant.")
        values = [self.value(name) for name in node.inputs if name]
        if node.op in ("Add", "Sub", "Mul", "Div", "Max", "Min") and any(isinstance(v, float) for v in values):
            scaled = self._with_number(node.op, values)
            if scaled is not None:
                return scaled
        if node.op == "PRelu" and node.opset < 7:
            raise Unsupported("Slopes by channel are numpy's.")
        if node.op in PLAIN:
            return self._act(PLAIN[node.op], values[0])
        if node.op in PAIRS:
            return self._fold(PAIRS[node.op], values)
        return self._other(node, values)

    def _fold(self, code: ActionCode, values: list[Value]) -> int:
        """Joins two or more values from the left."""
        if len(values) == 1:
            return self._stored(values[0])
        total: Value = values[0]
        for value in values[1:]:
            total = self._act(code, total, value)
        assert isinstance(total, int)
        return total

    def _with_number(self, op: str, values: list[Value]) -> int | None:
        """A value and a number: one action without another operand. None where that is not what it is."""
        if len(values) != 2 or all(isinstance(value, float) for value in values):
            return None
        first, second = values
        if isinstance(second, float):
            assert isinstance(first, int)
            match op:
                case "Add":
                    return self._act(A.AFFINE, first, alpha=1.0, beta=second)
                case "Sub":
                    return self._act(A.AFFINE, first, alpha=1.0, beta=-second)
                case "Mul":
                    return self._act(A.AFFINE, first, alpha=second)
                case "Max":
                    return self._act(A.CLAMP, first, alpha=second, beta=inf)
                case "Min":
                    return self._act(A.CLAMP, first, alpha=-inf, beta=second)
            return None
        assert isinstance(first, float)
        match op:
            case "Add" | "Mul" | "Max" | "Min":
                return self._with_number(op, [second, first])
            case "Sub":
                return self._act(A.AFFINE, second, alpha=-1.0, beta=first)
            case "Div" if first == 1.0:
                return self._act(A.RECIPROCAL, second)
        return None

    def _other(self, node: Node, values: list[Value]) -> Value:
        attribute = {key: float(str(value)) for key, value in node.attributes.items() if isinstance(value, int | float)}
        x = values[0]
        match node.op:
            case "Identity":
                return x
            case "Neg":
                return self._act(A.AFFINE, x, alpha=-1.0)
            case "LeakyRelu":
                return self._act(A.LEAKY, x, alpha=attribute.get("alpha", 0.01))
            case "Elu":
                return self._act(A.ELU, x, alpha=attribute.get("alpha", 1.0), beta=1.0)
            case "Selu":
                alpha, gamma = attribute.get("alpha", SELU[0]), attribute.get("gamma", SELU[1])
                return self._act(A.ELU, x, alpha=alpha * gamma, beta=gamma)
            case "HardSigmoid":
                return self._act(A.HARD_SIGMOID, x, alpha=attribute.get("alpha", 0.2), beta=attribute.get("beta", 0.5))
            case "HardSwish":
                return self._act(A.HARD_SWISH, x, alpha=1 / 6, beta=0.5)
            case "Gelu" if str(node.attributes.get("approximate", "none")) in ("none", "b'none'"):
                curve = self._act(A.ERF, self._act(A.AFFINE, x, alpha=2**-0.5))
                return self._act(A.MULTIPLY, x, self._act(A.AFFINE, curve, alpha=0.5, beta=0.5))
            case "Pow":
                return self._power(x, values[1])
            case "Sum":
                return self._fold(A.ADD, values)
            case "Mean":
                return self._act(A.AFFINE, self._fold(A.ADD, values), alpha=1 / len(values))
            case "IsNaN":
                return self._act(A.NOT, self._act(A.EQUAL, x, x))
            case "Greater":
                return self._act(A.LESS, values[1], x)
            case "GreaterOrEqual":
                return self._act(A.LESS_EQUAL, values[1], x)
            case "And":
                return self._act(A.MULTIPLY, x, values[1])
            case "Or":
                return self._act(A.MAXIMUM, x, values[1])
            case "Where":
                return self._act(A.WHERE, *values)
            case "Cast":
                return self._cast(node, x)
        raise Unsupported(f"{node.label} has no action.")

    def _cast(self, node: Node, x: Value) -> Value:
        """Between booleans and float32, which any action reads alike."""
        source, target = node.inputs[0], node.outputs[0]
        self.lowering.number(source)
        self.lowering.number(target)
        return x

    def _power(self, x: Value, exponent: Value) -> Value:
        if not isinstance(exponent, float):
            raise Unsupported("The exponent is not a number.")
        match exponent:
            case 1.0:
                return x
            case 2.0:
                return self._act(A.MULTIPLY, x, x)
            case 3.0:
                return self._act(A.MULTIPLY, self._act(A.MULTIPLY, x, x), x)
            case 0.5:
                return self._act(A.SQRT, x)
            case -1.0:
                return self._act(A.RECIPROCAL, x)
            case -0.5:
                return self._act(A.RECIPROCAL, self._act(A.SQRT, x))
        raise Unsupported(f"The power of {exponent} has no action.")


def _broadcast(tensor: Tensor, shape: Shape) -> Shape:
    """A tensor's strides over a larger shape, by numpy's rules."""
    missing = len(shape) - len(tensor.shape)
    if missing < 0:
        raise Unsupported("an operand has more axes than the result")
    strides = [0] * missing
    for size, stride, wanted in zip(tensor.shape, tensor.strides, shape[missing:], strict=True):
        if size not in (1, wanted):
            raise Unsupported("an operand does not broadcast to the result")
        strides.append(stride if size == wanted and size != 1 else 0)
    return tuple(strides)
