"""The kernels as Python calls them: one library, found once, with its few functions typed."""

from __future__ import annotations

import ctypes
import functools
import sys
from pathlib import Path

from hearth.errors import Unsupported
from hearth.runtime.wasm.native import native_library


class Library:
    """A build of the kernels. Pointers are addresses as integers; `play` runs steps [first, end) of a program.

    `play_units` runs units [first, end) of a single step.
    """

    def __init__(self, path: Path) -> None:
        try:
            handle = ctypes.CDLL(str(path))
        except OSError as error:
            raise Unsupported(f"The kernels can't be loaded: {error}.") from None
        self.handle = handle
        """For entry points beside the player's: a tool types those that it calls itself."""
        pointer, number = ctypes.c_void_p, ctypes.c_int32
        self.play = handle.play
        self.play.argtypes = [pointer, pointer, pointer, number, number, pointer]
        self.play.restype = None
        self.scratch, self.units = handle.step_scratch, handle.step_units
        self.scratch.argtypes = self.units.argtypes = [pointer]
        self.play_units = handle.play_units
        self.play_units.argtypes = [pointer, pointer, number, number, pointer]
        self.play_units.restype = None
        self.vector: int = handle.vector_width()
        """Floats in a vector: packed weights are padded to whole ones."""


@functools.cache
def library() -> Library:
    """The build for where this runs. Raises Unsupported where there is none."""
    if sys.platform != "emscripten":
        return Library(native_library())
    kernels, variant = in_browser()
    return Library(kernels.side_module(variant))


def in_browser() -> tuple[object, str]:
    """The package of WebAssembly builds, and the variant that this browser runs."""
    try:
        import hearth_kernels
    except ImportError:
        raise Unsupported("The package hearth-kernels is not installed; the numpy executor runs.") from None
    variant = hearth_kernels.variant()
    if variant is None:
        raise Unsupported("This browser's WebAssembly has no SIMD; the numpy executor runs.")
    return hearth_kernels, variant
