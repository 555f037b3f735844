"""Networks quantised by onnxruntime's own tools give its results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime.quantization")

import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper
from onnxruntime import quantization

from hearth.runtime import InferenceSession

pytestmark = pytest.mark.desk

RNG = np.random.default_rng(5)


def network(path: Path) -> Path:
    """Convolutions, a residual, enlarging, pooling and a dense layer: x (1, 3, 16, 16) -> y (1, 5)."""
    weights = {
        "w1": RNG.normal(0, 0.3, (8, 3, 3, 3)),
        "b1": RNG.normal(0, 0.1, 8),
        "w2": RNG.normal(0, 0.2, (8, 8, 3, 3)),
        "w3": RNG.normal(0, 0.3, (8, 5)),
        "b3": RNG.normal(0, 0.3, 5),
        "scales": np.array([1, 1, 2, 2]),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["r1", "c2"], ["a"]),
        helper.make_node("Sigmoid", ["a"], ["s"]),
        helper.make_node("Mul", ["a", "s"], ["m"]),
        helper.make_node("Resize", ["m", "", "scales"], ["e"], mode="linear"),
        helper.make_node("Concat", ["e", "e"], ["d"], axis=2),
        helper.make_node("GlobalAveragePool", ["d"], ["g"]),
        helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("MatMul", ["f", "w3"], ["p"]),
        helper.make_node("Add", ["p", "b3"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (1, 3, 16, 16))],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, (1, 5))],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return path


def picture() -> np.ndarray:
    return RNG.normal(0, 1, (1, 3, 16, 16)).astype(np.float32)


class Pictures(quantization.CalibrationDataReader):  # type: ignore[misc]
    """Calibration data."""

    def __init__(self) -> None:
        self.left: Iterator[dict[str, np.ndarray]] = iter([{"x": picture()} for _ in range(4)])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.left, None)


def largest_difference(path: Path) -> tuple[float, float]:
    """(largest difference from onnxruntime, largest output)."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    # With its optimiser onnxruntime computes products of 4-bit weights in 8 bits.
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    feeds = {"x": picture()}
    (expected,) = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, feeds)
    (got,) = InferenceSession(path, "numpy").run(None, feeds)
    return float(np.abs(got - expected).max()), float(np.abs(expected).max())


@pytest.mark.parametrize("form", ["QOperator", "QDQ"])
@pytest.mark.parametrize("by_channel", [False, True])
def test_static_quantisation(tmp_path: Path, form: str, by_channel: bool) -> None:
    target = tmp_path / "quantised.onnx"
    quantization.quantize_static(
        network(tmp_path / "net.onnx"),
        target,
        Pictures(),
        quant_format=quantization.QuantFormat[form],
        per_channel=by_channel,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8 if by_channel else quantization.QuantType.QUInt8,
        reduce_range=by_channel,
    )
    difference, size = largest_difference(target)
    # One quantum of the output.
    assert difference <= size / 100


def test_dynamic_quantisation(tmp_path: Path) -> None:
    target = tmp_path / "quantised.onnx"
    kind = quantization.QuantType.QUInt8
    quantization.quantize_dynamic(network(tmp_path / "net.onnx"), target, weight_type=kind)
    difference, size = largest_difference(target)
    assert difference <= size / 100


@pytest.mark.parametrize("kind", ["QInt16", "QUInt4", "QInt4"])
def test_other_widths(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "quantised.onnx"
    quantization.quantize_static(
        network(tmp_path / "net.onnx"),
        target,
        Pictures(),
        activation_type=quantization.QuantType.QUInt16,
        weight_type=quantization.QuantType[kind],
        extra_options={"UseQDQContribOps": True},
    )
    difference, size = largest_difference(target)
    assert difference <= size / 1000
