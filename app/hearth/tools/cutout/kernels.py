"""The kernels for whole pictures (`wheels/kernels/src/image.h`), called on numpy arrays where these lie."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.wasm.library import library
from hearth.runtime.wasm.player import room

_INT, _FLOAT, _POINTER = ctypes.c_int32, ctypes.c_float, ctypes.c_void_p
_LETTERS = {"p": _POINTER, "i": _INT, "f": _FLOAT}
_SIGNATURES = {
    "shrink": "piiipiiii",
    "matting_scratch": "ii",
    "matting": "pppppiififp",
    "guided_scratch": "ii",
    "guided": "pppiifp",
    "upsample_scratch": "i",
    "upsample": "piippiiiip",
    "foreground_scratch": "ii",
    "foreground": "ppppiip",
    "foreground_clean": "ppiippiiii",
    "soften_scratch": "ii",
    "soften": "piiiiiipipp",
    "grow_scratch": "i",
    "grow": "ppiiip",
    "png_filter": "pppiiii",
    "deflate_runs_scratch": "",
    "deflate_runs": "pipp",
}
"""Arguments as the header has them: pointers, whole numbers and floats."""


class Kernels:
    """Calls kernels by name: arrays, C-contiguous, go in as they are, numbers as numbers."""

    def __init__(self, handle: ctypes.CDLL) -> None:
        self._functions: dict[str, Any] = {}
        for name, letters in _SIGNATURES.items():
            function = getattr(handle, name)
            function.argtypes = [_LETTERS[letter] for letter in letters]
            function.restype = _INT
            self._functions[name] = function

    def __call__(self, name: str, *arguments: np.ndarray | float) -> int:
        plain = [_place(value) if isinstance(value, np.ndarray) else value for value in arguments]
        return int(self._functions[name](*plain) or 0)

    def scratch(self, name: str, *sizes: int) -> np.ndarray:
        """The memory that a kernel wants for a picture of these sizes. Raises MemoryError."""
        return room(self(f"{name}_scratch", *sizes))


@functools.cache
def kernels() -> Kernels | None:
    """None where there are none: then numpy does the same, slower."""
    try:
        return Kernels(library().handle)
    except Unsupported:
        return None


def _place(array: np.ndarray) -> int:
    assert array.flags.c_contiguous
    return int(array.ctypes.data)
