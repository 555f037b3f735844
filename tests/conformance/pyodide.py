"""The conformance suite inside Pyodide, under Node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from hearth.desk.node import node_command
from tests.conformance.collect import ROOT, suite_file
from tests.conformance.suite import Result
from wheels.pyodide import for_tests

SCRIPT = Path(__file__).with_name("in_pyodide.mjs")


def run_in_pyodide(executor: str = "numpy") -> list[Result]:
    """The result of every test, in the suite's order."""
    command = [*node_command(), str(SCRIPT), str(for_tests()), str(ROOT), str(suite_file()), executor]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return [Result(**item) for item in json.loads(finished.stdout)]
