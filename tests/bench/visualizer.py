"""Times the visualizer. Analysis: a track of three minutes on one thread, on the desk and inside Pyodide under Node, by
the processor's time. First sight: see `_first_sight.py`. Drawing and saving: see `_drawing.py`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hearth.desk import models
from hearth.desk.node import node_command
from hearth.errors import HearthError
from tests.bench import _analysis_measure as analysis_measure
from tests.bench._drawing import drawing_rows
from tests.bench._first_sight import first_sight_rows
from wheels.app import app_wheel
from wheels.pyodide import for_site

HERE = Path(__file__).parent
NETWORKS = ("beatnet", "silero-vad", "basic-pitch")
GOAL = 10.0  # times real time, in the page


def main(argv: Sequence[str]) -> int:
    """Prints a table; 1 where the analysis in the page is slower than its goal."""
    parser = argparse.ArgumentParser(prog="bench visualizer", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--seconds", type=float, default=180, metavar="N", help="of the track (default 180)")
    parser.add_argument("--only", choices=["analysis", "first-sight", "drawing"], help="a part of it")
    parser.add_argument("--frames", type=int, default=20, metavar="N", help="drawn a scene and size (default 20)")
    parser.add_argument("--video", type=float, default=10, metavar="N", help="seconds that are saved (default 10)")
    parser.add_argument("--software", action="store_true", help="draw on the processor")
    options = parser.parse_args(argv)
    rows: list[dict[str, Any]] = []
    if options.only in (None, "analysis"):
        rows += analysis_rows(options.seconds)
    if options.only in (None, "first-sight"):
        rows += first_sight_rows(10)
    if options.only in (None, "drawing"):
        rows += drawing_rows(options.frames, options.video, options.software)
    print()
    for row in rows:
        value = f"{row['hearth']:9.2f}" if isinstance(row["hearth"], float) else row["hearth"]
        more = f"  worst {max(row['all']):.2f}" if "all" in row else ""
        more += f"  the card's own {row['gpu']:.2f}" if row.get("gpu") else ""
        print(f"{row['name']:48} {value} {row['unit']}{more}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if all(row["hearth"] >= row["goal"] for row in rows if row.get("goal")) else 1


def analysis_rows(seconds: float) -> list[dict[str, Any]]:
    """How many times faster than the track plays it is analysed, all in all and by stages."""
    files = [models.path(name) for name in NETWORKS]
    places = {
        "desk": (analysis_measure.measure([file.read_bytes() for file in files], seconds), None),
        "Pyodide": (_in_pyodide(files, seconds), GOAL),
    }
    rows = []
    for place, (measured, goal) in places.items():
        taken = measured["taken"]
        speed = seconds / sum(taken.values())
        parts = ", ".join(f"{stage} {1000 * time / seconds:.1f}" for stage, time in taken.items())
        print(f"analysis, {place}, one thread: {speed:.1f} times real time; ms a second of sound: {parts}")
        name = f"analysis, {place}, one thread"
        rows.append({"name": name, "unit": "times real time", "hearth": speed, "stages": taken, "goal": goal})
    return rows


def _in_pyodide(files: Sequence[Path], seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        zipfile.ZipFile(app_wheel()).extractall(work / "site")
        for number, file in enumerate(files):
            (work / f"{number}.hearth").write_bytes(file.read_bytes())
        (work / "_analysis_measure.py").write_text(Path(analysis_measure.__file__).read_text("utf-8"))
        script = [str(HERE / "analysis_in_pyodide.mjs"), str(for_site()), folder, str(seconds)]
        result = subprocess.run([*node_command(), *script], capture_output=True, text=True)
        if result.returncode:
            raise HearthError(f"Pyodide failed: {result.stderr[-2000:]}")
        measured: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
        return measured
