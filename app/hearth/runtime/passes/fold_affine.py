"""Folds what scales and shifts whole channels after a convolution into its weights and bias.

That is BatchNormalization, and Mul, Add, Sub, Div by a constant with one number a channel.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.graph import Graph, Node
from hearth.runtime.ops.registry import WHOLE_NUMBERS
from hearth.runtime.types import TensorType


def _per_channel(graph: Graph, name: str, channels: int, rank: int) -> Array | None:
    value = graph.constant(name)
    if value is None or value.dtype.kind != "f":
        return None
    if value.size == 1 and value.ndim <= rank:
        return np.full(channels, value.reshape(-1)[0], value.dtype)
    if value.ndim == rank - 1:
        value = value[None]
    if value.ndim == rank and value.shape == (1, channels, *(1,) * (rank - 2)):
        return value.reshape(-1)
    return None


def _affine(graph: Graph, node: Node, source: str, channels: int, rank: int) -> tuple[Array, Array] | None:
    """(scale, shift) a channel that `node` applies to `source`, or None if it does something else."""
    if node.domain or len(node.outputs) != 1:
        return None
    if node.op == "BatchNormalization" and node.inputs[0] == source and not node.attributes.get("training_mode"):
        parts = [graph.constant(name) for name in node.inputs[1:5]]
        if any(part is None for part in parts):
            return None
        scale, bias, mean, variance = (part.astype(np.float64) for part in parts if part is not None)
        factor = scale / np.sqrt(variance + float(str(node.attributes.get("epsilon", 1e-5))))
        return factor, bias - mean * factor
    if node.op not in ("Mul", "Add", "Sub", "Div") or len(node.inputs) != 2 or node.inputs[0] == node.inputs[1]:
        return None
    if node.opset < 7:
        return None  # Operands were aligned by an attribute then.
    first = node.inputs[0] == source
    if not first and node.op in ("Sub", "Div"):
        return None
    value = _per_channel(graph, node.inputs[1 if first else 0], channels, rank)
    if value is None:
        return None
    value = value.astype(np.float64)
    one, zero = np.ones(channels), np.zeros(channels)
    match node.op:
        case "Mul":
            return value, zero
        case "Div":
            return one / value, zero
        case "Add":
            return one, value
        case _:
            return one, -value


def _fold(graph: Graph, conv: Node, scale: Array, shift: Array) -> bool:
    weights = graph.constant(conv.inputs[1])
    bias_name = conv.inputs[2] if len(conv.inputs) > 2 else ""
    bias = graph.constant(bias_name) if bias_name else None
    if weights is None or (bias_name and bias is None):
        return False
    if conv.op == "Conv":
        scaled = weights * scale.reshape(-1, *(1,) * (weights.ndim - 1))
    else:
        group = int(str(conv.attributes.get("group", 1)))
        by_group = weights.reshape(group, -1, *weights.shape[1:])
        factors = scale.reshape(group, 1, weights.shape[1], *(1,) * (weights.ndim - 2))
        scaled = (by_group * factors).reshape(weights.shape)
    new_bias = (0 if bias is None else bias) * scale + shift
    names = (f"{conv.outputs[0]}.weight", f"{conv.outputs[0]}.bias")
    for name, array in zip(names, (scaled, new_bias), strict=True):
        graph.constants[name] = np.ascontiguousarray(array, weights.dtype)
        graph.types[name] = TensorType(weights.dtype, array.shape)
    conv.inputs = [conv.inputs[0], *names]
    return True


def fold_affine(graph: Graph) -> None:
    """Repeats until a convolution is followed by nothing that can be folded."""
    readers = graph.consumers()
    gone: set[int] = set()
    for conv in graph.nodes:
        if conv.op not in ("Conv", "ConvTranspose") or conv.domain or conv.attributes.get(WHOLE_NUMBERS):
            continue
        while True:
            output = conv.outputs[0]
            following = readers.get(output, [])
            kind = graph.type(conv.inputs[1])
            if output in graph.outputs or len(following) != 1 or not isinstance(kind, TensorType) or not kind.static:
                break
            shape = kind.static_shape
            channels = shape[0] if conv.op == "Conv" else shape[1] * int(str(conv.attributes.get("group", 1)))
            affine = _affine(graph, following[0], output, channels, len(shape))
            if affine is None or not _fold(graph, conv, *affine):
                break
            gone.add(id(following[0]))
            conv.outputs = list(following[0].outputs)
    graph.nodes = [part for node in graph.nodes if id(node) not in gone for part in _spelled_out(graph, node)]
    graph.sort()


def _spelled_out(graph: Graph, node: Node) -> list[Node]:
    """A BatchNormalization with constants that no convolution took: a Mul and an Add, which fuse with others."""
    kind = graph.type(node.inputs[0]) if node.op == "BatchNormalization" and not node.domain else None
    if not isinstance(kind, TensorType) or kind.dtype != np.float32 or kind.shape is None or len(kind.shape) < 2:
        return [node]
    channels = kind.shape[1]
    affine = _affine(graph, node, node.inputs[0], channels, len(kind.shape)) if isinstance(channels, int) else None
    if affine is None:
        return [node]
    output = node.outputs[0]
    names = [f"{output}.scale", f"{output}.shift"]
    for name, array in zip(names, affine, strict=True):
        graph.constants[name] = array.astype(np.float32).reshape(-1, *(1,) * (len(kind.shape) - 2))
        graph.types[name] = TensorType(np.dtype(np.float32), graph.constants[name].shape)
    scaled = f"{output}.scaled"
    graph.types[scaled] = kind
    return [
        Node("Mul", [node.inputs[0], names[0]], [scaled], opset=max(node.opset, 7), name=node.name),
        Node("Add", [scaled, names[1]], [output], opset=max(node.opset, 7), name=node.name),
    ]
