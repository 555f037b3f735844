"""The runtime's wheel alone in a page that knows nothing of Hearth: it brings the kernels, WebGPU and threads along."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium import webdriver

from tests.browser.browsers import find_chromium, start_chromium, wake_gpu
from tests.browser.firefox import open_firefox
from tests.webgpu.test_page import FLAGS
from tests.webgpu.test_staying import model
from wheels.pyodide import for_tests
from wheels.runtime_wheel import alias_wheel, runtime_wheel

PAGE = Path(__file__).with_name("bare_page")


class Isolated(SimpleHTTPRequestHandler):
    """A host that lets pages share memory among threads, and says nothing else of them."""

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


def lay_out(folder: Path) -> Path:
    """The page, Pyodide and the wheels beside it."""
    shutil.copytree(PAGE, folder, dirs_exist_ok=True)
    shutil.copytree(for_tests(), folder / "pyodide")
    for wheel in (runtime_wheel(), alias_wheel()):
        shutil.copy(wheel, folder)
    folder.joinpath("model.onnx").write_bytes(model())
    return folder


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Chromium, with a GPU of software, on the page."""
    if find_chromium() is None:
        pytest.skip("there is no Chromium here")
    folder = lay_out(tmp_path_factory.mktemp("bare"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Isolated, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    driver = start_chromium(tmp_path_factory.mktemp("profile"), folder, FLAGS)
    try:
        driver.get(f"http://127.0.0.1:{server.server_port}/")
        wake_gpu(driver)
        yield driver
    finally:
        driver.quit()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("kind", ["as it is", "without JSPI"])
def test_a_notebook_computes_on_webgpu_with_the_wheel_alone(page: webdriver.Chrome, kind: str) -> None:
    found = page.execute_async_script("const [kind, done] = arguments; ask(kind).then(done)", kind)
    assert "error" not in found, found["error"]
    waits = kind == "as it is"
    everything = ["WebGPUExecutionProvider", "WasmExecutionProvider", "CPUExecutionProvider"]
    assert found["waits"] == waits
    assert found["providers at once"] == (everything if waits else everything[1:])
    assert found["providers"] == everything
    assert found["cpu"] == ["wasm"] and found["run_async ran on"] == ["webgpu"]
    assert found["run ran on"] == (["webgpu"] if waits else ["wasm"])
    assert found["bound on"] == "DeviceTensor"
    assert max(found["run"], found["run_async"], found["bound"]) < 1e-4
    assert found["threads"] == page.execute_script("return Math.min(navigator.hardwareConcurrency, 8)")


def test_where_python_cannot_wait_runs_go_to_the_processor(tmp_path: Path) -> None:
    """Firefox with JSPI turned off. What is awaited goes to its GPU, where it finds one."""
    binary = shutil.which("firefox-esr") or shutil.which("firefox")
    if binary is None:
        pytest.skip("there is no Firefox here; on Debian: apt-get install firefox-esr")
    folder = lay_out(tmp_path / "page")
    (folder / "index.html").write_text(
        '<!doctype html><script type="module">import "./main.js"; const body = JSON.stringify(await ask("as it is"));'
        'await fetch("/answer", { method: "POST", body });</script>'
    )
    without = 'user_pref("javascript.options.wasm_js_promise_integration", false);\n'
    found = open_firefox(binary, folder, tmp_path / "profile", without)
    assert found is not None, "Firefox did not answer"
    assert "error" not in found, found["error"]
    assert not found["waits"] and found["providers at once"][0] == "WasmExecutionProvider"
    assert found["cpu"] == ["wasm"] and found["run ran on"] == ["wasm"]
    assert found["run_async ran on"] == (["webgpu"] if len(found["providers"]) == 3 else ["wasm"])
    assert max(found["run"], found["run_async"], found["bound"]) < 1e-4
