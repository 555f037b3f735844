"""The kernel wheel installs in Pyodide as it is kept under version control, by micropip and by loadPackage."""

from typing import Any

import pytest
from pytest_pyodide import run_in_pyodide

from wheels.kernels.build import WHEEL


@run_in_pyodide(packages=["micropip", "numpy"])  # type: ignore[untyped-decorator]
async def install(selenium: Any, by: str, name: str, data: bytes) -> tuple[str, list[int]]:
    """The variant that this browser runs, and the vector widths of every build."""
    import ctypes
    from pathlib import Path

    wheel = Path("/tmp", name)
    wheel.write_bytes(data)
    if by == "micropip":
        import micropip

        await micropip.install(f"emfs:{wheel}")
    else:
        import pyodide_js

        await pyodide_js.loadPackage(f"emfs:{wheel}", checkIntegrity=False)
    import hearth_kernels

    widths = [ctypes.CDLL(str(hearth_kernels.side_module(name))).vector_width() for name in ("simd", "relaxed")]
    return str(hearth_kernels.variant()), widths


@pytest.mark.parametrize("by", ["micropip", "loadPackage"])
def test_the_wheel_installs_and_both_builds_load(selenium: Any, by: str) -> None:
    variant, widths = install(selenium, by, WHEEL.name, WHEEL.read_bytes())
    assert variant == "relaxed" and widths == [4, 4]
