"""A queue of photos of 12 megapixels in the page: what the tab holds after each, and how long each takes.

The peer of every photo is the first half of the queue: a ratio of 1 says that nothing grows.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench._tab import TabMemory
from tests.bench.cutout import SIZES, file_of, row
from tests.browser.browsers import start_chromium
from web.serve import SiteServer
from web.site import build_site

COUNT = (
    "return [...document.querySelectorAll('#strip button')].filter((one) => one.dataset.state === arguments[0]).length"
)
STORED = """
const done = arguments[0];
navigator.storage.estimate().then(({usageDetails}) => done((usageDetails?.indexedDB ?? 0) / 1e6));
"""


def main(argv: Sequence[str]) -> int:
    """Prints a table; returns 0. `--json FILE` writes one object a line of it."""
    parser = argparse.ArgumentParser(prog="bench queue", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--count", type=int, default=30, metavar="N", help="photos, at least 6 (default 30)")
    parser.add_argument("--size", choices=SIZES, default="12 MP")
    options = parser.parse_args(argv)
    memory, seconds, stored = measured(options.count, options.size)
    half = options.count // 2
    rows: list[dict[str, Any]] = []
    for name, unit, values in (("the tab holds", "MB", memory), ("a photo takes", "ms", seconds)):
        first, second = statistics.median(values[2:half]), statistics.median(values[half:])
        rows.append(row(f"{options.count} photos of {options.size}, {name}", unit, second, first, "first half"))
    rows.append(row("most that the tab held", "MB", max(memory), 0.0, "-"))
    rows.append(row("kept on the disk", "MB", stored, 0.0, "-"))
    for line in rows:
        print(f"{line['name']:44} {line['hearth']:9.1f} {line['unit']}  {line['peer_name']} {line['peer']:9.1f}")
    print("MB after each photo:", *(round(value) for value in memory))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def measured(count: int, size: str) -> tuple[list[float], list[float], float]:
    """MB after each photo, milliseconds that each took, MB on the disk in the end."""
    with tempfile.TemporaryDirectory() as folder, SiteServer(build_site()) as server:
        paths = [Path(folder) / f"{number:03}.jpg" for number in range(count)]
        paths[0].write_bytes(file_of(*SIZES[size]))
        for path in paths[1:]:
            shutil.copy(paths[0], path)
        driver = start_chromium(Path(folder) / "profile", Path(folder))
        try:
            driver.get(server.url)
            return queued(driver, paths)
        finally:
            driver.quit()


def queued(driver: Any, paths: Sequence[Path]) -> tuple[list[float], list[float], float]:
    """The same, of photos given to a page that is open."""
    tab = TabMemory(driver)
    driver.find_element("css selector", "#file").send_keys("\n".join(map(str, paths)))
    memory: list[float] = []
    seconds: list[float] = []
    before = time.perf_counter()
    while len(memory) < len(paths):
        if driver.execute_script(COUNT, "failed"):
            raise AssertionError(driver.execute_script("return document.body.innerText"))
        for _ in range(driver.execute_script(COUNT, "done") - len(memory)):
            memory.append(tab.now())
            seconds.append((time.perf_counter() - before) * 1e3)
            print(f"{len(memory)} of {len(paths)}: {memory[-1]:.0f} MB, {seconds[-1]:.0f} ms", file=sys.stderr)
            before = time.perf_counter()
        time.sleep(0.2)
    time.sleep(2)
    return memory, seconds, float(driver.execute_async_script(STORED))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
