"""The first versions of ops, which old models use, agree with onnxruntime or with their definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hearth.runtime.graph import Node
from hearth.runtime.ops.activation import erf, prelu_channels, sigmoid
from hearth.runtime.ops.registry import find
from hearth.runtime.ops.storage import decode, encode
from hearth.runtime.types import DTYPES


def run(op: str, opset: int, *inputs: Any, outputs: int = 1, **attributes: Any) -> Any:
    """The outputs of one node."""
    names = ["" if value is None else f"x{at}" for at, value in enumerate(inputs)]
    node = Node(op, names, [f"y{at}" for at in range(outputs)], attributes, opset=opset)
    operator = find(node)
    with np.errstate(all="ignore"):
        results = operator.run(inputs, operator.arguments(node), node.label)
    return results[0] if outputs == 1 else results


def ramp(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def test_operands_were_aligned_by_an_attribute() -> None:
    a, b = ramp(2, 3, 4), ramp(3)
    np.testing.assert_array_equal(run("Add", 6, a, b, broadcast=1, axis=1), a + b[:, None])
    np.testing.assert_array_equal(run("Mul", 6, a, ramp(4), broadcast=1), a * ramp(4))


def test_memory_hints_are_passed_over() -> None:
    np.testing.assert_array_equal(run("Relu", 1, ramp(3) - 1, consumed_inputs=[0]), [0, 0, 1])


def test_slopes_were_by_channel() -> None:
    x = -ramp(1, 2, 2)
    np.testing.assert_array_equal(prelu_channels(x, np.array([1, 10], np.float32)), [[[0, -1], [-20, -30]]])


def test_softmax_took_all_later_axes_as_one() -> None:
    x = ramp(2, 2, 2)
    np.testing.assert_allclose(run("Softmax", 11, x, axis=1).sum((1, 2)), [1, 1], rtol=1e-6)
    np.testing.assert_allclose(run("Softmax", 13, x, axis=1).sum(1), np.ones((2, 2)), rtol=1e-6)


def test_parameters_were_attributes() -> None:
    x = ramp(2, 6)
    np.testing.assert_array_equal(run("Reshape", 1, x, shape=[3, 4]), x.reshape(3, 4))
    np.testing.assert_array_equal(run("Slice", 1, x, starts=[1], ends=[3], axes=[1]), x[:, 1:3])
    np.testing.assert_array_equal(run("Squeeze", 11, x[None], axes=[0]), x)
    np.testing.assert_array_equal(run("Unsqueeze", 11, x, axes=[1]), x[:, None])
    np.testing.assert_array_equal(run("ReduceSum", 11, x, axes=[1], keepdims=0), x.sum(1))
    np.testing.assert_array_equal(run("Clip", 6, x, min=2.0, max=5.0), x.clip(2, 5))
    np.testing.assert_array_equal(run("Pad", 2, x, pads=[0, 1, 0, 0]), np.pad(x, ((0, 0), (1, 0))))
    np.testing.assert_array_equal(run("Pad", 1, x, paddings=[0, 1, 0, 0]), np.pad(x, ((0, 0), (1, 0))))
    np.testing.assert_array_equal(run("TopK", 1, x, k=2, axis=1, outputs=2)[0], x[:, :3:-1])
    np.testing.assert_array_equal(run("Cast", 1, x, to="INT64"), x.astype(np.int64))
    assert [part.shape for part in run("Split", 2, x, split=[2, 4], axis=1, outputs=2)] == [(2, 2), (2, 4)]


def test_enlarging_by_whole_factors() -> None:
    x = ramp(1, 1, 2, 2)
    expected = x.repeat(2, 2).repeat(3, 3)
    np.testing.assert_array_equal(run("Upsample", 1, x, height_scale=2.0, width_scale=3.0), expected)
    np.testing.assert_array_equal(run("Upsample", 7, x, scales=[1.0, 1.0, 2.0, 3.0]), expected)
    scales = np.array([1, 1, 2, 3], np.float32)
    np.testing.assert_array_equal(run("Upsample", 9, x, scales), expected)
    np.testing.assert_array_equal(run("Resize", 10, x, scales), expected)


def test_bfloat16_is_computed_in_float32_and_rounded_once() -> None:
    bfloat16 = DTYPES[16]
    x = encode(np.array([1, 2, 3], np.float32), bfloat16)
    y = run("Add", 13, x, encode(np.array([2**-8] * 3, np.float32), bfloat16))
    assert y.dtype == bfloat16
    np.testing.assert_array_equal(decode(y), [1, 2, 3])


def test_sigmoid_keeps_small_values() -> None:
    x = np.array([-80, -20, 0, 20, 200], np.float32)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(sigmoid(x), 1 / (1 + np.exp(-x.astype(np.float64))), rtol=1e-6)


def test_erf_is_exact_to_single_precision() -> None:
    import math

    x = np.concatenate([np.linspace(-5, 5, 1001), [1e-20, -1e-3]]).astype(np.float32)
    exact = np.array([math.erf(item) for item in x.tolist()])
    np.testing.assert_allclose(erf(x), exact, rtol=5e-7)


@pytest.mark.parametrize("layout", [0, 1])
def test_recurrent_layers_may_put_the_batch_first(layout: int) -> None:
    rng = np.random.default_rng(0)
    x, w, r = (rng.standard_normal(shape).astype(np.float32) for shape in ((4, 2, 3), (1, 12, 3), (1, 12, 3)))
    given = x.swapaxes(0, 1) if layout else x
    y, h = run("GRU", 14, given, w[:, :9], r[:, :9], hidden_size=3, layout=layout, outputs=2)
    np.testing.assert_allclose(y[0, -1, 0] if layout else y[-1, 0, 0], h[0, 0])
