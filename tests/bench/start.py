"""Times from opening the page to Python being ready, in Chromium, in milliseconds: the built site against bare Pyodide.

Cold: a fresh profile. Warm: opened twice before, the service worker in charge. The peer is a page whose module worker
loads Pyodide as its authors ship it and imports numpy and Pillow; the same server serves both, rounds are interleaved.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from selenium.webdriver import Chrome

from hearth.errors import HearthError
from tests.browser.browsers import start_chromium
from web.compress import compressed
from web.serve import SiteServer
from web.site import build_site
from wheels.pyodide import bare

BARE = Path(__file__).with_name("bare")
PEER = "bare Pyodide + numpy + Pillow"
MARKS = {"hearth": "hearth-ready", "peer": "ready"}
LONGEST = 90  # seconds to wait for a page


def main(argv: Sequence[str]) -> int:
    """Prints a table; returns 0. `--json FILE` writes one object a measurement."""
    parser = argparse.ArgumentParser(prog="bench start", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="the median of so many counts (default 5)")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        pages = {"hearth": build_site(), "peer": bare_page(Path(folder))}
        times: dict[tuple[str, str], list[float]] = defaultdict(list)
        for number in range(options.rounds):
            for who, root in pages.items():
                cold, warm = opened(root, MARKS[who], Path(folder, f"{who}-{number}"), who == "hearth")
                times[who, "cold"].append(cold)
                times[who, "warm"].append(warm)
    rows = []
    for kind in ("cold", "warm"):
        ours, peer = (statistics.median(times[who, kind]) for who in pages)
        figures = {"hearth": ours, "peer": peer, "peer_name": PEER, "ratio": peer / ours}
        rows.append({"name": f"start, {kind}", "unit": "ms", **figures})
        our_range, peer_range = (f"{min(times[who, kind]):.0f}-{max(times[who, kind]):.0f}" for who in pages)
        print(f"{kind}: {ours:.0f} ms ({our_range}), {PEER} {peer:.0f} ms ({peer_range}), {peer / ours:.2f}x")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def bare_page(folder: Path) -> Path:
    """The peer's site, with compressed copies and caching as ours has them."""
    root = folder / "bare"
    shutil.copytree(bare(), root / "assets" / "pyodide")
    for name in ("main.js", "worker.js"):
        shutil.copy(BARE / name, root / "assets" / name)
    shutil.copy(BARE / "index.html", root)
    for path in [path for path in root.rglob("*") if path.is_file()]:
        for suffix, content in compressed(path.name, path.read_bytes()):
            path.with_name(path.name + suffix).write_bytes(content)
    return root


def opened(root: Path, mark: str, profile: Path, has_service_worker: bool) -> tuple[float, float]:
    """Milliseconds to the mark, cold and warm, on a profile of its own."""
    with SiteServer(root) as server:
        driver = start_chromium(profile, profile.with_name(profile.name + "-downloads"))
        try:
            times = []
            for _ in range(3):
                driver.get("about:blank")
                driver.get(server.url)
                times.append(ready(driver, mark))
                if has_service_worker:
                    driver.execute_async_script("navigator.serviceWorker.ready.then(arguments[0])")
                time.sleep(1)  # the browser writes its caches
        finally:
            driver.quit()
    return times[0], times[2]


def ready(driver: Chrome, mark: str) -> float:
    """Milliseconds from the navigation to the mark."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        found = driver.execute_script("return performance.getEntriesByName(arguments[0])[0]?.startTime", mark)
        if found is not None:
            return float(found)
        time.sleep(0.05)
    raise HearthError(f"The page was not ready within {LONGEST} s.")
