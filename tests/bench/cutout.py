"""Times the stages of the background remover, on the desk and in the page, in milliseconds.

The peer is what rembg does, natively: Pillow, onnxruntime with the same network, Pillow's Lanczos filter, Pillow's PNG.
"""

import argparse
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from hearth.desk import models
from hearth.desk.fetch import Cache
from hearth.runtime import InferenceSession
from hearth.tools.cutout import STAGES, Pipeline, Preparation
from tests.photos import photo

SIZES = {"1 MP": (1224, 816), "12 MP": (4243, 2822), "50 MP": (8660, 5760)}
MODEL = "u2netp"

PAGE_ALONE = {"preview": "drop to preview", "file": "preview to file", "memory": "peak memory of the tab"}

Times = dict[str, float]
"""Milliseconds by stage; "whole" is the way from the file's bytes to the PNG's. "size" is the PNG's, in MB."""


def main(argv: Sequence[str]) -> int:
    """Prints a table; returns 0. `--json FILE` writes one object a line of it."""
    parser = argparse.ArgumentParser(prog="bench cutout", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--only", choices=["desk", "page"], help="leave the other one out")
    parser.add_argument(
        "--repeat", type=int, default=3, metavar="N", help="the best of so many runs counts (default 3)"
    )
    options = parser.parse_args(argv)

    files = {size: file_of(*SIZES[size]) for size in options.sizes}
    peer = {size: best(rembgs_way(), data, options.repeat) for size, data in files.items()}
    rows: list[dict[str, Any]] = []
    if options.only != "page":
        for size, data in files.items():
            rows += compared(f"desk, {size}", best(ours(), data, options.repeat), peer[size])
        rows += pngs(files)
    if options.only != "desk":
        for size, times in in_the_page(files, options.repeat).items():
            rows += compared(f"page, {size}", times, peer[size])
            for name, what in PAGE_ALONE.items():
                unit = "MB" if name == "memory" else "ms"
                rows.append(row(f"page, {size}, {what}", unit, times[name], 0.0, "-"))
    for line in rows:
        against = f"{line['peer_name']} {line['peer']:9.1f}  {line['ratio'] or 0:6.2f}x"
        print(f"{line['name']:36} {line['hearth']:9.1f} {line['unit']}  {against}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def file_of(width: int, height: int) -> bytes:
    """A photo of a cat as a JPEG of that size, with noise as of a camera's sensor."""
    with Image.open(photo("chelsea")) as image:
        pixels = np.array(image.resize((width, height), Image.Resampling.BICUBIC))
    random = np.random.default_rng(0)
    for top in range(0, height, 256):
        strip = pixels[top : top + 256]
        strip[:] = (strip + random.normal(0.5, 2.5, strip.shape)).clip(0, 255)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92)
    return file.getvalue()


def best(run: Callable[[bytes], Times], data: bytes, repeat: int) -> Times:
    """The run with the shortest whole."""
    return min((run(data) for _ in range(repeat)), key=lambda times: times["whole"])


def compared(where: str, ours: Times, peer: Times) -> Iterator[dict[str, Any]]:
    keys = {stage: [stage] for stage in (*STAGES, "whole", "size")}
    # We set colours and alpha together while the file is written, so these two compare only as one.
    keys["write"] = [*keys.pop("colours"), "write"]
    for name, parts in keys.items():
        unit = "MB" if name == "size" else "ms"
        mine, theirs = (sum(times[part] for part in parts) for times in (ours, peer))
        yield row(f"{where}, {' and '.join(parts)}", unit, mine, theirs, "rembg's way, natively")


def row(name: str, unit: str, hearth: float, peer: float, peer_name: str) -> dict[str, Any]:
    ratio = round(peer / hearth, 3) if hearth else None
    return {
        "name": name,
        "unit": unit,
        "hearth": round(hearth, 2),
        "peer": round(peer, 2),
        "peer_name": peer_name,
        "ratio": ratio,
    }


def ours() -> Callable[[bytes], Times]:
    model = models.find(MODEL)
    assert model.pixels is not None
    preparation = Preparation(model.input.shape, model.pixels.scale, model.pixels.mean, model.pixels.std)
    pipeline = Pipeline(InferenceSession(models.path(MODEL)), preparation)

    def run(data: bytes) -> Times:
        clock = Clock()
        result = pipeline.run(data, lambda stage, fraction: clock.at(stage))
        return clock.times() | {"size": len(result.png) / 1e6}

    return run


def rembgs_way() -> Callable[[bytes], Times]:
    """rembg 2's steps for this network, written plainly and timed one by one."""
    import onnxruntime

    network = onnxruntime.InferenceSession(
        Cache().get(models.find(MODEL).source.pinned()), providers=["CPUExecutionProvider"]
    )
    name = network.get_inputs()[0].name

    def run(data: bytes) -> Times:
        clock = Clock()
        clock.at("read")
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        clock.at("prepare")
        pixels = np.array(image.resize((320, 320), Image.Resampling.LANCZOS))
        scaled = (pixels / max(pixels.max(), 1e-6) - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
        feed = scaled.transpose(2, 0, 1)[None].astype(np.float32)
        clock.at("predict")
        answer = network.run(None, {name: feed})[0][0, 0]
        clock.at("refine")
        stretched = (answer - answer.min()) / (answer.max() - answer.min())
        mask = Image.fromarray((stretched * 255).astype(np.uint8)).resize(image.size, Image.Resampling.LANCZOS)
        clock.at("colours")
        cutout = Image.composite(image, Image.new("RGBA", image.size, 0), mask)
        clock.at("write")
        file = io.BytesIO()
        cutout.save(file, "PNG")
        return clock.times() | {"size": file.tell() / 1e6}

    return run


class Clock:
    """Counts the time since a stage was last named towards that stage."""

    def __init__(self) -> None:
        self._stage = ""
        self._since = self._start = time.perf_counter()
        self._seconds = dict.fromkeys(STAGES, 0.0)

    def at(self, stage: str) -> None:
        now = time.perf_counter()
        if self._stage:
            self._seconds[self._stage] += now - self._since  # type: ignore[index]
        self._stage, self._since = stage, now

    def times(self) -> Times:
        self.at("")
        whole = self._since - self._start
        return {stage: seconds * 1e3 for stage, seconds in self._seconds.items()} | {"whole": whole * 1e3}


def pngs(files: dict[str, bytes]) -> Iterator[dict[str, Any]]:
    """The same cutout written by us and by Pillow at two of its levels."""
    model = models.find(MODEL)
    assert model.pixels is not None
    preparation = Preparation(model.input.shape, model.pixels.scale, model.pixels.mean, model.pixels.std)
    pipeline = Pipeline(InferenceSession(models.path(MODEL)), preparation)
    for size, data in files.items():
        clock = Clock()
        result = pipeline.run(data, lambda stage, fraction, clock=clock: clock.at(stage))  # type: ignore[misc]
        ours = clock.times()["write"]
        with Image.open(io.BytesIO(result.png)) as image:
            image.load()
            for level in (1, 6):
                file = io.BytesIO()
                start = time.perf_counter()
                image.save(file, "PNG", compress_level=level)
                peer = (time.perf_counter() - start) * 1e3
                name = f"Pillow's PNG at level {level}"
                yield row(f"desk, {size}, write", "ms", ours, peer, name)
                yield row(f"desk, {size}, size", "MB", len(result.png) / 1e6, file.tell() / 1e6, name)


# Notes when each state of the page's view arrives from the worker.
LISTEN = """
  const Plain = Worker;
  window.hearthLog = [];
  window.Worker = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (data.type === "view") {
          for (const { id, state, stages } of data.view.photos) {
            const reached = stages.map(({ title, fraction }) => [title, fraction]);
            hearthLog.push({ at: performance.now(), id, state, stages: reached });
          }
        } else if (data.type === "cutout") {
          hearthLog.push({ at: performance.now(), id: data.id, bytes: data.data.byteLength });
        } else if (data.type === "picture" && data.kind === "after") {
          hearthLog.push({ at: performance.now(), id: data.id, preview: true });
        }
      });
    }
  };
"""


def in_the_page(files: dict[str, bytes], repeat: int) -> dict[str, Times]:
    """Chooses each file in the built page, in Chromium, and times the stages as the page shows them."""
    found = {}
    with open_page() as driver, tempfile.TemporaryDirectory() as folder:
        number = 0
        for size, data in files.items():
            path = Path(folder) / f"{size}.jpg"
            path.write_bytes(data)
            runs = []
            for _ in range(repeat + 1):  # the first one also fetches the model
                number += 1
                memory = TabMemory(driver)
                runs.append(one_photo(driver, path, number) | {"memory": memory.peak()})
            found[size] = min(runs, key=lambda times: times["whole"])
            found[size]["memory"] = max(run["memory"] for run in runs)
    return found


def one_photo(driver: Any, path: Path, number: int) -> Times:
    from selenium.webdriver.support.wait import WebDriverWait

    start = driver.execute_script("return performance.now()")
    driver.find_element("css selector", "#file").send_keys(str(path))

    def events(_: Any = None) -> list[dict[str, Any]]:
        ids = "[...new Set(hearthLog.map((event) => event.id))]"
        script = f"const ids = {ids}; return hearthLog.filter((event) => event.id === ids[{number - 1}])"
        return list(driver.execute_script(script))

    def ended(_: Any) -> bool:
        states = [event.get("state") for event in events()]
        if states and states[-1] in ("failed", "stopped"):
            raise AssertionError(f"the page did not finish {path.name}")
        return bool(states) and states[-1] == "done"

    WebDriverWait(driver, 300, 0.2).until(ended)
    return stage_times(events(), start)


def stage_times(events: list[dict[str, Any]], start: float) -> Times:
    """From when a stage was first seen, with those before it done, to when it was seen at its end."""
    titles = {"stage." + stage: stage for stage in STAGES}
    ends: dict[str, float] = {}
    size = whole = preview = 0.0
    for event in events:
        if "preview" in event:
            preview = preview or event["at"] - start
        for title, fraction in event.get("stages", []):
            if fraction == 1 and title["key"] in titles:
                ends.setdefault(titles[title["key"]], event["at"])
        size = event.get("bytes", size)
        whole = event["at"]
    times = {}
    before = start
    for stage in STAGES:
        times[stage] = ends[stage] - before
        before = ends[stage]
    return times | {"whole": whole - start, "size": size / 1e6, "preview": preview, "file": whole - start - preview}


class TabMemory:
    """The most memory that any of a browser's tabs held, in MB, since this was made; as Linux counts it."""

    def __init__(self, driver: Any) -> None:
        self.root = int(driver.service.process.pid)
        for process in self._tabs():
            with suppress(OSError):
                Path(f"/proc/{process}/clear_refs").write_text("5")

    def peak(self) -> float:
        return self._largest("VmHWM")

    def now(self) -> float:
        """What the tab that holds most holds now, in MB."""
        return self._largest("VmRSS")

    def _largest(self, what: str) -> float:
        found = [0]
        for process in self._tabs():
            with suppress(OSError):
                lines = Path(f"/proc/{process}/status").read_text().splitlines()
                found += [int(line.split()[1]) for line in lines if line.startswith(what)]
        return max(found) * 1024 / 1e6

    def _tabs(self) -> Iterator[int]:
        """Processes below the driver's whose command line says that they draw pages."""
        parents = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        for process in parents:
            above = process
            while above in parents and above != self.root:
                above = parents[above]
            if above == self.root:
                with suppress(OSError):
                    if b"--type=renderer" in Path(f"/proc/{process}/cmdline").read_bytes():
                        yield process


@contextmanager
def open_page() -> Iterator[Any]:
    from tests.browser.browsers import start_chromium
    from web.serve import SiteServer
    from web.site import build_site

    with tempfile.TemporaryDirectory() as folder, SiteServer(build_site()) as server:
        driver = start_chromium(Path(folder) / "profile", Path(folder))
        try:
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": LISTEN})
            driver.get(server.url)
            yield driver
        finally:
            driver.quit()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
