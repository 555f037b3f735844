"""The built page timed in a browser, with its tab's memory: it chooses photos by itself (`cutout_page/bench.js`)."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hearth.tools.cutout import STAGES
from tests.bench._tab import TabMemory
from tests.browser.browsers import start_chromium
from web.serve import SiteServer
from web.site import build_site

SCRIPT = Path(__file__).with_name("cutout_page") / "bench.js"
MINUTES = 8  # for all photos of one size


def build_folder(folder: Path, files: Mapping[str, bytes], repeat: int, *leave_out: str) -> None:
    """The site with the photos in it, by size, and with the script that chooses each of them `repeat` + 1 times.

    The first time the page also fetches the model. Files like the patterns `leave_out` stay behind.
    """
    ignored = shutil.ignore_patterns("index.html.*", *leave_out)
    shutil.copytree(build_site(), folder, copy_function=_linked, ignore=ignored)
    page = folder / "index.html"
    html = page.read_text()
    page.unlink()  # not to be written to: it may be the site's own
    page.write_text(html.replace("<head>", '<head><script src="./bench/bench.js"></script>', 1))
    (folder / "bench").mkdir()
    shutil.copy(SCRIPT, folder / "bench" / SCRIPT.name)
    names = {size: f"{number}.jpg" for number, size in enumerate(files)}
    for size, data in files.items():
        (folder / "bench" / names[size]).write_bytes(data)
    (folder / "bench" / "plan.json").write_text(json.dumps({"photos": names, "runs": repeat + 1}))


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def in_the_page(files: Mapping[str, bytes], repeat: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The best times of every size, each in a Chromium of its own, with the tab's memory."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "site")
        build_folder(folder, files, repeat)
        with SiteServer(folder) as server:
            for size in files:
                profile = Path(scratch, size)
                driver = start_chromium(profile, profile)
                try:
                    yield size, _measured(driver, f"{server.url}?size={quote(size)}")
                finally:
                    driver.quit()


def _measured(driver: Any, address: str) -> dict[str, Any]:
    driver.get(address)
    memory, first = TabMemory(driver), 0.0
    until = time.monotonic() + 60 * MINUTES
    done, begun = False, 0
    while not done:
        if time.monotonic() > until:
            raise TimeoutError(f"The page was not done after {MINUTES} minutes.")
        time.sleep(0.3)
        done, begun = driver.execute_script("return [hearthBench.done, hearthBench.starts.length]")
        if begun <= 1:
            first = memory.peak()
    return best(driver.execute_script("return hearthBench")) | {"memory": first, "memory later": memory.peak()}


def best(found: Mapping[str, Any]) -> dict[str, Any]:
    """The times of the photo that was done soonest, in milliseconds; its PNG's size in MB."""
    ids = list(dict.fromkeys(note["id"] for note in found["notes"]))
    runs = [
        _stage_times([note for note in found["notes"] if note["id"] == one], start)
        for one, start in zip(ids, found["starts"], strict=True)
    ]
    return min(runs, key=lambda times: times["whole"]) | {"engine": found["engine"].removeprefix("engine.")}


def _stage_times(notes: list[dict[str, Any]], start: float) -> dict[str, Any]:
    """From the end of the stage before to a stage's own, as the page was told of them."""
    titles = {"stage." + stage: stage for stage in STAGES}
    ends: dict[str, float] = {}
    size = preview = 0.0
    for note in notes:
        if note.get("state") in ("failed", "stopped"):
            raise AssertionError("The page did not finish a photo.")
        if "preview" in note:
            preview = preview or note["at"]
        for key, fraction in note.get("stages", []):
            if fraction == 1 and key in titles:
                ends.setdefault(titles[key], note["at"])
        size = note.get("bytes", size)
    whole = next(note["at"] for note in notes if note.get("state") == "done")
    ends[STAGES[-1]] = whole
    times: dict[str, Any] = {}
    before = start
    for stage in STAGES:
        times[stage] = ends[stage] - before
        before = ends[stage]
    times |= {"whole": whole - start, "size": size / 1e6, "preview": preview - start, "file": whole - preview}
    return times | {"refined": preview - ends["predict"]}
