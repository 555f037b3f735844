"""Times the stages of the background remover, on the desk and in the page, in milliseconds.

The peer is what rembg does, natively: Pillow, onnxruntime with the same network, Pillow's Lanczos filter, Pillow's PNG.

The page takes the graphics card where there is one. For one elsewhere: `--folder` leaves the site with the photos in
it; serve it there so that what is posted to `__result` is kept, open `index.html?size=12 MP` (or another of them) in a
browser of its own, and give the files to `--result`.
"""

import argparse
import io
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from hearth.desk import models
from hearth.desk.fetch import Cache
from hearth.runtime import InferenceSession
from hearth.tools.cutout import STAGES, Pipeline, Preparation
from tests.bench import _cutout_page
from tests.photos import photo

SIZES = {"1 MP": (1224, 816), "12 MP": (4243, 2822), "50 MP": (8660, 5760)}
MODEL = "u2netp"

PAGE_ALONE = {
    "preview": "drop to preview",
    "file": "preview to file",
    "refined": "mask to preview",
    "memory": "peak memory of the tab, one photo",
    "memory later": "the same, several photos one by one",
}

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
    parser.add_argument("--folder", type=Path, help="only build the site that measures itself, in this folder")
    parser.add_argument("--result", type=Path, nargs="+", metavar="FILE", help="only read what it reported elsewhere")
    options = parser.parse_args(argv)

    if options.folder:
        files = {size: file_of(*SIZES[size]) for size in options.sizes}
        _cutout_page.build_folder(options.folder, files, options.repeat, "*.br", "*.gz", "u2net-*")
        print(options.folder)
        return 0
    rows: list[dict[str, Any]] = []
    for line in reported(options.result) if options.result else measured(options):
        against = f"{line['peer_name']} {line['peer']:9.1f}  {line['ratio']:6.2f}x" if line["peer"] else ""
        print(f"{line['name']:56} {line['hearth']:9.1f} {line['unit']}  {against}", flush=True)
        rows.append(line)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def reported(results: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """What pages elsewhere posted."""
    for file in results:
        posted = json.loads(file.read_text())
        yield from page_rows(posted["size"], _cutout_page.best(posted))


def measured(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row for every measurement, as they are made."""
    files = {size: file_of(*SIZES[size]) for size in options.sizes}
    peer = {size: best(rembgs_way(), data, options.repeat) for size, data in files.items()}
    if options.only != "page":
        for size, data in files.items():
            yield from compared(f"desk, {size}", best(ours(), data, options.repeat), peer[size])
        yield from pngs(files)
    if options.only != "desk":
        for size, times in _cutout_page.in_the_page(files, options.repeat):
            yield from compared(f"page by {times['engine']}, {size}", times, peer[size])
            yield from page_rows(size, times)


def page_rows(size: str, times: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What only the page has."""
    for name, what in PAGE_ALONE.items():
        if name in times:
            unit = "MB" if name.startswith("memory") else "ms"
            yield row(f"page by {times['engine']}, {size}, {what}", unit, times[name], 0.0, "-")


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


def compared(where: str, ours: dict[str, Any], peer: Times) -> Iterator[dict[str, Any]]:
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
