"""Nets of one layer, one for each class: what a kernel does by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Shapes = dict[str, tuple[int, ...]]
Net = tuple[bytes, Shapes]


def _net(op: str, x: tuple[int, ...], weights: list[tuple[int, ...]], **attributes: Any) -> Net:
    """One node over the input x and constants of these shapes."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(5)
    constants = [
        numpy_helper.from_array((rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32), f"w{n}")
        for n, shape in enumerate(weights)
    ]
    node = helper.make_node(op, ["x", *(constant.name for constant in constants)], ["y"], **attributes)
    graph = helper.make_graph(
        [node],
        op,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * (len(x) + (op == "LSTM")))],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString(), {"x": x}


def _resize() -> Net:
    from onnx import TensorProto, helper

    scales = helper.make_tensor("scales", TensorProto.FLOAT, [4], [1, 1, 2, 2])
    node = helper.make_node(
        "Resize", ["x", "", "scales"], ["y"], mode="linear", coordinate_transformation_mode="pytorch_half_pixel"
    )
    graph = helper.make_graph(
        [node],
        "Resize",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 64, 80, 80))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 4)],
        [scales],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString(), {"x": (1, 64, 80, 80)}


def _quantised_matmul() -> Net:
    """As dynamic quantisation writes a dense layer: 8 bits by 8 bits, scaled."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(5)
    constants: dict[str, np.ndarray] = {
        "w": rng.integers(-127, 128, (512, 512)).astype(np.int8),
        "zero": np.zeros((), np.int8),
        "scale": np.full((), 1e-3, np.float32),
    }
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        helper.make_node("MatMulInteger", ["q", "w", "z", "zero"], ["i"]),
        helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["s", "scale"], ["factor"]),
        helper.make_node("Mul", ["f", "factor"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "MatMulInteger",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 512, 512))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * 3)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString(), {"x": (1, 512, 512)}


PADS = [1, 1, 1, 1]
LAYERS: dict[str, Callable[[], Net]] = {
    "conv 3x3": lambda: _net("Conv", (1, 64, 160, 160), [(64, 64, 3, 3), (64,)], pads=PADS),
    "conv 3x3 small maps": lambda: _net("Conv", (1, 256, 20, 20), [(256, 256, 3, 3), (256,)], pads=PADS),
    "conv 3x3 dilated": lambda: _net("Conv", (1, 64, 80, 80), [(64, 64, 3, 3), (64,)], pads=[2] * 4, dilations=[2, 2]),
    "conv 3x3 stride 2": lambda: _net("Conv", (1, 64, 160, 160), [(64, 64, 3, 3), (64,)], pads=PADS, strides=[2, 2]),
    "conv 7x7 few channels": lambda: _net("Conv", (1, 3, 224, 224), [(64, 3, 7, 7)], pads=[3] * 4, strides=[2, 2]),
    "conv 1x1": lambda: _net("Conv", (1, 128, 80, 80), [(128, 128, 1, 1), (128,)]),
    "conv depthwise 3x3": lambda: _net("Conv", (1, 64, 160, 160), [(64, 1, 3, 3), (64,)], pads=PADS, group=64),
    "conv transposed 4x4": lambda: _net("ConvTranspose", (1, 64, 80, 80), [(64, 32, 4, 4)], strides=[2, 2], pads=PADS),
    "matmul": lambda: _net("MatMul", (1, 512, 512), [(512, 512)]),
    "matmul 8 bits": _quantised_matmul,
    "max pool": lambda: _net("MaxPool", (1, 64, 160, 160), [], kernel_shape=[2, 2], strides=[2, 2]),
    "resize": _resize,
    "element-wise": lambda: _net("Add", (1, 64, 160, 160), [(1, 64, 1, 1)]),
    "sigmoid": lambda: _net("Sigmoid", (1, 64, 160, 160), []),
    "softmax": lambda: _net("Softmax", (64, 256, 256), [], axis=-1),
    "layer norm": lambda: _net("LayerNormalization", (512, 768), [(768,), (768,)], axis=-1),
    "lstm": lambda: _net("LSTM", (100, 1, 128), [(1, 512, 128), (1, 512, 128), (1, 1024)], hidden_size=128),
}


def layer(name: str) -> Net:
    """The model's bytes and the shapes of its inputs."""
    return LAYERS[name]()
