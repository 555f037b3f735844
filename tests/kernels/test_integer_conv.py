"""Convolutions of integers: every result is the one that 32-bit integers give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from hearth.runtime import InferenceSession

pytestmark = pytest.mark.desk

SHAPES: dict[str, dict[str, int]] = {
    "3x3": {"channels": 16, "outs": 24, "kernel": 3, "pads": 1},
    "odd numbers of channels": {"channels": 15, "outs": 9, "kernel": 5, "dilation": 2, "pads": 2},
    "rgb, stride 2": {"channels": 3, "outs": 32, "kernel": 7, "stride": 2, "pads": 3},
    "1x1": {"channels": 64, "outs": 33, "kernel": 1},
    "groups": {"channels": 32, "outs": 32, "kernel": 3, "group": 4},
    "a channel each": {"channels": 16, "outs": 16, "kernel": 3, "group": 16, "pads": 1},
    "few outputs": {"channels": 8, "outs": 2, "kernel": 3, "stride": 2},
    "many channels": {"channels": 64, "outs": 40, "kernel": 3, "pads": 1},
    "most channels, no pads": {"channels": 512, "outs": 32, "kernel": 3, "size": 8},
    "deep": {"channels": 512, "outs": 16, "kernel": 3, "pads": 1, "size": 6},
}


def quantised(
    op: str,
    channels: int,
    outs: int,
    kernel: int,
    stride: int = 1,
    dilation: int = 1,
    pads: int = 0,
    group: int = 1,
    size: int = 19,
) -> tuple[bytes, np.ndarray]:
    """A convolution of uint8 by int8, with the extremes of both, and its input."""
    chance = np.random.default_rng(channels)
    weights = chance.integers(-128, 128, (outs, channels // group, kernel, kernel)).astype(np.int8)
    weights.flat[::5] = -128
    depth = channels // group * kernel * kernel
    constants: dict[str, np.ndarray] = {
        "xs": np.array(0.02, np.float32),
        "xz": np.array(3, np.uint8),
        "w": weights,
        "ws": (chance.random(outs) * 0.01 + 0.001).astype(np.float32),
        "wz": np.zeros(outs, np.int8),
        "ys": np.array(0.01 * depth**0.5, np.float32),
        "yz": np.array(120, np.uint8),
        "b": chance.integers(-(1 << 16), 1 << 16, outs).astype(np.int32),
    }
    inputs = ["x", "xz"] if op == "ConvInteger" else ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"]
    inputs = ["x", "w", "xz"] if op == "ConvInteger" else inputs
    how: dict[str, Any] = {"strides": [stride] * 2, "dilations": [dilation] * 2, "pads": [pads] * 4, "group": group}
    made, nodes = TensorProto.UINT8, [helper.make_node(op, inputs, ["y"], **how)]
    if op == "ConvInteger":  # whose sums models cast to floats next
        made, cast = TensorProto.FLOAT, helper.make_node("Cast", ["sums"], ["y"], to=TensorProto.FLOAT)
        nodes = [helper.make_node(op, inputs, ["sums"], **how), cast]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [1, channels, size, size])],
        [helper.make_tensor_value_info("y", made, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items() if name in inputs],
    )
    x = chance.integers(0, 256, (1, channels, size, size)).astype(np.uint8)
    x[..., ::3] = 255
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString()), x


@pytest.mark.parametrize("op", ["ConvInteger", "QLinearConv"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_result_is_onnxruntimes(op: str, shape: str) -> None:
    import onnxruntime

    model, x = quantised(op, **SHAPES[shape])
    wanted = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    session = InferenceSession(model, "wasm")
    got = session.run(None, {"x": x})[0]
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(got, wanted)
    labels = [label for program, _ in session._programs for label in program.lowered.labels]  # type: ignore[attr-defined]
    assert any(label.startswith("integer") for label in labels) == (shape != "a channel each")
    assert any(label.startswith("integer winograd") for label in labels) == (", no pads" in shape or "many" in shape)


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("activation", ["Relu", "LeakyRelu"])
def test_convolutions_between_dequantise_and_quantise_are_computed_as_integers(
    per_channel: bool, activation: str
) -> None:
    import onnxruntime

    chance = np.random.default_rng(3)
    scales = (chance.random(8 if per_channel else 1) * 0.01 + 0.001).astype(np.float32)
    constants: dict[str, np.ndarray] = {
        "xs": np.array(0.02, np.float32),
        "xz": np.array(99, np.uint8),
        "w": chance.integers(-127, 128, (8, 6, 3, 3)).astype(np.int8),
        "ws": scales if per_channel else scales.reshape(()),
        "wz": np.zeros(scales.shape if per_channel else (), np.int8),
        "b": chance.integers(-3000, 3000, 8).astype(np.int32),
        "bs": scales * np.float32(0.02) if per_channel else (scales * np.float32(0.02)).reshape(()),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "xs", "xz"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "xs", "xz"], ["r"]),
        helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wf"], axis=0),
        helper.make_node("DequantizeLinear", ["b", "bs"], ["bf"], axis=0),
        helper.make_node("Conv", ["r", "wf", "bf"], ["c"], pads=[1] * 4),
        helper.make_node(activation, ["c"], ["a"]),
        helper.make_node("QuantizeLinear", ["a", "xs", "xz"], ["p"]),
        helper.make_node("DequantizeLinear", ["p", "xs", "xz"], ["y"]),
    ]
    shape = [1, 6, 11, 11]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()
    x = chance.standard_normal(shape).astype(np.float32)
    session = InferenceSession(model, "wasm")
    wanted = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    np.testing.assert_array_equal(session.run(None, {"x": x})[0], wanted)
    labels = [label for program, _ in session._programs for label in program.lowered.labels]  # type: ignore[attr-defined]
    assert any(label.startswith("integer conv") for label in labels)
