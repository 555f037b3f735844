"""The numpy executor passes the same tests in Pyodide as on the desk, but for those listed."""

from __future__ import annotations

import pytest

pytest.importorskip("onnx")

from tests.conformance.pyodide import run_in_pyodide
from tests.conformance.suite import known_misses

pytestmark = pytest.mark.desk


def test_numpy_in_pyodide_misses_only_what_is_listed() -> None:
    known = known_misses("numpy") | known_misses("numpy in Pyodide")
    chance = known_misses("chance")
    missed = {
        result.test: result.reason
        for result in run_in_pyodide()
        if result.outcome != "pass" and result.test not in chance
    }
    assert {test: reason for test, reason in missed.items() if test not in known} == {}
    assert set(known) <= set(missed), "these pass now: take them off the list of known misses"
