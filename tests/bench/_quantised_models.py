"""Quantised models to be timed: name -> an ONNX file and its input."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.bench.runtime import u2netp

Made = tuple[bytes, np.ndarray]


def chance() -> np.random.Generator:
    return np.random.default_rng(7)


def saved(nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray], x: np.ndarray) -> Made:
    """A graph from `x` to `y`."""
    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", kind, x.shape)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString(), x


def convolutions(channels: int, outs: int, kernel: int, stride: int, size: int, group: int = 1) -> Made:
    """QLinearConv between floats, uint8 in and out, weights int8 with a scale each; four in a row where they fit."""
    r = chance()
    depth = channels // group * kernel * kernel
    constants: dict[str, np.ndarray] = {
        "xs": np.array(0.02, np.float32),
        "xz": np.array(117, np.uint8),
        "w": r.integers(-127, 128, (outs, channels // group, kernel, kernel)).astype(np.int8),
        "ws": (r.random(outs) * 0.01 + 0.001).astype(np.float32) / np.float32(depth**0.5 / 2),
        "wz": np.zeros(outs, np.int8),
        "b": r.integers(-3000, 3000, outs).astype(np.int32),
    }
    count = 4 if channels == outs and stride == 1 else 1
    nodes = [helper.make_node("QuantizeLinear", ["x", "xs", "xz"], ["q0"])]
    for at in range(count):
        nodes.append(
            helper.make_node(
                "QLinearConv",
                [f"q{at}", "xs", "xz", "w", "ws", "wz", "xs", "xz", "b"],
                [f"q{at + 1}"],
                kernel_shape=[kernel, kernel],
                strides=[stride, stride],
                pads=[kernel // 2] * 4,
                group=group,
            )
        )
    nodes.append(helper.make_node("DequantizeLinear", [f"q{count}", "xs", "xz"], ["y"]))
    return saved(nodes, constants, r.standard_normal((1, channels, size, size)).astype(np.float32))


def few_bits(rows: int, depth: int = 1024, columns: int = 1024, block: int = 32) -> Made:
    """One MatMulNBits with weights of 4 bits, a scale for each 32."""
    r = chance()
    constants: dict[str, np.ndarray] = {
        "b": r.integers(0, 256, (columns, depth // block, block // 2)).astype(np.uint8),
        "s": (r.random(columns * depth // block) * 0.02).astype(np.float32),
    }
    node = helper.make_node(
        "MatMulNBits", ["x", "b", "s"], ["y"], domain="com.microsoft", K=depth, N=columns, bits=4, block_size=block
    )
    return saved([node], constants, r.standard_normal((rows, depth)).astype(np.float32))


def floats(rows: int, depth: int, columns: int) -> Made:
    """One MatMul with the same number of weights, to compare with."""
    r = chance()
    weights = (r.standard_normal((depth, columns)) / depth**0.5).astype(np.float32)
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    return saved([node], {"w": weights}, r.standard_normal((rows, depth)).astype(np.float32))


def lstm(steps: int = 100, size: int = 128, hidden: int = 256) -> Made:
    """A DynamicQuantizeLSTM in both directions."""
    r = chance()
    constants: dict[str, np.ndarray] = {
        "w": r.integers(-127, 128, (2, size, 4 * hidden)).astype(np.int8),
        "r": r.integers(-127, 128, (2, hidden, 4 * hidden)).astype(np.int8),
        "b": (r.standard_normal((2, 8 * hidden)) * 0.1).astype(np.float32),
        "s": np.full(2, 0.001, np.float32),
        "z": np.zeros(2, np.int8),
    }
    node = helper.make_node(
        "DynamicQuantizeLSTM",
        ["x", "w", "r", "b", "", "", "", "", "s", "z", "s", "z"],
        ["y"],
        domain="com.microsoft",
        hidden_size=hidden,
        direction="bidirectional",
    )
    return saved([node], constants, r.standard_normal((steps, 1, size)).astype(np.float32))


def whole_net(static: bool) -> Made:
    """u2netp at 320 x 320, quantised by onnxruntime's own tool."""
    from onnxruntime import quantization as q

    x = chance().random((1, 3, 320, 320)).astype(np.float32)

    class Samples(q.CalibrationDataReader):  # type: ignore[misc]
        left = 1

        def get_next(self) -> dict[str, np.ndarray] | None:
            self.left -= 1
            return {"input.1": x} if self.left >= 0 else None

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "float.onnx"), Path(folder, "int.onnx")
        source.write_bytes(u2netp())
        if static:
            q.quantize_static(source, target, Samples(), quant_format=q.QuantFormat.QOperator, per_channel=True)
        else:
            q.quantize_dynamic(source, target, weight_type=q.QuantType.QUInt8)
        return target.read_bytes(), x


MODELS: dict[str, Callable[[], Made]] = {
    "conv-1x1-128-28": partial(convolutions, 128, 128, 1, 1, 28),
    "conv-3x3-64-56": partial(convolutions, 64, 64, 3, 1, 56),
    "conv-3x3-256-14": partial(convolutions, 256, 256, 3, 1, 14),
    "conv-3x3-stride-2": partial(convolutions, 64, 128, 3, 2, 56),
    "conv-7x7-rgb": partial(convolutions, 3, 64, 7, 2, 224),
    "conv-depthwise": partial(convolutions, 64, 64, 3, 1, 56, 64),
    "4-bits-1-row": partial(few_bits, 1),
    "4-bits-64-rows": partial(few_bits, 64),
    "4-bits-1-row-2048": partial(few_bits, 1, 2048, 2048),
    "floats-1-row-2048": partial(floats, 1, 2048, 2048),
    "4-bits-16-rows-2048": partial(few_bits, 16, 2048, 2048),
    "lstm": lstm,
    "u2netp-ConvInteger": partial(whole_net, False),
    "u2netp-QLinearConv": partial(whole_net, True),
}
