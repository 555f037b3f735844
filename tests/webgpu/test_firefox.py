"""The page's player once in Firefox, headless, with WebGPU on by its preferences: the same plan, the same numbers.

Where it offers float16, the plan is played with that too: in memory, then in arithmetic.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.unread import at_hand
from hearth.runtime.webgpu.tuning import HALVES
from tests.browser.firefox import open_firefox
from tests.webgpu.test_player import GPU_JS, many_ops, text

PAGE = """<!doctype html><script type="module">
import { openGpu } from "./gpu.js";
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
async function play(gpu, lowered, { constants, feeds }) {
  const player = gpu.player(JSON.stringify(lowered));
  for (const [name, text] of Object.entries(constants)) {
    const { buffer, offset } = lowered.constants[name].range;
    player.write(buffer, offset, bytes(text));
  }
  await player.prepare();
  const { first, last, downloads, uploads } = lowered.segments[0];
  for (const name of uploads) {
    const { buffer, offset } = lowered.values[name].range;
    player.write(buffer, offset, bytes(feeds[name]));
  }
  const result = await player.play(first, last, JSON.stringify(downloads.map((name) => lowered.values[name].range)));
  player.destroy();
  return [...new Float32Array(result.buffer)];
}
async function run() {
  const job = await (await fetch("job.json")).json();
  const gpu = await openGpu(true);
  if (!gpu) return { missing: true };
  const results = {};
  for (const [halves, lowered] of Object.entries(job.plans))
    if (halves === "none" || gpu.device.features.has("shader-f16")) results[halves] = await play(gpu, lowered, job);
  return { results };
}
const answer = await run().catch((error) => ({ error: String(error) }));
await fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
</script>"""


def test_a_net_runs_in_firefox_as_numpy_says(tmp_path: Path) -> None:
    binary = shutil.which("firefox-esr") or shutil.which("firefox")
    if binary is None:
        pytest.skip("there is no Firefox here; on Debian: apt-get install firefox-esr libvulkan1 mesa-vulkan-drivers")
    plan, lowered, feeds = many_ops()
    plans = {"none": lowered} | {halves: many_ops(halves)[1] for halves in HALVES}
    folder = tmp_path / "page"
    folder.mkdir()
    shutil.copy(GPU_JS, folder)
    (folder / "index.html").write_text(PAGE)
    job = {
        "plans": {halves: json.loads(lowered.to_json()) for halves, lowered in plans.items()},
        "constants": {name: text(at_hand(plan.graph.constants[name])) for name in lowered.constants},
        "feeds": {name: text(array) for name, array in feeds.items()},
    }
    (folder / "job.json").write_text(json.dumps(job))
    answer = open_firefox(binary, folder, tmp_path / "profile")
    assert answer is not None, "Firefox did not answer"
    if answer.get("missing"):
        pytest.skip("this Firefox finds no adapter")
    assert "error" not in answer, answer
    expected = NumpyExecutor().compile(plan).run(feeds)[0]
    assert "none" in answer["results"]
    for halves, result in answer["results"].items():
        atol = 1e-4 if halves == "none" else 1e-2
        np.testing.assert_allclose(np.reshape(result, expected.shape), expected, atol=atol)
    print("Firefox played:", *answer["results"])
