"""The kernel wheel installs in Pyodide as it is kept under version control, by micropip and by loadPackage."""

from typing import Any

import pytest
from pytest_pyodide import run_in_pyodide

from tests.pyodide.packages import serve_packages
from wheels.kernels.build import WHEEL


@run_in_pyodide(packages=["micropip", "numpy"])  # type: ignore[untyped-decorator]
async def install(selenium: Any, by: str, address: str) -> tuple[str, list[int]]:
    """The variant that this browser runs, and the vector widths of every build."""
    import ctypes
    import importlib.util

    assert importlib.util.find_spec("hearth_kernels") is None, "it is not there already"
    if by == "micropip":
        import micropip

        await micropip.install(address)
    else:
        import pyodide_js

        await pyodide_js.loadPackage(address, checkIntegrity=False)
    import hearth_kernels

    widths = [ctypes.CDLL(str(hearth_kernels.side_module(name))).vector_width() for name in ("simd", "relaxed")]
    return str(hearth_kernels.variant()), widths


@pytest.mark.parametrize("by", ["micropip", "loadPackage"])
def test_the_wheel_installs_and_both_builds_load(selenium_standalone: Any, by: str) -> None:
    with serve_packages([WHEEL]) as index:
        variant, widths = install(selenium_standalone, by, f"{index}/{WHEEL.name}")
    assert variant == "relaxed" and widths == [4, 4]
