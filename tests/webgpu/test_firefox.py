"""The page's player once in Firefox, headless, with WebGPU on by its preferences: the same plan, the same numbers.

Where it offers float16, the plan is played with that too: in memory, then in arithmetic.
"""

import http.server
import json
import os
import shutil
import subprocess
import threading
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from hearth.runtime.numpy import NumpyExecutor
from hearth.runtime.webgpu.tuning import HALVES
from tests.webgpu.test_player import GPU_JS, many_ops, text

SECONDS = 90
PREFERENCES = """
user_pref("dom.webgpu.enabled", true);
user_pref("gfx.webgpu.ignore-blocklist", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"""
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


class _Handler(http.server.SimpleHTTPRequestHandler):
    answers: ClassVar[list[bytes]]
    came: ClassVar[threading.Event]

    def do_POST(self) -> None:
        self.answers.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.came.set()

    def log_message(self, *_: object) -> None:
        pass


def _open(binary: str, folder: Path, profile: Path) -> dict[str, Any] | None:
    """What the page in `folder` answers."""

    class Handler(_Handler):
        answers: ClassVar[list[bytes]] = []
        came: ClassVar[threading.Event] = threading.Event()

    handler = Handler
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    profile.mkdir()
    (profile / "user.js").write_text(PREFERENCES)
    command = [
        binary,
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        f"http://127.0.0.1:{server.server_port}/",
    ]
    environment = {**os.environ, "MOZ_DISABLE_CONTENT_SANDBOX": "1", "HOME": str(profile)}
    browser = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return json.loads(handler.answers[0]) if handler.came.wait(SECONDS) else None
    finally:
        browser.terminate()
        browser.wait(20)
        server.shutdown()


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
        "plans": {halves: lowered.plain() for halves, lowered in plans.items()},
        "constants": {name: text(plan.graph.constants[name]) for name in lowered.constants},
        "feeds": {name: text(array) for name, array in feeds.items()},
    }
    (folder / "job.json").write_text(json.dumps(job))
    answer = _open(binary, folder, tmp_path / "profile")
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
