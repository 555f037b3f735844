"""Every executor that runs here gives what numpy says, on the same graphs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hearth.errors import Unsupported
from hearth.runtime import InferenceSession
from hearth.runtime.executors import EXECUTORS
from hearth.runtime.graph import Graph
from hearth.runtime.types import TensorType
from tests.runtime.graphs import Builder, floats, ints, play

Feeds = dict[str, np.ndarray]
CASES: dict[str, Callable[[], tuple[Graph, Feeds]]] = {}


def case(make: Callable[[], tuple[Graph, Feeds]]) -> Callable[[], tuple[Graph, Feeds]]:
    CASES[make.__name__] = make
    return make


def number(value: float) -> np.ndarray:
    return np.full((), value, np.float32)


def conv(
    channels: int, maps: int, size: tuple[int, int], kernel: int, group: int = 1, **how: Any
) -> tuple[Graph, Feeds]:
    b = Builder(x=(2, channels, *size))
    y = b.node("Conv", "x", floats(maps, channels // group, kernel, kernel) / 4, floats(maps), group=group, **how)
    return b.done(b.node("Relu", y)), {"x": floats(2, channels, *size, seed=1)}


for name, values in {
    "conv_3x3": (16, 24, (21, 18), 3, 1, {"pads": [1, 1, 1, 1]}),
    "conv_3x3_dilated": (16, 16, (23, 19), 3, 1, {"pads": [4, 4, 4, 4], "dilations": [4, 4]}),
    "conv_3x3_strided": (3, 16, (31, 30), 3, 1, {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
    "conv_1x1": (20, 12, (9, 13), 1, 1, {}),
    "conv_1x1_with_pads_behind_alone": (20, 12, (9, 13), 1, 1, {"pads": [0, 0, 1, 2]}),
    "conv_5x5_uneven": (5, 7, (12, 9), 5, 1, {"pads": [2, 0, 1, 3], "strides": [1, 2]}),
    "conv_depthwise": (12, 12, (15, 14), 3, 12, {"pads": [1, 1, 1, 1]}),
    "conv_grouped": (12, 8, (10, 10), 3, 4, {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
}.items():
    *plain, how = values
    CASES[name] = lambda plain=plain, how=how: conv(*plain, **how)  # type: ignore[misc]


@case
def conv_of_one_dimension() -> tuple[Graph, Feeds]:
    b = Builder(x=(1, 4, 50))
    return b.done(b.node("Conv", "x", floats(6, 4, 7), strides=[3])), {"x": floats(1, 4, 50)}


@case
def conv_transposed() -> tuple[Graph, Feeds]:
    b = Builder(x=(1, 6, 7, 5))
    y = b.node("ConvTranspose", "x", floats(6, 4, 3, 3), floats(4), strides=[2, 2], pads=[1, 1, 1, 1])
    return b.done(b.node("Sigmoid", y)), {"x": floats(1, 6, 7, 5)}


@case
def conv_transposed_as_far_apart_as_its_kernel_but_for_the_last() -> tuple[Graph, Feeds]:
    """No two inputs meet, but there are fewer outputs, or more, than inputs have."""
    b = Builder(x=(2, 6, 7, 5), s=(2, 6, 7))
    picture = b.node("ConvTranspose", "x", floats(6, 2, 2, 3), floats(2), strides=[2, 3], output_padding=[1, 2])
    sound = b.node("ConvTranspose", "s", floats(6, 2, 2), strides=[2], pads=[0, 1])
    return b.done(picture, sound), {"x": floats(2, 6, 7, 5), "s": floats(2, 6, 7)}


@case
def residual_block_with_concat() -> tuple[Graph, Feeds]:
    b = Builder(x=(1, 8, 16, 16))
    y = b.node("Relu", b.node("Conv", "x", floats(8, 8, 3, 3) / 8, pads=[1, 1, 1, 1]))
    z = b.node("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    z = b.node("Conv", z, floats(8, 8, 3, 3) / 8, pads=[2, 2, 2, 2], dilations=[2, 2])
    empty = b.constant(np.zeros(0, np.float32))
    up = b.node("Resize", z, empty, empty, ints(1, 8, 16, 16), mode="linear")
    both = b.node("Concat", up, y, axis=1)
    last = b.node("Conv", both, floats(8, 16, 1, 1) / 8)
    return b.done(b.node("Add", b.node("Relu", last), "x")), {"x": floats(1, 8, 16, 16, seed=3)}


@case
def pools() -> tuple[Graph, Feeds]:
    b = Builder(x=(1, 5, 13, 11))
    y = b.node("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    z = b.node("GlobalAveragePool", y)
    return b.done(y, b.node("Mul", y, z), b.node("GlobalMaxPool", "x")), {"x": floats(1, 5, 13, 11)}


@case
def pools_wider_than_their_map() -> tuple[Graph, Feeds]:
    """Narrow pictures of text come down to less than a window; onnxruntime takes what there is, or nothing."""
    b = Builder(x=(1, 5, 3, 2))
    how: dict[str, Any] = {"kernel_shape": [2, 3], "strides": [2, 2]}
    means = (b.node("AveragePool", "x", count_include_pad=counted, **how) for counted in (0, 1))
    none = b.node("MaxPool", "x", kernel_shape=[2, 4], strides=[2, 2])
    up = (b.node(op, "x", ceil_mode=1, **how) for op in ("MaxPool", "AveragePool"))
    return b.done(b.node("MaxPool", "x", **how), *means, none, *up), {"x": floats(1, 5, 3, 2)}


@case
def resizes() -> tuple[Graph, Feeds]:
    b = Builder(x=(1, 3, 6, 5))
    empty = b.constant(np.zeros(0, np.float32))
    how: dict[str, Any] = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    nearest = b.node("Resize", "x", empty, b.constant(np.array([1, 1, 2, 3], np.float32)), mode="nearest", **how)
    corners = b.node(
        "Resize", "x", empty, empty, ints(1, 3, 11, 4), mode="linear", coordinate_transformation_mode="align_corners"
    )
    return b.done(nearest, corners), {"x": floats(1, 3, 6, 5)}


@case
def products() -> tuple[Graph, Feeds]:
    b = Builder(x=(2, 3, 17, 9), y=(3, 9, 5))
    batched = b.node("MatMul", "x", "y")
    flat = b.node("Gemm", b.node("Flatten", batched, axis=2), floats(33, 85), floats(33), transB=1, alpha=0.5)
    return b.done(batched, b.node("Tanh", flat)), {"x": floats(2, 3, 17, 9), "y": floats(3, 9, 5)}


@case
def attention() -> tuple[Graph, Feeds]:
    b = Builder(x=(1, 12, 16))
    parts = [b.node("MatMul", "x", floats(16, 16, seed=seed) / 4) for seed in range(3)]
    q, k, v = (b.node("Transpose", b.node("Reshape", p, ints(1, 12, 4, 4)), perm=[0, 2, 1, 3]) for p in parts)
    scores = b.node("Mul", b.node("MatMul", q, b.node("Transpose", k, perm=[0, 1, 3, 2])), number(0.5))
    mixed = b.node("Transpose", b.node("MatMul", b.node("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
    summed = b.node("Add", b.node("Reshape", mixed, ints(1, 12, 16)), "x")
    return b.done(b.node("LayerNormalization", summed, floats(16), floats(16))), {"x": floats(1, 12, 16)}


@case
def elementwise_with_broadcasting() -> tuple[Graph, Feeds]:
    b = Builder(x=(4, 1, 6), y=(1, 5, 1))
    z = b.node("Add", b.node("Mul", "x", "y"), floats(6))
    z = b.node("Clip", z, number(-1), number(2))
    z = b.node("Div", b.node("Exp", z), b.node("Sqrt", b.node("Abs", b.node("Sub", "x", np.ones(1, np.float32)))))
    return b.done(b.node("LeakyRelu", z, alpha=0.1)), {"x": floats(4, 1, 6), "y": floats(1, 5, 1)}


@case
def reductions() -> tuple[Graph, Feeds]:
    b = Builder(x=(3, 4, 5))
    mean = b.node("ReduceMean", "x", axes=[1], opset=13)
    outputs = [
        b.node("ReduceMax", "x", axes=[0, 2], keepdims=0, opset=13),
        b.node("ReduceSum", "x", ints(2)),
        b.node("ReduceL2", b.node("Sub", "x", mean), axes=[2], opset=13),
        b.node("ArgMax", "x", axis=1),
    ]
    return b.done(*outputs), {"x": floats(3, 4, 5)}


@case
def movement() -> tuple[Graph, Feeds]:
    b = Builder(x=(2, 3, 8, 6))
    y = b.node("Pad", "x", ints(0, 0, 1, 2, 0, 0, 3, 0), mode="reflect")
    y = b.node("Slice", y, ints(1, 5), ints(9, -9), ints(2, 3), ints(2, -1))
    y = b.node("Transpose", y, perm=[0, 2, 3, 1])
    y = b.node("Gather", y, ints(2, 0, 0), axis=3)
    left = b.node("Split", y, ints(1, 3), axis=1, outputs=2)
    right = left.replace("_0", "_1")
    return b.done(b.node("Concat", right, left, axis=1), b.node("Unsqueeze", y, ints(0))), {"x": floats(2, 3, 8, 6)}


@case
def recurrent() -> tuple[Graph, Feeds]:
    b = Builder(x=(7, 2, 5))
    y = b.node("LSTM", "x", floats(1, 24, 5) / 2, floats(1, 24, 6) / 2, floats(1, 48), hidden_size=6)
    z = b.node("Squeeze", y, ints(1))
    return b.done(z, b.node("GRU", z, floats(1, 9, 6), floats(1, 9, 3), hidden_size=3)), {"x": floats(7, 2, 5)}


@case
def integers_and_conditions_between_floats() -> tuple[Graph, Feeds]:
    b = Builder(x=(3, 7))
    rounded = b.node("Cast", b.node("Mul", "x", number(10)), to=7)
    odd = b.node("Equal", b.node("Mod", rounded, ints(2)), ints(0))
    return b.done(b.node("Where", odd, b.node("Relu", "x"), b.node("Exp", "x"))), {"x": floats(3, 7)}


@case
def nothing_to_compute() -> tuple[Graph, Feeds]:
    b = Builder(x=(0, 4))
    return b.done(b.node("Relu", b.node("MatMul", "x", floats(4, 3))), "x"), {"x": floats(0, 4)}


@case
def a_dynamic_batch() -> tuple[Graph, Feeds]:
    b = Builder(x=("batch", 3, 8, 8))
    y = b.node("Relu", b.node("Conv", "x", floats(6, 3, 3, 3), pads=[1, 1, 1, 1]))
    return b.done(b.node("Reshape", y, ints(0, -1))), {"x": floats(3, 3, 8, 8)}


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("name", CASES)
def test_an_executor_gives_what_numpy_says(name: str, executor: str) -> None:
    graph, feeds = CASES[name]()
    expected = play(graph, **feeds)
    try:
        session = InferenceSession(graph, executor)
    except Unsupported as reason:
        pytest.skip(str(reason))
    for _ in range(2):  # the second run meets an arena that is not fresh
        for got, wanted in zip(session.run(None, feeds), expected, strict=True):
            assert got.dtype == wanted.dtype and got.shape == wanted.shape
            np.testing.assert_allclose(got, wanted, rtol=2e-4, atol=2e-4)
    assert session.executor_name == executor


def test_values_that_decide_shapes_are_compiled_for_until_they_are_too_many() -> None:
    b = Builder(x=(24, 2))
    graph = b.done(b.node("Relu", b.node("Reshape", b.node("Sub", "x", number(1)), "shape")))
    graph.inputs["shape"] = TensorType(np.dtype(np.int64), ("n",))
    try:
        session = InferenceSession(graph, "wasm")
    except Unsupported as reason:
        pytest.skip(str(reason))
    x = floats(24, 2)
    shapes = [(rows, *rest, -1) for rest in ((), (1,), (1, 1)) for rows in (1, 2, 3, 4, 6, 8, 12)]
    for number_of, shape in enumerate(shapes):
        got = session.run(None, {"x": x, "shape": ints(*shape)})[0]
        np.testing.assert_array_equal(got, np.maximum(x - 1, 0).reshape(shape))
        if number_of == 0:
            assert {place for _, place in session.places()} == {"wasm"}
    assert "numpy" in session.explain(), "shapes that never come again are not compiled for each time"


def test_shapes_that_grow_with_every_run_are_not_compiled_for_until_they_come_again() -> None:
    b = Builder(x=("n", 3))
    try:
        session = InferenceSession(b.done(b.node("MatMul", b.node("Relu", "x"), floats(3, 3))), "wasm")
    except Unsupported as reason:
        pytest.skip(str(reason))

    def where(rows: int) -> str:
        before = len(list(session.places()))
        x = floats(rows, 3)
        np.testing.assert_allclose(session.run(None, {"x": x})[0], np.maximum(x, 0) @ floats(3, 3), atol=1e-5)
        return [place for _, place in session.places()][-1] if len(list(session.places())) > before else "known"

    assert [where(rows) for rows in (1, 2, 3, 4)] == ["wasm"] * 4
    assert [where(rows) for rows in (5, 6, 7)] == ["numpy", "known", "known"]
    assert [where(rows) for rows in (6, 6)] == ["wasm", "known"]


def test_the_branch_of_a_condition_that_is_known_takes_its_place() -> None:
    def branch(op: str) -> Graph:
        inner = Builder()
        return inner.done(inner.node(op, inner.node("Add", "doubled", number(1))))

    b = Builder(x=(2, 3))
    b.node("Mul", "x", number(2))
    b.graph.nodes[0].outputs = ["doubled"]
    chosen = b.node("If", "on", then_branch=branch("Exp"), else_branch=branch("Tanh"))
    graph = b.done(b.node("Neg", chosen))
    graph.inputs["on"] = TensorType(np.dtype(np.bool_), ())
    x = floats(2, 3)
    for executor in ("numpy", "wasm"):
        try:
            session = InferenceSession(graph.copy(), executor)
        except Unsupported:
            continue
        for on, function in ((True, np.exp), (False, np.tanh), (True, np.exp)):
            got = session.run(None, {"x": x, "on": np.array(on)})[0]
            np.testing.assert_allclose(got, -function(2 * x + 1), rtol=1e-5)
        ops = {node.op for node, _ in session.places()}
        assert ("If" in ops) == (executor == "numpy")
