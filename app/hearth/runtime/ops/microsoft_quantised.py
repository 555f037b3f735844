"""Quantised ops of onnxruntime's own domain. Source: onnxruntime's contrib operator documentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops import activation as act
from hearth.runtime.ops.contract import matmul
from hearth.runtime.ops.linear import matmul_rule
from hearth.runtime.ops.pool import average_pool, pool_rule
from hearth.runtime.ops.quantise import dynamic_quantize_linear, integer_matmul, quantised
from hearth.runtime.ops.reduce import softmax, softmax_flat
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import broadcast_dims
from hearth.runtime.types import TensorType

MICROSOFT = "com.microsoft"
FLOAT32 = np.dtype(np.float32)
Ints = Sequence[int]


def _real(x: Array, scale: Array, zero: Array | None) -> Array:
    """The numbers that quantised ones stand for, float32."""
    values = x.astype(np.float32)
    return (values if zero is None else values - zero.astype(np.float32)) * scale


def _back(y: Array, scale: Array, zero: Array | None, like: Array) -> Array:
    return quantised(y.astype(np.float32), scale, zero, like.dtype if zero is None else zero.dtype)


def scaled(product: Array, a_scale: Array, b_scale: Array, bias: Array | None) -> Array:
    y = (product * (a_scale * b_scale)).astype(np.float32)
    return y if bias is None else y + bias


def _matmul_float_rule(a: Operand, b: Operand, *_: Operand | None) -> TensorType:
    return TensorType(FLOAT32, matmul_rule(a, b).shape)


@op("MatMulIntegerToFloat", domain=MICROSOFT, rule=_matmul_float_rule)
def matmul_integer_to_float(
    a: Array,
    b: Array,
    a_scale: Array,
    b_scale: Array,
    a_zero: Array | None = None,
    b_zero: Array | None = None,
    bias: Array | None = None,
) -> Array:
    """(a - a_zero) (b - b_zero) * a_scale * b_scale + bias; those of b may hold one number a column."""
    return scaled(integer_matmul(a, b, a_zero, b_zero), a_scale, b_scale, bias)


@op("DynamicQuantizeMatMul", domain=MICROSOFT, rule=_matmul_float_rule)
def dynamic_quantize_matmul(
    a: Array, b: Array, b_scale: Array, b_zero: Array | None = None, bias: Array | None = None
) -> Array:
    """Quantises the float a by its own range, then as MatMulIntegerToFloat."""
    numbers, scale, zero = dynamic_quantize_linear(a)
    return scaled(integer_matmul(numbers, b, zero, b_zero), scale, b_scale, bias)


def _qgemm_rule(
    a: Operand,
    a_scale: Operand,
    a_zero: Operand,
    b: Operand,
    *rest: Operand | None,
    alpha: float = 1.0,
    transA: int = 0,  # noqa: N803
    transB: int = 0,  # noqa: N803
) -> TensorType:
    dtype = rest[4].dtype if len(rest) > 4 and rest[4] is not None else FLOAT32
    if a.shape is None or b.shape is None:
        return TensorType(dtype)
    return TensorType(dtype, (a.shape[1 if transA else 0], b.shape[0 if transB else 1]))


@op("QGemm", domain=MICROSOFT, rule=_qgemm_rule)
def qgemm(
    a: Array,
    a_scale: Array,
    a_zero: Array,
    b: Array,
    b_scale: Array,
    b_zero: Array,
    c: Array | None = None,
    y_scale: Array | None = None,
    y_zero: Array | None = None,
    *,
    alpha: float = 1.0,
    transA: int = 0,  # noqa: N803
    transB: int = 0,  # noqa: N803
) -> Array:
    """alpha * A B + C, C in units of alpha * a_scale * b_scale; a float without `y_scale`."""
    b_zero = b_zero[:, None] if transB and b_zero.size > 1 else b_zero
    product = integer_matmul(
        a.T if transA else a, b.T if transB else b, a_zero, b_zero.T if b_zero.ndim > 1 else b_zero
    )
    total = product if c is None else product + c
    y = (total * (alpha * a_scale * b_scale)).astype(np.float32)
    return y if y_scale is None else _back(y, y_scale, y_zero, a)


def _register_binary(name: str, function: Callable[[Array, Array], Array]) -> None:
    def rule(a: Operand, a_scale: Operand, a_zero: Operand | None, b: Operand, *_: Operand | None) -> TensorType:
        shapes = (a.shape, b.shape)
        known = [shape for shape in shapes if shape is not None]
        return TensorType(a.dtype, broadcast_dims(known) if len(known) == 2 else None)

    @op(name, domain=MICROSOFT, rule=rule)
    def binary(
        a: Array,
        a_scale: Array,
        a_zero: Array | None,
        b: Array,
        b_scale: Array,
        b_zero: Array | None,
        y_scale: Array,
        y_zero: Array | None = None,
    ) -> Array:
        return _back(function(_real(a, a_scale, a_zero), _real(b, b_scale, b_zero)), y_scale, y_zero, a)


_register_binary("QLinearAdd", np.add)
_register_binary("QLinearMul", np.multiply)


def _like_first(x: Operand, *_: Operand | None, **__: Any) -> TensorType:
    return x.type


@op("QLinearSigmoid", domain=MICROSOFT, rule=_like_first)
def qlinear_sigmoid(
    x: Array, x_scale: Array, x_zero: Array | None, y_scale: Array, y_zero: Array | None = None
) -> Array:
    return _back(act.sigmoid(_real(x, x_scale, x_zero)), y_scale, y_zero, x)


@op("QLinearLeakyRelu", domain=MICROSOFT, rule=_like_first)
def qlinear_leaky_relu(
    x: Array, x_scale: Array, x_zero: Array | None, y_scale: Array, y_zero: Array | None = None, *, alpha: float = 0.01
) -> Array:
    return _back(act.leaky_relu(_real(x, x_scale, x_zero), alpha=alpha), y_scale, y_zero, x)


@op("QLinearSoftmax", domain=MICROSOFT, rule=_like_first)
def qlinear_softmax(
    x: Array,
    x_scale: Array,
    x_zero: Array | None,
    y_scale: Array,
    y_zero: Array | None = None,
    *,
    axis: int = -1,
    opset: int,
) -> Array:
    function = softmax if opset >= 13 else softmax_flat
    return _back(function(_real(x, x_scale, x_zero), axis=axis), y_scale, y_zero, x)


@op("QLinearConcat", domain=MICROSOFT, data_dependent=True)
def qlinear_concat(y_scale: Array, y_zero: Array, *inputs: Array, axis: int) -> Array:
    """Inputs in threes: numbers, scale, zero point."""
    triples = zip(inputs[::3], inputs[1::3], inputs[2::3], strict=True)
    return _back(np.concatenate([_real(*triple) for triple in triples], axis), y_scale, y_zero, inputs[0])


@op("QLinearGlobalAveragePool", domain=MICROSOFT, data_dependent=True)
def qlinear_global_average_pool(
    x: Array, x_scale: Array, x_zero: Array, y_scale: Array, y_zero: Array, *, channels_last: int = 0
) -> Array:
    axes = tuple(range(1, x.ndim - 1)) if channels_last else tuple(range(2, x.ndim))
    return _back(_real(x, x_scale, x_zero).mean(axes, keepdims=True), y_scale, y_zero, x)


def _qpool_rule(x: Operand, *_: Operand | None, channels_last: int = 0, **how: Any) -> TensorType:
    return TensorType(x.dtype) if channels_last else pool_rule(x, **how)[0]


@op("QLinearAveragePool", domain=MICROSOFT, rule=_qpool_rule)
def qlinear_average_pool(
    x: Array,
    x_scale: Array,
    x_zero: Array | None,
    y_scale: Array,
    y_zero: Array | None = None,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    channels_last: int = 0,
    count_include_pad: int = 0,
    kernel_shape: Ints,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    values = _real(x, x_scale, x_zero)
    y = average_pool(
        np.moveaxis(values, -1, 1) if channels_last else values,
        auto_pad=auto_pad,
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
        kernel_shape=kernel_shape,
        pads=pads,
        strides=strides,
    )
    return _back(np.moveaxis(y, 1, -1) if channels_last else y, y_scale, y_zero, x)


def _nbits_rule(a: Operand, *_: Operand | None, N: int, **__: Any) -> TensorType:  # noqa: N803
    return TensorType(a.dtype, None if a.shape is None else (*a.shape[:-1], N))


def unpacked(packed: Array, bits: int, count: int) -> Array:
    """Numbers of `bits` bits along the last axis, lowest first."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    values = (packed[..., None] >> shifts) & np.uint8((1 << bits) - 1)
    return values.reshape(*packed.shape[:-1], -1)[..., :count]


