"""Spoils models and runs them: `python -m tests.hostile.fuzz EXECUTOR SECONDS FOLDER`.

Prints how many it tried, how many gave an answer, how many were refused. Anything but an answer or a HearthError ends
it with a traceback; the model that did it lies in FOLDER.
"""

from __future__ import annotations

import copy
import os
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from onnx import helper

from hearth.errors import HearthError
from hearth.runtime import InferenceSession
from hearth.runtime.executors import EXECUTORS
from hearth.runtime.limits import LIMITS
from tests.hostile.seeds import seeds

MEMORY = 3 << 30
MODEL_SECONDS = 20.0
"""Of the processor, for one model."""
MOST = 20_000
"""Models in the tests: all of these were tried, so that a quicker machine finds nothing that a slower one did not."""
ODD = [0, 1, -1, 2, 7, -7, 255, 1 << 20, 1 << 31, (1 << 63) - 1, -(1 << 63)]

Draw = Callable[[Any], Any]


def spoil_bytes(draw: Draw, data: bytes) -> bytes:
    """Bits flipped, bytes cut out or doubled."""
    spoilt = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        if not spoilt:
            break
        at = draw(st.integers(0, len(spoilt) - 1))
        match draw(st.sampled_from(["flip", "set", "cut", "double", "end"])):
            case "flip":
                spoilt[at] ^= 1 << draw(st.integers(0, 7))
            case "set":
                spoilt[at] = draw(st.integers(0, 255))
            case "cut":
                del spoilt[at : at + draw(st.integers(1, 64))]
            case "double":
                spoilt[at:at] = spoilt[at : at + draw(st.integers(1, 64))]
            case "end":
                del spoilt[max(1, at) :]
    return bytes(spoilt or b"\0")


def spoil_meaning(draw: Draw, data: bytes) -> bytes:
    """A valid file that says something else: other ops, attributes, wires, shapes, types, constants."""
    model = onnx.ModelProto.FromString(data)
    graph = model.graph
    for _ in range(draw(st.integers(1, 3))):
        node = graph.node[draw(st.integers(0, len(graph.node) - 1))]
        match draw(st.sampled_from(["op", "wire", "drop", "attribute", "constant", "dims", "type", "shape", "opset"])):
            case "op":
                node.op_type = graph.node[draw(st.integers(0, len(graph.node) - 1))].op_type
            case "wire" if node.input:
                names = [name for other in graph.node for name in (*other.output, *other.input)]
                node.input[draw(st.integers(0, len(node.input) - 1))] = draw(st.sampled_from(names))
            case "drop":
                graph.node.remove(node)
                if not graph.node:
                    break
            case "attribute" if node.attribute:
                spoil_attribute(draw, node.attribute[draw(st.integers(0, len(node.attribute) - 1))])
            case "constant" if graph.initializer:
                tensor = graph.initializer[draw(st.integers(0, len(graph.initializer) - 1))]
                try:
                    array = onnx.numpy_helper.to_array(tensor).copy()
                except (TypeError, ValueError):
                    continue  # its dims or its type are spoilt already
                if array.size and array.dtype.kind in "iuf":
                    odd = draw(st.sampled_from([*ODD, np.nan, np.inf]))
                    with np.errstate(all="ignore"):
                        fits = array.dtype.kind == "f" or np.isfinite(odd)
                        array.reshape(-1)[draw(st.integers(0, array.size - 1))] = np.array(odd if fits else 0).astype(
                            array.dtype
                        )
                tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))
            case "dims" if graph.initializer:
                tensor = graph.initializer[draw(st.integers(0, len(graph.initializer) - 1))]
                if tensor.dims:
                    tensor.dims[draw(st.integers(0, len(tensor.dims) - 1))] = draw(st.sampled_from(ODD))
            case "type" if graph.initializer:
                tensor = graph.initializer[draw(st.integers(0, len(graph.initializer) - 1))]
                tensor.data_type = draw(st.integers(0, 30))
            case "shape":
                value = draw(st.sampled_from([*graph.input, *graph.output, *graph.value_info]))
                dims = value.type.tensor_type.shape.dim
                if dims:
                    dims[draw(st.integers(0, len(dims) - 1))].dim_value = draw(st.sampled_from(ODD[:8]))
            case "opset":
                model.opset_import[0].version = draw(st.integers(0, 30))
    return bytes(model.SerializeToString())


