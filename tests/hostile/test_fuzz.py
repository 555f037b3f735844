"""Real models, spoilt at random: whatever comes of it, it is an answer or an exception of ours, soon.

A process of its own does the work under a roof on memory, so that a crash of a kernel is seen too.
`HEARTH_FUZZ_SECONDS` makes it longer than the default.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hearth.errors import Unsupported
from hearth.runtime.executors import EXECUTORS

pytestmark = pytest.mark.desk

SECONDS = float(os.environ.get("HEARTH_FUZZ_SECONDS", "20"))
HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.mark.parametrize("executor", ["numpy", "wasm"])
def test_spoilt_models_end_in_a_sentence(executor: str, tmp_path: Path) -> None:
    try:
        EXECUTORS[executor]()
    except Unsupported as error:
        pytest.skip(str(error))
    command = [sys.executable, "-m", "tests.hostile.fuzz", executor, str(SECONDS), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "app"), str(ROOT)])}
    try:
        result = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS + 120
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"a model made the runtime hang: {list(tmp_path.iterdir())}")
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr[-4000:]}"
    tried, answered, refused = map(int, result.stdout.split()[-3:])
    print(f"{executor}: {tried} spoilt models, {answered} answered, {refused} refused")
    assert tried > 20
    assert answered > 0
    assert refused > 0
