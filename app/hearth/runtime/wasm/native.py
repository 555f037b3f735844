"""The kernels built for the desk: compiled on first use by the C compiler that is there, then kept."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hearth.errors import Unsupported

_CHECKOUT = Path(__file__).resolve().parents[4] / "wheels" / "kernels" / "src"
_PACKAGED = Path(__file__).with_name("src")
SOURCES = _CHECKOUT if _CHECKOUT.is_dir() else _PACKAGED
FLAGS = ["-O3", "-std=c11", "-ffp-contract=fast", "-fno-math-errno", "-fvisibility=hidden", "-shared", "-fPIC"]
COMPILERS = ("clang", "gcc", "cc")
TIMEOUT_SECONDS = 300


def _cache() -> Path:
    root = os.environ.get("HEARTH_CACHE")
    return Path(root) if root else Path.home() / ".cache" / "hearth"


def _compiler() -> str:
    for name in (os.environ.get("CC"), *COMPILERS):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise Unsupported(
        "There is no C compiler (clang or gcc) to build the fast kernels with; without one the numpy executor runs."
    )


def native_library() -> Path:
    """The shared library for this machine; built if it is not there yet. Raises Unsupported where it can't be."""
    if not SOURCES.is_dir():
        raise Unsupported("The sources of the fast kernels are not installed; the numpy executor runs instead.")
    sources = sorted(SOURCES.glob("*.c"))
    digest = hashlib.sha256(" ".join([*FLAGS, sys.platform, platform.machine(), platform.processor()]).encode())
    for path in (*sources, *sorted(SOURCES.glob("*.h"))):
        digest.update(path.read_bytes())
    library = _cache() / "kernels" / f"{digest.hexdigest()[:16]}.so"
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        _build(sources, library)
    return library


def _build(sources: list[Path], library: Path) -> None:
    """Compiles to a file of its own first, so that two processes at once do not spoil each other's result."""
    machine = "-mcpu=native" if platform.machine() in ("arm64", "aarch64") else "-march=native"
    with tempfile.TemporaryDirectory(dir=library.parent) as folder:
        made = Path(folder) / library.name
        print("Compiling the fast kernels for this machine, once.", file=sys.stderr)
        command = [_compiler(), machine, *FLAGS, *map(str, sources), "-o", str(made)]
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unsupported(f"The fast kernels can't be compiled: {error}.") from None
        if result.returncode:
            last = (result.stderr.strip().splitlines() or ["no message"])[-1]
            raise Unsupported(f"The fast kernels don't compile with {command[0]}: {last}")
        made.replace(library)
