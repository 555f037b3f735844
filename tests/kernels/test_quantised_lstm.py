"""LSTM with weights of 8 bits: kernels and numpy against onnxruntime."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hearth.errors import BadModel
from hearth.runtime import InferenceSession

pytestmark = pytest.mark.desk

INFO = Path("/proc/cpuinfo")
FUSED = platform.machine() == "x86_64" and INFO.exists() and " fma " in INFO.read_text("utf-8")
"""Whether onnxruntime fuses products and sums on this machine, as the kernels do: then not a bit differs."""


def layer(steps: int, batch: int, size: int, hidden: int, direction: str, columns: bool, kind: type) -> bytes:
    """All outputs and the last states, from x and a state at the start."""
    chance = np.random.default_rng(steps)
    directions = 2 if direction == "bidirectional" else 1
    low, high = np.iinfo(kind).min, np.iinfo(kind).max + 1
    scales = (directions, 4 * hidden) if columns else (directions,)
    constants = {
        "w": chance.integers(low, high, (directions, size, 4 * hidden)).astype(kind),
        "r": chance.integers(low, high, (directions, hidden, 4 * hidden)).astype(kind),
        "b": (chance.standard_normal((directions, 8 * hidden)) * 0.1).astype(np.float32),
        "s": (chance.random(scales) * 0.01 + 0.001).astype(np.float32),
        "z": np.full(scales, 0 if columns else (low + high) // 2 + 3, kind),
    }
    inputs = ["x", "w", "r", "b", "", "h", "c", "", "s", "z", "s", "z"]
    node = helper.make_node(
        "DynamicQuantizeLSTM", inputs, list("yuv"), domain="com.microsoft", hidden_size=hidden, direction=direction
    )
    shapes = {"x": [steps, batch, size], "h": [directions, batch, hidden], "c": [directions, batch, hidden]}
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "yuv"],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


@pytest.mark.parametrize("executor", ["numpy", "wasm"])
@pytest.mark.parametrize(
    "how",
    [
        (1, 1, 8, 16, "forward", False, np.int8),
        (7, 1, 5, 13, "bidirectional", False, np.int8),
        (6, 3, 9, 6, "reverse", False, np.uint8),
        (4, 2, 33, 20, "bidirectional", True, np.int8),
    ],
)
def test_results_are_onnxruntimes(executor: str, how: tuple[int, int, int, int, str, bool, type]) -> None:
    import onnxruntime

    model, chance = layer(*how), np.random.default_rng(1)
    alone = onnxruntime.SessionOptions()
    alone.intra_op_num_threads = 1  # several threads each quantise their own rows of a batch, by other ranges
    theirs = onnxruntime.InferenceSession(model, alone, providers=["CPUExecutionProvider"])
    feeds = {item.name: chance.standard_normal(item.shape).astype(np.float32) for item in theirs.get_inputs()}
    session = InferenceSession(model, executor)
    for got, wanted in zip(session.run(None, feeds), theirs.run(None, feeds), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=0 if FUSED else 1e-6)
    if executor == "wasm":
        assert {place for _, place in session.places()} == {"wasm"}


@pytest.mark.parametrize("executor", ["numpy", "wasm"])
@pytest.mark.parametrize(
    "name, shape", [("w", (1, 8, 60)), ("r", (1, 16, 60)), ("b", (1, 7)), ("s", (1, 3)), ("z", ()), ("r", (2, 16, 64))]
)
def test_constants_of_another_shape_are_refused(executor: str, name: str, shape: tuple[int, ...]) -> None:
    model = onnx.ModelProto.FromString(layer(3, 1, 8, 16, "forward", False, np.int8))
    tensor = next(item for item in model.graph.initializer if item.name == name)
    kind = numpy_helper.to_array(tensor).dtype
    tensor.CopyFrom(numpy_helper.from_array(np.ones(shape, kind), name))
    with pytest.raises(BadModel, match="DynamicQuantizeLSTM"):
        InferenceSession(model.SerializeToString(), executor).run(
            None, {"x": np.zeros((3, 1, 8), np.float32), **{key: np.zeros((1, 1, 16), np.float32) for key in "hc"}}
        )
