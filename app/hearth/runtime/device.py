"""Tensors that stay on a device between runs."""

from __future__ import annotations

import math
import weakref
from typing import Any, Protocol

import numpy as np

from hearth.errors import ExecutorFailed, Unsupported


class Held(Protocol):
    """Bytes that came from a device and lie outside Python, which may hand them on as they are: in the page an array of
    JavaScript's."""

    def to_bytes(self) -> bytes:
        """A copy for Python."""
        ...


class Memory(Protocol):
    """A device's memory. Buffers are its own objects; what fails raises ExecutorFailed."""

    def room(self, size: int) -> Any:
        """A buffer of so many bytes."""
        ...

    def put(self, buffer: Any, data: memoryview) -> None:
        """Writes bytes to the start of a buffer."""

    def fetch(self, buffer: Any, size: int) -> memoryview:
        """The first bytes of a buffer, waited for."""
        ...

    async def fetch_async(self, buffer: Any, size: int) -> memoryview:
        """The same without blocking."""
        ...

    def free(self, buffer: Any) -> None:
        """Gives a buffer back."""


INT_BITS = {"int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "int64": 64, "uint64": 64}


def kind_of(dtype: np.dtype | None) -> str | None:
    """How values of a type travel on the GPU: half floats and conditions (1 and 0) as `f32`, integers as `i32`.

    The bits of a uint32 are those of its i32. None for types that have no place there.
    """
    if dtype is None:
        return None
    if dtype.name in ("float32", "float16", "bool"):
        return "f32"
    return "i32" if dtype.name in INT_BITS else None


def fits_i32(array: np.ndarray) -> bool:
    """Whether 32 bits hold every integer of an array."""
    if array.dtype.itemsize <= 4 or not array.size:
        return True
    return bool(array.max() < 2**31) and bool(array.min() >= -(2**31))


def gpu_bytes(array: Any, kind: str) -> memoryview:
    """An array's bytes as the GPU keeps them. Raises ExecutorFailed for integers that need more than 32 bits."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if kind in ("f16", "i8", "u8"):
        if flat.nbytes % 4:
            flat = np.append(flat, np.zeros(-flat.nbytes % 4 // flat.itemsize, flat.dtype))
    elif kind == "i32":
        if not fits_i32(flat):
            raise ExecutorFailed("Some integers are larger than those that the graphics card computes with.")
        flat = flat.view(np.int32) if flat.dtype == np.uint32 else flat.astype(np.int32, copy=False)
    else:
        flat = flat.astype(np.float32, copy=False)
    return flat.view(np.uint8).data


class DeviceTensor:
    """A tensor in a buffer of a device. `kind` is how numbers lie there: `f32` or `i32`; `dtype` what they mean."""

    def __init__(self, memory: Memory, buffer: Any, kind: str, dtype: np.dtype, shape: tuple[int, ...]) -> None:
        self.memory, self.buffer, self.kind = memory, buffer, kind
        self.dtype, self.shape = dtype, shape
        weakref.finalize(self, memory.free, buffer)

    @classmethod
    def of(cls, array: np.ndarray, memory: Memory) -> DeviceTensor:
        """Puts an array on a device. Raises Unsupported for numbers that lose by it."""
        kind = "i32" if array.dtype.kind in "iu" else "f32"
        wide = kind == "i32" and array.dtype.itemsize >= 4 and array.dtype != np.int32
        if array.dtype not in (np.float32, np.bool_) and kind == "f32":
            raise Unsupported(f"The GPU has no {array.dtype}.")
        if wide and array.size and (array.min() < -(2**31) or array.max() >= 2**31):
            raise Unsupported("The GPU has integers of 32 bits, and these are larger.")
        tensor = cls(memory, memory.room(4 * array.size), kind, array.dtype, array.shape)
        tensor.write(array)
        return tensor

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)

    def write(self, array: np.ndarray) -> None:
        """Gives the tensor other values; the array is of its shape."""
        if array.size:
            self.memory.put(self.buffer, gpu_bytes(array, self.kind))

    def numpy(self) -> np.ndarray:
        """The values, read back. Raises ExecutorFailed where Python can't wait for the device."""
        return self._array(self.memory.fetch(self.buffer, 4 * self.size) if self.size else memoryview(b""))

    async def numpy_async(self) -> np.ndarray:
        """The same without blocking."""
        return self._array(await self.memory.fetch_async(self.buffer, 4 * self.size) if self.size else memoryview(b""))

    def _array(self, raw: memoryview) -> np.ndarray:
        array = np.frombuffer(raw, np.int32 if self.kind == "i32" else np.float32).reshape(self.shape)
        return array.astype(self.dtype)


def on_host(value: Any) -> Any:
    """A value in Python's memory."""
    return value.numpy() if isinstance(value, DeviceTensor) else value
