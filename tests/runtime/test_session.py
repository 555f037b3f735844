"""InferenceSession: the calls, the checks, the choices."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from hearth.errors import BadInput, BadModel, Unsupported
from hearth.runtime import InferenceSession, model_file
from hearth.runtime.graph import Graph
from tests.runtime.graphs import Builder, floats


def small() -> Graph:
    b = Builder(x=("batch", 3), y=(3,))
    total = b.node("Add", "x", "y")
    return b.done(total, b.node("Relu", total))


def test_inputs_and_outputs_are_told_as_onnxruntime_tells_them() -> None:
    session = InferenceSession(small(), "numpy")
    assert [(item.name, item.shape, item.type) for item in session.get_inputs()] == [
        ("x", ["batch", 3], "tensor(float)"),
        ("y", [3], "tensor(float)"),
    ]
    assert session.get_outputs()[0].shape == ["batch", 3]


def test_run_gives_all_outputs_or_the_ones_asked_for_in_that_order() -> None:
    session = InferenceSession(small(), "numpy")
    feeds = {"x": floats(2, 3), "y": floats(3)}
    total, positive = session.run(None, feeds)
    np.testing.assert_array_equal(positive, np.maximum(total, 0))
    assert len(session.run([], feeds)) == 2
    again, first = session.run(["v1_0", "v0_0"], feeds)
    np.testing.assert_array_equal(again, positive)
    np.testing.assert_array_equal(first, total)


def test_run_async_gives_what_run_gives() -> None:
    session = InferenceSession(small(), "numpy")
    feeds = {"x": floats(2, 3), "y": floats(3)}
    for got, expected in zip(asyncio.run(session.run_async(None, feeds)), session.run(None, feeds), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_feeds_may_be_lists_of_numbers() -> None:
    session = InferenceSession(small(), "numpy")
    assert session.run(["v0_0"], {"x": [[1, 2, 3]], "y": [1, 1, 1]})[0].tolist() == [[2, 3, 4]]


def test_the_callers_arrays_are_never_written_to() -> None:
    b = Builder(x=(4,))
    graph = b.done(b.node("Sigmoid", b.node("Add", "x", np.ones(4, np.float32))))
    x = floats(4)
    before = x.copy()
    InferenceSession(graph, "numpy").run(None, {"x": x})
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("feeds", "words"),
    [
        ({"x": floats(2, 3)}, "missing"),
        ({"x": floats(2, 3), "y": floats(3), "z": floats(1)}, "Invalid input name: z"),
        ({"x": floats(2, 3).astype(np.float64), "y": floats(3)}, r"Actual: \(tensor\(double\)\)"),
        ({"x": floats(3), "y": floats(3)}, "Invalid rank for input: x Got: 1 Expected: 2"),
        ({"x": floats(2, 4), "y": floats(3)}, r"invalid dimensions for input: x .*\n index: 1 Got: 4 Expected: 3"),
    ],
)
def test_feeds_that_do_not_fit_are_refused_with_the_reason(feeds: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        InferenceSession(small(), "numpy").run(None, feeds)


def test_unknown_outputs_executors_and_ops_are_named() -> None:
    session = InferenceSession(small(), "numpy")
    with pytest.raises(BadInput, match="Invalid output name:w"):
        session.run(["w"], {"x": floats(1, 3), "y": floats(3)})
    with pytest.raises(Unsupported, match="no executor 'abacus'"):
        InferenceSession(small(), "abacus")
    b = Builder(x=(1,))
    with pytest.raises(Unsupported, match="Frobnicate"):
        InferenceSession(b.done(b.node("Frobnicate", "x")), "numpy")


def test_errors_at_run_time_name_the_node_and_the_shapes() -> None:
    b = Builder(x=("n",), y=("m",))
    session = InferenceSession(b.done(b.node("Mul", "x", "y")), "numpy")
    with pytest.raises(BadModel, match=r"Mul 'v0_0' can't run on inputs of shapes \(2,\), \(3,\)"):
        session.run(None, {"x": floats(2), "y": floats(3)})


def test_a_flat_file_gives_the_same_results_as_its_graph(tmp_path: Path) -> None:
    graph = small()
    session = InferenceSession(graph, "numpy")
    path = tmp_path / "small.hearth"
    model_file.save(session.graph, path)
    feeds = {"x": floats(2, 3), "y": floats(3)}
    for model in (path, str(path), path.read_bytes()):
        got = InferenceSession(model, "numpy").run(None, feeds)
        for one, other in zip(got, session.run(None, feeds), strict=True):
            np.testing.assert_array_equal(one, other)


def test_what_is_no_model_is_refused() -> None:
    for data in (b"", b"no model at all", b"\x08\x07"):
        with pytest.raises(BadModel):
            InferenceSession(data, "numpy")
    with pytest.raises(BadModel, match="can't be read"):
        InferenceSession("missing.onnx", "numpy")


def test_open_dimensions_that_are_told_are_compiled_for_at_once() -> None:
    b = Builder(x=("n", 3))
    graph = b.done(b.node("Relu", "x"))
    try:
        session = InferenceSession(graph, "wasm", shapes={"x": (4, 3)})
    except Unsupported as reason:
        pytest.skip(str(reason))
    assert "[4, 3]" in session.explain()
    x = floats(5, 3)
    assert np.array_equal(session.run(None, {"x": x})[0], np.maximum(x, 0)), "other shapes may follow"
    with pytest.raises(BadInput, match="rank"):
        InferenceSession(graph, "wasm", shapes={"x": (4,)})
