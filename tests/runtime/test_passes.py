"""Passes keep the meaning of a graph, and do what they are for."""

import numpy as np
import pytest

from hearth.errors import BadModel
from hearth.runtime.graph import Graph
from hearth.runtime.passes import fix_inputs, keep_outputs, optimise
from hearth.runtime.types import TensorType
from tests.runtime.graphs import Builder, floats, ints, play, play_optimised


def ops_of(graph: Graph) -> list[str]:
    optimise(graph)
    return [node.op for node in graph.nodes]


def test_shapes_known_at_compile_time_become_constants() -> None:
    b = Builder(x=(2, 3, 4))
    shape = b.node("Shape", "x")
    first = b.node("Gather", shape, ints(0))
    target = b.node("Concat", first, ints(-1), axis=0)
    graph = b.done(b.node("Reshape", "x", target))
    x = floats(2, 3, 4)
    assert np.array_equal(play_optimised(graph, x=x)[0], x.reshape(2, 12))
    assert ops_of(graph) == ["Reshape"]
    assert graph.outputs["v3_0"] == TensorType(np.dtype(np.float32), (2, 12))


def test_a_dynamic_batch_stays_dynamic_and_its_name_reaches_the_output() -> None:
    b = Builder(x=("batch", 3, 8, 8))
    y = b.node("Conv", "x", floats(4, 3, 3, 3), pads=[1, 1, 1, 1])
    graph = b.done(b.node("Reshape", b.node("Relu", y), ints(0, 4, 64)))
    optimise(graph)
    assert graph.outputs["v2_0"] == TensorType(np.dtype(np.float32), ("batch", 4, 64))
    fix_inputs(graph, {"x": (5, 3, 8, 8)})
    optimise(graph)
    assert graph.shape("v2_0") == (5, 4, 64)


def test_batch_normalisation_and_channel_scales_fold_into_the_convolution() -> None:
    b = Builder(x=(1, 3, 9, 9))
    y = b.node("Conv", "x", floats(5, 3, 3, 3), floats(5))
    y = b.node("BatchNormalization", y, floats(5), floats(5, seed=1), floats(5, seed=2), np.abs(floats(5, seed=3)) + 1)
    y = b.node("Mul", y, floats(1, 5, 1, 1))
    graph = b.done(b.node("Sub", y, floats(5, 1, 1)))
    x = floats(1, 3, 9, 9)
    expected = play(graph, x=x)[0]
    np.testing.assert_allclose(play_optimised(graph, x=x)[0], expected, rtol=1e-4, atol=1e-5)
    assert ops_of(graph) == ["Conv"]


def test_channel_scales_fold_into_a_grouped_transposed_convolution() -> None:
    b = Builder(x=(1, 4, 5, 5))
    y = b.node("ConvTranspose", "x", floats(4, 3, 2, 2), group=2, strides=[2, 2])
    graph = b.done(b.node("Mul", y, floats(1, 6, 1, 1)))
    x = floats(1, 4, 5, 5)
    np.testing.assert_allclose(play_optimised(graph, x=x)[0], play(graph, x=x)[0], rtol=1e-4, atol=1e-5)
    assert ops_of(graph) == ["ConvTranspose"]


def test_activation_and_residual_become_the_epilogue() -> None:
    b = Builder(x=(1, 4, 8, 8))
    residual = b.node("Relu", "x")
    y = b.node("Conv", "x", floats(4, 4, 3, 3), pads=[1, 1, 1, 1])
    graph = b.done(b.node("Add", residual, b.node("Relu", y)))
    x = floats(1, 4, 8, 8)
    np.testing.assert_allclose(play_optimised(graph, x=x)[0], play(graph, x=x)[0], rtol=1e-6)
    assert ops_of(graph) == ["Relu", "Conv"]
    assert [node.op for node in graph.nodes[1].epilogue] == ["Relu", "Add"]


