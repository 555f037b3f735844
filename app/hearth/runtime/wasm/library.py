"""The kernels as Python calls them: one library, found once, with its few functions typed."""

from __future__ import annotations

import ctypes
import functools
import sys

from hearth.errors import Unsupported
from hearth.runtime.wasm.native import native_library


class Library:
    """A build of the kernels. Pointers are addresses as integers; `play` runs steps [first, end) of a program."""

    def __init__(self, path: str) -> None:
        try:
            handle = ctypes.CDLL(path)
        except OSError as error:
            raise Unsupported(f"The kernels can't be loaded: {error}.") from None
        pointer, number = ctypes.c_void_p, ctypes.c_int32
        self.play = handle.play
        self.play.argtypes = [pointer, pointer, pointer, number, number, pointer]
        self.play.restype = None
        self.units = handle.step_units
        self.units.argtypes = [pointer]
        self.scratch = handle.step_scratch
        self.scratch.argtypes = [pointer]
        self.vector: int = handle.vector_width()
        """Floats in a vector: packed weights are padded to whole ones."""


@functools.cache
def library() -> Library:
    """The build for where this runs. Raises Unsupported where there is none."""
    if sys.platform == "emscripten":
        import hearth_kernels

        return Library(hearth_kernels.side_module())
    return Library(str(native_library()))
