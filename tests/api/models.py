"""Small ONNX files, and calls that run them, for comparing two modules with onnxruntime's API."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import onnx
from onnx import helper

FLOAT, INT64, STRING, BFLOAT16 = 1, 7, 8, 16
Signature = dict[str, tuple[int, list[Any] | None]]
"""Name -> (element type, shape)."""


def file(
    nodes: Sequence[onnx.NodeProto],
    inputs: Signature,
    outputs: Signature,
    opset: int = 17,
    metadata: dict[str, str] | None = None,
    **fields: Any,
) -> bytes:
    """An ONNX file of these nodes."""

    def values(signature: Signature) -> list[onnx.ValueInfoProto]:
        return [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in signature.items()]

    graph = helper.make_graph(nodes, "g", values(inputs), values(outputs), doc_string=fields.pop("graph_doc", ""))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, **fields)
    helper.set_model_props(model, metadata or {})
    return model.SerializeToString()


def add_relu() -> bytes:
    """s = x (batch, 3) + y (3,), r = relu(s)."""
    return file(
        [helper.make_node("Add", ["x", "y"], ["s"], name="add"), helper.make_node("Relu", ["s"], ["r"], name="relu")],
        {"x": (FLOAT, ["batch", 3]), "y": (FLOAT, [3])},
        {"s": (FLOAT, ["batch", 3]), "r": (FLOAT, ["batch", 3])},
    )


def product() -> bytes:
    """z = x (n,) * y (m,): fits or fails at run time."""
    node = helper.make_node("Mul", ["x", "y"], ["z"], name="mul")
    return file([node], {"x": (FLOAT, ["n"]), "y": (FLOAT, ["m"])}, {"z": (FLOAT, None)})


def one_node(op: str, kind: int = FLOAT, shape: list[Any] | None = None, **attributes: Any) -> bytes:
    """y = op(x)."""
    node = helper.make_node(op, ["x"], ["y"], name="n1", **attributes)
    return file([node], {"x": (kind, shape or [3])}, {"y": (kind, shape or [3])})


def mean_beyond_the_map(opset: int, ceil_mode: int) -> bytes:
    """y = the means of windows of 6x6 over maps x of 5x5, padding counted."""
    how: dict[str, Any] = {"kernel_shape": [6, 6], "strides": [2, 2], "count_include_pad": 1, "ceil_mode": ceil_mode}
    node = helper.make_node("AveragePool", ["x"], ["y"], **how)
    return file([node], {"x": (FLOAT, [1, 4, 5, 5])}, {"y": (FLOAT, None)}, opset)


def x() -> np.ndarray:
    return np.array([[1, -2, 3], [-4, 5, -6]], np.float32)


def y() -> np.ndarray:
    return np.array([0.5, 1, 2], np.float32)


def feeds(**changes: Any) -> dict[str, Any]:
    return {"x": x(), "y": y(), **changes}


def session(ort: ModuleType, model: bytes | str | None = None, **options: Any) -> Any:
    options.setdefault("providers", ["CPUExecutionProvider"])
    return ort.InferenceSession(model if model is not None else add_relu(), **options)


def run_bound(ort: ModuleType, inputs: Any = ("x", "y"), outputs: Any = ("r",), place: str = "cpu") -> Any:
    made = session(ort)
    binding = made.io_binding()
    for name in inputs:
        binding.bind_cpu_input(name, feeds()[name])
    for name in outputs:
        binding.bind_output(name, place)
    made.run_with_iobinding(binding)
    return binding.copy_outputs_to_cpu()
