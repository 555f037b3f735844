"""The ONNX conformance suite on numpy and on the kernels: what is not a known miss passes, and what is one does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("onnx")

from hearth.errors import Unsupported
from hearth.runtime.executors import EXECUTORS
from hearth.runtime.webgpu.desk import ALLOW_SOFTWARE
from tests.conformance.collect import suite_file
from tests.conformance.suite import Case, known_misses, read_suite, run_case

pytestmark = pytest.mark.desk

CASES = read_suite(suite_file())
CHANCE = known_misses("chance")
WRONG = known_misses("numpy")
"""What no executor gets right."""
MISSES = {name: known_misses(name) for name in EXECUTORS}


@pytest.fixture(scope="module", params=["numpy", "wasm", "webgpu"])
def executor(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of an executor that this machine has; software adapters are as good as others here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ALLOW_SOFTWARE, "1")
        try:
            EXECUTORS[request.param]()
        except Unsupported as error:
            pytest.skip(str(error))
        yield str(request.param)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_an_executor_gives_what_the_suite_expects(executor: str, case: Case) -> None:
    if case.name in CHANCE:
        pytest.skip(CHANCE[case.name])
    result = run_case(case, executor)
    reason = MISSES[executor].get(case.name)
    if reason is None:
        assert result.outcome == "pass", f"{result.outcome}: {result.reason}"
        return
    assert result.outcome != "pass", f"{case.name} passes now: take it off the list of known misses"
    noted = result.outcome in ("partly", "unsupported") or reason.startswith(f"{result.outcome}: ")
    assert executor == "numpy" or case.name in WRONG or noted, f"{result.outcome}: {result.reason}"
    if executor == "numpy":
        pytest.xfail(reason)


def test_every_known_miss_is_a_test_of_the_suite() -> None:
    assert {*CHANCE, *(name for names in MISSES.values() for name in names)} <= {case.name for case in CASES.values()}
