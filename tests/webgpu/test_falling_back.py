"""A GPU that is missing, wrong, too small or lost: the job goes on elsewhere, or says plainly why not."""

import numpy as np
import pytest

from hearth.errors import ExecutorFailed, Unsupported
from hearth.runtime import InferenceSession
from hearth.runtime.graph import Graph, Node
from hearth.runtime.plan import make_plan
from hearth.runtime.webgpu import probe
from hearth.runtime.webgpu.desk import ALLOW_SOFTWARE, Device, open_device
from hearth.runtime.webgpu.executor import TrustedProgram, WebGPUProgram
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.lower import lower
from hearth.runtime.webgpu.tuning import Choices
from tests.webgpu.conftest import graph_of

X = np.linspace(-2, 2, 64, dtype=np.float32).reshape(1, 4, 4, 4)


def small_net() -> Graph:
    rng = np.random.default_rng(0)
    weights = {
        "w": rng.standard_normal((8, 4, 3, 3)).astype(np.float32),
        "b": rng.standard_normal(8).astype(np.float32),
    }
    nodes = [Node("Conv", ["x", "w", "b"], ["c"], {"pads": [1, 1, 1, 1]}), Node("Relu", ["c"], ["y"])]
    graph = graph_of(nodes, {"x": X}, ["y"], weights)
    graph.metadata["hearth.optimised"] = "true"
    return graph


def session() -> InferenceSession:
    return InferenceSession(small_net(), ["webgpu", "numpy"])


@pytest.fixture
def expected() -> np.ndarray:
    answer: np.ndarray = InferenceSession(small_net(), "numpy").run(None, {"x": X})[0]
    return answer


@pytest.fixture
def own_device(gpu: Device) -> Device:
    """A device that a test may break."""
    return Device(gpu.adapter)


