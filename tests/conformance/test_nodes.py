"""The ONNX conformance suite on numpy and on the kernels: what is not a known miss passes, and what is one does not."""

from __future__ import annotations

import pytest

pytest.importorskip("onnx")

from hearth.errors import Unsupported
from hearth.runtime.executors import EXECUTORS
from tests.conformance.collect import suite_file
from tests.conformance.suite import Case, known_misses, read_suite, run_case

pytestmark = pytest.mark.desk

CASES = read_suite(suite_file())
MISSES = known_misses("numpy")
CHANCE = known_misses("chance")


@pytest.fixture(scope="module", params=["numpy", "wasm"])
def executor(request: pytest.FixtureRequest) -> str:
    """The name of an executor that this machine has."""
    try:
        EXECUTORS[request.param]()
    except Unsupported as error:
        pytest.skip(str(error))
    return str(request.param)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_an_executor_gives_what_the_suite_expects(executor: str, case: Case) -> None:
    if case.name in CHANCE:
        pytest.skip(CHANCE[case.name])
    result = run_case(case, executor)
    reason = MISSES.get(case.name)
    if reason is not None:
        assert result.outcome != "pass", f"{case.name} passes now: take it off the list of known misses"
        pytest.xfail(reason)
    assert result.outcome == "pass", f"{result.outcome}: {result.reason}"


def test_every_known_miss_is_a_test_of_the_suite() -> None:
    assert {*MISSES, *CHANCE} <= {case.name for case in CASES.values()}
