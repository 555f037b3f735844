"""Times the app against a plain page with onnxruntime-web 1.30 and canvas, the same model and photo, in milliseconds.

"Warm open" is from the navigation to the PNG of a photo that is dropped as soon as the document is there, on a page
that was visited before and keeps no photo; "next photo" from the drop to the PNG on that page, several a visit. WebGPU
is off on both. Rounds are interleaved, and while one side is measured the other is away on an empty page.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import statistics
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from selenium.common.exceptions import TimeoutException
from selenium.webdriver import Chrome

from hearth.desk import models
from hearth.desk.fetch import Cache
from hearth.errors import HearthError
from tests.bench.cutout import file_of
from tests.bench.wasm import ORT, ORT_FILES
from tests.browser.browsers import start_chromium
from web.serve import SiteServer
from web.site import build_site

PLAIN = Path(__file__).with_name("plain")
INSIDE = Path(__file__).with_name("app_page") / "inside.js"
PEER = "plain page, onnxruntime-web 1.30"
MODEL = "u2netp"
SIZE = (1024, 681)
FLAGS = ("--disable-features=WebGPU", "--disable-gpu")
LONGEST = 60  # seconds that a PNG may take
ASK = "Promise.resolve(window.bench.WHAT).then(arguments[0], (error) => arguments[0](String(error)))"


def main(argv: Sequence[str]) -> int:
    """Prints a table; returns 0. `--json FILE` writes one object a measurement."""
    parser = argparse.ArgumentParser(prog="bench app", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="the median of so many counts (default 7)")
    parser.add_argument("--photos", type=int, default=3, metavar="N", help="next photos a visit (default 3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, metavar="N", help="the peer's threads")
    options = parser.parse_args(argv)
    inside = INSIDE.read_text().replace("PHOTO", base64.b64encode(file_of(*SIZE)).decode())
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        pages = {
            "hearth": (build_site(), ""),
            "peer": (plain_page(Path(folder, "plain")), f"index.html?threads={options.threads}"),
        }
        drivers: dict[str, Chrome] = {}
        servers = {who: SiteServer(root) for who, (root, _) in pages.items()}
        try:
            for who, server in servers.items():
                server.start()
                driver = drivers[who] = start_chromium(Path(folder, who), Path(folder), FLAGS)
                driver.set_script_timeout(LONGEST)
                driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": inside})
                for _ in range(2):  # the first one fills the caches, the service worker serves the second
                    visit(driver, server.url + pages[who][1], 1)
            for _ in range(options.rounds):
                for who, server in servers.items():
                    first, *others = visit(drivers[who], server.url + pages[who][1], options.photos)
                    times[who, "warm open"].append(first)
                    times[who, "next photo"] += others
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


def visit(driver: Chrome, url: str, photos: int) -> list[float]:
    """Opens the page and leaves it empty: milliseconds to the first photo's PNG, then those of so many next photos.

    Raises HearthError with what the page shows where a PNG does not come.
    """
    driver.get(url)
    times: list[float | str] = []
    try:
        for what in ("opened", *["next()"] * photos, "empty()"):
            times.append(driver.execute_async_script(ASK.replace("WHAT", what)))
            if isinstance(times[-1], str):
                raise TimeoutException(times[-1])
    except TimeoutException as error:
        shown = driver.execute_script("return document.body.innerText")
        said = "\n".join(entry["message"] for entry in driver.get_log("browser"))
        raise HearthError(f"No PNG came: {error.msg}. The page shows:\n{shown}\nThe console:\n{said}") from error
    driver.get("about:blank")
    return [float(time) for time in times[:-1]]


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