def spoil_attribute(draw: Draw, attribute: onnx.AttributeProto) -> None:
    odd = draw(st.sampled_from(ODD))
    if attribute.ints:
        attribute.ints[draw(st.integers(0, len(attribute.ints) - 1))] = odd
    elif attribute.type == onnx.AttributeProto.INT:
        attribute.i = odd
    elif attribute.type == onnx.AttributeProto.FLOAT:
        attribute.f = draw(st.sampled_from([0.0, -1.0, 1e30, float("nan"), float("inf")]))
    elif attribute.type == onnx.AttributeProto.STRING:
        attribute.s = draw(st.binary(max_size=8))
    elif attribute.type == onnx.AttributeProto.GRAPH and attribute.g.node:
        inner = attribute.g.node[draw(st.integers(0, len(attribute.g.node) - 1))]
        attribute.g.node.append(copy.deepcopy(inner))
    else:
        attribute.CopyFrom(helper.make_attribute(attribute.name, odd))


def feeds_for(session: InferenceSession) -> dict[str, Any]:
    """Numbers for every input, of moderate size where the model leaves it open."""
    kinds: dict[str, type] = {
        "tensor(float)": np.float32,
        "tensor(int64)": np.int64,
        "tensor(bool)": np.bool_,
        "tensor(int32)": np.int32,
        "tensor(uint8)": np.uint8,
        "tensor(int8)": np.int8,
        "tensor(double)": np.float64,
        "tensor(float16)": np.float16,
    }
    feeds: dict[str, Any] = {}
    for item in session.get_inputs():
        shape = [size if isinstance(size, int) else 3 for size in item.shape]
        if np.prod([float(size) for size in shape]) > 1 << 22:
            shape = [min(size, 3) for size in shape]
        feeds[item.name] = np.ones(shape, kinds.get(item.type, np.float32))
    return feeds


def attempt(model: bytes, executor: str) -> bool:
    """Whether a model gives an answer, else it is refused. Raises AssertionError where it takes too long."""
    start = time.process_time()
    try:
        session = InferenceSession(model, executor)
        session.run(None, feeds_for(session))
        answered = True
    except HearthError as error:
        assert str(error)
        answered = False
    assert time.process_time() - start < MODEL_SECONDS, "it took too long"
    return answered


def main(executor: str, seconds: float, folder: Path) -> None:
    EXECUTORS[executor]()  # builds the kernels, where they are not there yet
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    LIMITS.tensor_bytes, LIMITS.live_bytes, LIMITS.products = 64 << 20, 256 << 20, 1e9
    LIMITS.compile_seconds = LIMITS.run_seconds = 2.0
    models = seeds()
    end = time.monotonic() + seconds
    counts = {"tried": 0, "answered": 0, "refused": 0}
    hunt = "HEARTH_FUZZ_SECONDS" in os.environ  # looks elsewhere; in the tests it is the same models every time

    @settings(
        max_examples=1_000_000 if hunt else MOST,
        deadline=None,
        database=None,
        derandomize=not hunt,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def attack(data: Any) -> None:
        if time.monotonic() > end:
            raise KeyboardInterrupt
        spoil = data.draw(st.sampled_from([spoil_bytes, spoil_meaning]))
        spoilt = spoil(data.draw, data.draw(st.sampled_from(models)))
        (folder / "spoilt.onnx").write_bytes(spoilt)
        counts["tried"] += 1
        counts["answered" if attempt(spoilt, executor) else "refused"] += 1

    with suppress(KeyboardInterrupt):
        attack()
    print(counts["tried"], counts["answered"], counts["refused"])


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))
