"""Attention over keys and values, rotary positions, and attention whose scores a subgraph rewrites.

Sources: the ONNX operator documentation; Vaswani et al., "Attention Is All You Need", 2017; Ainslie et al., "GQA",
2023; Su et al., "RoFormer", 2021.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.casting import convert
from hearth.runtime.ops.contract import matmul
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import same
from hearth.runtime.ops.storage import wide_dtype
from hearth.runtime.types import Dim, TensorType, dtype_of

Subgraph = Callable[..., list[Array]]


def split_heads(x: Array, heads: int) -> Array:
    """(N, T, heads * size) -> (N, heads, T, size)."""
    batch, steps, width = x.shape
    return x.reshape(batch, steps, heads, width // heads).transpose(0, 2, 1, 3)


def join_heads(x: Array) -> Array:
    """(N, heads, T, size) -> (N, T, heads * size)."""
    batch, heads, steps, size = x.shape
    return x.transpose(0, 2, 1, 3).reshape(batch, steps, heads * size)


def masked_softmax(scores: Array) -> Array:
    """Softmax over the last axis; a row of nothing but -inf becomes zeros."""
    if not scores.size:
        return scores
    top = scores.max(-1, keepdims=True)
    powers = np.exp(scores - np.where(np.isneginf(top), scores.dtype.type(0), top))
    total = powers.sum(-1, keepdims=True)
    return powers / np.where(total == 0, scores.dtype.type(1), total)


def _visible(
    queries: int, keys: int, offset: Array, is_causal: int, left: int, right: int, valid: Array | None
) -> Array | None:
    """Which key each query may look at, (1 or N, 1, queries, keys); None where all may.

    A query stands at its number plus `offset`, (1 or N,); `valid` (N,) is how many keys are not padding.
    """
    place = np.arange(queries).reshape(1, 1, -1, 1) + offset.reshape(-1, 1, 1, 1)
    key = np.arange(keys)
    bounds = []
    if is_causal:
        bounds.append(key <= place)
    if left >= 0:
        bounds.append(key >= place - left)
    if right >= 0:
        bounds.append(key <= place + right)
    if valid is not None:
        bounds.append(key < valid.reshape(-1, 1, 1, 1))
    return np.logical_and.reduce(np.broadcast_arrays(*bounds)) if bounds else None


def _bias(mask: Array | None, visible: Array | None, keys: int, dtype: np.dtype) -> Array | None:
    """What is added to the scores: the mask, padded to all keys, and -inf where a key is out of sight."""
    hidden = dtype.type(-np.inf)
    if mask is not None:
        if mask.dtype == np.bool_:
            mask = np.where(mask, dtype.type(0), hidden)
        missing = keys - mask.shape[-1]
        if missing > 0:
            mask = np.pad(mask, [(0, 0)] * (mask.ndim - 1) + [(0, missing)], constant_values=hidden)
    if visible is None:
        return mask
    return np.where(visible, dtype.type(0) if mask is None else mask, hidden)


def _attention_rule(
    q: Operand,
    k: Operand,
    v: Operand,
    mask: Operand | None = None,
    past_key: Operand | None = None,
    past_value: Operand | None = None,
    valid: Operand | None = None,
    *,
    q_num_heads: int | None = None,
    kv_num_heads: int | None = None,
    n_outputs: int = 1,
    **_: Any,
) -> list[TensorType]:
    kinds = [TensorType(item.dtype) for item in (q, k, v, q)]
    if not (q.type.static and k.type.static and v.type.static) or (past_key and not past_key.type.static):
        return kinds[:n_outputs]
    (n, *_q), qs, ks, vs = q.type.static_shape, q.type.static_shape, k.type.static_shape, v.type.static_shape
    heads, kv_heads = q_num_heads or qs[1], kv_num_heads or ks[1]
    three = len(qs) == 3
    size, value_size = (ks[2] // kv_heads, vs[2] // kv_heads) if three else (ks[3], vs[3])
    steps = qs[1] if three else qs[2]
    total = (ks[1] if three else ks[2]) + (past_key.type.static_shape[2] if past_key else 0)
    y: tuple[Dim, ...] = (n, steps, heads * value_size) if three else (n, heads, steps, value_size)
    shapes: list[tuple[Dim, ...]] = [
        y,
        (n, kv_heads, total, size),
        (n, kv_heads, total, value_size),
        (n, heads, steps, total),
    ]
    return [TensorType(kind.dtype, shape) for kind, shape in zip(kinds, shapes, strict=True)][:n_outputs]


@op("Attention", since=23, rule=_attention_rule)
def attention(
    q: Array,
    k: Array,
    v: Array,
    mask: Array | None = None,
    past_key: Array | None = None,
    past_value: Array | None = None,
    valid: Array | None = None,
    *,
    is_causal: int = 0,
    kv_num_heads: int | None = None,
    left_window_size: int = -1,
    q_num_heads: int | None = None,
    qk_matmul_output_mode: int = 0,
    right_window_size: int = -1,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: int | None = None,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """q (N, heads, T, size), k and v (N, kv heads, S, size), or packed in the last axis (N, T, heads * size).

    -> (result, keys and values with the past ones before them, scores at the stage `qk_matmul_output_mode`).
    """
    packed = q.ndim == 3
    if packed:
        if not q_num_heads or not kv_num_heads:
            raise ValueError("inputs of three dimensions need q_num_heads and kv_num_heads")
        q, k, v = split_heads(q, q_num_heads), split_heads(k, kv_num_heads), split_heads(v, kv_num_heads)
    offset = np.zeros(1, np.int64)
    if past_key is not None and past_value is not None:
        k, v = np.concatenate((past_key, k), 2), np.concatenate((past_value, v), 2)
        offset += past_key.shape[2]
    elif valid is not None:
        offset = valid.reshape(-1) - q.shape[2]
    present = k, v
    repeat = q.shape[1] // k.shape[1]
    if repeat > 1:
        k, v = np.repeat(k, repeat, 1), np.repeat(v, repeat, 1)
    root = q.dtype.type(np.sqrt(1 / np.sqrt(q.shape[3]) if scale is None else scale))
    scores = matmul(q * root, (k * root).swapaxes(-1, -2))
    shown = scores
    if softcap > 0:
        cap = q.dtype.type(softcap)
        scores = np.tanh(scores / cap) * cap
        shown = scores if qk_matmul_output_mode == 1 else shown
    visible = _visible(q.shape[2], k.shape[2], offset, is_causal, left_window_size, right_window_size, valid)
    bias = _bias(mask, visible, k.shape[2], q.dtype)
    if bias is not None:
        scores = scores + bias
    shown = scores if qk_matmul_output_mode == 2 else shown
    if softmax_precision is not None:
        scores = scores.astype(wide_dtype(dtype_of(softmax_precision)))
    weights = masked_softmax(scores).astype(q.dtype)
    if bias is not None:
        weights = np.where(np.isneginf(bias.max(-1, keepdims=True)), q.dtype.type(0), weights)
    shown = weights if qk_matmul_output_mode == 3 else shown
    y = matmul(weights, v)
    return (join_heads(y) if packed else y, *present, shown)[:n_outputs]


@op("FlexAttention", domain="ai.onnx.preview", storage=True)
def flex_attention(
    q: Array,
    k: Array,
    v: Array,
    *,
    scale: float | None = None,
    score_mod: Subgraph | None = None,
    prob_mod: Subgraph | None = None,
    softmax_precision: int | None = None,
) -> Array:
    """q (N, heads, T, size), k and v (N, kv heads, S, size); subgraphs rewrite the scores and the probabilities."""
    dtype, wide = v.dtype, wide_dtype(q.dtype)
    precision = dtype_of(softmax_precision) if softmax_precision else np.dtype(np.float32)
    if not softmax_precision and wide == np.float64:
        precision = wide
    inner = wide_dtype(precision)
    q, k, v = (convert(item, wide) for item in (q, k, v))
    repeat = q.shape[1] // k.shape[1]
    if repeat > 1:
        k, v = np.repeat(k, repeat, 1), np.repeat(v, repeat, 1)
    root = wide.type(np.sqrt(np.float32(1 / np.sqrt(q.shape[3]) if scale is None else scale)))
    scores = matmul(q * root, (k * root).swapaxes(-1, -2))
    if score_mod is not None:
        scores = score_mod(convert(scores, precision))[0]
    weights = masked_softmax(convert(convert(scores, precision), inner))
    if prob_mod is not None:
        weights = convert(prob_mod(convert(weights, precision))[0], inner)
    return convert(matmul(weights, convert(v, inner)), dtype)


@op("RotaryEmbedding", since=23, rule=same)
def rotary_embedding(
    x: Array,
    cos: Array,
    sin: Array,
    positions: Array | None = None,
    *,
    interleaved: int = 0,
    num_heads: int | None = None,
    rotary_embedding_dim: int = 0,
) -> Array:
    """x (N, heads, T, size) or (N, T, heads * size), rotated pair by pair.

    cos and sin are (positions, rotated / 2) with `positions` (N, T) into them, or (N, T, rotated / 2).
    """
    heads = split_heads(x, num_heads or 1) if x.ndim == 3 else x
    rotated = rotary_embedding_dim or heads.shape[3]
    if positions is not None:
        cos, sin = cos[positions], sin[positions]
    if cos.shape[-1] != rotated // 2 or sin.shape != cos.shape:
        raise ValueError(f"cos {cos.shape} and sin {sin.shape} do not fit {rotated} rotated elements")
    cos, sin = cos[:, None], sin[:, None]
    if interleaved:
        first, second = heads[..., 0:rotated:2], heads[..., 1:rotated:2]
    else:
        first, second = heads[..., : rotated // 2], heads[..., rotated // 2 : rotated]
    real, imaginary = cos * first - sin * second, sin * first + cos * second
    result = heads.copy()
    if interleaved:
        result[..., 0:rotated:2], result[..., 1:rotated:2] = real, imaginary
    else:
        result[..., : rotated // 2], result[..., rotated // 2 : rotated] = real, imaginary
    return join_heads(result) if x.ndim == 3 else result
