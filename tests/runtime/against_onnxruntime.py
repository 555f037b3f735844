"""One node run by this runtime and by onnxruntime on the same inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from hearth.runtime import InferenceSession

Inputs = Sequence[np.ndarray | None]
OPSETS = {"": 17, "ai.onnx.ml": 3, "com.microsoft": 1}


def model_of(
    op: str, inputs: Inputs, outputs: int, attributes: Mapping[str, Any], domain: str, opset: int | None
) -> bytes:
    """A model of one node, with inputs named x0, x1, ... (absent ones empty) and outputs y0, y1, ..."""
    names = ["" if value is None else f"x{at}" for at, value in enumerate(inputs)]
    node = helper.make_node(op, names, [f"y{at}" for at in range(outputs)], domain=domain, **attributes)
    given = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in zip(names, inputs, strict=True)
        if value is not None
    ]
    made = [onnx.ValueInfoProto(name=f"y{at}") for at in range(outputs)]
    graph = helper.make_graph([node], "g", given, made)
    opsets = {**OPSETS, **({domain: opset} if opset else {})}
    imports = [helper.make_opsetid(name, version) for name, version in opsets.items()]
    return helper.make_model(graph, opset_imports=imports, ir_version=10).SerializeToString()


def both(
    op: str,
    *inputs: np.ndarray | None,
    domain: str = "",
    opset: int | None = None,
    outputs: int = 1,
    **attributes: Any,
) -> tuple[list[Any], list[Any]]:
    """(our outputs, onnxruntime's)."""
    model = model_of(op, inputs, outputs, attributes, domain, opset)
    feeds = {f"x{at}": value for at, value in enumerate(inputs) if value is not None}
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    theirs = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]).run(None, feeds)
    return InferenceSession(model, executor="numpy").run(None, feeds), list(theirs)


def assert_same(op: str, *inputs: np.ndarray | None, tolerance: float = 1e-5, **how: Any) -> None:
    """Fails where the outputs differ in type, shape, or by more than `tolerance` beside 1."""
    for ours, theirs in zip(*both(op, *inputs, **how), strict=True):
        if isinstance(theirs, np.ndarray):
            assert ours.dtype == theirs.dtype
            assert ours.shape == theirs.shape
        if not isinstance(theirs, np.ndarray) or theirs.dtype == object:
            assert list(ours) == list(theirs)
        else:
            np.testing.assert_allclose(
                ours.astype(np.float64), theirs.astype(np.float64), rtol=tolerance, atol=tolerance
            )