def test_a_software_adapter_is_refused_unless_it_is_asked_for(gpu: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    if gpu.adapter.info["adapter_type"] != "CPU":
        pytest.skip("this machine has a real GPU")
    monkeypatch.delenv(ALLOW_SOFTWARE)
    with pytest.raises(Unsupported, match="no GPU"):
        open_device()


def test_a_session_runs_on_the_gpu(gpu: Device, expected: np.ndarray) -> None:
    ran = session()
    np.testing.assert_allclose(ran.run(None, {"x": X})[0], expected, atol=1e-4)
    assert ran.executor_name == "webgpu"
    assert "webgpu: steps 0" in ran.explain() or "webgpu: step 0" in ran.explain()


def test_a_gpu_that_computes_something_else_is_left(
    gpu: Device, expected: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "trusted", False)
    monkeypatch.setattr(probe, "TOLERANCE", -1.0)
    ran = session()
    np.testing.assert_array_equal(ran.run(None, {"x": X})[0], expected)
    assert ran.executor_name == "numpy"
    assert not gpu.trusted


def test_the_probe_passes_on_this_gpu(own_device: Device) -> None:
    program = TrustedProgram(WebGPUProgram(make_plan(small_net()), own_device), own_device, Choices(own_device.name))
    program.run({"x": X})
    assert own_device.trusted


def test_a_result_that_is_no_number_is_computed_again_elsewhere(gpu: Device) -> None:
    ran = session()
    with_nan = X.copy()
    with_nan[0, 0, 0, 0] = np.nan
    ran.run(None, {"x": with_nan})
    # Relu of NaN may be 0 on a GPU: whichever it is, the session answers.
    assert ran.executor_name in ("webgpu", "numpy")
    program = WebGPUProgram(make_plan(graph_of([Node("Sqrt", ["x"], ["y"])], {"x": X}, ["y"], {})), gpu)
    with pytest.raises(ExecutorFailed, match="not a number"):
        program.run({"x": -1 - np.abs(X)})
    assert np.isnan(program.run({"x": with_nan})[0]).any()  # who gives it gets it back


def test_a_lost_device_raises_what_sessions_fall_back_on(own_device: Device) -> None:
    program = WebGPUProgram(make_plan(small_net()), own_device)
    program.run({"x": X})
    own_device.device.destroy()
    with pytest.raises(ExecutorFailed):
        program.run({"x": X})


def test_a_plan_whose_heaviest_step_has_no_kernel_is_left_to_others() -> None:
    nodes = [Node("Relu", ["x"], ["r"]), Node("Conv", ["r", "w"], ["y"])]
    for size, refused in ((4, False), (40, True)):
        graph = graph_of(
            nodes,
            {"x": np.zeros((1, 2, size, size, size), np.float32)},
            ["y"],
            {"w": np.ones((2, 2, 2, 2, 2), np.float32)},
        )
        if refused:
            with pytest.raises(Unsupported, match="numpy"):
                lower(make_plan(graph))
        else:
            assert [segment.steps for segment in lower(make_plan(graph)).segments] == [(1,), ()]


def test_a_plan_that_fits_no_binding_is_refused() -> None:
    with pytest.raises(Unsupported):
        lower(make_plan(small_net()), Limits(maxStorageBufferBindingSize=128))


def test_a_plan_that_mostly_needs_the_cpu_is_refused() -> None:
    nodes = []
    last = "x"
    for number in range(10):
        nodes += [Node("Relu", [last], [f"a{number}"]), Node("CumSum", [f"a{number}", "axis"], [f"b{number}"])]
        last = f"b{number}"
    graph = graph_of(nodes, {"x": X}, [last], {"axis": np.array(1)})
    with pytest.raises(Unsupported, match="Too little"):
        lower(make_plan(graph))


def test_every_kernel_keeps_to_eight_storage_buffers() -> None:
    names = [f"x{number}" for number in range(12)]
    nodes = [Node("Concat", names, ["c"], {"axis": 1}), Node("Conv", ["c", "w"], ["y"], {"pads": [1, 1, 1, 1]})]
    weights = {"w": np.ones((4, 48, 3, 3), np.float32)}
    graph = graph_of(nodes, dict.fromkeys(names, X), ["y"], weights)
    lowered = lower(make_plan(graph))
    assert lowered.dispatches
    uniforms = len(lowered.buffers) - 1
    for dispatch in (*lowered.setup, *lowered.dispatches):
        assert len([place for place in dispatch.bindings if place.buffer != uniforms]) <= 8


def test_no_kernel_reads_and_writes_one_buffer() -> None:
    lowered = lower(make_plan(small_net()))
    for dispatch in (*lowered.setup, *lowered.dispatches):
        text = lowered.shaders[dispatch.shader]
        written = {
            r.buffer for n, r in enumerate(dispatch.bindings) if f"@binding({n}) var<storage, read_write>" in text
        }
        read = {r.buffer for n, r in enumerate(dispatch.bindings) if f"@binding({n}) var<storage, read>" in text}
        assert written
        assert not written & read


def test_a_small_gpu_gets_no_winograd_weights_beyond_its_memory() -> None:
    weights = {"w": np.ones((256, 256, 3, 3), np.float32)}
    nodes = [Node("Conv", ["x", "w"], ["y"], {"pads": [1, 1, 1, 1]})]
    x = np.ones((1, 256, 40, 40), np.float32)
    plan = make_plan(graph_of(nodes, {"x": x}, ["y"], weights))
    large = lower(plan, Limits(maxBufferSize=1 << 31))
    small = lower(plan, Limits(maxBufferSize=1 << 26))
    assert any("winograd" in dispatch.label for dispatch in large.dispatches)
    assert not any("winograd" in dispatch.label for dispatch in small.dispatches)


def test_a_network_that_gives_no_number_of_numbers_is_believed_when_numpy_says_the_same(gpu: Device) -> None:
    nodes = [Node("Sqrt", ["x"], ["s"]), Node("Add", ["s", "x"], ["y"])]
    graph = graph_of(nodes, {"x": X}, ["y"], {})
    graph.metadata["hearth.optimised"] = "true"
    ran = InferenceSession(graph, ["webgpu", "numpy"])
    with np.errstate(invalid="ignore"):
        expected = np.sqrt(X) + X
    for _ in range(2):
        np.testing.assert_allclose(ran.run(None, {"x": X})[0], expected, rtol=1e-5)
    assert ran.executor_name == "webgpu"
