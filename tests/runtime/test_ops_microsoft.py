"""Ops of onnxruntime's own domain agree with onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from tests.runtime.against_onnxruntime import assert_same

pytestmark = pytest.mark.desk

RNG = np.random.default_rng(7)


def f32(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def u8(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape).astype(np.uint8)


def i8(*shape: int) -> np.ndarray:
    """Of 7 bits: with more, onnxruntime's products of uint8 and int8 overflow on processors without VNNI."""
    return RNG.integers(-63, 64, shape).astype(np.int8)


def scale(value: float) -> np.ndarray:
    return np.array(value, np.float32)


def same(op: str, *inputs: np.ndarray | None, **how: Any) -> None:
    assert_same(op, *inputs, domain="com.microsoft", **how)


@pytest.mark.parametrize(
    "activation, numbers", [("Relu", []), ("LeakyRelu", [0.2]), ("Clip", [-0.5, 0.5]), ("Tanh", [])]
)
def test_fused_conv(activation: str, numbers: list[float]) -> None:
    how: dict[str, Any] = {"activation": activation, "pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}
    if numbers:
        how["activation_params"] = numbers
    same("FusedConv", f32(1, 3, 6, 5), f32(4, 3, 3, 3), f32(4), **how)


def test_fused_conv_adds_before_it_activates() -> None:
    same("FusedConv", f32(1, 3, 4, 4), f32(4, 3, 1, 1), f32(4), f32(1, 4, 4, 4), activation="Relu")


@pytest.mark.parametrize("turn_a", [0, 1])
@pytest.mark.parametrize("turn_b", [0, 1])
def test_fused_matmul(turn_a: int, turn_b: int) -> None:
    a = f32(2, 5, 4) if turn_a else f32(2, 4, 5)
    b = f32(2, 3, 5) if turn_b else f32(2, 5, 3)
    same("FusedMatMul", a, b, transA=turn_a, transB=turn_b, alpha=0.5)


def test_fused_matmul_moves_the_batch() -> None:
    same("FusedMatMul", f32(4, 2, 5), f32(2, 5, 3), transBatchA=1)


def test_fused_gemm() -> None:
    same("FusedGemm", f32(3, 4), f32(4, 5), f32(5), activation="Relu", alpha=0.7)


@pytest.mark.parametrize("op", ["Gelu", "QuickGelu", "FastGelu"])
def test_gelus(op: str) -> None:
    same(op, f32(3, 17))


@pytest.mark.parametrize("op", ["BiasGelu", "FastGelu"])
def test_gelus_with_bias(op: str) -> None:
    same(op, f32(3, 17), f32(17))


def test_skip_layer_normalization() -> None:
    same("SkipLayerNormalization", f32(2, 3, 8), f32(2, 3, 8), f32(8), f32(8), f32(8), epsilon=1e-5)


def test_skip_simplified_layer_normalization() -> None:
    same("SkipSimplifiedLayerNormalization", f32(2, 3, 8), f32(2, 3, 8), f32(8), epsilon=1e-5)


def test_simplified_layer_normalization() -> None:
    assert_same("SimplifiedLayerNormalization", f32(2, 3, 8), f32(8), epsilon=1e-5, axis=-1)


def test_embed_layer_normalization() -> None:
    ids, kinds = RNG.integers(0, 9, (2, 4)).astype(np.int32), np.zeros((2, 4), np.int32)
    mask = np.array([[1, 1, 1, 0], [1, 1, 1, 1]], np.int32)
    tables = (f32(9, 8), f32(5, 8), f32(2, 8), f32(8), f32(8))
    same("EmbedLayerNormalization", ids, kinds, *tables, mask, outputs=2, epsilon=1e-5)


@pytest.mark.parametrize("weights", [u8(6, 5), i8(6, 5)])
@pytest.mark.parametrize("by_column", [False, True])
def test_matmul_integer_to_float(weights: np.ndarray, by_column: bool) -> None:
    factors = np.abs(f32(5)) if by_column else scale(0.02)
    zero = np.array(3, weights.dtype)
    same("MatMulIntegerToFloat", u8(4, 6), weights, scale(0.05), factors, np.array(9, np.uint8), zero, f32(5))


def test_dynamic_quantize_matmul() -> None:
    same("DynamicQuantizeMatMul", f32(3, 6), i8(6, 5), np.abs(f32(5)), np.zeros(5, np.int8), f32(5), tolerance=1e-4)


@pytest.mark.parametrize("op", ["QLinearAdd", "QLinearMul"])
def test_quantised_arithmetic(op: str) -> None:
    zeros = [np.array(item, np.uint8) for item in (3, 120, 100)]
    a, b = u8(3, 4), u8(4)
    same(op, a, scale(0.02), zeros[0], b, scale(0.03), zeros[1], scale(0.05), zeros[2])


@pytest.mark.parametrize("op", ["QLinearSigmoid", "QLinearLeakyRelu"])
def test_quantised_activations(op: str) -> None:
    same(op, u8(3, 40), scale(0.03), np.array(120, np.uint8), scale(0.01), np.array(5, np.uint8))


def test_quantised_concat() -> None:
    zero = np.array(4, np.uint8)
    same("QLinearConcat", scale(0.04), zero, u8(2, 3), scale(0.02), zero, u8(2, 2), scale(0.05), zero, axis=1)


def test_quantised_pools() -> None:
    quantities = (scale(0.03), np.array(7, np.uint8), scale(0.02), np.array(9, np.uint8))
    # Halves are rounded either way, by the order of the sum.
    same("QLinearGlobalAveragePool", u8(2, 3, 4, 5), *quantities, tolerance=1)
    same("QLinearAveragePool", u8(2, 3, 6, 6), *quantities, kernel_shape=[2, 2], strides=[2, 2], tolerance=1)


@pytest.mark.parametrize("to_float", [False, True])
def test_quantised_gemm(to_float: bool) -> None:
    c = RNG.integers(-500, 500, 5).astype(np.int32)
    out = () if to_float else (scale(3.0), np.array(100, np.uint8))
    zero = np.array(120, np.uint8)
    same("QGemm", u8(3, 6), scale(0.05), zero, u8(6, 5), scale(0.04), np.array(100, np.uint8), c, *out)


@pytest.mark.parametrize("with_zeros", [False, True])
def test_matmul_of_four_bits(with_zeros: bool) -> None:
    packed, scales = u8(6, 2, 16), np.abs(f32(12))
    zeros = u8(6) if with_zeros else None
    same("MatMulNBits", f32(2, 3, 64), packed, scales, zeros, K=64, N=6, bits=4, block_size=32, tolerance=1e-4)


def test_attention_with_a_mask_and_the_future_hidden() -> None:
    mask = np.array([[1, 1, 1, 1], [1, 1, 0, 0]], np.int32)
    same("Attention", f32(2, 4, 8), f32(8, 24), f32(24), mask, num_heads=2)
    same("Attention", f32(2, 4, 8), f32(8, 24), f32(24), num_heads=2, unidirectional=1)
    same("Attention", f32(2, 4, 8), f32(8, 24), f32(24), np.array([4, 2], np.int32), num_heads=2)


def test_attention_with_a_past() -> None:
    inputs = (f32(2, 3, 8), f32(8, 24), f32(24), None, f32(2, 2, 2, 5, 4))
    same("Attention", *inputs, num_heads=2, unidirectional=1, outputs=2)


def test_multi_head_attention() -> None:
    same("MultiHeadAttention", f32(2, 3, 8), f32(2, 5, 8), f32(2, 5, 8), f32(24), num_heads=2)
    same("MultiHeadAttention", f32(2, 3, 8), f32(2, 2, 5, 4), f32(2, 2, 5, 4), num_heads=2)
    bias = f32(1, 2, 3, 5)
    same("MultiHeadAttention", f32(2, 3, 8), f32(2, 5, 8), f32(2, 5, 8), None, None, bias, num_heads=2)
    mask = np.array([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]], np.int32)
    same("MultiHeadAttention", f32(2, 3, 8), f32(2, 5, 8), f32(2, 5, 8), None, mask, num_heads=2)


