"""Numbers that numpy can store but not compute with: their values as arrays of numpy's own types, and back.

Formats: bfloat16; float8 as in Micikevicius et al., "FP8 Formats for Deep Learning", 2022, and its `uz` variants
without negative zero and infinities; float4e2m1, float6 and the scale type e8m0 of the OCP Microscaling
specification, 2023; integers of 2 and 4 bits.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.types import DTYPES, dtype_name, is_storage

FLOAT32 = np.dtype(np.float32)

_MINIFLOATS = {
    # name: (exponent bits, mantissa bits, bias, what the codes at the top mean)
    "float8e4m3fn": (4, 3, 7, "nan"),
    "float8e4m3fnuz": (4, 3, 8, "uz"),
    "float8e5m2": (5, 2, 15, "ieee"),
    "float8e5m2fnuz": (5, 2, 16, "uz"),
    "float4e2m1": (2, 1, 1, "finite"),
    "float6e2m3": (2, 3, 1, "finite"),
    "float6e3m2": (3, 2, 3, "finite"),
}

INTEGER_RANGES = {"uint4": (0, 15), "int4": (-8, 7), "uint2": (0, 3), "int2": (-2, 1)}


def wide_dtype(dtype: np.dtype) -> np.dtype:
    """The dtype in which values of `dtype` are computed: float32, int8 or uint8 for storage dtypes, else itself."""
    if not is_storage(dtype):
        return dtype
    return dtype[0] if dtype_name(dtype) in INTEGER_RANGES else FLOAT32


@cache
def _values(name: str) -> Array:
    """The value of every code of a small float type, float32."""
    if name == "float8e8m0":
        return np.append(np.ldexp(np.float32(1), np.arange(-127, 128)), np.float32(np.nan)).astype(np.float32)
    exponent_bits, mantissa_bits, bias, top = _MINIFLOATS[name]
    codes = np.arange(1 << (exponent_bits + mantissa_bits))
    exponent, mantissa = codes >> mantissa_bits, codes & ((1 << mantissa_bits) - 1)
    fraction = mantissa / (1 << mantissa_bits) + (exponent > 0)
    positive = np.ldexp(fraction, np.maximum(exponent, 1) - bias).astype(np.float32)
    if top == "ieee":
        last = exponent == (1 << exponent_bits) - 1
        positive[last] = np.where(mantissa[last] == 0, np.inf, np.nan)
    elif top == "nan":
        positive[-1] = np.nan
    both = np.concatenate([positive, -positive])
    if top == "uz":
        both[len(positive)] = np.nan
    return both


def bit_width(dtype: np.dtype) -> int:
    """Bits of one element as ONNX counts them."""
    name = dtype_name(dtype)
    if name in INTEGER_RANGES:
        return 4 if name.endswith("4") else 2
    if name in _MINIFLOATS and name[5] in "46":
        return int(name[5])
    return dtype.itemsize * 8


def decode(array: Array) -> Array:
    """The values of an array: float32, int8 or uint8 for storage dtypes; other arrays as they are."""
    if not is_storage(array.dtype):
        return array
    name = dtype_name(array.dtype)
    codes = array.view(array.dtype[0])
    if name == "bfloat16":
        return np.asarray(codes.astype(np.uint32) << 16).view(np.float32)
    return codes if name in INTEGER_RANGES else np.asarray(_values(name)[codes])


def encode(array: Array, dtype: np.dtype, saturate: bool = True, round_mode: str = "up") -> Array:
    """Numbers as `dtype`, rounded to the nearest, ties to even.

    What is too large for a float8 becomes the largest number with `saturate`, else infinity or NaN. Integers of 2 and 4
    bits keep their lowest bits. `round_mode` (up, down, nearest) is that of float8e8m0, which has powers of two alone.
    """
    array = np.asarray(array)
    if not is_storage(dtype):
        return array.astype(dtype)
    name = dtype_name(dtype)
    if name in INTEGER_RANGES:
        return _narrow_integers(array, name).view(dtype)
    with np.errstate(all="ignore"):
        if name == "bfloat16":
            codes = _bfloat16(array.astype(np.float32))
        elif name == "float8e8m0":
            codes = _power_of_two(array.astype(np.float32), saturate, round_mode)
        else:
            codes = _minifloat(array.astype(np.float64), name, saturate)
    return codes.view(dtype)


def _narrow_integers(array: Array, name: str) -> Array:
    low, high = INTEGER_RANGES[name]
    bits = (high - low).bit_length()
    codes = np.asarray(array.astype(np.int64) & ((1 << bits) - 1))
    return codes.astype(np.uint8) if low == 0 else np.where(codes > high, codes - (1 << bits), codes).astype(np.int8)


def _bfloat16(array: Array) -> Array:
    bits = np.ascontiguousarray(array).view(np.uint32).reshape(array.shape)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    quiet = np.where(bits >> 31, np.uint32(0xFFC0), np.uint32(0x7FC0))
    return np.where(np.isnan(array), quiet, rounded).astype(np.uint16)


def _minifloat(array: Array, name: str, saturate: bool) -> Array:
    values = _values(name).astype(np.float64)
    sign, top = len(values) // 2, _MINIFLOATS[name][3]
    finite = values[:sign][np.isfinite(values[:sign])]
    largest = len(finite) - 1
    # Midpoints between neighbours, and between the largest number and what would come next.
    following = np.append(finite[1:], 2 * finite[-1] - finite[-2])
    middles = (finite + following) / 2
    size = np.abs(array)
    code = np.searchsorted(middles, size)
    code = code + ((size == middles[np.minimum(code, largest)]) & (code & 1 == 1))
    over = code > largest
    if saturate or top == "finite":
        code = np.where(over, largest, code)
    else:
        code = np.where(over, {"ieee": sign - 4, "nan": sign - 1, "uz": sign}[top], code)
    negative = np.signbit(array)
    if top == "uz":
        code = np.where(negative & (code > 0) & (code < sign), code + sign, code)
        code = np.where(np.isnan(array), sign, code)
    else:
        # Without a NaN, negative zero takes its place.
        nan = {"ieee": sign - 2, "nan": sign - 1, "finite": sign}[top]
        code = np.where(np.isnan(array), nan, code)
        code = np.where(negative & (code < sign), code + sign, code)
    return np.asarray(code, np.uint8)


def _power_of_two(array: Array, saturate: bool, round_mode: str) -> Array:
    bits = np.ascontiguousarray(array).view(np.uint32).reshape(array.shape)
    exponent, fraction = ((bits >> 23) & 0xFF).astype(np.int64), bits & 0x7FFFFF
    match round_mode:
        case "up":
            more = fraction > 0
        case "down":
            more = np.zeros(array.shape, np.bool_)
        case "nearest":
            more = (fraction > 0x400000) | ((fraction == 0x400000) & (exponent > 0))
        case _:
            raise ValueError(f"the rounding mode '{round_mode}' is none of up, down, nearest")
    more = more & (exponent < 0xFE if saturate else exponent < 0xFF)
    return np.asarray(exponent + more, np.uint8)


STORAGE_DTYPES = tuple(dtype for dtype in DTYPES.values() if is_storage(dtype))
