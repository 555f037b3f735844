"""Numbers as integers times a scale: to them, from them, and products computed with them.

Integer products run as float32 or float64 products, which numpy has fast routines for; the type is chosen so that every
sum is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.casting import convert
from hearth.runtime.ops.contract import matmul
from hearth.runtime.ops.conv import conv, conv_rule
from hearth.runtime.ops.linear import matmul_rule
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import normal_axis
from hearth.runtime.ops.storage import INTEGER_RANGES, decode, encode, wide_dtype
from hearth.runtime.types import TensorType, dtype_name, dtype_of

Ints = Sequence[int]
FLOAT32, INT32, UINT8 = np.dtype(np.float32), np.dtype(np.int32), np.dtype(np.uint8)


def integer_range(dtype: np.dtype) -> tuple[int, int] | None:
    """The smallest and the largest number of an integer type, of 2 or 4 bits too; None for floats."""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return int(info.min), int(info.max)
    return INTEGER_RANGES.get(dtype_name(dtype))


def _spread(values: Array, shape: tuple[int, ...], axis: int, block: int) -> Array:
    """A scale or zero point, by tensor, axis or block, as an array that broadcasts to `shape`."""
    values = decode(values)
    if values.size == 1:
        return values.reshape(())
    axis = normal_axis(axis, len(shape))
    if block:
        return np.repeat(values, block, axis).take(np.arange(shape[axis]), axis)
    return values.reshape(-1, *(1,) * (len(shape) - axis - 1)) if values.ndim == 1 else values


def quantised(x: Array, scale: Array, zero: Array | None, dtype: np.dtype, saturate: bool = True) -> Array:
    """x / scale + zero, rounded to even and held within the range of `dtype`."""
    y = x / scale
    bounds = integer_range(dtype)
    if bounds is None:
        return encode(y if zero is None else y + zero, dtype, saturate)
    y = np.rint(y.astype(np.float64) if bounds[1] > 1 << 16 else y)
    if zero is not None:
        y = y + zero.astype(y.dtype if y.dtype != np.float16 else np.float32)
    return convert(np.clip(np.nan_to_num(y, posinf=bounds[1], neginf=bounds[0]), *bounds), dtype)


def _quantise_rule(
    x: Operand, scale: Operand, zero: Operand | None = None, *, output_dtype: int = 0, **_: Any
) -> TensorType:
    dtype = zero.dtype if zero is not None else dtype_of(output_dtype) if output_dtype else UINT8
    return TensorType(dtype, x.shape)


@op("QuantizeLinear", domain="com.microsoft", rule=_quantise_rule, storage=True)
@op("QuantizeLinear", rule=_quantise_rule, storage=True)
def quantize_linear(
    x: Array,
    scale: Array,
    zero: Array | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
    precision: int = 0,
    saturate: int = 1,
) -> Array:
    """scale and zero: one number, one for each index of `axis`, or one for each block of `block_size` along it."""
    dtype = zero.dtype if zero is not None else dtype_of(output_dtype) if output_dtype else UINT8
    wide = wide_dtype(dtype_of(precision) if precision else x.dtype if x.dtype.kind != "i" else scale.dtype)
    factor = _spread(scale, x.shape, axis, block_size).astype(wide)
    offset = None if zero is None else _spread(zero, x.shape, axis, block_size)
    return quantised(convert(x, wide), factor, offset, dtype, bool(saturate))


def _dequantise_rule(
    x: Operand, scale: Operand, zero: Operand | None = None, *, output_dtype: int = 0, **_: Any
) -> TensorType:
    return TensorType(dtype_of(output_dtype) if output_dtype else scale.dtype, x.shape)


@op("DequantizeLinear", domain="com.microsoft", rule=_dequantise_rule, storage=True)
@op("DequantizeLinear", rule=_dequantise_rule, storage=True)
def dequantize_linear(
    x: Array,
    scale: Array,
    zero: Array | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
) -> Array:
    """(x - zero) * scale, with scale and zero as in QuantizeLinear."""
    factor = _spread(scale, x.shape, axis, block_size)
    wide = np.promote_types(factor.dtype, np.float32)
    values = decode(x).astype(wide)
    if zero is not None:
        values = values - _spread(zero, x.shape, axis, block_size).astype(wide)
    return convert(values * factor, dtype_of(output_dtype) if output_dtype else scale.dtype)


@op(
    "DynamicQuantizeLinear", rule=lambda x: (TensorType(UINT8, x.shape), TensorType(x.dtype, ()), TensorType(UINT8, ()))
)
def dynamic_quantize_linear(x: Array) -> tuple[Array, Array, Array]:
    """(x as uint8, scale, zero point), so that the range of x, which includes 0, fills 0 to 255."""
    low, high = x.min(initial=0), x.max(initial=0)
    scale = np.float32((high - low) / np.float32(255)) or np.float32(1)
    zero = np.clip(np.rint(-low / scale), 0, 255).astype(np.uint8)
    return quantised(x, np.asarray(scale), np.asarray(zero), UINT8), np.asarray(scale), np.asarray(zero)


def _centred(x: Array, zero: Array | None, terms: int) -> Array:
    """x - zero as floats in which a sum of `terms` products of two such numbers is exact."""
    dtype = np.float32 if terms * 255 * 255 < 1 << 24 else np.float64
    return x.astype(dtype) if zero is None else x.astype(dtype) - zero.astype(dtype)


def _rows(values: Array | None) -> Array | None:
    """A scale or zero point of the left factor: one number, or one a row."""
    return values if values is None or values.ndim != 1 or values.size == 1 else values[:, None]


def integer_matmul(a: Array, b: Array, a_zero: Array | None, b_zero: Array | None) -> Array:
    """(a - a_zero) @ (b - b_zero), exact, as floats."""
    terms = a.shape[-1]
    return matmul(_centred(a, _rows(a_zero), terms), _centred(b, b_zero, terms))


@op("MatMulInteger", rule=lambda a, b, *_: TensorType(INT32, matmul_rule(a, b).shape))
def matmul_integer(a: Array, b: Array, a_zero: Array | None = None, b_zero: Array | None = None) -> Array:
    return integer_matmul(a, b, a_zero, b_zero).astype(np.int64).astype(np.int32)


def _qlinear_matmul_rule(a: Operand, a_scale: Operand, a_zero: Operand, b: Operand, *rest: Operand) -> TensorType:
    return TensorType(rest[-1].dtype, matmul_rule(a, b).shape)


@op("QLinearMatMul", rule=_qlinear_matmul_rule)
def qlinear_matmul(
    a: Array,
    a_scale: Array,
    a_zero: Array,
    b: Array,
    b_scale: Array,
    b_zero: Array,
    y_scale: Array,
    y_zero: Array,
) -> Array:
    scale = _rows(a_scale).astype(np.float32) * b_scale.astype(np.float32)  # type: ignore[union-attr]
    return _requantised(integer_matmul(a, b, a_zero, b_zero), scale, y_scale, y_zero)


def _requantised(total: Array, scale: Array, y_scale: Array, y_zero: Array) -> Array:
    """Whole sums in units of `scale` as numbers of few bits, multiplied once, as onnxruntime does: ties hang on it."""
    factor = scale.astype(np.float32) / y_scale.astype(np.float32)
    return quantised(total.astype(np.float32) * factor, np.ones((), np.float32), y_zero, y_zero.dtype)


def _integer_conv(x: Array, w: Array, x_zero: Array | None, w_zero: Array | None, how: dict[str, Any]) -> Array:
    """The convolution of x - x_zero with w - w_zero, exact, as floats; padding stands for x_zero."""
    terms = int(np.prod(w.shape[1:]))
    if w_zero is not None and w_zero.size > 1:
        w_zero = w_zero.reshape(-1, *(1,) * (w.ndim - 1))
    return conv(_centred(x, x_zero, terms), _centred(w, w_zero, terms), **how)


def _conv_integer_rule(x: Operand, w: Operand, *_: Operand | None, **how: Any) -> TensorType:
    return TensorType(INT32, conv_rule(x, w, **how).shape)


@op("ConvInteger", rule=_conv_integer_rule)
def conv_integer(
    x: Array,
    w: Array,
    x_zero: Array | None = None,
    w_zero: Array | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    how = {"auto_pad": auto_pad, "dilations": dilations, "group": group, "pads": pads, "strides": strides}
    return _integer_conv(x, w, x_zero, w_zero, how).astype(np.int64).astype(np.int32)


def _qlinear_conv_rule(x: Operand, *rest: Operand | None, **how: Any) -> TensorType:
    w, y_zero = rest[2], rest[6]
    assert w is not None and y_zero is not None
    return TensorType(y_zero.dtype, conv_rule(x, w, **how).shape)


@op("QLinearConv", rule=_qlinear_conv_rule)
def qlinear_conv(
    x: Array,
    x_scale: Array,
    x_zero: Array,
    w: Array,
    w_scale: Array,
    w_zero: Array,
    y_scale: Array,
    y_zero: Array,
    b: Array | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    """w_scale and w_zero: one number, or one for each output channel; b in units of x_scale * w_scale."""
    how = {"auto_pad": auto_pad, "dilations": dilations, "group": group, "pads": pads, "strides": strides}
    dims = (-1, *(1,) * (x.ndim - 2))
    total = _integer_conv(x, w, x_zero, w_zero, how)
    if b is not None:
        total = total + b.reshape(dims)
    scale = (x_scale * w_scale).astype(np.float32)
    return _requantised(total, scale.reshape(dims) if scale.size > 1 else scale.reshape(()), y_scale, y_zero)
