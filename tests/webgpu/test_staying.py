"""Tensors that stay on the GPU from run to run, by OrtValue and io_binding, as clients of onnxruntime keep them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import hearth.onnxruntime as ort
from hearth.errors import ExecutorFailed
from hearth.runtime.device import DeviceTensor
from hearth.runtime.webgpu.desk import DeskPlayer, Device
from tests.runtime.graphs import floats

onnx = pytest.importorskip("onnx")
pytestmark = pytest.mark.desk

W = floats(6, 6) / 3


def model() -> bytes:
    """state' = tanh(state @ w + x), y = max of state'."""
    from onnx import helper, numpy_helper

    nodes = [
        helper.make_node("MatMul", ["state", "w"], ["p"]),
        helper.make_node("Add", ["p", "x"], ["s"]),
        helper.make_node("Tanh", ["s"], ["next"]),
        helper.make_node("ReduceMax", ["next"], ["y"], keepdims=0),
    ]
    values = [helper.make_tensor_value_info(name, 1, [2, 6]) for name in ("state", "x", "next")]
    graph = helper.make_graph(
        nodes,
        "g",
        values[:2],
        [values[2], helper.make_tensor_value_info("y", 1, [])],
        [numpy_helper.from_array(W, "w")],
    )
    opset = [helper.make_opsetid("", 17)]
    data: bytes = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    return data


@pytest.fixture
def session(gpu: Device) -> Iterator[ort.InferenceSession]:
    yield ort.InferenceSession(model(), providers=["WebGPUExecutionProvider"])


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read back from the GPU."""
    found: list[str] = []
    fetch, play = Device.fetch, DeskPlayer.play_sync

    def noted_fetch(*given: Any) -> Any:
        found.append("tensor")
        return fetch(*given)

    def noted_play(*given: Any) -> Any:
        found.extend(["output"] * len(given[3]))
        return play(*given)

    monkeypatch.setattr(Device, "fetch", noted_fetch)
    monkeypatch.setattr(DeskPlayer, "play_sync", noted_play)
    return found


def test_a_state_stays_on_the_gpu_through_a_chain_of_runs(session: ort.InferenceSession, reads: list[str]) -> None:
    state, x = floats(2, 6, seed=1), floats(2, 6, seed=2)
    session.run(None, {"state": state, "x": x})  # the GPU is compared with numpy before its first run
    reads.clear()
    held = ort.OrtValue.ortvalue_from_numpy(state, "webgpu")
    given = ort.OrtValue.ortvalue_from_numpy(x, "gpu")
    assert (held.device_name(), held.shape(), held.data_type()) == ("webgpu", [2, 6], "tensor(float)")
    for number in range(4):
        binding = session.io_binding()
        binding.bind_ortvalue_input("state", held)
        binding.bind_ortvalue_input("x", given)
        binding.bind_output("next", "webgpu")
        session.run_with_iobinding(binding)
        held = binding.get_outputs()[0]
        assert type(held._value) is DeviceTensor
        given.update_inplace(x * (number + 2))
        state = np.tanh(state @ W + x * (number + 1))
    assert reads == []
    np.testing.assert_allclose(held.numpy(), state, atol=1e-5)
    assert reads == ["tensor"]


def test_outputs_may_go_to_memory_and_to_the_gpu_in_one_run(session: ort.InferenceSession, reads: list[str]) -> None:
    state, x = floats(2, 6, seed=1), floats(2, 6, seed=2)
    binding = session.io_binding()
    binding.bind_cpu_input("state", state)
    binding.bind_input("x", "cpu", 0, np.float32, x.shape, x.ctypes.data)
    room = ort.OrtValue.ortvalue_from_shape_and_type([2, 6], np.float32, "webgpu")
    binding.bind_ortvalue_output("next", room)
    binding.bind_output("y")
    session.run_with_iobinding(binding)
    expected = np.tanh(state @ W + x)
    largest = binding.get_outputs()[1]
    assert largest.device_name() == "cpu" and isinstance(largest._value, np.ndarray)
    np.testing.assert_allclose(largest.numpy(), expected.max(), atol=1e-5)
    np.testing.assert_allclose(room.numpy(), expected, atol=1e-5)
    for got, wanted in zip(binding.copy_outputs_to_cpu(), (expected, expected.max()), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_a_session_on_the_cpu_takes_tensors_of_the_gpu(gpu: Device) -> None:
    session = ort.InferenceSession(model(), providers=["CPUExecutionProvider"])
    state, x = floats(2, 6, seed=1), floats(2, 6, seed=2)
    feeds = {"state": ort.OrtValue.ortvalue_from_numpy(state, "webgpu"), "x": x}
    np.testing.assert_allclose(session.run(["next"], feeds)[0], np.tanh(state @ W + x), atol=1e-5)


@pytest.mark.parametrize("array", [np.array([1.5]), np.array([2**40]), np.array([3], np.uint8), np.array([True])])
def test_numbers_come_back_as_they_were_put_there(gpu: Device, array: np.ndarray) -> None:
    value = ort.OrtValue.ortvalue_from_numpy(array, "webgpu")
    assert type(value._value) is (np.ndarray if array.dtype == np.float64 or array.max() > 2**31 else DeviceTensor)
    assert value.numpy().dtype == array.dtype and np.array_equal(value.numpy(), array)
    assert value.tensor_size_in_bytes() == array.nbytes


def test_a_tensor_on_a_gpu_that_fails_says_so(gpu: Device) -> None:
    own = Device(gpu.adapter)
    tensor = DeviceTensor.of(floats(4), own)
    own.device.destroy()
    with pytest.raises(ExecutorFailed, match="graphics card failed"):
        tensor.numpy()
