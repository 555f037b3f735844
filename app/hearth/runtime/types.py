"""Types of values: tensors with a dtype and a shape, and the containers that ONNX builds from them.

Element types that numpy lacks (bfloat16, the float8 family, 4-bit and 2-bit numbers) are *storage dtypes*: a
structured numpy dtype with one field that is named after the type, so that an array still says what it holds.
Sub-byte types are stored one element a byte.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from hearth.errors import BadModel

Dim = int | str | None
"""A dimension: its size, the name of a size known only at run time, or None where nothing is known."""


def _storage(name: str, base: str) -> np.dtype:
    return np.dtype([(name, base)])


DTYPES: dict[int, np.dtype] = {
    1: np.dtype(np.float32),
    2: np.dtype(np.uint8),
    3: np.dtype(np.int8),
    4: np.dtype(np.uint16),
    5: np.dtype(np.int16),
    6: np.dtype(np.int32),
    7: np.dtype(np.int64),
    8: np.dtype(object),
    9: np.dtype(np.bool_),
    10: np.dtype(np.float16),
    11: np.dtype(np.float64),
    12: np.dtype(np.uint32),
    13: np.dtype(np.uint64),
    14: np.dtype(np.complex64),
    15: np.dtype(np.complex128),
    16: _storage("bfloat16", "<u2"),
    17: _storage("float8e4m3fn", "u1"),
    18: _storage("float8e4m3fnuz", "u1"),
    19: _storage("float8e5m2", "u1"),
    20: _storage("float8e5m2fnuz", "u1"),
    21: _storage("uint4", "u1"),
    22: _storage("int4", "i1"),
    23: _storage("float4e2m1", "u1"),
    24: _storage("float8e8m0", "u1"),
    25: _storage("uint2", "u1"),
    26: _storage("int2", "i1"),
    27: _storage("float6e2m3", "u1"),
    28: _storage("float6e3m2", "u1"),
}
"""TensorProto.DataType -> dtype. Strings are arrays of Python str with dtype object."""

ONNX_DTYPE: dict[np.dtype, int] = {dtype: number for number, dtype in DTYPES.items()}

_ONNX_NAMES = {
    "float32": "float",
    "float64": "double",
    "object": "string",
    "bool": "bool",
}


def dtype_of(number: int) -> np.dtype:
    """The dtype of a TensorProto.DataType number; BadModel if there is none."""
    try:
        return DTYPES[number]
    except KeyError:
        raise BadModel(f"The model uses the tensor data type {number}, which ONNX does not define.") from None


def dtype_name(dtype: np.dtype) -> str:
    """ONNX's name of a dtype: `float`, `double`, `int64`, `bfloat16`, `string`, ..."""
    if dtype.kind in "US":
        return "string"
    name = dtype.names[0] if dtype.names else dtype.name
    return _ONNX_NAMES.get(name, name)


def type_label(kind: ValueType) -> str:
    """ONNX's word for a type, without its shape: `tensor(float)`, `seq(map(int64,tensor(float)))`."""
    match kind:
        case SequenceType(element):
            return f"seq({type_label(element or UNKNOWN)})"
        case OptionalType(element):
            return f"optional({type_label(element or UNKNOWN)})"
        case MapType(key, value):
            return f"map({dtype_name(key)},{type_label(value or UNKNOWN)})"
        case TensorType(dtype):
            return f"tensor({dtype_name(dtype)})" if dtype is not None else "tensor(?)"


def is_storage(dtype: np.dtype) -> bool:
    """Whether numpy can only store, not compute with, this dtype."""
    return dtype.names is not None


@dataclass(frozen=True)
class TensorType:
    """A tensor of `dtype` (None: unknown) and `shape` (None: unknown rank)."""

    dtype: np.dtype | None = None
    shape: tuple[Dim, ...] | None = None

    @functools.cached_property
    def static(self) -> bool:
        """Whether dtype and every dimension are known."""
        return self.dtype is not None and self.shape is not None and all(isinstance(dim, int) for dim in self.shape)

    @functools.cached_property
    def static_shape(self) -> tuple[int, ...]:
        """The shape as integers; ValueError where a dimension is not known."""
        if not self.static:
            raise ValueError(f"the shape {self.shape} is not known in full")
        return tuple(dim for dim in self.shape or () if isinstance(dim, int))

    def __str__(self) -> str:
        name = f"tensor({dtype_name(self.dtype)})" if self.dtype is not None else "tensor(?)"
        if self.shape is None:
            return name
        return f"{name}[{', '.join('?' if dim is None else str(dim) for dim in self.shape)}]"


@dataclass(frozen=True)
class SequenceType:
    """A list of values of one type. In Python: a list."""

    element: ValueType | None = None

    def __str__(self) -> str:
        return f"seq({self.element})"


@dataclass(frozen=True)
class OptionalType:
    """A value or nothing. In Python: the value or None."""

    element: ValueType | None = None

    def __str__(self) -> str:
        return f"optional({self.element})"


@dataclass(frozen=True)
class MapType:
    """A dictionary from keys of one dtype to values of one type. In Python: a dict."""

    key: np.dtype
    value: ValueType | None = None

    def __str__(self) -> str:
        return f"map({dtype_name(self.key)},{self.value})"


ValueType = TensorType | SequenceType | OptionalType | MapType
UNKNOWN = TensorType()


def type_of(value: object) -> ValueType:
    """The type of a value at run time."""
    if isinstance(value, np.ndarray):
        return TensorType(value.dtype, value.shape)
    if isinstance(value, list):
        return SequenceType(type_of(value[0]) if value else None)
    return OptionalType()
