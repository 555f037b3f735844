"""BeatNet's network as ONNX, from the weights its authors saved with PyTorch.

Heydari, Cwitkowitz, Duan: "BeatNet: CRNN and Particle Filtering for Online Joint Beat, Downbeat and Meter
Tracking", ISMIR 2021. One frame of 272 features -> convolution over the features -> linear to 150 -> two
LSTM layers of 150 -> beat, downbeat, neither. The LSTM's state is an input and an output, so that sound can
be followed in pieces of any length.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from hearth.errors import BadModel
from models.convert import torch_state

FEATURES = 272
HIDDEN = 150
LAYERS = 2
KERNEL = 10  # of the convolution over the features of one frame
CHANNELS = 2

_SHAPES = {
    "conv1.weight": (CHANNELS, 1, KERNEL),
    "conv1.bias": (CHANNELS,),
    "linear0.weight": (HIDDEN, CHANNELS * ((FEATURES - KERNEL + 1) // 2)),
    "linear0.bias": (HIDDEN,),
    "linear.weight": (3, HIDDEN),
    "linear.bias": (3,),
} | {
    f"lstm.{kind}_{side}_l{layer}": (4 * HIDDEN, HIDDEN) if kind == "weight" else (4 * HIDDEN,)
    for kind in ("weight", "bias")
    for side in ("ih", "hh")
    for layer in range(LAYERS)
}


def to_onnx(data: bytes) -> onnx.ModelProto:
    """The network, with dynamic length T (frames, 50 a second).

    Inputs `features` (T, 272), `h` and `c` (2, 1, 150), zeros to begin with; outputs `activations` (T, 3):
    probabilities of beat, downbeat, neither, and `hn`, `cn`, the state to go on with.
    Raises BadModel when the state dict is not BeatNet's.
    """
    weights = torch_state.read(data)
    found = {name: tensor.shape for name, tensor in weights.items()}
    if found != _SHAPES:
        odd = sorted(set(found.items()) ^ set(_SHAPES.items()))
        raise BadModel(f"These are not BeatNet's weights: {odd[0][0]} of shape {odd[0][1]} does not fit.")

    constants: dict[str, NDArray[np.generic]] = {
        "conv_weight": weights["conv1.weight"],
        "conv_bias": weights["conv1.bias"],
        "inner_weight": weights["linear0.weight"],
        "inner_bias": weights["linear0.bias"],
        "outer_weight": np.ascontiguousarray(weights["linear.weight"].T),
        "outer_bias": weights["linear.bias"],
        "shape_frames": np.array([-1, 1, FEATURES], np.int64),
        "shape_steps": np.array([-1, 1, HIDDEN], np.int64),
        "direction_axis": np.array([1], np.int64),
        "one_each": np.ones(LAYERS, np.int64),
    }
    nodes = [
        helper.make_node("Reshape", ["features", "shape_frames"], ["frames"]),
        helper.make_node("Conv", ["frames", "conv_weight", "conv_bias"], ["conv"], kernel_shape=[KERNEL]),
        helper.make_node("Relu", ["conv"], ["conv_relu"]),
        helper.make_node("MaxPool", ["conv_relu"], ["pool"], kernel_shape=[2], strides=[2]),
        helper.make_node("Flatten", ["pool"], ["flat"], axis=1),
        helper.make_node("Gemm", ["flat", "inner_weight", "inner_bias"], ["inner"], transB=1),
        helper.make_node("Reshape", ["inner", "shape_steps"], ["steps_0"]),
        helper.make_node("Split", ["h", "one_each"], ["h_0", "h_1"], axis=0),
        helper.make_node("Split", ["c", "one_each"], ["c_0", "c_1"], axis=0),
    ]
    for layer in range(LAYERS):
        both = [_gates(weights[f"lstm.bias_{side}_l{layer}"]) for side in ("ih", "hh")]
        constants[f"w_{layer}"] = _gates(weights[f"lstm.weight_ih_l{layer}"])[None]
        constants[f"r_{layer}"] = _gates(weights[f"lstm.weight_hh_l{layer}"])[None]
        constants[f"b_{layer}"] = np.concatenate(both)[None]
        nodes += [
            helper.make_node(
                "LSTM",
                [f"steps_{layer}", f"w_{layer}", f"r_{layer}", f"b_{layer}", "", f"h_{layer}", f"c_{layer}"],
                [f"lstm_{layer}", f"hn_{layer}", f"cn_{layer}"],
                hidden_size=HIDDEN,
            ),
            helper.make_node("Squeeze", [f"lstm_{layer}", "direction_axis"], [f"steps_{layer + 1}"]),
        ]
    nodes += [
        helper.make_node("Flatten", [f"steps_{LAYERS}"], ["out_steps"], axis=1),
        helper.make_node("Gemm", ["out_steps", "outer_weight", "outer_bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["activations"], axis=1),
        helper.make_node("Concat", [f"hn_{layer}" for layer in range(LAYERS)], ["hn"], axis=0),
        helper.make_node("Concat", [f"cn_{layer}" for layer in range(LAYERS)], ["cn"], axis=0),
    ]
    state = [LAYERS, 1, HIDDEN]
    graph = helper.make_graph(
        nodes,
        "beatnet",
        [_value("features", ["T", FEATURES]), _value("h", state), _value("c", state)],
        [_value("activations", ["T", 3]), _value("hn", state), _value("cn", state)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _gates(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """PyTorch stacks an LSTM's gates as input, forget, cell, output; ONNX as input, output, forget, cell."""
    i, f, g, o = np.split(array, 4)
    return np.concatenate([i, o, f, g])


def _value(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
