"""Every convolution kernel against numpy, with fused epilogues, joined and enlarged inputs, and pooled results."""

from typing import Any

import numpy as np
import pytest

from hearth.runtime.graph import Node
from hearth.runtime.webgpu.tiles import Choice, Gemm, General, Staged, Unstaged, Winograd
from tests.webgpu.conftest import Compare

RNG = np.random.default_rng(7)


def random(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def weights(outputs: int, channels: int, *kernel: int) -> np.ndarray:
    return (random(outputs, channels, *kernel) / np.sqrt(channels * np.prod(kernel))).astype(np.float32)


KERNELS: dict[str, tuple[tuple[int, int, int, int], int, Choice]] = {
    # channels, outputs, height, width; dilation; kernel
    "staged": ((8, 16, 12, 20), 1, Staged(4, 2, 16, 8, 16, 4, 1)),
    "staged, channels split": ((16, 8, 9, 16), 1, Staged(4, 2, 8, 4, 8, 2, 4)),
    "staged, odd width": ((8, 12, 7, 13), 1, Staged(8, 1, 8, 4, 16, 4, 2)),
    "staged, dilated": ((8, 8, 12, 12), 2, Staged(4, 2, 8, 4, 8, 4, 1)),
    "unstaged": ((16, 8, 10, 10), 1, Unstaged(4, 2, 4)),
    "unstaged, odd size": ((8, 6, 9, 7), 1, Unstaged(4, 2, 2, unroll=2)),
    "unstaged, eight outputs a thread": ((8, 16, 8, 8), 1, Unstaged(8, 2, 2)),
    "unstaged, one output": ((16, 1, 10, 12), 1, Unstaged(1, 2, 8)),
    "unstaged, alone": ((4, 8, 6, 6), 1, Unstaged(4, 2, 1)),
    "unstaged, dilated": ((8, 8, 10, 10), 4, Unstaged(4, 1, 4, 16)),
    "winograd": ((32, 32, 12, 16), 1, Winograd(Gemm(32, 32, 8, 4, 4))),
    "winograd, odd size": ((32, 32, 10, 9), 1, Winograd(Gemm(32, 12, 16, 4, 4, 2))),
    "winograd, dilated": ((32, 32, 10, 10), 2, Winograd(Gemm(32, 16, 8, 4, 4))),
    "general": ((6, 10, 9, 8), 1, General(4, 4)),
    "general, one output": ((6, 1, 9, 8), 1, General(1, 2)),
}


def conv(dilation: int = 1, pad: int = 1, **more: Any) -> Node:
    attributes = {"kernel_shape": [3, 3], "pads": [pad] * 4, "dilations": [dilation] * 2, "strides": [1, 1], **more}
    return Node("Conv", ["x", "w", "b"], ["y"], attributes)


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_equals_numpy_with_bias_activation_and_residual(name: str, compare: Compare) -> None:
    (channels, outputs, height, width), dilation, choice = KERNELS[name]
    residual = random(1, outputs, height, width)
    compare(
        [conv(dilation, dilation), Node("Relu", ["y"], ["r"]), Node("Add", ["r", "s"], ["z"])],
        {"x": random(1, channels, height, width), "s": residual},
        ["z"],
        {"w": weights(outputs, channels, 3, 3), "b": random(outputs)},
        choice=choice,
    )


@pytest.mark.parametrize("name", [n for n, (size, _, _) in KERNELS.items() if size[2] % 2 == 0 and size[3] % 2 == 0])
def test_the_pooled_result_comes_with_the_whole_one(name: str, compare: Compare) -> None:
    (channels, outputs, height, width), dilation, choice = KERNELS[name]
    compare(
        [
            conv(dilation, dilation),
            Node("Relu", ["y"], ["r"]),
            Node("MaxPool", ["r"], ["p"], {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ],
        {"x": random(1, channels, height, width)},
        ["r", "p"],
        {"w": weights(outputs, channels, 3, 3), "b": random(outputs)},
        choice=choice,
    )


@pytest.mark.parametrize("name", [n for n, (size, _, _) in KERNELS.items() if size[2] % 2 == 0 and size[3] % 2 == 0])
def test_an_enlarged_map_joined_with_another_is_read_in_place(name: str, compare: Compare) -> None:
    (channels, outputs, height, width), dilation, choice = KERNELS[name]
    half = channels // 2
    nodes = [
        Node("Resize", ["u", "", "scales"], ["v"], {"mode": "linear"}),
        Node("Concat", ["v", "t"], ["x"], {"axis": 1}),
        conv(dilation, dilation),
    ]
    compare(
        nodes,
        {"u": random(1, half, height // 2, width // 2), "t": random(1, channels - half, height, width)},
        ["y"],
        {
            "scales": np.array([1, 1, 2, 2], np.float32),
            "w": weights(outputs, channels, 3, 3),
            "b": random(outputs),
        },
        choice=choice,
    )


@pytest.mark.parametrize("name", ["staged", "unstaged", "winograd", "winograd, dilated", "general"])
def test_batches(name: str, compare: Compare) -> None:
    (channels, outputs, height, width), dilation, choice = KERNELS[name]
    compare(
        [conv(dilation, dilation)],
        {"x": random(3, channels, height, width)},
        ["y"],
        {"w": weights(outputs, channels, 3, 3), "b": random(outputs)},
        choice=choice,
    )


@pytest.mark.parametrize("name", ["staged", "unstaged", "winograd", "general"])
def test_weights_stored_in_half_precision(name: str, compare: Compare) -> None:
    (channels, outputs, height, width), dilation, choice = KERNELS[name]
    compare(
        [conv(dilation, dilation)],
        {"x": random(1, channels, height, width)},
        ["y"],
        {"w": weights(outputs, channels, 3, 3).astype(np.float16).astype(np.float32), "b": random(outputs)},
        choice=choice,
    )


@pytest.mark.parametrize(
    ("shape", "kernel", "attributes"),
    [
        ((1, 6, 9, 9), (4, 6, 3, 3), {"strides": [2, 2], "pads": [0, 0, 1, 1]}),
        ((2, 8, 8, 7), (8, 1, 3, 3), {"group": 8, "pads": [1, 1, 1, 1]}),
        ((1, 8, 9, 9), (16, 4, 3, 3), {"group": 2, "pads": [1, 1, 1, 1], "strides": [2, 1]}),
        ((1, 12, 6, 6), (10, 12, 1, 1), {}),
        ((1, 4, 11, 11), (4, 1, 5, 5), {"group": 4, "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
        ((1, 2, 5, 60), (3, 2, 3, 39), {"pads": [1, 19, 1, 19]}),
        ((1, 1, 120), (6, 1, 32), {"strides": [8]}),
        ((1, 3, 8, 8), (5, 3, 2, 4), {"dilations": [2, 1]}),
        ((1, 16, 1, 1), (8, 16, 1, 1), {}),
        ((1, 6, 8, 8), (1, 6, 1, 1), {}),
    ],
)
def test_strides_groups_and_kernels_of_any_size(
    shape: tuple[int, ...], kernel: tuple[int, ...], attributes: dict[str, Any], compare: Compare
) -> None:
    compare(
        [Node("Conv", ["x", "w", "b"], ["y"], attributes), Node("Sigmoid", ["y"], ["z"])],
        {"x": random(*shape)},
        ["z"],
        {"w": weights(*kernel), "b": random(kernel[0])},
    )


@pytest.mark.parametrize(
    ("shape", "kernel", "attributes"),
    [
        ((1, 4, 5, 6), (4, 3, 2, 2), {"strides": [2, 2]}),
        ((2, 4, 5, 4), (4, 2, 3, 3), {"strides": [2, 1], "pads": [1, 1, 1, 1], "output_padding": [1, 0]}),
        ((1, 4, 5, 4), (4, 2, 3, 3), {"group": 2, "dilations": [2, 2]}),
    ],
)
def test_transposed_convolution(
    shape: tuple[int, ...], kernel: tuple[int, ...], attributes: dict[str, Any], compare: Compare
) -> None:
    outputs = kernel[1] * attributes.get("group", 1)
    compare(
        [Node("ConvTranspose", ["x", "w", "b"], ["y"], attributes), Node("Relu", ["y"], ["z"])],
        {"x": random(*shape)},
        ["z"],
        {"w": weights(*kernel), "b": random(outputs)},
    )


def test_whole_numbers_are_not_computed_in_fractions(compare: Compare) -> None:
    x, w = RNG.integers(-128, 128, (1, 32, 12, 12)), RNG.integers(-127, 128, (32, 32, 3, 3))
    program = compare(
        [conv(hearth_whole_numbers=1)],
        {"x": x.astype(np.float32)},
        ["y"],
        {"w": w.astype(np.float32), "b": RNG.integers(-9999, 9999, 32).astype(np.float32)},
        choice=Winograd(Gemm(32, 32, 8, 4, 4)),
        atol=0,
    )
    assert not any(dispatch.label.startswith("winograd") for dispatch in program.lowered.dispatches)
