"""Lets executors that compute in float32 run quantised models: whole numbers are carried as floats, less their zero
points, and the ops on them become the ops on floats that give the same numbers.

Sums of products stay exact up to 2**24 and are as good as a cast to float32 beyond it. What no rule here knows reads
the integers as before: they are made from the floats where they are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hearth.runtime.graph import Graph, Node
from hearth.runtime.ops.microsoft_quantised import nbits_weights
from hearth.runtime.ops.registry import WHOLE_NUMBERS
from hearth.runtime.types import TensorType

MICROSOFT = "com.microsoft"
FLOAT = 1
"""TensorProto.DataType of float32."""
OPSET = 18
EXACT = 1 << 24
TINY = np.float32(1e-30)
_WHOLE = frozenset({"Round", "Floor", "Ceil"})
_REGROUPING = frozenset({"Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Identity", "MaxPool", "Slice"})

Zero = float | str
"""A zero point: a number, or the name of an integer that a run computes."""


@dataclass(frozen=True)
class Carried:
    """The float value that stands for integers: less the zero point `zero`."""

    name: str
    zero: Zero = 0.0


class Unknown(Exception):
    """A node that this pass leaves as it is."""


Handler = Callable[["Rewriting", Node], None]
HANDLERS: dict[tuple[str, str], Handler] = {}


def rewrites(*names: str, domain: str = "") -> Callable[[Handler], Handler]:
    """Registers the handler of ops. It raises Unknown before it adds anything for a node that it can't take."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(((domain, name), handler) for name in names)
        return handler

    return register


def carry_integers(graph: Graph) -> bool:
    """Rewrites a graph in place; types are to be inferred anew. Whether there was anything to do."""
    if not any((node.domain, node.op) in _CAUSES for node in graph.nodes):
        return False
    rewriting = Rewriting(graph)
    for node in rewriting.unfused():
        handler = HANDLERS.get((node.domain, node.op))
        try:
            if handler is None:
                raise Unknown
            handler(rewriting, node)
        except Unknown:
            for name in node.reads():
                rewriting.restore(name)
            rewriting.nodes.append(node)
            if node.op in _WHOLE and not node.domain:
                rewriting.whole.add(node.outputs[0])
    for name in graph.outputs:
        rewriting.restore(name)
    graph.nodes = rewriting.nodes
    graph.types = {name: kind for name, kind in graph.types.items() if name in graph.constants}
    return True


