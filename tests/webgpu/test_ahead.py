"""Kernels are compiled while a model's weights are still on their way."""

import hashlib
import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hearth.runtime import InferenceSession, model_file
from hearth.runtime.ahead import compile_ahead
from hearth.runtime.graph import Graph, Node
from hearth.runtime.plan import make_plan
from hearth.runtime.webgpu import WebGPUExecutor
from hearth.runtime.webgpu.desk import Device
from tests.browser.browsers import find_chromium, start_chromium
from tests.webgpu.conftest import graph_of
from web.site import build_site

WEB = Path(__file__).resolve().parents[2] / "web"
FLAGS = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
X = np.linspace(-1, 1, 64 * 16, dtype=np.float32).reshape(1, 64, 4, 4)


def network() -> Graph:
    """Weights of 150 kB, and a shape that decides what is computed."""
    rng = np.random.default_rng(8)
    nodes = [
        Node("Conv", ["x", "w"], ["c"], {"pads": [1, 1, 1, 1]}),
        Node("Reshape", ["c", "shape"], ["r"]),
        Node("Sigmoid", ["r"], ["y"]),
    ]
    constants = {
        "w": (rng.standard_normal((64, 64, 3, 3)) / 24).astype(np.float32),
        "shape": np.array([16, 64], np.int64),
    }
    graph = graph_of(nodes, {"x": X}, ["y"], constants)
    graph.metadata["hearth.optimised"] = "true"
    return graph


def head_of(data: bytes) -> bytes:
    return data[: 16 + int.from_bytes(data[8:16], "little")]


def test_the_head_of_a_file_decides_all_that_is_compiled(gpu: Device) -> None:
    data = model_file.dumps(network())
    head = head_of(data)
    assert len(head) < len(data) / 20
    assert compile_ahead(head)
    (early,) = gpu.ahead.values()
    program = WebGPUExecutor(gpu).compile(make_plan(model_file.loads(data)))
    assert program.program.lowered is early
    assert gpu.ahead == {}
    expected = InferenceSession(data, "numpy").run(None, {"x": X})[0]
    np.testing.assert_allclose(program.run({"x": X})[0], expected, atol=1e-4)


def test_a_head_that_is_no_head_compiles_nothing(gpu: Device) -> None:
    head = head_of(model_file.dumps(network()))
    for damaged in (b"", head[:-1], head.replace(b"Conv", b"Cnov"), head.replace(b'"nodes"', b'"n0des"')):
        assert not compile_ahead(damaged)
    assert gpu.ahead == {}


class _Slow(http.server.SimpleHTTPRequestHandler):
    """Holds back a model's weights until the page asks for `/go`."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012
    model = b""
    go = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/go":
            self.go.set()
        elif self.path == "/model.part":
            start = len(head_of(self.model)) + 1000
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.model)))
            self.end_headers()
            self.wfile.write(self.model[:start])
            self.wfile.flush()
            self.go.wait(120)
            self.wfile.write(self.model[start:])
            return
        else:
            return super().do_GET()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


PAGE = """
const [model, feed, done] = arguments;
(async () => {
  const { openGpu } = await import("/gpu.js");
  const { ModelStore } = await import("/shell/store.js");
  const gpu = await openGpu(true);
  if (!gpu) return null;
  const events = [];
  const make = gpu.device.createComputePipelineAsync.bind(gpu.device);
  gpu.device.createComputePipelineAsync = (how) => (events.push("compile"), make(how));
  const { loadPyodide } = await import("/pyodide/pyodide.mjs");
  const pyodide = await loadPyodide({ indexURL: "/pyodide/", packages: ["numpy"] });
  pyodide.unpackArchive(await (await fetch("/hearth.whl")).arrayBuffer(), "wheel");
  pyodide.registerJsModule("hearth_gpu", { gpu });
  const ahead = pyodide.runPython("from hearth.runtime.ahead import compile_ahead\\nlambda head: compile_ahead(head.to_bytes())");
  const headCame = async (head) => {
    events.push("head");
    ahead(head);
    await Promise.all(gpu.pipelines.values());
    events.push("compiled");
    await fetch("/go");
  };
  const store = new ModelStore(new URL("/", location.href));
  const { data } = await store.open(model, () => {}, new AbortController().signal, headCame);
  events.push("weights");
  pyodide.globals.set("data", new Uint8Array(data));
  pyodide.globals.set("feed", feed);
  const result = await pyodide.runPythonAsync(`
import numpy as np
from hearth.runtime import InferenceSession
session = InferenceSession(data.to_bytes())
x = np.array(feed.to_py(), np.float32).reshape(1, 64, 4, 4)
result = (await session.run_async(None, {"x": x}))[0]
[session.executor_name, result.reshape(-1).tolist()]
`);
  return { events, result: result.toJs() };
})().then(done, (error) => done(String(error)));
"""


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[str]:
    """A server of the page's own parts, and of a model whose weights come when they are asked for."""
    if find_chromium() is None:
        pytest.skip("there is no Chromium here")
    assets = build_site() / "assets"
    site = tmp_path / "site"
    shutil.copytree(next(assets.glob("pyodide-*/pyodide.mjs")).parent, site / "pyodide")
    shutil.copytree(WEB / "shell", site / "shell")
    shutil.copy(next(assets.glob("hearth-*.whl")), site / "hearth.whl")
    shutil.copy(WEB / "gpu.js", site)
    (site / "index.html").write_text("<!doctype html>")

    class Handler(_Slow):
        model = model_file.dumps(network())
        go = threading.Event()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    Handler.go.set()
    server.shutdown()


def test_all_kernels_are_compiled_before_the_weights_come(slow: str, tmp_path: Path) -> None:
    data = model_file.dumps(network())
    part = {"url": "model.part", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    model: dict[str, Any] = {"id": "small", "bytes": len(data), "parts": [part]}
    driver = start_chromium(tmp_path / "profile", tmp_path, FLAGS)
    try:
        driver.get(slow)
        answer = driver.execute_async_script(PAGE, json.loads(json.dumps(model)), X.reshape(-1).tolist())
    finally:
        driver.quit()
    if answer is None:
        pytest.skip("this Chromium has no software adapter")
    assert isinstance(answer, dict), answer
    events = answer["events"]
    assert events[0] == "head"
    assert set(events[1:-2]) == {"compile"}
    assert events[-2:] == ["compiled", "weights"]  # and nothing is compiled after
    name, result = answer["result"]
    assert name == "webgpu"
    expected = InferenceSession(network(), "numpy").run(None, {"x": X})[0]
    np.testing.assert_allclose(np.array(result).reshape(expected.shape), expected, atol=1e-4)
