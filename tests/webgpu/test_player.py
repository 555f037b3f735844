"""The page's player, `web/gpu.js`, in Chromium on its software adapter: the same plans, the same numbers."""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium.webdriver import Chrome

from hearth.runtime.graph import Node
from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.plan import Plan, make_plan
from hearth.runtime.webgpu.lower import lower
from hearth.runtime.webgpu.program import Halves, Lowered
from hearth.runtime.webgpu.tiles import Choice, Gemm, General, Staged, Winograd
from tests.bench._tab import TabMemory
from tests.browser.browsers import find_chromium, start_chromium
from tests.webgpu.conftest import graph_of
from web.serve import SiteServer

GPU_JS = Path(__file__).resolve().parents[2] / "web" / "gpu.js"
FLAGS = (
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--js-flags=--expose-gc",
    "--enable-precise-memory-info",
)

RUN = """
const [lowered, constants, feeds, runs, breaking, done] = arguments;
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
(async () => {
  const { openGpu } = await import("/gpu.js");
  const gpu = await openGpu(true);
  if (!gpu) return { missing: true };
  const player = gpu.player(JSON.stringify(lowered));
  for (const [name, text] of Object.entries(constants)) {
    const { buffer, offset } = lowered.constants[name].range;
    player.write(buffer, offset, bytes(text));
  }
  await player.prepare();
  const { first, last, downloads, uploads } = lowered.segments[0];
  const reads = JSON.stringify(downloads.map((name) => lowered.values[name].range));
  const results = [];
  for (let i = 0; i < runs; i++) {
    for (const name of uploads) {
      const { buffer, offset } = lowered.values[name].range;
      player.write(buffer, offset, bytes(feeds[name]));
    }
    if (breaking && i === runs - 1) gpu.device.destroy();
    results.push(btoa(String.fromCharCode(...(await player.play(first, last, reads)))));
  }
  player.destroy();
  return { results };
})().then(done, (error) => done({ error: String(error) }));
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Chromium with a software GPU, on a page that has `gpu.js`."""
    if find_chromium() is None:
        pytest.skip("there is no Chromium here")
    folder = tmp_path_factory.mktemp("player")
    shutil.copy(GPU_JS, folder)
    (folder / "index.html").write_text("<!doctype html>")
    with SiteServer(folder, headers=False) as server:
        driver = start_chromium(folder / "profile", folder, FLAGS)
        driver.get(server.url)
        yield driver
        driver.quit()


def text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def play(browser: Chrome, lowered: Any, constants: Any, feeds: Any, runs: int = 2, breaking: bool = False) -> Any:
    plain = json.loads(lowered.to_json())
    given = {name: text(constants[name]) for name in lowered.constants}
    answer = browser.execute_async_script(
        RUN, plain, given, {name: text(array) for name, array in feeds.items()}, runs, breaking
    )
    if answer.get("missing"):
        pytest.skip("this Chromium has no software adapter")
    return answer


