"""What clients can use of onnxruntime: names of modules and classes are here too, with the same parameters."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as theirs
import pytest
from onnx import helper, numpy_helper
from onnxruntime.capi import onnxruntime_pybind11_state as their_state

import hearth.onnxruntime as ours
from hearth.onnxruntime import backend, quantization
from hearth.onnxruntime.capi import onnxruntime_pybind11_state as our_state

pytestmark = pytest.mark.desk

COMPILERS = ("ModelPackage", "OrtEp", "OrtExternal", "OrtHardwareDevice", "OrtSyncStream", "OrtDeviceEp")
"""What makes models for one device ahead of time, and what tells devices apart: there are none to tell apart."""
ABSENT = {
    "import_capi_exception",
    "register_execution_provider_library",  # libraries of native code
    "unregister_execution_provider_library",
}
ABSENT_MEMBERS = {
    "InferenceSession": {
        "get_provider_graph_assignment_info",
        "release_captured_graph",
        "run_with_ortvaluevector",
    },
    "SessionOptions": {
        "add_external_initializers_from_files_in_memory",
        "clear_ep_context_data_read_func",
        "set_ep_context_data_read_func",
    },
    "SparseTensor": {"as_blocksparse_view", "to_cuda"},
}


def public(thing: Any) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def test_every_name_is_there() -> None:
    # Which modules are attributes depends on what was imported before.
    names = {name for name in public(theirs) if not inspect.ismodule(getattr(theirs, name))}
    missing = names - public(ours)
    assert {name for name in missing if not name.startswith(COMPILERS)} <= ABSENT


def test_exceptions_have_the_same_names() -> None:
    errors = {name for name, kind in vars(their_state).items() if inspect.isclass(kind) and issubclass(kind, Exception)}
    assert errors - public(our_state) == set()


@pytest.mark.parametrize(
    "name", sorted(name for name in public(theirs) & public(ours) if inspect.isclass(getattr(theirs, name)))
)
def test_classes_have_the_same_members(name: str) -> None:
    known, own = getattr(theirs, name), getattr(ours, name)
    properties = {key for key in public(known) if isinstance(inspect.getattr_static(known, key), property)}
    aliases = set(getattr(own, "__members__", {}))
    missing = public(known) - public(own) - properties - aliases - {"name", "value"}
    assert missing == ABSENT_MEMBERS.get(name, set())
    if hasattr(known, "__members__"):
        assert {key: int(value.value) for key, value in known.__members__.items()} == {
            key: int(value.value) for key, value in own.__members__.items()
        }
    for member in public(known) & public(own):
        if not inspect.isroutine(getattr(known, member)):
            continue
        try:
            wanted = list(inspect.signature(getattr(known, member)).parameters)
        except ValueError:
            continue  # of the compiled half: not told
        if wanted not in (["args", "kwargs"], ["self", "args", "kwargs"]):
            assert list(inspect.signature(getattr(own, member)).parameters) == wanted, member


def adding(ir_version: int = 8) -> bytes:
    """y = x + w, w an initialiser that is listed among the inputs too."""
    values = [helper.make_tensor_value_info(name, 1, [2]) for name in "xwy"]
    w = numpy_helper.from_array(np.ones(2, np.float32), "w")
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", values[:2], values[2:], [w])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=ir_version)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("w", [np.full(2, 5, np.float32), np.full(2, 5, np.float64), np.full(3, 5, np.float32)])
def test_initialisers_among_the_inputs_may_be_fed(w: np.ndarray) -> None:
    answers: list[Any] = []
    for module in (theirs, ours):
        session = module.InferenceSession(adding(), providers=["CPUExecutionProvider"])
        assert [item.name for item in session.get_inputs()] == ["x"]
        assert [(i.name, i.shape, i.type) for i in session.get_overridable_initializers()] == [
            ("w", [2], "tensor(float)")
        ]
        assert session.run(None, {"x": np.ones(2, np.float32)})[0].tolist() == [2, 2]
        try:
            answers.append(session.run(None, {"x": np.ones(2, np.float32), "w": w})[0].tolist())
        except Exception as error:
            answers.append((type(error).__name__, str(error).split(" for the")[0]))
    assert answers[0] == answers[1]


def test_an_adapters_weights_take_the_place_of_initialisers(tmp_path: Path) -> None:
    made = theirs.AdapterFormat()
    made.set_adapter_version(3)
    made.set_model_version(5)
    made.set_parameters({"w": theirs.OrtValue.ortvalue_from_numpy(np.full(2, 7, np.float32))})
    path = str(tmp_path / "w.onnx_adapter")
    made.export_adapter(path)
    for module in (theirs, ours):
        read = module.AdapterFormat.read_adapter(path)
        assert (read.get_format_version(), read.get_adapter_version(), read.get_model_version()) == (1, 3, 5)
        assert [(name, value.numpy().tolist()) for name, value in read.get_parameters().items()] == [("w", [7, 7])]
        adapter, options = module.LoraAdapter(), module.RunOptions()
        adapter.Load(path)
        options.add_active_adapter(adapter)
        session = module.InferenceSession(adding(), providers=["CPUExecutionProvider"])
        assert session.run(None, {"x": np.ones(2, np.float32)}, options)[0].tolist() == [8, 8]
        for broken in ("/nowhere/a.onnx_adapter", __file__):
            with pytest.raises(RuntimeError):
                module.LoraAdapter().Load(broken)


def test_a_client_may_turn_to_the_compiled_half() -> None:
    session = ours.InferenceSession(adding())
    assert session._sess.run(["y"], {"x": np.ones(2, np.float32)}, None)[0].tolist() == [2, 2]
    assert [item.name for item in session._inputs_meta] == [item.name for item in session._sess.inputs_meta] == ["x"]
    assert session.get_input_memory_infos()[0].name == "Cpu"


def test_sparse_tensors_tell_what_they_were_made_of() -> None:
    for module in (theirs, ours):
        device = module.OrtDevice.make("cpu", 0)
        values, places = np.array([1, 2], np.float32), np.array([0, 4], np.int64)
        sparse = module.SparseTensor.sparse_coo_from_numpy(np.array([3, 3], np.int64), values, places, device)
        assert (sparse.data_type(), sparse.dense_shape(), sparse.device_name()) == (
            "sparse_tensor(float)",
            [3, 3],
            "cpu",
        )
        assert sparse.format().name == "ORT_SPARSE_COO"
        assert sparse.as_coo_view().indices().tolist() == [0, 4]
        with pytest.raises(RuntimeError):
            sparse.as_csrc_view()
        value = module.OrtValue.ort_value_from_sparse_tensor(sparse)
        assert value.is_sparse_tensor()
        assert value.as_sparse_tensor().values().tolist() == [1, 2]


def test_the_backend_of_onnx_runs_models_by_the_order_of_their_inputs() -> None:
    model = onnx.ModelProto.FromString(adding())
    for prepared in (backend.prepare(model, "CPU"), backend.prepare(adding())):
        assert prepared.run([np.ones(2, np.float32)])[0].tolist() == [2, 2]
        assert prepared.run(np.ones(2, np.float32))[0].tolist() == [2, 2]
    with pytest.raises(RuntimeError, match="Incompatible device"):
        backend.prepare(model, "CUDA")


def test_quantisation_tools_import_and_say_that_they_are_for_a_desk() -> None:
    from onnxruntime import quantization as known

    assert set(quantization.__all__) <= public(known)
    for name in ("calibrate", "quant_utils", "quantize", "shape_inference"):
        theirs_too = importlib.import_module(f"onnxruntime.quantization.{name}")
        assert set(importlib.import_module(f"hearth.onnxruntime.quantization.{name}").__all__) <= public(theirs_too)
    for name in ("tools", "transformers.optimizer"):
        with pytest.raises(ImportError, match="work for a desk"):
            importlib.import_module(f"hearth.onnxruntime.{name}")
    with pytest.raises(NotImplementedError, match="on a desk"):
        quantization.quantize_dynamic("a.onnx", "b.onnx", weight_type=quantization.QuantType.QInt8)


def test_models_prepared_ahead_come_out_as_they_went_in(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(adding())
    for module in (theirs, ours):
        flags, options = module.OrtCompileApiFlags, module.SessionOptions()
        made = module.ModelCompiler(options, tmp_path / "m.onnx")
        session = module.InferenceSession(made.compile_to_bytes(), providers=["CPUExecutionProvider"])
        assert session.run(None, {"x": np.ones(2, np.float32)})[0].tolist() == [2, 2]
        for wanted, word in (
            (flags.ERROR_IF_NO_NODES_COMPILED, "Unable to compile any nodes"),
            (flags.ERROR_IF_OUTPUT_FILE_EXISTS, "exists already"),
        ):
            with pytest.raises(Exception, match=f"1 : FAIL : .*{word}"):
                module.ModelCompiler(options, adding(), flags=wanted).compile_to_file(str(tmp_path / "m.onnx"))
        with pytest.raises(ValueError, match="Input model bytes array is empty"):
            module.ModelCompiler(options, b"")
