"""Ops that change the type of elements: by value (Cast, CastLike) or by their bits (BitCast)."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.storage import bit_width, decode, encode
from hearth.runtime.types import DTYPES, TensorType, dtype_name, dtype_of, is_storage

_STRING = np.dtype(object)
_NAMES = {"FLOAT": 1, "INT64": 7, "INT32": 6, "STRING": 8, "BOOL": 9, "FLOAT16": 10, "DOUBLE": 11, "UINT8": 2}
"""The first opsets name the target type; here as far as files use it."""


def _text(value: object, digits: int) -> str:
    """A number as onnxruntime prints it: up to 8 or 17 digits, whole numbers of a float without a point."""
    if isinstance(value, float):
        if value != value:
            return "NaN"
        if value in (float("inf"), float("-inf")):
            return "INF" if value > 0 else "-INF"
        return f"{value:.{digits}g}"
    return str(int(value)) if isinstance(value, bool) else str(value)


def _to_strings(x: Array) -> Array:
    digits = 17 if x.dtype == np.float64 else 8
    strings = np.empty(x.size, object)
    strings[:] = [_text(value, digits) for value in x.reshape(-1).tolist()]
    return strings.reshape(x.shape)


def convert(x: Array, dtype: np.dtype, saturate: bool = True, round_mode: str = "up") -> Array:
    """`x` as another element type, strings and storage dtypes included."""
    x = decode(x)
    if is_storage(dtype):
        return encode(x.astype(np.float64) if x.dtype == _STRING else x, dtype, saturate, round_mode)
    if x.dtype == dtype:
        return x
    if dtype == _STRING:
        return _to_strings(x)
    if x.dtype == _STRING and dtype.kind in "iu":
        return np.array([int(float(item)) for item in x.reshape(-1)], dtype).reshape(x.shape)
    return x.astype(dtype)


def _cast_rule(x: Operand, *, to: int, saturate: int = 1, round_mode: str = "up") -> TensorType:
    return TensorType(dtype_of(to), x.shape)


@op("Cast", since=1, rule=lambda x, *, to: TensorType(DTYPES[_NAMES[to]], x.shape))
def cast_by_name(x: Array, *, to: str) -> Array:
    return convert(x, DTYPES[_NAMES[to]])


@op("Cast", since=6, rule=_cast_rule, storage=True)
def cast(x: Array, *, to: int, saturate: int = 1, round_mode: str = "up") -> Array:
    return convert(x, dtype_of(to), bool(saturate), round_mode)


@op("CastLike", rule=lambda x, like, **_: TensorType(like.dtype, x.shape), storage=True)
def cast_like(x: Array, like: Array, *, saturate: int = 1, round_mode: str = "up") -> Array:
    return convert(x, like.dtype, bool(saturate), round_mode)


@op("BitCast", rule=lambda x, *, to: TensorType(dtype_of(to), x.shape), storage=True)
def bit_cast(x: Array, *, to: int) -> Array:
    """The same bytes read as another type of the same width."""
    dtype = dtype_of(to)
    width = bit_width(dtype)
    if dtype.hasobject or x.dtype.hasobject or width != bit_width(x.dtype):
        raise ValueError(f"elements of {dtype_name(x.dtype)} and {dtype_name(dtype)} differ in width")
    x = np.ascontiguousarray(x).reshape(x.shape)
    if width >= 8:
        return x.view(dtype)
    codes = np.asarray(x.view(np.uint8) & np.uint8((1 << width) - 1))
    return encode(codes, dtype) if dtype[0] == np.int8 else codes.view(dtype)
