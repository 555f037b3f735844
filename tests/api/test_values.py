"""Values that go in and come out: bound, held on a device, shared with other libraries, the same as onnxruntime's."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper

import hearth.onnxruntime as ours
from hearth.onnxruntime.capi import onnxruntime_pybind11_state as state
from tests.api.models import BFLOAT16, FLOAT, feeds, file, run_bound, session, x, y

real = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.desk


def test_bound_values_run_and_come_back() -> None:
    np.testing.assert_array_equal(run_bound(ours)[0], run_bound(real)[0])
    for ort in (real, ours):
        made = session(ort)
        binding = made.io_binding()
        place, buffer, given = np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32), x()
        binding.bind_input("x", "cpu", 0, np.float32, [2, 3], given.ctypes.data)
        binding.bind_ortvalue_input("y", ort.OrtValue.ortvalue_from_numpy(y()))
        binding.bind_ortvalue_output("s", ort.OrtValue.ortvalue_from_numpy(place))
        binding.bind_output("r", "cpu", 0, np.float32, [2, 3], buffer.ctypes.data)
        for factor in (1, 2):
            given[...] = x() * factor
            made.run_with_iobinding(binding)
            np.testing.assert_array_equal(place, x() * factor + y())
            np.testing.assert_array_equal(buffer, np.maximum(place, 0))
        assert [value.shape() for value in binding.get_outputs()] == [[2, 3], [2, 3]]
        binding.clear_binding_outputs()
        binding.clear_binding_inputs()
        with pytest.raises(ValueError, match="IOBinding must be used with the session that created it"):
            session(ort).run_with_iobinding(binding)


def test_memory_of_another_shape_is_not_written_to() -> None:
    for ort in (real, ours):
        made = session(ort)
        binding = made.io_binding()
        for name, value in feeds().items():
            binding.bind_cpu_input(name, value)
        binding.bind_ortvalue_output("r", ort.OrtValue.ortvalue_from_numpy(np.zeros((3, 3), np.float32)))
        with pytest.raises(RuntimeError, match="The output OrtValue provided for output 'r'"):
            made.run_with_iobinding(binding)


def test_ort_values_tell_of_themselves() -> None:
    told = []
    for ort in (real, ours):
        array = x()
        value = ort.OrtValue.ortvalue_from_numpy(array)
        assert np.shares_memory(value.numpy(), array)
        value.update_inplace(array * 2)
        np.testing.assert_array_equal(array, x() * 2)
        empty = ort.OrtValue.ortvalue_from_shape_and_type([2, 3], BFLOAT16)
        told.append(
            [
                *(value.shape(), value.data_type(), value.device_name(), value.element_type(), value.has_value()),
                *(value.is_tensor(), value.is_sparse_tensor(), value.is_tensor_sequence()),
                *(value.tensor_size_in_bytes(), value.data_ptr() == array.ctypes.data, empty.data_type()),
            ]
        )
    assert told[0] == told[1]


def test_other_libraries_read_ort_values_where_they_are() -> None:
    for ort in (real, ours):
        value = ort.OrtValue.ortvalue_from_numpy(x())
        assert np.shares_memory(np.from_dlpack(value), value.numpy())
        state = ort.capi.onnxruntime_pybind11_state
        device = state.OrtDevice(state.OrtDevice.cpu(), state.OrtDevice.default_memory(), 0)
        np.testing.assert_array_equal(state.OrtValue.ortvalue_from_numpy(x(), device).numpy(), x())
        np.testing.assert_array_equal(value._ortvalue.numpy(), x())


def test_bound_results_come_in_a_row_for_other_libraries() -> None:
    for ort in (real, ours):
        made = session(ort)
        binding = made.io_binding()
        for name, value in feeds().items():
            binding.bind_cpu_input(name, value)
        binding.bind_output("s")
        made.run_with_iobinding(binding)
        row = binding.get_outputs_as_ortvaluevector()
        assert (type(row).__name__.removesuffix("Vector")[:6], len(row), row.element_type_at(0)) == ("OrtVal", 1, FLOAT)
        assert len(row.to_dlpacks(None)) == 1
        np.testing.assert_array_equal(row[0].numpy(), x() + y())


def test_results_are_the_callers_own() -> None:
    nodes = [helper.make_node("Identity", ["x"], ["y"]), helper.make_node("Constant", [], ["c"], value_floats=[1.0])]
    model = file(nodes, {"x": (FLOAT, [3])}, {"y": (FLOAT, [3]), "c": (FLOAT, [1])})
    for ort in (real, ours):
        made, given = session(ort, model), y()
        for value in made.run(None, {"x": given}):
            value[...] = 9
        np.testing.assert_array_equal(given, y())
        np.testing.assert_array_equal(made.run(["c"], {"x": given})[0], [1])


def test_sequences_and_optionals_are_held_against_their_elements() -> None:
    sequence = helper.make_tensor_sequence_value_info("s", onnx.TensorProto.FLOAT, None)
    output = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    node = helper.make_node("ConcatFromSequence", ["s"], ["y"], axis=0)
    model = helper.make_model(
        helper.make_graph([node], "g", [sequence], [output]), opset_imports=[helper.make_opsetid("", 18)], ir_version=9
    )
    session = ours.InferenceSession(model.SerializeToString())
    assert session.run(None, {"s": [np.ones((1, 2), np.float32)] * 2})[0].shape == (2, 2)
    for wrong in ([np.ones((1, 2))], np.ones((1, 2), np.float32)):
        with pytest.raises(state.InvalidArgument):
            session.run(None, {"s": wrong})


def test_numbers_of_ml_dtypes_are_taken_as_they_are() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    for name, kind in (("bfloat16", onnx.TensorProto.BFLOAT16), ("float8_e4m3fn", onnx.TensorProto.FLOAT8E4M3FN)):
        graph = helper.make_graph(
            [helper.make_node("Cast", ["x"], ["y"], to=onnx.TensorProto.FLOAT)],
            "g",
            [helper.make_tensor_value_info("x", kind, [3])],
            [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [3])],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
        x = np.array([0.5, 1, -2], getattr(ml_dtypes, name))
        assert ours.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0].tolist() == [0.5, 1, -2]
