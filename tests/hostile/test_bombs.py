"""Models that are small files and want everything: refused with the node and the reason, at once."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from hearth.errors import BadModel, HearthError, TooLarge
from hearth.runtime import InferenceSession
from hearth.runtime.limits import LIMITS

pytestmark = pytest.mark.desk

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
SECONDS = 20.0
"""Of the processor, that a refusal may take: budgets below are far smaller, a bomb would take minutes."""
BUDGET = 2.0
"""Seconds that a model may run."""
MEMORY = 2 << 30
"""Bytes of address space beyond what the process has: a bomb that goes off dies of it."""


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small budgets, a roof over the process, and a watch on the time that the processor spends."""
    monkeypatch.setattr(LIMITS, "tensor_bytes", 256 << 20)
    monkeypatch.setattr(LIMITS, "live_bytes", 512 << 20)
    monkeypatch.setattr(LIMITS, "products", 1e10)
    monkeypatch.setattr(LIMITS, "compile_seconds", BUDGET)
    monkeypatch.setattr(LIMITS, "run_seconds", BUDGET)
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, before[1]))
    start = time.process_time()
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)
    assert time.process_time() - start < SECONDS


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model may run for as long as the test may: what it says does not hang on how busy the machine is."""
    monkeypatch.setattr(LIMITS, "run_seconds", 10 * SECONDS)


def value(name: str, kind: int = FLOAT, shape: list[Any] | None = None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def ints(name: str, *numbers: int) -> onnx.TensorProto:
    return helper.make_tensor(name, INT64, [len(numbers)], numbers)


def number(name: str, value: float) -> onnx.TensorProto:
    return helper.make_tensor(name, INT64 if isinstance(value, int) else FLOAT, [], [value])


def words(name: str, text: bytes) -> onnx.TensorProto:
    return helper.make_tensor(name, TensorProto.STRING, [1], [text])  # type: ignore[list-item]


def node(op: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    """Names are parted by spaces; - stands for an absent input."""
    names = [name.strip("-") for name in inputs.split()]
    return helper.make_node(op, names, outputs.split(), name=f"the-{op.lower()}", **attributes)


def model(
    nodes: list[onnx.NodeProto],
    initializers: list[onnx.TensorProto] | None = None,
    inputs: list[onnx.ValueInfoProto] | None = None,
    output: str = "y",
    opset: int = 18,
) -> bytes:
    given = inputs if inputs is not None else [value("x", FLOAT, [4])]
    graph = helper.make_graph(nodes, "g", given, [value(output)], initializers or [])
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]).SerializeToString())


def body(nodes: list[onnx.NodeProto], inputs: list[Any], outputs: list[Any], *constants: Any) -> onnx.GraphProto:
    return helper.make_graph(nodes, "body", inputs, outputs, list(constants))


HUGE = 1 << 40


def doubling(op: str, count: int = 60) -> bytes:
    """x, x+x, ... by Concat: 4 floats become 2^62."""
    nodes = [helper.make_node(op, [f"v{at}", f"v{at}"], [f"v{at + 1}"], name=f"n{at}", axis=0) for at in range(count)]
    return model(nodes, inputs=[value("v0", FLOAT, ["n"])], output=f"v{count}")


def endless_loop() -> bytes:
    graph = body(
        [node("Identity", "go", "on"), node("Identity", "c", "d")],
        [value("i", INT64, []), value("go", BOOL, []), value("c", FLOAT, [4])],
        [value("on", BOOL, []), value("d", FLOAT, [4])],
    )
    limit = helper.make_tensor("limit", INT64, [], [HUGE])
    return model([node("Loop", "limit - x", "y", body=graph)], [limit])


def collecting_loop() -> bytes:
    """Every round keeps a copy of what it is given."""
    graph = body(
        [node("Identity", "go", "on"), node("Identity", "c", "d"), node("Expand", "c shape", "s")],
        [value("i", INT64, []), value("go", BOOL, []), value("c", FLOAT, [4])],
        [value("on", BOOL, []), value("d", FLOAT, [4]), value("s", FLOAT, None)],
        ints("shape", 1 << 18, 4),
    )
    limit = helper.make_tensor("limit", INT64, [], [HUGE])
    return model([node("Loop", "limit - x", "last y", body=graph)], [limit])


def growing_loop() -> bytes:
    """Every round doubles what it carries."""
    graph = body(
        [node("Identity", "go", "on"), node("Concat", "c c", "d", axis=0)],
        [value("i", INT64, []), value("go", BOOL, []), value("c", FLOAT, None)],
        [value("on", BOOL, []), value("d", FLOAT, None)],
    )
    limit = helper.make_tensor("limit", INT64, [], [HUGE])
    return model([node("Loop", "limit - x", "y", body=graph)], [limit])


def growing_string() -> bytes:
    nodes = [helper.make_node("StringConcat", [f"v{at}", f"v{at}"], [f"v{at + 1}"]) for at in range(60)]
    return model(nodes, [words("v0", b"bomb")], output="v60", opset=20)


def growing_sequence() -> bytes:
    """A sequence that takes in a copy of a tensor in every round."""
    sequence = helper.make_tensor_sequence_value_info
    graph = body(
        [node("Identity", "go", "on"), node("Expand", "x shape", "e"), node("SequenceInsert", "c e", "d")],
        [value("i", INT64, []), value("go", BOOL, []), sequence("c", FLOAT, None)],
        [value("on", BOOL, []), sequence("d", FLOAT, None)],
        ints("shape", 1 << 18, 4),
    )
    limit = helper.make_tensor("limit", INT64, [], [HUGE])
    nodes = [node("SequenceEmpty", "", "s"), node("Loop", "limit - s", "t", body=graph)]
    nodes.append(node("ConcatFromSequence", "t", "y", axis=0))
    return model(nodes, [limit])


def long_recurrence() -> bytes:
    """A small cell over millions of steps that a constant of a few bytes makes."""
    weights = [
        helper.make_tensor("w", FLOAT, [1, 4, 1], [0.1] * 4),
        helper.make_tensor("r", FLOAT, [1, 4, 1], [0.1] * 4),
        ints("shape", 20_000_000, 1, 1),
    ]
    return model([node("ConstantOfShape", "shape", "s"), node("LSTM", "s w r", "y", hidden_size=1)], weights)


def boxes() -> bytes:
    """Non-maximum suppression compares every box with every other."""
    constants = [ints("most", 400_000)]
    constants.append(helper.make_tensor("all", FLOAT, [1], [1.0]))
    nodes = [
        helper.make_node("RandomUniform", [], ["rb"], shape=[1, 400_000, 4], seed=1.0, name="the-boxes"),
        helper.make_node("RandomUniform", [], ["rs"], shape=[1, 1, 400_000], seed=2.0),
        node("NonMaxSuppression", "rb rs most all", "y"),
    ]
    return model(nodes, constants)


BOMBS: dict[str, Callable[[], bytes]] = {
    "a constant of a tebibyte": lambda: model([node("ConstantOfShape", "n", "y")], [ints("n", HUGE)]),
    "a product of sizes over 64 bits": lambda: model([node("ConstantOfShape", "n", "y")], [ints("n", *[HUGE] * 5)]),
    "a negative size": lambda: model([node("ConstantOfShape", "n", "y")], [ints("n", -5)]),
    "an expansion": lambda: model([node("Expand", "x n", "e"), node("Neg", "e", "y")], [ints("n", 1 << 30, 4)]),
    "tiles": lambda: model([node("Tile", "x n", "y")], [ints("n", HUGE)]),
    "tiles of one axis": lambda: model(
        [node("Tile", "x n axis", "y")],
        [helper.make_tensor("n", FLOAT, [], [1e12]), helper.make_tensor("axis", FLOAT, [], [0])],
        opset=5,
    ),
    "a range": lambda: model([node("Range", "a b c", "y")], [*map(number, "abc", (0, HUGE, 1))]),
    "padding": lambda: model([node("Pad", "x n", "y")], [ints("n", 0, HUGE)]),
    "padding by attribute": lambda: model([node("Pad", "x", "y", pads=[0, HUGE])], opset=10),
    "random numbers": lambda: model([node("RandomNormal", "", "y", shape=[HUGE])]),
    "one-hot rows": lambda: model(
        [node("OneHot", "i d v", "y")],
        [ints("i", 1, 2), helper.make_tensor("d", INT64, [], [HUGE]), helper.make_tensor("v", FLOAT, [2], [0, 1])],
    ),
    "an enlarged picture": lambda: model(
        [node("Resize", "x - s", "y")],
        [helper.make_tensor("s", FLOAT, [4], [1, 1, 1e6, 1e6])],
        [value("x", FLOAT, [1, 1, 8, 8])],
    ),
    "an outer sum": lambda: model(
        [node("Add", "x z", "y")], inputs=[value("x", FLOAT, [1 << 20, 1]), value("z", FLOAT, [1 << 20])]
    ),
    "a product": lambda: model(
        [node("ConstantOfShape", "a", "p"), node("ConstantOfShape", "b", "q"), node("MatMul", "p q", "y")],
        [ints("a", 4096, 8192), ints("b", 8192, 4096)],
    ),
    "a kernel as large as the picture": lambda: model(
        [
            node("ConstantOfShape", "a", "p"),
            node("ConstantOfShape", "b", "q"),
            node("Conv", "p q", "y", pads=[999] * 4),
        ],
        [ints("a", 1, 1, 2000, 2000), ints("b", 1, 1, 2000, 2000)],
    ),
    "an Einsum": lambda: model(
        [node("ConstantOfShape", "a", "p"), node("Einsum", "p p", "y", equation="ij,kl->jl")], [ints("a", 4096, 4096)]
    ),
    "a mel matrix": lambda: model(
        [node("MelWeightMatrix", "a b c d e", "y")],
        [*map(number, "abc", (1 << 20, 1 << 30, 16000)), *map(number, "de", (10.0, 8000.0))],
    ),
    "a window": lambda: model([node("HannWindow", "n", "y")], [helper.make_tensor("n", INT64, [], [HUGE])]),
    "a transform": lambda: model(
        [node("DFT", "x n", "y", axis=1)],
        [helper.make_tensor("n", INT64, [], [1 << 36])],
        [value("x", FLOAT, [1, 8, 1])],
    ),
    "a doubling chain": lambda: doubling("Concat"),
    "an endless loop": endless_loop,
    "a loop that collects": collecting_loop,
    "a loop that grows": growing_loop,
    "a string that grows": growing_string,
    "a sequence that grows": growing_sequence,
    "a long recurrence": long_recurrence,
    "boxes against boxes": boxes,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_with_its_node(name: str) -> None:
    data = BOMBS[name]()
    assert len(data) < 10_000
    with pytest.raises(HearthError) as caught:
        session = InferenceSession(data, "numpy")
        feeds = {
            item.name: np.ones([size if isinstance(size, int) else 4 for size in item.shape], np.float32)
            for item in session.get_inputs()
        }
        session.run(None, feeds)
    assert isinstance(caught.value, BadModel | TooLarge)
    assert "'" in str(caught.value), "the node has to be named"


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a|aa)+$b", "a*a*a*a*a*a*a*a*b"])
def test_a_pattern_that_backtracks_answers_at_once(pattern: str) -> None:
    data = model([node("RegexFullMatch", "w", "y", pattern=pattern)], [words("w", b"a" * 5000 + b"!")], opset=20)
    session = InferenceSession(data, "numpy")
    assert session.run(None, {"x": np.ones(4, np.float32)})[0].tolist() == [False]


@pytest.mark.usefixtures("unhurried")
def test_more_axes_than_there_are_end_at_once() -> None:
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["x", "axes"], ["y"])],
        "g",
        [value("x", FLOAT, [2, 3]), value("axes", INT64, ["n"])],
        [value("y")],
    )
    data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8).SerializeToString()
    session = InferenceSession(data, "numpy")
    with pytest.raises(BadModel, match="axes are named"):
        session.run(None, {"x": np.ones((2, 3), np.float32), "axes": np.zeros(1 << 20, np.int64)})


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("executor", ["numpy", "wasm"])
@pytest.mark.parametrize("pads", [{"auto_pad": "SAME_UPPER"}, {"pads": [1 << 30, 0, 1 << 30, 0]}])
def test_windows_over_32_bits_reach_no_kernel(executor: str, pads: dict[str, Any]) -> None:
    """They are refused, or computed by numpy: a kernel would see a negative size."""
    pool = node("AveragePool", "x", "y", kernel_shape=[1 << 31, 3], strides=[2, 2], **pads)
    try:
        session = InferenceSession(model([pool], inputs=[value("x", FLOAT, [1, 1, 5, 5])]), executor)
        session.run(None, {"x": np.ones((1, 1, 5, 5), np.float32)})
    except HearthError as error:
        assert "the-averagepool" in str(error)