class Rewriting:
    """The nodes made so far, and the integers that are carried."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Node] = []
        self.carried: dict[str, Carried] = {}
        self.whole: set[str] = set()
        """Float values that are whole numbers."""
        self.made = 0

    def unfused(self) -> list[Node]:
        """The graph's nodes, with epilogues as nodes of their own again."""
        nodes: list[Node] = []
        for node in self.graph.nodes:
            if not node.epilogue:
                nodes.append(node)
                continue
            if node.result not in node.inputs:
                nodes.append(replace(node, outputs=[node.result], epilogue=[], result=""))
            nodes += node.epilogue
        return nodes

    # -- asking --------------------------------------------------------------------------------------------------

    def constant(self, name: str) -> np.ndarray | None:
        return self.graph.constant(name) if name else None

    def kind(self, name: str) -> TensorType:
        kind = self.graph.type(name)
        return kind if isinstance(kind, TensorType) else TensorType()

    def require_scalar(self, *names: str) -> None:
        """Raises Unknown for what may hold more than one number."""
        for name in filter(None, names):
            shape = self.graph.shape(name)
            if shape is None or any(size != 1 for size in shape):
                raise Unknown

    def require_floats(self, *names: str) -> None:
        if any(self.kind(name).dtype != np.float32 for name in names):
            raise Unknown

    def zero(self, name: str) -> Zero:
        """A zero point of one number."""
        if not name:
            return 0.0
        self.require_scalar(name)
        array = self.constant(name)
        return name if array is None else float(array.reshape(-1)[0])

    def limits(self, name: str) -> tuple[float, float, float]:
        """The least and the largest integer of an output, and its zero point, which must be constant."""
        zero = self.zero(name) if name else 0.0
        array = self.constant(name) if name else np.zeros((), np.uint8)
        if array is None or array.dtype.kind not in "iu" or array.dtype.itemsize > 2 or isinstance(zero, str):
            raise Unknown
        bounds = np.iinfo(array.dtype)
        return float(bounds.min), float(bounds.max), zero

    # -- making --------------------------------------------------------------------------------------------------

    def number(self, value: Any) -> str:
        """A constant of float32."""
        return self.keep(np.asarray(value, np.float32))

    def keep(self, array: np.ndarray) -> str:
        self.made += 1
        name = f"carried/{self.made}"
        self.graph.constants[name] = array
        return name

    def add(
        self,
        op: str,
        *inputs: str,
        output: str = "",
        like: str = "",
        attributes: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> str:
        """A node; its output's name. `like` tells which value it is about."""
        self.made += 1
        output = output or f"{like or inputs[0]}/{op.lower()}{self.made}"
        self.nodes.append(Node(op, list(inputs), [output], {**(attributes or {}), **more}, opset=OPSET, name=like))
        return output

    def moved(self, name: str, by: Zero, op: str) -> str:
        """A value with a zero point added or taken off."""
        if by == 0.0:
            return name
        return self.add(op, name, self.number(by) if isinstance(by, float) else self.centred(by, ""))

    def centred(self, name: str, zero: str) -> str:
        """The floats for integers less their zero point."""
        array, points = self.constant(name), self.constant(zero) if zero else None
        if array is not None and (not zero or points is not None):
            wide = array.astype(np.float32) - (0 if points is None else points.astype(np.float32))
            return self.keep(wide)
        wanted = self.zero(zero)
        known = self.carried.get(name)
        if known is None:
            return self.moved(self.add("Cast", name, to=FLOAT), wanted, "Sub")
        if known.zero == wanted:
            return known.name
        return self.moved(self.moved(known.name, known.zero, "Add"), wanted, "Sub")

    def restore(self, name: str) -> None:
        """Makes the integers themselves where only the floats are there."""
        known = self.carried.pop(name, None)
        if known is not None:
            dtype = self.kind(name).dtype
            assert dtype is not None
            self.add("Cast", self.moved(known.name, known.zero, "Add"), output=name, to=_ONNX[dtype.name])

    def quantise(self, x: str, output: str, zero: str) -> None:
        """Rounds floats, in units of the scale already, to integers of the zero point's type."""
        low, high, point = self.limits(zero)
        rounded = self.add("Round", x, like=output)
        clipped = self.add("Clip", rounded, self.number(low - point), self.number(high - point), like=output)
        self.carried[output] = Carried(clipped, point)

    def real(self, x: str, scale: str, zero: str) -> str:
        """The numbers that integers stand for."""
        return self.add("Mul", self.centred(x, zero), scale)


_ONNX = {"uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6}


@rewrites("QuantizeLinear")
@rewrites("QuantizeLinear", domain=MICROSOFT)
def quantize_linear(rewriting: Rewriting, node: Node) -> None:
    x, scale, zero = [*node.inputs, ""][:3]
    rewriting.require_floats(x, scale)
    rewriting.require_scalar(scale)
    rewriting.limits(zero)
    if node.attributes.get("output_dtype") or node.attributes.get("block_size"):
        raise Unknown
    rewriting.quantise(rewriting.add("Div", x, scale), node.outputs[0], zero)


@rewrites("DequantizeLinear")
@rewrites("DequantizeLinear", domain=MICROSOFT)
def dequantize_linear(rewriting: Rewriting, node: Node) -> None:
    x, scale, zero = [*node.inputs, ""][:3]
    if x not in rewriting.carried:
        raise Unknown
    rewriting.require_floats(scale)
    rewriting.require_scalar(scale, zero)
    rewriting.add("Mul", rewriting.centred(x, zero), scale, output=node.outputs[0])


@rewrites("DynamicQuantizeLinear")
def dynamic_quantize_linear(rewriting: Rewriting, node: Node) -> None:
    x, (output, scale, zero) = node.inputs[0], [*node.outputs, "", ""][:3]
    rewriting.require_floats(x)
    numbers, _, point = _dynamic(rewriting, x, scale)
    rewriting.carried[output] = Carried(numbers, zero or 0.0)
    if zero:
        rewriting.carried[zero] = Carried(point)


def _dynamic(rewriting: Rewriting, x: str, scale: str = "") -> tuple[str, str, str]:
    """Numbers less their zero point, scale and zero point, so that the range of x, which includes 0, fills 0 to 255."""
    nothing = rewriting.number(0)
    low = rewriting.add("Min", rewriting.add("ReduceMin", x, keepdims=0), nothing)
    high = rewriting.add("Max", rewriting.add("ReduceMax", x, keepdims=0), nothing)
    width = rewriting.add("Div", rewriting.add("Sub", high, low), rewriting.number(255))
    factor = rewriting.add("Max", width, rewriting.number(TINY), output=scale)
    point = rewriting.add("Round", rewriting.add("Div", rewriting.add("Neg", low), factor))
    placed = rewriting.add("Add", rewriting.add("Round", rewriting.add("Div", x, factor)), point)
    numbers = rewriting.add("Clip", placed, nothing, rewriting.number(255))
    return rewriting.add("Sub", numbers, point), factor, point


@rewrites("ConvInteger")
def conv_integer(rewriting: Rewriting, node: Node) -> None:
    x, w, x_zero, w_zero = [*node.inputs, "", ""][:4]
    rewriting.require_scalar(x_zero)
    weights = _conv_weights(rewriting, w, w_zero)
    y = rewriting.add("Conv", rewriting.centred(x, x_zero), weights, like=node.outputs[0], attributes=node.attributes)
    rewriting.carried[node.outputs[0]] = Carried(y)


def _conv_weights(rewriting: Rewriting, w: str, zero: str) -> str:
    weights, points = rewriting.constant(w), rewriting.constant(zero) if zero else None
    if weights is None or (zero and points is None):
        raise Unknown
    if points is not None:
        points = points.astype(np.float32).reshape(-1, *(1,) * (weights.ndim - 1))
    return rewriting.keep(weights.astype(np.float32) - (0 if points is None else points))


@rewrites("MatMulInteger")
def matmul_integer(rewriting: Rewriting, node: Node) -> None:
    a, b, a_zero, b_zero = [*node.inputs, "", ""][:4]
    rewriting.require_scalar(a_zero)
    if b_zero and rewriting.constant(b_zero) is None:
        rewriting.require_scalar(b_zero)
    product = _product(rewriting, rewriting.centred(a, a_zero), rewriting.centred(b, b_zero), node.outputs[0])
    rewriting.carried[node.outputs[0]] = Carried(product)


def _product(rewriting: Rewriting, a: str, b: str, about: str) -> str:
    """A product of whole numbers. Both sides of more than 8 bits would not fit the integers it may be computed in."""
    array = rewriting.constant(b)
    whole = {WHOLE_NUMBERS: 1} if array is not None and np.abs(array).max(initial=0) <= 255 else {}
    return rewriting.add("MatMul", a, b, like=about, attributes=whole)


@rewrites("QLinearConv")
def qlinear_conv(rewriting: Rewriting, node: Node) -> None:
    x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias = [*node.inputs, ""][:9]
    factor = _factor(rewriting, x_scale, w_scale, y_scale)
    rewriting.require_scalar(x_zero)
    rewriting.limits(y_zero)
    weights = _conv_weights(rewriting, w, w_zero)
    added = rewriting.constant(bias) if bias else None
    if bias and added is None:
        raise Unknown
    inputs = [rewriting.centred(x, x_zero), weights, *([rewriting.number(added)] if added is not None else [])]
    total = rewriting.add("Conv", *inputs, like=node.outputs[0], attributes=node.attributes)
    shape = rewriting.graph.shape(w) or ()
    if factor.size > 1:
        factor = factor.reshape(-1, *(1,) * (len(shape) - 2))
    rewriting.quantise(rewriting.add("Mul", total, rewriting.number(factor)), node.outputs[0], y_zero)


def _factor(rewriting: Rewriting, *scales: str) -> np.ndarray:
    """a_scale * b_scale / y_scale; Unknown where they are not constant."""
    arrays = [rewriting.constant(name) for name in scales]
    if any(array is None for array in arrays):
        raise Unknown
    a, b, y = (np.asarray(array, np.float32) for array in arrays)
    return np.asarray(a.reshape(-1) * b.reshape(-1) / y.reshape(-1), np.float32)


@rewrites("QLinearMatMul")
def qlinear_matmul(rewriting: Rewriting, node: Node) -> None:
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = node.inputs
    factor = _factor(rewriting, a_scale, b_scale, y_scale)
    rewriting.require_scalar(a_zero, a_scale)
    rewriting.limits(y_zero)
    if rewriting.constant(b) is None:
        rewriting.require_scalar(b_zero, b_scale)
    total = _product(rewriting, rewriting.centred(a, a_zero), rewriting.centred(b, b_zero), node.outputs[0])
    factor = factor if factor.size > 1 else factor.reshape(())
    rewriting.quantise(rewriting.add("Mul", total, rewriting.number(factor)), node.outputs[0], y_zero)


@rewrites("DynamicQuantizeMatMul", domain=MICROSOFT)
def dynamic_quantize_matmul(rewriting: Rewriting, node: Node) -> None:
    a, b, b_scale, b_zero, bias = [*node.inputs, "", ""][:5]
    rewriting.require_floats(a)
    if rewriting.constant(b) is None or (b_zero and rewriting.constant(b_zero) is None):
        raise Unknown
    numbers, scale, _ = _dynamic(rewriting, a)
    _scaled_product(rewriting, node, numbers, rewriting.centred(b, b_zero), scale, b_scale, bias)


@rewrites("MatMulIntegerToFloat", domain=MICROSOFT)
def matmul_integer_to_float(rewriting: Rewriting, node: Node) -> None:
    a, b, a_scale, b_scale, a_zero, b_zero, bias = [*node.inputs, "", "", ""][:7]
    rewriting.require_scalar(a_zero, a_scale)
    if rewriting.constant(b) is None or (b_zero and rewriting.constant(b_zero) is None):
        raise Unknown
    left, right = rewriting.centred(a, a_zero), rewriting.centred(b, b_zero)
    _scaled_product(rewriting, node, left, right, a_scale, b_scale, bias)


def _scaled_product(rewriting: Rewriting, node: Node, a: str, b: str, a_scale: str, b_scale: str, bias: str) -> None:
    product = _product(rewriting, a, b, node.outputs[0])
    scale = rewriting.add("Mul", a_scale, b_scale)
    if not bias:
        rewriting.add("Mul", product, scale, output=node.outputs[0])
        return
    rewriting.add("Add", rewriting.add("Mul", product, scale), bias, output=node.outputs[0])


@rewrites("MatMulNBits", domain=MICROSOFT)
def matmul_nbits(rewriting: Rewriting, node: Node) -> None:
    a, b, scales, zeros, groups, bias = [*node.inputs, "", "", ""][:6]
    arrays = [rewriting.constant(name) if name else None for name in (b, scales, zeros, groups)]
    given = zip((b, scales, zeros, groups), arrays, strict=True)
    if any(name and array is None for name, array in given) or node.attributes.get("weight_prepacked"):
        raise Unknown
    rewriting.require_floats(a)
    bits, block, depth, columns = (int(str(node.attributes.get(key, 4))) for key in ("bits", "block_size", "K", "N"))
    packed, factors, offsets, order = arrays
    assert packed is not None and factors is not None
    unpacked = nbits_weights(packed, factors, offsets, order, K=depth, N=columns, bits=bits, block_size=block)
    weights = rewriting.keep(np.ascontiguousarray(unpacked.T))
    product = rewriting.add("MatMul", a, weights, output="" if bias else node.outputs[0], like=node.outputs[0])
    if bias:
        rewriting.add("Add", product, bias, output=node.outputs[0])


@rewrites("QLinearAdd", "QLinearMul", domain=MICROSOFT)
def qlinear_binary(rewriting: Rewriting, node: Node) -> None:
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = [*node.inputs, ""][:8]
    rewriting.require_scalar(a_scale, a_zero, b_scale, b_zero, y_scale)
    rewriting.limits(y_zero)
    left, right = rewriting.real(a, a_scale, a_zero), rewriting.real(b, b_scale, b_zero)
    y = rewriting.add(node.op.removeprefix("QLinear"), left, right)
    rewriting.quantise(rewriting.add("Div", y, y_scale), node.outputs[0], y_zero)


@rewrites("QLinearSigmoid", "QLinearLeakyRelu", "QLinearAveragePool", "QLinearGlobalAveragePool", domain=MICROSOFT)
def qlinear_unary(rewriting: Rewriting, node: Node) -> None:
    x, x_scale, x_zero, y_scale, y_zero = [*node.inputs, ""][:5]
    rewriting.require_scalar(x_scale, x_zero, y_scale)
    rewriting.limits(y_zero)
    how = dict(node.attributes)
    if how.pop("channels_last", 0):
        raise Unknown
    y = rewriting.add(
        node.op.removeprefix("QLinear"), rewriting.real(x, x_scale, x_zero), like=node.outputs[0], attributes=how
    )
    rewriting.quantise(rewriting.add("Div", y, y_scale), node.outputs[0], y_zero)


@rewrites("QLinearConcat", domain=MICROSOFT)
def qlinear_concat(rewriting: Rewriting, node: Node) -> None:
    y_scale, y_zero, *rest = node.inputs
    groups = [rest[at : at + 3] for at in range(0, len(rest), 3)]
    rewriting.require_scalar(y_scale, *(name for group in groups for name in group[1:]))
    rewriting.limits(y_zero)
    parts = [rewriting.real(*group) for group in groups]
    y = rewriting.add("Concat", *parts, like=node.outputs[0], axis=node.attributes["axis"])
    rewriting.quantise(rewriting.add("Div", y, y_scale), node.outputs[0], y_zero)


@rewrites("Cast")
def cast(rewriting: Rewriting, node: Node) -> None:
    x, output = node.inputs[0], node.outputs[0]
    kind = rewriting.kind(output).dtype
    known = rewriting.carried.get(x)
    if known is not None and kind == np.float32:
        rewriting.add("Identity", rewriting.moved(known.name, known.zero, "Add"), output=output)
        rewriting.whole.add(output)
    elif x in rewriting.whole and kind == np.int32:
        rewriting.carried[output] = Carried(x)
    else:
        raise Unknown


@rewrites("Add")
def add(rewriting: Rewriting, node: Node) -> None:
    """Of whole numbers."""
    if rewriting.kind(node.outputs[0]).dtype != np.int32 or not any(name in rewriting.carried for name in node.inputs):
        raise Unknown
    for name in node.inputs:
        array = rewriting.constant(name)
        if name not in rewriting.carried and (array is None or np.abs(array.astype(np.int64)).max(initial=0) > EXACT):
            raise Unknown
    total = rewriting.add("Add", *(rewriting.centred(name, "") for name in node.inputs), like=node.outputs[0])
    rewriting.carried[node.outputs[0]] = Carried(total)


@rewrites(*_REGROUPING)
def regroup(rewriting: Rewriting, node: Node) -> None:
    """Elements are only chosen or moved."""
    known = rewriting.carried.get(node.inputs[0])
    if known is None or len(node.outputs) > 1:
        raise Unknown
    output = f"{node.outputs[0]}/carried"
    moved = replace(node, inputs=[known.name, *node.inputs[1:]], outputs=[output], attributes=dict(node.attributes))
    rewriting.nodes.append(moved)
    rewriting.carried[node.outputs[0]] = Carried(output, known.zero)


@rewrites("Concat")
def concat(rewriting: Rewriting, node: Node) -> None:
    """Of parts with one zero point."""
    known = [rewriting.carried.get(name) for name in node.inputs]
    zeros = {item.zero for item in known if item is not None}
    if None in known or len(zeros) != 1:
        raise Unknown
    output = f"{node.outputs[0]}/carried"
    parts = [item.name for item in known if item is not None]
    rewriting.nodes.append(replace(node, inputs=parts, outputs=[output], attributes=dict(node.attributes)))
    rewriting.carried[node.outputs[0]] = Carried(output, zeros.pop())


_MOVING = _REGROUPING | {"Cast", "Add", "Concat"}
_CAUSES = frozenset(key for key in HANDLERS if key[1] not in _MOVING)
"""Ops that make a model one to be rewritten."""
