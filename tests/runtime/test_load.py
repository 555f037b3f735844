"""The ONNX reader reads what the onnx package reads, and refuses what is damaged."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hearth.errors import BadModel
from hearth.runtime.load import load, load_bytes
from hearth.runtime.onnx_schema import ONNX
from hearth.runtime.protobuf import decode
from hearth.runtime.types import TensorType, dtype_name
from hearth.runtime.unread import at_hand

onnx = pytest.importorskip("onnx")
pytestmark = pytest.mark.desk

TYPES = [
    *(
        "float32",
        "float64",
        "float16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
    ),
    *("complex64", "complex128"),
]


def model_with(tensor: Any) -> bytes:
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", [tensor.name], ["y"])],
        "g",
        [],
        [onnx.helper.make_tensor_value_info("y", tensor.data_type, list(tensor.dims))],
        [tensor],
    )
    return onnx.helper.make_model(graph).SerializeToString()


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("raw", [True, False])
def test_every_numpy_type_is_read_as_the_onnx_package_reads_it(name: str, raw: bool) -> None:
    values = np.array([[0, 1, 2], [3, 100, 1]]).astype(name)
    number = onnx.helper.np_dtype_to_tensor_dtype(values.dtype)
    tensor = onnx.helper.make_tensor(
        "t", number, values.shape, values.tobytes() if raw else values.reshape(-1), raw=raw
    )
    array = at_hand(load_bytes(model_with(tensor)).constants["t"])
    assert array.dtype == values.dtype
    np.testing.assert_array_equal(array, values)


@pytest.mark.parametrize("name", ["BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E5M2", "INT4", "UINT4", "FLOAT4E2M1"])
def test_types_that_numpy_lacks_keep_their_bits(name: str) -> None:
    number = getattr(onnx.TensorProto, name)
    tensor = onnx.helper.make_tensor("t", number, (5,), [1, 2, 0.5 if "FLOAT" in name else 3, 4, 0])
    array = at_hand(load_bytes(model_with(tensor)).constants["t"])
    expected = onnx.numpy_helper.to_array(tensor)
    assert dtype_name(array.dtype) == name.lower()
    np.testing.assert_array_equal(array.view(np.dtype(array.dtype[0])), expected.view(array.dtype[0]))


def test_strings_and_dynamic_shapes_are_read() -> None:
    tensor = onnx.helper.make_tensor("t", onnx.TensorProto.STRING, (2,), ["hearth", "heimat"])
    assert at_hand(load_bytes(model_with(tensor)).constants["t"]).tolist() == ["hearth", "heimat"]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Relu", ["x"], ["y"])],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", None, 3])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
    )
    loaded = load_bytes(onnx.helper.make_model(graph).SerializeToString())
    assert loaded.inputs["x"] == TensorType(np.dtype(np.float32), ("n", None, 3))
    assert loaded.outputs["y"] == TensorType(np.dtype(np.float32), None)


def test_external_data_is_read_beside_the_model_and_nowhere_else(tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    tensor = onnx.numpy_helper.from_array(values, "t")
    (tmp_path / "inside").mkdir()
    path = tmp_path / "inside" / "model.onnx"
    model = onnx.load_from_string(model_with(tensor))
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    np.testing.assert_array_equal(load(path).constants["t"], values)
    with pytest.raises(BadModel, match="beside the model"):
        load_bytes(path.read_bytes())
    (tmp_path / "weights.bin").write_bytes(values.tobytes())
    path.write_bytes(path.read_bytes().replace(b"weights.bin", b"../weigh.bi"))
    with pytest.raises(BadModel, match="outside the model's folder"):
        load(path)


def test_a_tensor_whose_bytes_do_not_fit_its_dims_is_named() -> None:
    tensor = onnx.numpy_helper.from_array(np.ones(4, np.float32), "t")
    tensor.dims[0] = 5
    with pytest.raises(BadModel, match=r"'t' has 16 bytes where float\[5\] takes 20"):
        load_bytes(model_with(tensor))
    tensor.dims[0] = -4
    with pytest.raises(BadModel, match="negative dimension"):
        load_bytes(model_with(tensor))


def test_every_cut_of_a_file_is_refused_or_read_but_never_crashes() -> None:
    data = model_with(onnx.numpy_helper.from_array(np.ones((2, 2), np.float32), "t"))
    for length in range(len(data)):
        try:
            load_bytes(data[:length])
        except BadModel as error:
            assert str(error)


@pytest.mark.parametrize("name", ["ints", "floats", "strings"])
def test_long_attributes_are_read_as_the_onnx_package_reads_them(name: str) -> None:
    generator = np.random.default_rng(3)
    for count in (16, 17, 18, 33, 700, 50_000):
        ints = (generator.integers(-(1 << 62), 1 << 62, count) >> generator.integers(0, 62, count)).tolist()
        words = ["LEAF", "", "Blätter", "x" * 127, "x" * 128, "BRANCH_LEQ"]
        values: list[Any] = ints if name == "ints" else generator.standard_normal(count).astype(np.float32).tolist()
        if name == "strings":
            values = [words[at] for at in generator.integers(0, len(words), count)]
        node = onnx.helper.make_node("Own", ["x"], ["y"], domain="own", values=values, last=7)
        graph = onnx.helper.make_graph([node], "g", [], [])
        data = onnx.helper.make_model(graph).SerializeToString()
        message = decode(memoryview(data), "Model", ONNX)
        (read,) = message["graph"]["node"]  # type: ignore[index]
        attributes = {item["name"]: item for item in read["attribute"]}
        known = attributes["values"][name]
        assert [bytes(item).decode() for item in known] == values if name == "strings" else known == values
        assert attributes["last"]["i"] == 7
        with pytest.raises(BadModel, match="damaged"):
            decode(memoryview(data[: len(data) * 2 // 3]), "Model", ONNX)