@op("MatMulNBits", domain=MICROSOFT, rule=_nbits_rule)
def matmul_nbits(
    a: Array,
    b: Array,
    scales: Array,
    zeros: Array | None = None,
    groups: Array | None = None,
    bias: Array | None = None,
    *,
    K: int,  # noqa: N803
    N: int,  # noqa: N803
    bits: int = 4,
    block_size: int,
    accuracy_level: int = 0,
    weight_prepacked: int = 0,
) -> Array:
    """a (..., K) by weights of few bits: b (N, blocks, bytes), a scale and a zero point for each block along K."""
    if weight_prepacked:
        raise ValueError("weights packed for one processor can't be read")
    weights = nbits_weights(b, scales, zeros, groups, K=K, N=N, bits=bits, block_size=block_size)
    y = matmul(a.astype(np.float32), weights.T)
    return np.asarray(y if bias is None else y + bias, a.dtype)


def block_scaling(
    scales: Array,
    zeros: Array | None,
    *,
    K: int,  # noqa: N803
    N: int,  # noqa: N803
    bits: int,
    block_size: int,
) -> tuple[Array, Array]:
    """Scale and zero point of each column and block, (N, blocks), float32. The latter is in the middle if not given."""
    blocks = -(-K // block_size)
    if zeros is None:
        offset = np.full((N, blocks), 1 << (bits - 1), np.float32)
    elif zeros.dtype == np.uint8:
        offset = unpacked(zeros.reshape(N, -1), bits, blocks).astype(np.float32)
    else:
        offset = zeros.reshape(N, blocks).astype(np.float32)
    return scales.reshape(N, blocks).astype(np.float32), offset


def nbits_weights(
    b: Array,
    scales: Array,
    zeros: Array | None,
    groups: Array | None,
    *,
    K: int,  # noqa: N803
    N: int,  # noqa: N803
    bits: int = 4,
    block_size: int,
) -> Array:
    """The weights (N, K) of MatMulNBits, float32."""
    factor, offset = block_scaling(scales, zeros, K=K, N=N, bits=bits, block_size=block_size)
    codes = unpacked(b.reshape(N, factor.shape[1], -1), bits, block_size).astype(np.float32)
    if groups is None:
        return np.asarray(((codes - offset[..., None]) * factor[..., None]).reshape(N, -1)[:, :K])
    return np.asarray((codes.reshape(N, -1)[:, :K] - offset[:, groups]) * factor[:, groups])
