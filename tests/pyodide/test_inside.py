"""The tests of the app, run again inside Pyodide in Chromium, against the wheel that the page installs.

Test files that need what only a desk has say `pytestmark = pytest.mark.desk`; single tests carry the mark.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pytest_pyodide import run_in_pyodide

from wheels.app import app_wheel

TESTS = Path(__file__).parents[1]
FOLDERS = ["runtime", "kernels", "tools/cutout", "tools/visualizer", "page"]
SETTINGS = """[pytest]
addopts = --import-mode=importlib --strict-markers -p no:cacheprovider -m "not desk"
pythonpath = .
markers = desk: does not run here
"""


def packed_tests() -> bytes:
    """The test files as a zip, less those that run on a desk only."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("pytest.ini", SETTINGS)
        for path in sorted([*TESTS.glob("*.py"), *(p for name in FOLDERS for p in TESTS.joinpath(name).rglob("*"))]):
            text = path.read_bytes() if path.is_file() and "__pycache__" not in path.parts else None
            if text is not None and b"pytestmark = pytest.mark.desk" not in text:
                archive.writestr(f"tests/{path.relative_to(TESTS).as_posix()}", text)
    return buffer.getvalue()


@run_in_pyodide(packages=["numpy", "pillow", "pytest", "hypothesis", "hearth-kernels"])  # type: ignore[untyped-decorator]
def run_inside(selenium: Any, app: bytes, tests: bytes, folder: str) -> tuple[int, int, str]:
    """pytest's exit code, how many tests passed, and all that it printed."""
    import contextlib
    import io
    import os
    import sys
    import zipfile

    import pytest

    zipfile.ZipFile(io.BytesIO(app)).extractall("/lib/python3.14/site-packages")
    zipfile.ZipFile(io.BytesIO(tests)).extractall("/tests")
    os.chdir("/tests")
    sys.path_importer_cache.clear()

    class Count:
        passed = 0

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            self.passed += report.when == "call" and report.passed

    count, printed = Count(), io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = pytest.main(["-q", f"tests/{folder}"], plugins=[count])
    return int(code), count.passed, printed.getvalue()


@pytest.mark.driver_timeout(600)
@pytest.mark.parametrize("folder", FOLDERS)
def test_the_tests_pass_inside_the_browser(selenium: Any, folder: str) -> None:
    code, passed, printed = run_inside(selenium, app_wheel().read_bytes(), packed_tests(), folder)
    print(printed)
    assert code == 0, printed
    assert passed > 0
