"""Networks quantised by onnxruntime's own tools give its results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def largest_difference(path: Path, allowed: frozenset[str] = frozenset()) -> tuple[float, float]:
    """(largest difference from onnxruntime, largest output). The kernels run all but the `allowed` ops."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    # With its optimiser onnxruntime computes products of 4-bit weights in 8 bits.
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    feeds = {"x": picture()}
    (expected,) = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, feeds)
    worst = 0.0
    for executor in ("numpy", "wasm"):
        session = InferenceSession(path, executor)
        (got,) = session.run(None, feeds)
        worst = max(worst, float(np.abs(got - expected).max()))
        if executor == "wasm":
            left = {node.op for node, place in session.places() if place != "wasm"}
            assert left <= allowed, f"numpy runs {left}"
    return worst, float(np.abs(expected).max())


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
    # Resizing integers rounds in a way of its own, which is numpy's.
    difference, size = largest_difference(target, frozenset({"Resize", "Cast"}) if form == "QOperator" else frozenset())
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


def few_bits(depth: int, bits: int, block: int, zeros: str, level: int, columns: int = 24) -> bytes:
    """y = relu(MatMulNBits(x) + c), with a bias; zero points as bytes, as floats, or none."""
    blocks = -(-depth // block)
    arrays = {
        "b": RNG.integers(0, 256, (columns, blocks, block * bits // 8), np.uint8),
        "s": RNG.random(columns * blocks, np.float32) / 8,
        "u8": RNG.integers(0, 256, columns * -(-blocks * bits // 8), np.uint8),
        "f32": RNG.random(columns * blocks, np.float32) * 15,
        "bias": RNG.random(columns, np.float32),
    }
    inputs = ["x", "b", "s", zeros, "", "bias"]
    how: dict[str, Any] = {"K": depth, "N": columns, "bits": bits, "block_size": block, "accuracy_level": level}
    nodes = [
        helper.make_node("MatMulNBits", inputs, ["p"], domain="com.microsoft", **how),
        helper.make_node("Relu", ["p"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, ("rows", depth))],
        [helper.make_tensor_value_info("y", 1, ("rows", columns))],
        [numpy_helper.from_array(array, name) for name, array in arrays.items() if name in inputs],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())


@pytest.mark.parametrize("kept", [True, False], ids=["packed", "as floats"])
@pytest.mark.parametrize(
    ("depth", "bits", "block", "zeros", "level"),
    [
        (64, 4, 16, "", 0),
        (77, 4, 32, "u8", 1),
        (300, 4, 128, "f32", 0),
        (257, 4, 256, "u8", 4),
        (80, 8, 32, "u8", 0),
        (67, 8, 64, "", 4),
        (75, 2, 16, "u8", 0),
    ],
)
def test_weights_of_few_bits_in_blocks(
    monkeypatch: pytest.MonkeyPatch, kept: bool, depth: int, bits: int, block: int, zeros: str, level: int
) -> None:
    monkeypatch.setattr("hearth.runtime.wasm.ops.few_bits.CACHED", 0 if kept else 1 << 20)
    model = few_bits(depth, bits, block, zeros, level)
    for rows in (1, 2, 7):
        x = RNG.standard_normal((rows, depth)).astype(np.float32)
        (expected,) = ort.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": x})
        # At the level 4 onnxruntime rounds x to 8 bits; here it stays as it is.
        allowed = np.abs(expected).max() * (0.03 if level == 4 else 1e-5)
        for executor in ("numpy", "wasm"):
            session = InferenceSession(model, executor)
            np.testing.assert_allclose(session.run(None, {"x": x})[0], expected, atol=allowed, rtol=0)
            assert {place for _, place in session.places()} == {executor}
            if executor == "wasm":
                (program, _) = next(iter(session._programs))
                assert ("bits" in program.lowered.labels[0]) == kept  # type: ignore[attr-defined]


def test_weights_of_few_bits_stay_packed_in_memory() -> None:
    session = InferenceSession(few_bits(2048, 4, 32, "", 0, columns=1024), "wasm", {"x": (1, 2048)})
    (program, _) = next(iter(session._programs))
    assert program.lowered.floats * 4 < 2048 * 1024 * 4 / 6  # type: ignore[attr-defined]