def many_ops(halves: Halves = "none") -> tuple[Plan, Lowered, dict[str, np.ndarray]]:
    """A net of three convolutions by three kernels, among other ops, that the software adapter compiles in seconds."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((1, 32, 4, 4)).astype(np.float32)
    nodes = [
        Node("Resize", ["x", "", "s"], ["big"], {"mode": "linear"}),
        Node("Conv", ["big", "w0", "b0"], ["c0"], {"pads": [1, 1, 1, 1]}),
        Node("Relu", ["c0"], ["r"]),
        Node("MaxPool", ["r"], ["p"], {"kernel_shape": [2, 2], "strides": [2, 2]}),
        Node("Conv", ["r", "w1", "b1"], ["c1"], {"pads": [1, 1, 1, 1]}),
        Node("Conv", ["c1", "w2", "b2"], ["c2"], {"strides": [2, 2], "pads": [0, 0, 1, 1]}),
        Node("Concat", ["p", "c2"], ["j"], {"axis": 1}),
        Node("Transpose", ["j"], ["t"], {"perm": [0, 2, 3, 1]}),
        Node("MatMul", ["t", "m"], ["q"]),
        Node("Softmax", ["q"], ["y"], {"axis": -1}),
    ]
    constants = {"s": np.array([1, 1, 2, 2], np.float32), "m": rng.standard_normal((40, 5)).astype(np.float32)}
    for number, outputs in enumerate((32, 32, 8)):
        constants[f"w{number}"] = (rng.standard_normal((outputs, 32, 3, 3)) / 17).astype(np.float32)
        constants[f"b{number}"] = rng.standard_normal(outputs).astype(np.float32)
    plan = make_plan(graph_of(nodes, {"x": x}, ["y"], constants))
    choices: list[Choice] = [Staged(4, 2, 16, 8, 8, 4, 1), Winograd(Gemm(32, 4, 8, 4, 4)), General(4, 2)]
    return plan, lower(plan, choose_conv=lambda *_: choices.pop(0), halves=halves), {"x": x}


def test_a_net_runs_as_numpy_says_again_and_again(browser: Chrome) -> None:
    plan, lowered, feeds = many_ops()
    expected = NumpyExecutor().compile(plan).run(feeds)[0]
    answer = play(browser, lowered, plan.graph.constants, feeds)
    assert "error" not in answer
    for result in answer["results"]:
        got = np.frombuffer(base64.b64decode(result), np.float32).reshape(expected.shape)
        np.testing.assert_allclose(got, expected, atol=1e-4)


def test_a_device_lost_in_the_middle_is_reported(browser: Chrome) -> None:
    plan, lowered, feeds = many_ops()
    answer = play(browser, lowered, plan.graph.constants, feeds, breaking=True)
    assert "lost" in answer["error"] or "destroyed" in answer["error"]


COUNT = """
const [lowered, runs, done] = arguments;
(async () => {
  const { openGpu } = await import("/gpu.js");
  const gpu = await openGpu(true);
  if (!gpu) return { missing: true };
  const { device } = gpu;
  const living = new Set();
  for (const name of ["createBuffer", "createQuerySet", "createTexture"]) {
    const make = device[name].bind(device);
    device[name] = (how) => {
      const made = make(how);
      living.add(made);
      const destroy = made.destroy.bind(made);
      made.destroy = () => (living.delete(made), destroy());
      return made;
    };
  }
  const { first, last, downloads } = lowered.segments[0];
  const reads = JSON.stringify(downloads.map((name) => lowered.values[name].range));
  const counts = [], heap = [];
  for (const times of [100, runs, 1]) {
    const player = gpu.player(JSON.stringify(lowered));
    await player.prepare();
    await player.play(first, last, reads);
    const early = living.size;
    for (let i = 0; i < times; i++) await player.play(first, last, reads);
    counts.push([early, living.size]);
    gc();
    await new Promise((later) => setTimeout(later, 50)); // what the last run left is free then
    gc();
    heap.push(performance.memory.usedJSHeapSize);
    player.destroy();
    counts.push(living.size);
  }
  const hung = await gpu.within(new Promise(() => {}), 50).catch((error) => error.message);
  return { counts, heap, hung };
})().then(done, (error) => done({ error: String(error) }));
"""


def test_a_thousand_runs_leave_nothing_behind_and_a_hung_queue_is_told(browser: Chrome) -> None:
    nodes = [Node("Relu", ["x"], ["r"]), Node("MatMul", ["r", "m"], ["y"])]
    constants = {"m": np.eye(64, dtype=np.float32)}
    lowered = lower(make_plan(graph_of(nodes, {"x": np.zeros((128, 64), np.float32)}, ["y"], constants)))
    megabytes = []
    for runs in (100, 1000):
        answer = browser.execute_async_script(COUNT, json.loads(lowered.to_json()), runs)
        if answer.get("missing"):
            pytest.skip("this Chromium has no software adapter")
        assert "error" not in answer
        megabytes.append(TabMemory(browser, "gpu-process").now())
    assert megabytes[0] > 0
    assert megabytes[1] - megabytes[0] < 12  # a thousand results are 33, had the GPU's process kept them
    before, after, _ = answer["heap"]
    assert after - before < 1 << 20  # a thousand results of one number each, had they stayed, and their promises
    (early, _), *_ = answer["counts"]
    assert early > 1
    # The buffer that results land in is the device's own and serves every player.
    assert answer["counts"] == [[early, early], 1] * 3
    assert "does not answer" in answer["hung"]


def test_a_software_adapter_is_refused_unless_it_is_asked_for(browser: Chrome) -> None:
    script = 'const done = arguments[0]; import("/gpu.js").then((m) => m.openGpu()).then((gpu) => done(gpu === null));'
    assert browser.execute_async_script(script)
