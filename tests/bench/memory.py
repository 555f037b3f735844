"""Counts what memory a tab of the page takes, in MiB: the renderer's peak as Linux counts it, page and worker together.

One page after the other does in a fresh browser without a graphics card what a person may do: a photo with Better, or
one with Quick and then the same one with Better. Each line is the most since the line before, of the whole process.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench._tab import TabMemory
from tests.bench.app import FLAGS
from tests.bench.cutout import SIZES, file_of
from tests.browser.browsers import start_chromium
from tests.browser.person import Person
from web.serve import SiteServer
from web.site import build_site

VISITS = ({"u2net": "Better alone"}, {"u2netp": "Quick", "u2net": "then Better"})
MEGA = 1e6 / 2**20


def main(argv: Sequence[str]) -> int:
    """Prints a table; returns 0. `--json FILE` writes one object a measurement."""
    parser = argparse.ArgumentParser(prog="bench memory", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["1 MP", "12 MP"])
    options = parser.parse_args(argv)
    rows = []
    for size in options.sizes:
        photo = file_of(*SIZES[size])
        for what, peak, program in (line for models in VISITS for line in peaks(photo, models)):
            name = f"tab, {size}, {what}"
            rows.append({"name": name, "unit": "MiB", "hearth": peak, "peer": None, "peer_name": "", "ratio": None})
            rows[-1]["program"] = program
            own = peak - program
            print(f"tab, {size}, {what:16} {peak:5.0f} MiB, without the browser's program {own:5.0f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def peaks(photo: bytes, models: Mapping[str, str]) -> Iterator[tuple[str, float, float]]:
    """The peak while Python starts, and with each model, and how much of it is the browser's program.

    `models` says what to call it.
    """
    with tempfile.TemporaryDirectory() as folder, SiteServer(build_site()) as server:
        file = Path(folder) / "photo.jpg"
        file.write_bytes(photo)
        driver = start_chromium(Path(folder) / "profile", Path(folder), FLAGS)
        try:
            memory = TabMemory(driver)
            person = Person(driver, server.url, Path(folder))
            person.until_ready()
            yield "Python's start", memory.peak() * MEGA, memory.program() * MEGA
            for number, (model, what) in enumerate(models.items(), 1):
                memory = TabMemory(driver)
                person.take(model)
                person.choose(file)
                person.wait(lambda number=number: person.states() == ["done"] * number, f"{what} to be done", 300)  # type: ignore[misc]
                yield what, memory.peak() * MEGA, memory.program() * MEGA
        finally:
            driver.quit()
