"""Hearth's SIMD kernels as WebAssembly: which build suits this browser, and where it lies.

`side_module()` is for `ctypes.CDLL` inside Pyodide and shares Python's memory. `threaded_module()` is a module of its
own that imports a shared memory, for a pool of workers. The files are not called `.so`: Pyodide loads every `.so` of a
wheel when it is installed, and a browser without relaxed SIMD would stumble over that build.
"""

from pathlib import Path

_FOLDER = Path(__file__).parent
_HEADER = b"\0asm\1\0\0\0\x01\x05\x01\x60\0\x01\x7b\x03\x02\x01\0"  # one function of no arguments that gives a v128
_ZERO = b"\xfd\x0c" + bytes(16)
_PROBES = {
    "relaxed": _ZERO * 3 + b"\xfd\x85\x02",  # f32x4.relaxed_madd
    "simd": _ZERO,
}


def variant() -> str | None:
    """`relaxed` or `simd`, the best that the browser runs; None where it runs neither."""
    from js import WebAssembly
    from pyodide.ffi import to_js

    for name, code in _PROBES.items():
        body = b"\0" + code + b"\x0b"
        section = bytes([1, len(body)]) + body
        if WebAssembly.validate(to_js(_HEADER + b"\x0a" + bytes([len(section)]) + section)):
            return name
    return None


def side_module(name: str) -> Path:
    """The library of a variant for Pyodide's own memory."""
    return _FOLDER / f"{name}.wasm"


def threaded_module(name: str) -> Path:
    """The module of a variant for shared memory."""
    return _FOLDER / f"{name}-threads.wasm"
