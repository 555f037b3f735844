"""Times the app against a plain page with onnxruntime-web 1.30 and canvas, the same model and photo, in milliseconds.

"Next photo" is from the drop to the PNG on a page that is open and has done one; "warm open" from the navigation to the
PNG of a photo dropped as soon as the page is there, on a second visit. WebGPU is off on both. Rounds are interleaved.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from selenium.webdriver import Chrome

from hearth.desk import models
from hearth.desk.fetch import Cache
from tests.bench.cutout import file_of
from tests.bench.wasm import ORT, ORT_FILES
from tests.browser.browsers import start_chromium
from web.serve import SiteServer
from web.site import build_site

PLAIN = Path(__file__).with_name("plain")
PEER = "plain page, onnxruntime-web 1.30"
MODEL = "u2netp"
SIZE = (1024, 681)
FLAGS = ("--disable-features=WebGPU", "--disable-gpu")
WATCH = """
const [bytes, done] = arguments;
const start = performance.now();
const stage = document.getElementById("stage");
let seen = stage.dataset.state;
const look = () => {
  const state = stage.dataset.state;
  if (state !== seen && ["done", "failed", "stopped"].includes(state)) {
    done({ ms: performance.now() - start, at: performance.now(), state });
    observer.disconnect();
  }
  if (state !== "done") seen = state;
};
const observer = new MutationObserver(look);
observer.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-state"] });
const transfer = new DataTransfer();
transfer.items.add(new File([new Uint8Array(bytes)], `photo-${Math.round(start)}.jpg`, { type: "image/jpeg" }));
for (const kind of ["dragenter", "dragover", "drop"]) {
  const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer });
  document.querySelector("#main").dispatchEvent(event);
}
"""
ASK = "const [bytes, done] = arguments; window.cutout(new Uint8Array(bytes)).then(done)"


def main(argv: Sequence[str]) -> int:
    """Prints a table; returns 0. `--json FILE` writes one object a measurement."""
    parser = argparse.ArgumentParser(prog="bench app", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="the median of so many counts (default 5)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, metavar="N", help="the peer's threads")
    options = parser.parse_args(argv)
    photo = list(file_of(*SIZE))
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        pages = {
            "hearth": (build_site(), "", WATCH),
            "peer": (plain_page(Path(folder, "plain")), f"index.html?threads={options.threads}", ASK),
        }
        drivers: dict[str, Chrome] = {}
        servers = {who: SiteServer(root) for who, (root, _, _) in pages.items()}
        try:
            for who, server in servers.items():
                server.start()
                drivers[who] = start_chromium(Path(folder, who), Path(folder), FLAGS)
                drivers[who].set_script_timeout(180)
                visit(drivers[who], server.url + pages[who][1], pages[who][2], photo)
            for _ in range(options.rounds):
                for who, server in servers.items():
                    _, address, script = pages[who]
                    times[who, "warm open"].append(visit(drivers[who], server.url + address, script, photo))
                    times[who, "next photo"].append(drivers[who].execute_async_script(script, photo)["ms"])
        finally:
            for driver in drivers.values():
                driver.quit()
            for server in servers.values():
                server.stop()
    rows = []
    for kind in ("next photo", "warm open"):
        ours, peer = (statistics.median(times[who, kind]) for who in pages)
        rows.append(
            {
                "name": f"app, {kind}",
                "unit": "ms",
                "hearth": ours,
                "peer": peer,
                "peer_name": PEER,
                "ratio": peer / ours,
            }
        )
        our_range, peer_range = (f"{min(times[who, kind]):.0f}-{max(times[who, kind]):.0f}" for who in pages)
        print(f"{kind}: {ours:.0f} ms ({our_range}), {PEER} {peer:.0f} ms ({peer_range}), {peer / ours:.2f}x")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def visit(driver: Chrome, url: str, script: str, photo: list[int]) -> float:
    """Opens the page and drops the photo at once; milliseconds from the navigation to the PNG."""
    driver.get("about:blank")
    driver.get(url)
    driver.execute_async_script(
        "const done = arguments[0], wait = () => document.getElementById('stage') || window.cutout ? done() :"
        " setTimeout(wait, 5); wait()"
    )
    return float(driver.execute_async_script(script, photo)["at"])


def plain_page(root: Path) -> Path:
    """The peer's page, with the model as its authors ship it."""
    shutil.copytree(PLAIN, root)
    (root / "ort").mkdir()
    with tarfile.open(Cache().get(ORT)) as archive:
        for name in ORT_FILES:
            member = archive.extractfile(f"package/dist/{name}")
            assert member is not None
            (root / "ort" / name).write_bytes(member.read())
    shutil.copy(Cache().get(models.find(MODEL).source.pinned()), root / "model.onnx")
    return root
