"""The flat model file keeps everything, and notices damage."""

import numpy as np
import pytest

from hearth.errors import BadModel
from hearth.runtime import model_file
from hearth.runtime.graph import Graph
from hearth.runtime.passes import optimise
from hearth.runtime.session import InferenceSession
from hearth.runtime.types import TensorType
from hearth.runtime.unread import Unread, at_hand
from tests.runtime.graphs import Builder, floats, ints, play


def network() -> Graph:
    b = Builder(x=(1, 3, 16, 16))
    y = b.node("Relu", b.node("Conv", "x", floats(8, 3, 5, 5), floats(8), pads=[2, 2, 2, 2]))
    graph = b.done(b.node("Reshape", y, ints(1, -1)))
    graph.metadata["author"] = "nobody"
    optimise(graph)
    return graph


def test_a_graph_survives_writing_and_reading() -> None:
    graph = network()
    again = model_file.loads(model_file.dumps(graph))
    assert again.nodes == graph.nodes
    assert again.inputs == graph.inputs
    assert again.outputs == graph.outputs
    assert again.metadata == graph.metadata
    assert again.constants.keys() == graph.constants.keys()
    x = floats(1, 3, 16, 16)
    np.testing.assert_array_equal(play(again, x=x)[0], play(graph, x=x)[0])


def test_the_same_graph_gives_the_same_bytes() -> None:
    assert model_file.dumps(network()) == model_file.dumps(network())


def test_every_constant_starts_at_a_multiple_of_64_bytes() -> None:
    data = model_file.dumps(network())
    for constant in model_file.loads(data).constants.values():
        place, start = (a.__array_interface__["data"][0] for a in (at_hand(constant), np.frombuffer(data, np.uint8)))
        assert (place - start) % 64 == 0


def test_half_weights_are_half_the_size_and_widen_on_use() -> None:
    graph = network()
    full, half = model_file.dumps(graph), model_file.dumps(graph, "float16")
    assert len(half) < 0.75 * len(full)
    again = model_file.loads(half)
    name = next(name for name, array in graph.constants.items() if array.ndim == 4)
    assert again.constants[name].dtype == np.float16
    assert again.type(name) == TensorType(np.dtype(np.float32), (8, 3, 5, 5))
    widened = again.constant(name)
    assert widened is not None and widened.dtype == np.float32
    np.testing.assert_allclose(widened, at_hand(graph.constants[name]), rtol=1e-3)
    x = floats(1, 3, 16, 16)
    np.testing.assert_allclose(play(again, x=x)[0], play(graph, x=x)[0], rtol=1e-2, atol=1e-2)


def test_weights_too_large_for_half_stay_whole() -> None:
    graph = network()
    name = next(name for name, array in graph.constants.items() if array.ndim == 4)
    graph.constants[name] = at_hand(graph.constants[name]) * np.float32(1e6)
    assert model_file.loads(model_file.dumps(graph, "float16")).constants[name].dtype == np.float32


def test_subgraphs_and_arrays_among_attributes_survive() -> None:
    inner = Builder(a=(2,))
    branch = inner.done(inner.node("Neg", "a"))
    b = Builder(x=(2,))
    graph = b.done(b.node("Scan", "x", body=branch, num_scan_inputs=1, flags=[1, 2], value=floats(3)))
    again = model_file.loads(model_file.dumps(graph))
    attributes = again.nodes[0].attributes
    assert isinstance(attributes["body"], Graph) and attributes["body"].nodes == branch.nodes
    assert attributes["flags"] == [1, 2]
    np.testing.assert_array_equal(attributes["value"], floats(3))


@pytest.mark.parametrize("keep", [0, 4, 12, 200, 0.5, 0.95])
def test_a_file_cut_short_is_refused(keep: float) -> None:
    data = model_file.dumps(network())
    with pytest.raises(BadModel, match="Fetch it again"):
        model_file.loads(data[: int(keep * len(data)) if keep < 1 else int(keep)])


def test_a_damaged_header_is_refused() -> None:
    data = bytearray(model_file.dumps(network()))
    data[40:44] = b"\xff\xfe\xfd\xfc"
    with pytest.raises(BadModel, match="damaged"):
        model_file.loads(data)


class File:
    """A file on a disk far away, which counts what is read of it."""

    def __init__(self, data: bytes) -> None:
        self.data, self.most = data, 0

    def __len__(self) -> int:
        return len(self.data)

    def read(self, start: int, end: int) -> bytes:
        self.most = max(self.most, end - start)
        return self.data[start:end]


@pytest.mark.parametrize("executor", ["numpy", "wasm"])
def test_a_large_file_is_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch, executor: str) -> None:
    monkeypatch.setattr(model_file, "LARGE_FILE", 1000)
    monkeypatch.setattr(model_file, "LARGE_CONSTANT", 1000)
    b = Builder(x=(1, 16, 24, 24))
    y = b.node("Relu", b.node("Conv", "x", floats(16, 16, 3, 3), floats(16), pads=[1, 1, 1, 1]))
    y = b.node("Conv", y, floats(32, 16, 1, 1), floats(32))
    y = b.node("Conv", y, floats(32, 1, 5, 5), group=32)
    y = b.node("Conv", y, floats(24, 32, 2, 2), strides=[2, 2])
    graph = b.done(b.node("ConvTranspose", y, floats(24, 8, 3, 3)))
    optimise(graph)
    file = File(data := model_file.dumps(graph, "float16"))
    session = InferenceSession(file, executor)
    unread = [one for one in session.graph.constants.values() if isinstance(one, Unread)]
    assert len(unread) == 5
    assert file.most < len(data) / 2
    x = floats(1, 16, 24, 24)
    expected = InferenceSession(data, executor).run(None, {"x": x})
    np.testing.assert_array_equal(session.run(None, {"x": x}), expected)
