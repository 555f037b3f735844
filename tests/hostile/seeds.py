"""The models that the fuzzer spoils: small ones of every family of ops, from the ONNX suite, and real ones."""

from __future__ import annotations

import zipfile
from pathlib import Path

from hearth.desk.fetch import Cache
from hearth.desk.pins import read_pins
from tests.conformance.collect import suite_file
from tests.conformance.suite import read_suite

CLIENTS = Path(__file__).parents[1] / "pyodide" / "clients.toml"
LARGEST = 100_000
"""Bytes of a model of the suite: larger ones are mostly weights."""


def seeds() -> list[bytes]:
    """ONNX files."""
    suite = [case.model for case in read_suite(suite_file()).values() if 0 < len(case.model) < LARGEST]
    return [*suite, *_real_models()]


def _real_models() -> list[bytes]:
    """Pitch detection, and whatever else is small, out of the clients' wheels."""
    wheel = Cache().get(read_pins(CLIENTS)["swift_f0-0.3.0-py3-none-any.whl"])
    with zipfile.ZipFile(wheel) as archive:
        return [archive.read(name) for name in archive.namelist() if name.endswith(".onnx")] * 50
