"""Times quantised models inside Pyodide against onnxruntime-web 1.30 on one thread, under Node, turn by turn.

u2netp with integers of 8 bits (ConvInteger, as dynamic quantisation writes it, and QLinearConv), single layers, a
product with weights of 4 bits, a quantised LSTM. The outputs of both are compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hearth.desk.fetch import Cache
from hearth.desk.node import node_command
from tests.bench import _quantised_models as models
from tests.bench.wasm import ORT, ORT_FILES
from wheels.pyodide import for_tests
from wheels.runtime_wheel import runtime_wheel

HERE = Path(__file__).parent
PEER = "onnxruntime-web 1.30"


def lay_out(work: Path, wanted: Sequence[str], rounds: int) -> Path:
    """Models, their inputs and both runtimes, where the script looks for them; the folder of the peer."""
    zipfile.ZipFile(runtime_wheel()).extractall(work / "site")
    peer = work / "peer"
    peer.mkdir()
    with tarfile.open(Cache().get(ORT)) as archive:
        for name in ORT_FILES:
            file = archive.extractfile(f"package/dist/{name}")
            assert file is not None
            (peer / name).write_bytes(file.read())
    listed = []
    for name in wanted:
        model, x = models.MODELS[name]()
        (work / f"{name}.onnx").write_bytes(model)
        np.save(work / f"{name}.npy", x)
        (work / f"{name}.bin").write_bytes(x.tobytes())
        listed.append({"name": name, "shape": x.shape, "rounds": 3 if "u2netp" in name else rounds})
    (work / "models.json").write_text(json.dumps(listed))
    return peer


def measured(wanted: Sequence[str], rounds: int) -> Iterator[dict[str, Any]]:
    """One object a model."""
    with tempfile.TemporaryDirectory() as folder:
        peer = lay_out(Path(folder), wanted, rounds)
        command = [*node_command(), str(HERE / "quantised_in_node.mjs"), str(for_tests()), str(peer), folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield from (json.loads(line) for line in process.stdout if line.startswith("{"))
        if process.returncode:
            sys.exit("Node failed.")


def main(argv: Sequence[str]) -> int:
    """Prints a table. `--json FILE` writes one object a measurement."""
    parser = argparse.ArgumentParser(prog="bench quantised", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--models", nargs="*", choices=models.MODELS, default=list(models.MODELS), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=15, metavar="N")
    options = parser.parse_args(argv)
    rows = []
    print(f"{'':34} {'hearth ms':>10} {PEER:>22} {'ratio':>7} {'apart':>9}")
    for result in measured(options.models, options.rounds):
        ours, peer = (statistics.median(result["times"][who]) for who in ("hearth", "peer"))
        print(f"{result['name']:34} {ours:10.2f} {peer:22.2f} {peer / ours:7.2f} {result['apart']:9.1e}", flush=True)
        rows.append(
            {
                "name": result["name"],
                "unit": "ms",
                "hearth": round(ours, 3),
                "peer": round(peer, 3),
                "peer_name": PEER,
                "ratio": round(peer / ours, 3),
                "apart": result["apart"],
            }
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0
