"""Puts standard ONNX operators in the place of those that onnxruntime's optimiser made (com.microsoft).

Quantised products of matrices become products of floats with the weights dequantised, by DequantizeLinear, so
that the file stays small. onnxruntime also rounds the left factor to 8 bits, anew for each call; that is not
repeated, so results come closer to the network that was quantised. What each operator means:
ContribOperators.md of onnxruntime.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, helper, numpy_helper

from hearth.errors import Unsupported

STANDARD_DOMAINS = ("", "ai.onnx")


def lowered(graph: onnx.GraphProto) -> onnx.GraphProto:
    """The graph and its subgraphs with standard operators only. Raises Unsupported for an unknown one."""
    return _Scope().lower(graph)


def taken_names(node: onnx.NodeProto) -> Iterator[str]:
    """Names of the values that a node takes, those that its subgraphs take from outside included."""
    yield from node.input
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH:
            graph = attribute.g
            own = {output for inner in graph.node for output in inner.output}
            own |= {named.name for named in [*graph.input, *graph.initializer]}
            taken = [name for inner in graph.node for name in taken_names(inner)]
            taken += [value.name for value in graph.output]
            yield from (name for name in taken if name not in own)


@dataclass
class _Scope:
    """What is visible while one graph is rewritten: names from outside, then its own."""

    floats: dict[str, str] = field(default_factory=dict)  # quantised value -> the float one it was made from
    ranks: dict[str, int] = field(default_factory=dict)
    outer: "_Scope | None" = None
    weights: set[str] = field(default_factory=set)
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def lower(self, graph: onnx.GraphProto) -> onnx.GraphProto:
        for value in [*graph.input, *graph.output, *graph.value_info]:
            if value.type.tensor_type.HasField("shape"):
                self.ranks[value.name] = len(value.type.tensor_type.shape.dim)
        self.ranks |= {tensor.name: len(tensor.dims) for tensor in graph.initializer}
        self.weights = {tensor.name for tensor in graph.initializer}
        for node in graph.node:
            self._lower_node(node)
        taken = {value.name for value in graph.output}
        taken |= {name for node in self.nodes for name in taken_names(node)}
        kept = [n for n in self.nodes if n.op_type != "DynamicQuantizeLinear" or taken & set(n.output)]
        result = onnx.GraphProto()
        result.CopyFrom(graph)
        del result.node[:], result.value_info[:]
        result.node.extend(kept)
        result.initializer.extend(self.constants.values())
        return result

    def _lower_node(self, node: onnx.NodeProto) -> None:
        if node.op_type == "DynamicQuantizeLinear":
            self.floats[node.output[0]] = node.input[0]
        if node.domain in STANDARD_DOMAINS:
            standard = onnx.NodeProto()
            standard.CopyFrom(node)
            for attribute in standard.attribute:
                if attribute.type == AttributeProto.GRAPH:
                    inner = _Scope(dict(self.floats), dict(self.ranks), self)
                    attribute.g.CopyFrom(inner.lower(attribute.g))
            self.nodes.append(standard)
        elif node.op_type in _LOWERINGS:
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            inputs = [*node.input] + [""] * (8 - len(node.input))  # so that optional ones can be asked for
            _LOWERINGS[node.op_type](self, inputs, list(node.output), attributes)
        else:
            raise Unsupported(
                f"The operator {node.domain}.{node.op_type} has no standard meaning here yet; "
                f"known are {', '.join(sorted(_LOWERINGS))}."
            )

    def add(self, op_type: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op_type, inputs, [output], **attributes))
        return output

    def constant(self, value: float) -> str:
        name = f"constant_{value:.9g}"
        self.constants[name] = numpy_helper.from_array(np.array(value, np.float32), name)
        return name

    def dequantised(self, quantised: str, scale: str, zero: str) -> str:
        """The weights as floats, made once and in the graph that holds them, for all subgraphs that use them."""
        if quantised not in self.weights:
            if self.outer is None:
                raise Unsupported(f"The quantised factor {quantised} is computed, not stored; this does not convert.")
            return self.outer.dequantised(quantised, scale, zero)
        name = quantised + "_float"
        if name not in self.ranks:
            self.ranks[name] = 2
            inputs = [quantised, scale, zero] if zero else [quantised, scale]
            self.add("DequantizeLinear", inputs, name, axis=1)
        return name

    def product(self, left: str, weights: tuple[str, str, str], bias: str, output: str) -> None:
        """left x dequantised weights (+ bias); scale and zero point are one number, or one a column."""
        quantised, scale, zero = weights
        right = self.dequantised(quantised, scale, zero)
        if bias:
            self.add("Add", [self.add("MatMul", [left, right], output + "_product"), bias], output)
        else:
            self.add("MatMul", [left, right], output)


_Attributes = Mapping[str, Any]


def _dynamic_quantize_matmul(scope: _Scope, inputs: list[str], outputs: list[str], _: _Attributes) -> None:
    left, quantised, scale, zero, bias = inputs[:5]
    scope.product(left, (quantised, scale, zero), bias, outputs[0])


def _matmul_integer_to_float(scope: _Scope, inputs: list[str], outputs: list[str], _: _Attributes) -> None:
    left, quantised, _left_scale, scale, _left_zero, zero, bias = inputs[:7]
    if left not in scope.floats:
        raise Unsupported("A MatMulIntegerToFloat takes something else than the result of DynamicQuantizeLinear.")
    scope.product(scope.floats[left], (quantised, scale, zero), bias, outputs[0])


def _fused_matmul(scope: _Scope, inputs: list[str], outputs: list[str], attributes: _Attributes) -> None:
    """alpha * A x B, each factor's last two axes turned first when its `trans` attribute says so."""
    if attributes.get("transBatchA") or attributes.get("transBatchB"):
        raise Unsupported("A FusedMatMul that moves batch axes does not convert yet.")
    output, alpha, factors = outputs[0], attributes.get("alpha", 1.0), inputs[:2]
    for i, letter in enumerate("AB"):
        if attributes.get(f"trans{letter}"):
            if factors[i] not in scope.ranks:
                raise Unsupported(f"A FusedMatMul turns {factors[i]}, whose rank the file does not say.")
            axes = list(range(scope.ranks[factors[i]]))
            axes[-2:] = axes[:-3:-1]
            factors[i] = scope.add("Transpose", [factors[i]], f"{output}_{letter}", perm=axes)
    if alpha == 1.0:
        scope.add("MatMul", factors, output)
    else:
        scope.add("Mul", [scope.add("MatMul", factors, output + "_product"), scope.constant(alpha)], output)


