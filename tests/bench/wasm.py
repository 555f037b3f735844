"""Times Hearth's WebAssembly kernels against onnxruntime-web 1.30 in one Chromium page, interleaved, in milliseconds.

Whole models, and one net for each class of layers; on one thread and on as many as there are cores. The outputs of both
are compared. Hearth's times are those of `InferenceSession.run` inside Pyodide, copies in and out included. On one
thread onnxruntime itself, natively, runs the models too, half of its rounds before the page and half after it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hearth.desk.fetch import Cache, Npm, Pinned
from hearth.errors import HearthError
from tests.bench._layers import LAYERS, layer
from tests.browser.browsers import start_chromium
from web.serve import SiteServer

PAGE = Path(__file__).with_name("wasm_page")
WEB = Path(__file__).parents[2] / "web"
PEER = "onnxruntime-web 1.30"
NATIVE = "onnxruntime 1.32 natively"
MODELS: dict[str, dict[str, tuple[int, ...]]] = {
    "u2netp": {"input.1": (1, 3, 320, 320)},
    "u2net": {"input.1": (1, 3, 320, 320)},
    "selfie": {"": (1, 3, 256, 256)},
    "basic-pitch": {"serving_default_input_2:0": (1, 43844, 1)},
    "silero-vad": {"input": (32, 576), "h": (1, 1, 128), "c": (1, 1, 128)},
}
"""Model -> shapes of its inputs; the name of a single input may be left empty."""
ROUNDS = {"u2net": 5}
LONGEST = 900  # seconds to wait for a page
ORT = Pinned(
    "onnxruntime-web-1.30.0.tgz",
    "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71",
    33106585,
    (Npm("onnxruntime-web@1.30.0"),),
)
ORT_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")


def main(argv: Sequence[str]) -> int:
    """Prints a table; 1 where outputs disagree. `--json FILE` writes one object a measurement."""
    parser = argparse.ArgumentParser(prog="bench wasm", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--models", nargs="*", choices=MODELS, default=list(MODELS), metavar="ID")
    parser.add_argument("--layers", nargs="*", choices=LAYERS, default=list(LAYERS), metavar="CLASS")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="the median of so many counts (default 9)")
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}), metavar="N")
    options = parser.parse_args(argv)
    rows: list[dict[str, Any]] = []
    agree = True
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "site")
        build_folder(root, options.models, options.layers, options.rounds)
        for threads in options.threads:
            native = natively(options.models, options.rounds) if threads == 1 else {}
            for result in in_chromium(root, threads, Path(folder)):
                agree &= told(result, threads, rows)
            if threads == 1:
                for name, times in natively(options.models, options.rounds).items():
                    beside_native(name, statistics.median(native[name] + times), rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if agree else 1


def told(result: dict[str, Any], threads: int, rows: list[dict[str, Any]]) -> bool:
    """Prints one measurement and adds it to the rows; whether the outputs agree."""
    title = f"{result['name']}, {threads} thread{'s' if threads > 1 else ''}"
    if "error" in result:
        print(f"{title:34} {result['error']}")
        return False
    ours, peer = (statistics.median(result["times"][who]) for who in ("hearth", "peer"))
    figures = {
        "": ("ms", ours, peer, PEER),
        "first run": ("ms", result["first"], ours, "a later run, median"),
        "packing and first run": ("ms", result["packing"] + result["first"], ours, "a later run, median"),
        "load and first run": ("ms", result["load"] + result["first"], result["peerFirst"], f"{PEER}, first run alone"),
    }
    if result["perStep"] is not None:
        figures["from Python, each step"] = ("us", result["perStep"], None, "")
    for what, (unit, here, there, who) in figures.items():
        name = f"{title}, {what}" if what else title
        ratio = there / here if there is not None and here else None
        rows.append({"name": name, "unit": unit, "hearth": here, "peer": there, "peer_name": who, "ratio": ratio})
    close = result["difference"] < 1e-3
    print(
        f"{title:34} {ours:8.1f} ms  {PEER} {peer:8.1f}  {peer / ours:5.2f}x  apart {result['difference']:.1e}"
        f"{'' if close else '  NOT THE SAME'}  (load {result['load']:.0f}, "
        f"packing {result['packing']:.1f}, first run {result['first']:.1f}: "
        f"{result['first'] / ours:.2f} of a later one"
        + (f"; {result['perStep']:.2f} us a step from Python)" if result["perStep"] is not None else ")"),
        flush=True,
    )
    return close


def natively(models: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of runs in onnxruntime on one thread of this machine."""
    import onnxruntime

    from models.prepare import fetch_onnx

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    times: dict[str, list[float]] = {}
    for name in models:
        session = onnxruntime.InferenceSession(fetch_onnx(name), options, providers=["CPUExecutionProvider"])
        inputs = dict(zip((one.name for one in session.get_inputs()), inputs_of(MODELS[name]).values(), strict=True))
        session.run(None, inputs)
        times[name] = []
        for _ in range(-(-ROUNDS.get(name, rounds) // 2)):
            start = time.perf_counter()
            session.run(None, inputs)
            times[name].append((time.perf_counter() - start) * 1e3)
    return times


def beside_native(name: str, native: float, rows: list[dict[str, Any]]) -> None:
    """Prints how a model's time on one thread in the page stands to onnxruntime's outside, and adds it to the rows."""
    title = f"{name}, 1 thread"
    for ours in [row["hearth"] for row in rows if row["name"] == title]:
        rows.append(
            {
                "name": f"{title}, natively",
                "unit": "ms",
                "hearth": ours,
                "peer": native,
                "peer_name": NATIVE,
                "ratio": native / ours,
            }
        )
        print(f"{title:34} {ours:8.1f} ms  {NATIVE} {native:8.1f}  {native / ours:5.2f}x", flush=True)


def build_folder(root: Path, models: Sequence[str], layers: Sequence[str], rounds: int) -> None:
    """Everything that the page needs."""
    from models.prepare import fetch_onnx
    from wheels.app import app_wheel
    from wheels.pyodide import for_site

    root.mkdir()
    for file in (*PAGE.iterdir(), WEB / "pool.js", WEB / "pool-worker.js"):
        (root / file.name).write_bytes(file.read_bytes())
    shutil.copytree(for_site(), root / "pyodide")
    (root / "hearth.whl").write_bytes(app_wheel().read_bytes())
    (root / "ort").mkdir()
    with tarfile.open(Cache().get(ORT)) as archive:
        for name in ORT_FILES:
            member = archive.extractfile(f"package/dist/{name}")
            assert member is not None
            (root / "ort" / name).write_bytes(member.read())
    cases = []
    for name in models:
        content = fetch_onnx(name).read_bytes()
        cases.append(case(root, name, content, MODELS[name], ROUNDS.get(name, rounds)))
    for name in layers:
        content, shapes = layer(name)
        cases.append(case(root, name, content, shapes, rounds))
    (root / "cases.json").write_text(json.dumps(cases))


def inputs_of(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Noise for a model; zeros for what it remembers of the sound before."""
    made = {
        name: np.random.default_rng(number).standard_normal(shape)
        for number, (name, shape) in enumerate(shapes.items())
    }
    return {name: (values * (name not in ("h", "c"))).astype(np.float32) for name, values in made.items()}


def case(root: Path, name: str, model: bytes, shapes: dict[str, tuple[int, ...]], rounds: int) -> dict[str, Any]:
    """Puts a model and inputs for it into the folder."""
    from hearth.runtime.load import load_bytes

    file = name.replace(" ", "-").replace("/", "-")
    (root / f"{file}.onnx").write_bytes(model)
    names = list(load_bytes(model).inputs)
    inputs = []
    for number, (input_name, values) in enumerate(inputs_of(shapes).items()):
        (root / f"{file}-{number}.bin").write_bytes(values.tobytes())
        inputs.append({"name": input_name or names[0], "file": f"./{file}-{number}.bin", "shape": values.shape})
    return {"name": name, "model": f"./{file}.onnx", "inputs": inputs, "rounds": rounds}


def in_chromium(root: Path, threads: int, folder: Path) -> list[dict[str, Any]]:
    """What the page measures."""
    driver = start_chromium(folder / f"profile-{threads}", folder)
    try:
        with SiteServer(root) as server:
            driver.get(f"{server.url}index.html?threads={threads}")
            end = time.monotonic() + LONGEST
            while time.monotonic() < end:
                result = driver.execute_script("return window.result")
                if result:
                    if "error" in result:
                        raise HearthError(f"The bench's page failed: {result['error']}")
                    return list(result["results"])
                time.sleep(0.5)
    finally:
        driver.quit()
    raise HearthError(f"The bench's page had no result within {LONGEST} s.")