def test_multi_head_attention_with_a_past() -> None:
    q = f32(2, 3, 8)
    past = f32(2, 2, 4, 4), f32(2, 2, 4, 4)
    same("MultiHeadAttention", q, q, q, None, None, None, *past, num_heads=2, outputs=3, unidirectional=1)


@pytest.mark.parametrize("rotary", [0, 1])
def test_group_query_attention(rotary: int) -> None:
    cache = (f32(16, 8), f32(16, 8)) if rotary else ()
    q, kv = f32(1, 5, 64), (f32(1, 5, 32), f32(1, 5, 32))
    empty = np.zeros((1, 2, 0, 16), np.float32)
    counts = np.array([4], np.int32), np.array(5, np.int32)
    how = {"num_heads": 4, "kv_num_heads": 2, "do_rotary": rotary, "outputs": 3}
    same("GroupQueryAttention", q, *kv, empty, empty, *counts, *cache, **how)
    past = f32(1, 2, 5, 16), f32(1, 2, 5, 16)
    one = f32(1, 1, 64), f32(1, 1, 32), f32(1, 1, 32)
    counts = np.array([5], np.int32), np.array(6, np.int32)
    same("GroupQueryAttention", *one, *past, *counts, *cache, **how)


@pytest.mark.parametrize("interleaved", [0, 1])
def test_rotary_embedding(interleaved: int) -> None:
    places = np.tile(np.arange(3), (2, 1)).astype(np.int64)
    same("RotaryEmbedding", f32(2, 3, 8), places, f32(10, 2), f32(10, 2), interleaved=interleaved)
    same("RotaryEmbedding", f32(2, 2, 3, 4), np.array([4]), f32(10, 2), f32(10, 2), interleaved=interleaved)
