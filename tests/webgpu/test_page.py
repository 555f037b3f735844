"""The executor inside Pyodide in Chromium, over `web/gpu.js`, on the software adapter."""

import shutil
from pathlib import Path

import pytest

from tests.browser.browsers import find_chromium, start_chromium, wake_gpu
from web.serve import SiteServer
from web.site import build_site

GPU_JS = Path(__file__).resolve().parents[2] / "web" / "gpu.js"
FLAGS = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")

PYTHON = """
import numpy as np
from hearth.errors import ExecutorFailed
from hearth.runtime.graph import Graph, Node
from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.passes import optimise
from hearth.runtime.plan import make_plan
from hearth.runtime.types import TensorType
from hearth.runtime.webgpu.executor import WebGPUProgram, find_gpu
from hearth.runtime.webgpu.tiles import General

x = np.linspace(-1, 1, 4 * 36, dtype=np.float32).reshape(1, 4, 6, 6)
weights = np.cos(np.arange(5 * 4 * 9, dtype=np.float32)).reshape(5, 4, 3, 3)
nodes = [
    Node("Conv", ["x", "w"], ["c"], {"pads": [1, 1, 1, 1]}, opset=17),
    Node("Relu", ["c"], ["r"], opset=17),
    Node("CumSum", ["r", "axis"], ["s"], opset=17),
    Node("Tanh", ["s"], ["y"], opset=17),
]
kind = TensorType(x.dtype, x.shape)
constants = {"w": weights, "axis": np.array(3)}
graph = Graph("small", {"x": kind}, {"y": TensorType()}, nodes, constants)
optimise(graph)
plan = make_plan(graph)
expected = NumpyExecutor().compile(plan).run({"x": x})[0]
gpu = find_gpu()
program = WebGPUProgram(plan, gpu, lambda *_: General(4, 2))
import asyncio, hearth_gpu
worst = 0.0
hasty = asyncio.ensure_future(program.run_async({"x": x}))
await asyncio.sleep(0)
hasty.cancel()  # before the kernels are there; two others at once want them too
for results in await asyncio.gather(*(program.run_async({"x": x}) for _ in range(2))):
    worst = max(worst, float(np.abs(results[0] - expected).max()))
worst = max(worst, float(np.abs((await program.run_async({"x": x}))[0] - expected).max()))
place = program.lowered.values["y"].range
held = await program.player.play_for(0, 0, place)
worst = max(worst, float(np.abs(np.frombuffer(held.to_bytes(), np.float32) - expected.reshape(-1)).max()))
from pyodide.code import run_js
outside = run_js("(array) => array instanceof Uint8Array && array.buffer.byteLength === array.byteLength")(held)
from hearth.runtime import InferenceSession
session = InferenceSession(graph)
began = session.executor_name
job = asyncio.ensure_future(session.run_async(None, {"x": x}))
await asyncio.sleep(0)
hearth_gpu.gpu.device.destroy()  # in the middle of the job
worst = max(worst, float(np.abs((await job)[0] - expected).max()))
ended = session.executor_name
try:
    await program.run_async({"x": x})
    lost = "nothing"
except ExecutorFailed as error:
    lost = str(error)
[worst, [list(s.steps) for s in program.lowered.segments], gpu.name, lost, began, ended, outside]
"""

PAGE = """
const [python, done] = arguments;
(async () => {
  const { openGpu } = await import("/gpu.js");
  const gpu = await openGpu(true);
  if (!gpu) return null;
  const { loadPyodide } = await import("/pyodide/pyodide.mjs");
  const pyodide = await loadPyodide({ indexURL: "/pyodide/", packages: ["numpy"] });
  pyodide.unpackArchive(await (await fetch("/hearth.whl")).arrayBuffer(), "wheel");
  pyodide.registerJsModule("hearth_gpu", { gpu });
  return (await pyodide.runPythonAsync(python)).toJs();
})().then(done, (error) => done(String(error)));
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare page with Pyodide, the app and the player, taken from the built site."""
    if find_chromium() is None:
        pytest.skip("there is no Chromium here")
    assets = build_site() / "assets"
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(next(assets.glob("pyodide-*/pyodide.mjs")).parent, folder / "pyodide")
    shutil.copy(next(assets.glob("hearth-*.whl")), folder / "hearth.whl")
    shutil.copy(GPU_JS, folder)
    (folder / "index.html").write_text("<!doctype html>")
    return folder


def test_a_net_runs_in_the_page_and_a_lost_device_is_told(folder: Path, tmp_path: Path) -> None:
    with SiteServer(folder, headers=False) as server:
        driver = start_chromium(tmp_path / "profile", tmp_path, FLAGS)
        try:
            driver.get(server.url)
            wake_gpu(driver)
            answer = driver.execute_async_script(PAGE, PYTHON)
        finally:
            driver.quit()
    if answer is None:
        pytest.skip("this Chromium has no software adapter")
    assert isinstance(answer, list), answer
    worst, steps, name, lost, began, ended, outside = answer
    assert worst < 1e-4
    assert steps == [[1], []]
    assert name
    assert outside is True  # what JavaScript holds is handed on as it is
    assert began == "webgpu"
    assert ended != "webgpu"
    assert "lost" in lost or "destroyed" in lost
