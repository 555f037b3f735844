"""Builds the wheel `hearth_kernels`: the C kernels as WebAssembly, with plain and with relaxed SIMD, each as a side
module for Pyodide and as a module for shared memory.

    python wheels/kernels/build.py            builds anew and puts the wheel beside this file
    python wheels/kernels/build.py --check    builds anew and compares with the wheel that is there

Needs Debian's clang-19 and lld-19, installed by itself where it may. The same sources and the same compiler give the
same bytes. The wheel is kept under version control, so that building the site needs no compiler.
"""

import argparse
import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = HERE / "src"
PACKAGE = HERE / "hearth_kernels"
ROOT = HERE.parents[1]

NAME, VERSION = "hearth_kernels", "0.1.0"
# Not of one platform: the same modules load in every Pyodide from 0.27 on.
TAG = "py3-none-any"
WHEEL = HERE / f"{NAME}-{VERSION}-{TAG}.whl"

COMPILER, LINKER = "clang-19", "wasm-ld-19"
COMPILER_VERSION = "19.1.7"  # what the wheel under version control was built with
VARIANTS: dict[str, list[str]] = {"simd": [], "relaxed": ["-mrelaxed-simd"]}
FLAGS = [
    "--target=wasm32-unknown-emscripten",
    "-std=c11",
    "-O3",
    "-ffreestanding",
    "-nostdlib",
    "-fvisibility=hidden",
    "-msimd128",
    "-mbulk-memory",
    "-mnontrapping-fptoint",
    "-msign-ext",
    # Clang takes WebAssembly to have registers without end and would load everything first; V8 then spills.
    "-mllvm",
    "-pre-RA-sched=source",
    "-Wall",
    "-Wextra",
    "-Werror",
]
SIDE_MODULE = ["-fPIC"]
SHARED = ["-matomics"]
LINK_SIDE_MODULE = ["--experimental-pic", "-shared", "--no-entry", "-s"]
LINK_SHARED = [
    "--no-entry",
    "-s",
    "--import-memory",
    "--shared-memory",
    f"--max-memory={2**32}",
    "-z",
    "stack-size=65536",
    "--export-dynamic",
    "--export=__heap_base",
    "--export=__stack_pointer",
]


def has_compiler() -> bool:
    """Whether the very compiler that the wheel is built with is there; installed first for root on Debian."""
    if not shutil.which(COMPILER) and sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        wait = ["-o", "DPkg::Lock::Timeout=120"]
        for command in (["update"], ["install", "-y", *wait, COMPILER, "lld-19"]):
            subprocess.run(["apt-get", "-qq", *command], env=quiet, stdout=sys.stderr, check=False)
    if not (shutil.which(COMPILER) and shutil.which(LINKER)):
        return False
    told = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=False).stdout
    return f"version {COMPILER_VERSION} " in told


def compile_module(variant: str, threads: bool) -> bytes:
    """One WebAssembly module. Raises CalledProcessError with the compiler's message shown."""
    flags = FLAGS + VARIANTS[variant] + (SHARED if threads else SIDE_MODULE)
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for source in sorted(SOURCES.glob("*.c")):
            made = Path(folder, source.with_suffix(".o").name)
            subprocess.run([COMPILER, *flags, "-c", source.name, "-o", str(made)], cwd=SOURCES, check=True)
            objects.append(str(made))
        module = Path(folder, "module.wasm")
        link = LINK_SHARED if threads else LINK_SIDE_MODULE
        subprocess.run([LINKER, *link, *objects, "-o", str(module)], check=True)
        return module.read_bytes()


def contents() -> dict[str, bytes]:
    """Every file of the wheel but its RECORD."""
    files = {f"{NAME}/__init__.py": (PACKAGE / "__init__.py").read_bytes(), f"{NAME}/py.typed": b""}
    for variant in VARIANTS:
        files[f"{NAME}/{variant}.wasm"] = compile_module(variant, False)
        files[f"{NAME}/{variant}-threads.wasm"] = compile_module(variant, True)
    info = f"{NAME}-{VERSION}.dist-info"
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.4\nName: {NAME.replace('_', '-')}\nVersion: {VERSION}\n"
        "Summary: SIMD kernels for neural networks in Pyodide\nLicense-Expression: Apache-2.0\n"
        "License-File: LICENSE\nRequires-Python: >=3.11\n"
    ).encode()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: hearth\nRoot-Is-Purelib: true\nTag: {TAG}\n".encode()
    files[f"{info}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    return files


def packed(files: dict[str, bytes]) -> bytes:
    """The files as a wheel, RECORD included; no date or machine in it."""
    record = f"{NAME}-{VERSION}.dist-info/RECORD"
    lines = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')},{len(data)}"
        for name, data in files.items()
    ]
    listed = files | {record: "\n".join([*lines, f"{record},,", ""]).encode()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in listed.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, compresslevel=9)
    return buffer.getvalue()


def unpacked(wheel: Path) -> dict[str, bytes]:
    """Every file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    if not has_compiler():
        needs = f"Building the kernels needs {COMPILER} {COMPILER_VERSION} and {LINKER}"
        print(f"{needs}: apt-get install clang-19 lld-19", file=sys.stderr)
        return 1
    made = packed(contents())
    if not check:
        for old in HERE.glob(f"{NAME}-*.whl"):
            old.unlink()
        WHEEL.write_bytes(made)
        print(f"{WHEEL.name}: {len(made)} bytes")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder, WHEEL.name)
        fresh.write_bytes(made)
        same = WHEEL.is_file() and unpacked(fresh) == unpacked(WHEEL)
    print("The wheel is what its sources make." if same else "The wheel is not what its sources make; build it anew.")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