def test_an_operand_made_later_than_the_convolution_is_put_before_it() -> None:
    b = Builder(x=(1, 4, 8, 8))
    y = b.node("Conv", "x", floats(4, 4, 1, 1))
    late = b.node("MaxPool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    graph = b.done(b.node("Mul", y, late))
    x = floats(1, 4, 8, 8)
    np.testing.assert_allclose(play_optimised(graph, x=x)[0], play(graph, x=x)[0], rtol=1e-6)
    assert ops_of(graph) == ["MaxPool", "Conv"]


def test_a_value_that_others_read_is_not_fused_away() -> None:
    b = Builder(x=(1, 4, 8, 8))
    y = b.node("Conv", "x", floats(4, 4, 1, 1))
    z = b.node("Relu", y)
    graph = b.done(z, b.node("Tanh", y))
    x = floats(1, 4, 8, 8)
    for got, expected in zip(play_optimised(graph, x=x), play(graph, x=x), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_two_convolutions_that_meet_share_one_addition() -> None:
    b = Builder(x=(1, 4, 8, 8))
    left = b.node("Conv", "x", floats(4, 4, 1, 1))
    right = b.node("Conv", "x", floats(4, 4, 1, 1, seed=1))
    graph = b.done(b.node("Add", left, right))
    x = floats(1, 4, 8, 8)
    np.testing.assert_allclose(play_optimised(graph, x=x)[0], play(graph, x=x)[0], rtol=1e-5, atol=1e-6)
    assert ops_of(graph) == ["Conv", "Conv"]


def test_chains_of_elementwise_ops_become_one_node_also_with_broadcasting() -> None:
    b = Builder(x=(2, 1, 5), y=(1, 3, 1))
    z = b.node("Mul", "x", "y")
    z = b.node("Sigmoid", b.node("Add", z, np.float32(0.5).reshape(1)))
    graph = b.done(b.node("Sub", np.ones((1,), np.float32), z))
    x, y = floats(2, 1, 5), floats(1, 3, 1)
    np.testing.assert_allclose(play_optimised(graph, x=x, y=y)[0], play(graph, x=x, y=y)[0], rtol=1e-6)
    assert ops_of(graph) == ["Identity"]
    assert [node.op for node in graph.nodes[0].epilogue] == ["Mul", "Add", "Sigmoid", "Sub"]


def test_what_changes_nothing_disappears() -> None:
    b = Builder(x=(1, 2, 3))
    y = b.node("Identity", "x")
    y = b.node("Dropout", y)
    y = b.node("Transpose", y, perm=[0, 1, 2])
    y = b.node("Reshape", y, ints(1, 2, 3))
    y = b.node("Concat", y, axis=1)
    y = b.node("Slice", y, ints(0), ints(3), ints(2))
    graph = b.done(b.node("Softmax", y))
    x = floats(1, 2, 3)
    np.testing.assert_allclose(play_optimised(graph, x=x)[0], play(graph, x=x)[0])
    assert ops_of(graph) == ["Softmax"]


def test_a_slice_that_turns_its_axis_round_is_kept() -> None:
    b = Builder(x=(1, 4))
    y = b.node("Slice", "x", ints(3), ints(-5), ints(1), ints(-1))
    graph = b.done(b.node("Softmax", y))
    x = floats(1, 4)
    np.testing.assert_allclose(play_optimised(graph, x=x)[0], play(graph, x=x)[0])
    assert ops_of(graph) == ["Slice", "Softmax"]


def test_outputs_nobody_asked_for_cost_nothing() -> None:
    b = Builder(x=(1, 2, 4, 4))
    wanted = b.node("Relu", "x")
    other = b.node("Conv", wanted, floats(2, 2, 1, 1))
    graph = b.done(wanted, other)
    keep_outputs(graph, [wanted])
    assert ops_of(graph) == ["Relu"]
    with pytest.raises(BadModel, match="no output 'nothing'"):
        keep_outputs(graph, ["nothing"])


def test_constants_that_would_fill_the_memory_are_left_to_the_run() -> None:
    b = Builder(x=(1,))
    big = b.node("ConstantOfShape", ints(1 << 14, 1 << 13))
    graph = b.done(b.node("ReduceMax", big, keepdims=0))
    assert "ConstantOfShape" in ops_of(graph)


def test_a_cycle_and_a_missing_value_are_named() -> None:
    b = Builder(x=(1,))
    graph = b.done(b.node("Add", "x", "v1_0"))
    b.node("Relu", "v0_0")
    with pytest.raises(BadModel, match="cycle"):
        graph.sort()
    b = Builder(x=(1,))
    graph = b.done(b.node("Relu", "nowhere"))
    with pytest.raises(BadModel, match="'nowhere', which nothing"):
        graph.sort()


def test_shapes_that_do_not_fit_are_named_at_compile_time() -> None:
    b = Builder(x=(1, 3), y=(1, 4))
    graph = b.done(b.node("Add", "x", "y"))
    with pytest.raises(BadModel, match="Add 'v0_0' does not fit its inputs"):
        optimise(graph)


def test_shapes_fixed_after_fusing_lose_no_op_of_an_epilogue() -> None:
    """A chain on a constant is an Identity that carries ops: it hands nothing on."""
    b = Builder(x=("n", 3), s=())
    scaled = b.node("Floor", b.node("Div", floats(3) * 10, "s"))
    graph = b.done(b.node("Add", b.node("Relu", "x"), scaled))
    optimise(graph)
    feeds = {"x": floats(2, 3), "s": np.full((), 3, np.float32)}
    expected = play(graph, **feeds)
    fixed = graph.copy()
    fix_inputs(fixed, {"x": (2, 3), "s": ()})
    optimise(fixed)
    np.testing.assert_array_equal(play(fixed, **feeds)[0], expected[0])
    np.testing.assert_array_equal(expected[0], np.maximum(feeds["x"], 0) + np.floor(floats(3) * 10 / np.float32(3)))