def _gelu(scope: _Scope, inputs: list[str], outputs: list[str], _: _Attributes) -> None:
    """x / 2 * (1 + erf(x / sqrt 2)); ONNX itself has Gelu only from opset 20 on."""
    x, y = inputs[0], outputs[0]
    erf = scope.add("Erf", [scope.add("Mul", [x, scope.constant(math.sqrt(0.5))], y + "_scaled")], y + "_erf")
    whole = scope.add("Mul", [x, scope.add("Add", [erf, scope.constant(1.0)], y + "_factor")], y + "_whole")
    scope.add("Mul", [whole, scope.constant(0.5)], y)


def _quick_gelu(scope: _Scope, inputs: list[str], outputs: list[str], attributes: _Attributes) -> None:
    """x * sigmoid(alpha * x)"""
    x, y, alpha = inputs[0], outputs[0], attributes.get("alpha", 1.702)
    scaled = x if alpha == 1.0 else scope.add("Mul", [x, scope.constant(alpha)], y + "_scaled")
    scope.add("Mul", [x, scope.add("Sigmoid", [scaled], y + "_sigmoid")], y)


def _fused_conv(scope: _Scope, inputs: list[str], outputs: list[str], attributes: _Attributes) -> None:
    activation = attributes.get("activation", b"").decode()
    if inputs[3] or activation not in ("Relu", "Sigmoid", "Tanh"):
        raise Unsupported(f"A FusedConv with a sum or the activation {activation!r} does not convert yet.")
    plain = {name: value for name, value in attributes.items() if not name.startswith("activation")}
    conv = scope.add("Conv", [name for name in inputs[:3] if name], outputs[0] + "_conv", **plain)
    scope.add(activation, [conv], outputs[0])


def _skip_layer_normalization(scope: _Scope, inputs: list[str], outputs: list[str], attributes: _Attributes) -> None:
    """Layer normalisation over the last axis of x + skip + bias; the sum is the fourth output."""
    x, skip, gamma, beta, bias = inputs[:5]
    if any(outputs[1:3]):
        raise Unsupported("A SkipLayerNormalization that gives its mean and deviation does not convert yet.")
    total = outputs[3] if len(outputs) > 3 and outputs[3] else outputs[0] + "_sum"
    if bias:
        scope.add("Add", [scope.add("Add", [x, skip], outputs[0] + "_skip"), bias], total)
    else:
        scope.add("Add", [x, skip], total)
    parameters = [gamma, beta] if beta else [gamma]
    scope.add(
        "LayerNormalization",
        [total, *parameters],
        outputs[0],
        epsilon=attributes.get("epsilon", 1e-12),
        axis=-1,
    )


_Lowering = Callable[[_Scope, list[str], list[str], _Attributes], None]
_LOWERINGS: dict[str, _Lowering] = {
    "DynamicQuantizeMatMul": _dynamic_quantize_matmul,
    "FusedConv": _fused_conv,
    "FusedMatMul": _fused_matmul,
    "Gelu": _gelu,
    "MatMulIntegerToFloat": _matmul_integer_to_float,
    "QuickGelu": _quick_gelu,
    "SkipLayerNormalization": _skip_layer_normalization,
}
