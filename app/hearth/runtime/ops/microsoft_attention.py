"""Attention as onnxruntime's transformer optimiser and generator write it, and what goes with it.

Source: onnxruntime's contrib operator documentation.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.attention import join_heads, masked_softmax, rotary_embedding, split_heads
from hearth.runtime.ops.contract import matmul
from hearth.runtime.ops.normalise import layer_normalization
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import same
from hearth.runtime.types import TensorType

MICROSOFT = "com.microsoft"


def _attend(
    q: Array, k: Array, v: Array, scale: float, bias: Array | None, hidden: Array | None, low: float
) -> tuple[Array, Array]:
    """softmax(q k * scale + bias) v -> (result (N, heads, T, size), scores); scores at `hidden` become `low`."""
    repeat = q.shape[1] // k.shape[1]
    if repeat > 1:
        k, v = np.repeat(k, repeat, 1), np.repeat(v, repeat, 1)
    scores = matmul(q, k.swapaxes(-1, -2)) * q.dtype.type(scale or 1 / np.sqrt(q.shape[-1]))
    if bias is not None:
        scores = scores + bias
    if hidden is not None:
        scores = np.where(hidden, q.dtype.type(low), scores)
    return matmul(masked_softmax(scores).astype(q.dtype), v), scores


def _hidden_by_mask(mask: Array | None, batch: int, steps: int, total: int) -> Array | None:
    """True where a key is padding, to broadcast to (N, heads, T, total).

    A mask holds 1 for what may be seen, (N, total), (N, T, total) or (N, 1, total, total); or the number of keys, (N,),
    and after it the first of them, (2 N,).
    """
    if mask is None:
        return None
    key = np.arange(total)
    if mask.ndim == 1 and len(mask) in (batch, 3 * batch + 2):
        return (key >= mask[:batch, None])[:, None, None]
    if mask.ndim == 1 and len(mask) == 2 * batch:
        return ((key >= mask[:batch, None]) | (key < mask[batch:, None]))[:, None, None]
    if mask.ndim == 2:
        return (mask == 0)[:, None, None]
    if mask.ndim == 3:
        return (mask == 0)[:, None]
    return mask[:, :, total - steps : total, :total] == 0


def _future(steps: int, total: int) -> Array:
    return np.arange(total) > np.arange(total - steps, total)[:, None]


def _joined(first: Array | None, second: Array | None) -> Array | None:
    return second if first is None else first if second is None else first | second


@op("Attention", domain=MICROSOFT, data_dependent=True)
def attention(
    x: Array,
    weights: Array,
    bias: Array | None = None,
    mask: Array | None = None,
    past: Array | None = None,
    attention_bias: Array | None = None,
    past_length: Array | None = None,
    *,
    do_rotary: int = 0,
    mask_filter_value: float = -10000.0,
    num_heads: int,
    past_present_share_buffer: int = 0,
    qkv_hidden_sizes: list[int] | None = None,
    rotary_embedding_dim: int = 0,
    scale: float = 0.0,
    unidirectional: int = 0,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """x (N, T, I), weights (I, 3 H), bias (3 H,), past (2, N, heads, P, size) -> (result (N, T, H), keys, values)."""
    if do_rotary or past_present_share_buffer:
        raise ValueError("rotary positions and shared buffers are not supported here")
    product = matmul(x, weights)
    product = product if bias is None else product + bias
    sizes = qkv_hidden_sizes or [weights.shape[1] // 3] * 3
    parts = np.split(product, np.cumsum(sizes)[:2].tolist(), -1)
    q, k, v = (split_heads(part, num_heads) for part in parts)
    if past is not None:
        k, v = np.concatenate((past[0], k), 2), np.concatenate((past[1], v), 2)
    steps, total = q.shape[2], k.shape[2]
    hidden = _hidden_by_mask(mask, len(x), steps, total)
    if unidirectional:
        hidden = _joined(hidden, _future(steps, total))
    y, _ = _attend(q, k, v, scale, attention_bias, hidden, mask_filter_value)
    present = np.stack((k, v)) if n_outputs > 1 else k
    return (join_heads(y), present)[:n_outputs]


@op("MultiHeadAttention", domain=MICROSOFT, data_dependent=True)
def multi_head_attention(
    query: Array,
    key: Array | None = None,
    value: Array | None = None,
    bias: Array | None = None,
    key_padding_mask: Array | None = None,
    attention_bias: Array | None = None,
    past_key: Array | None = None,
    past_value: Array | None = None,
    past_length: Array | None = None,
    cache_indirection: Array | None = None,
    *,
    mask_filter_value: float = -10000.0,
    num_heads: int,
    scale: float = 0.0,
    unidirectional: int = 0,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """query (N, T, H), key and value (N, S, H) or with heads apart (N, heads, S, size); bias (3 H,) for all three.

    -> (result (N, T, H), keys, values (N, heads, P + S, size), scores).
    """
    if query.ndim == 5:
        query, key, value = (query[..., at, :].reshape(*query.shape[:2], -1) for at in range(3))
    elif key is not None and key.ndim == 5:
        key, value = (key[..., at, :].reshape(*key.shape[:2], -1) for at in range(2))
    if key is None or value is None:
        raise ValueError("keys or values are missing")
    width, cross = query.shape[-1], key.ndim == 4
    if bias is not None:
        query = query + bias[:width]
        if not cross:
            key, value = key + bias[width : 2 * width], value + bias[2 * width :]
    q = split_heads(query, num_heads)
    k, v = (key, value) if cross else (split_heads(key, num_heads), split_heads(value, num_heads))
    if past_key is not None and past_value is not None:
        k, v = np.concatenate((past_key, k), 2), np.concatenate((past_value, v), 2)
    steps, total = q.shape[2], k.shape[2]
    hidden = _hidden_by_mask(key_padding_mask, len(q), steps, total)
    if unidirectional:
        hidden = _joined(hidden, _future(steps, total))
    y, scores = _attend(q, k, v, scale, attention_bias, hidden, mask_filter_value)
    return (join_heads(y), k, v, scores)[:n_outputs]


@op("GroupQueryAttention", domain=MICROSOFT, data_dependent=True)
def group_query_attention(
    query: Array,
    key: Array | None,
    value: Array | None,
    past_key: Array | None,
    past_value: Array | None,
    last_keys: Array,
    total_length: Array,
    cos: Array | None = None,
    sin: Array | None = None,
    positions: Array | None = None,
    attention_bias: Array | None = None,
    *,
    do_rotary: int = 0,
    kv_num_heads: int,
    local_window_size: int = -1,
    num_heads: int,
    rotary_interleaved: int = 0,
    scale: float = 0.0,
    smooth_softmax: int = 0,
    softcap: float = 0.0,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """query (N, T, heads * size), key and value (N, T, kv heads * size), or all three packed into the query.

    `last_keys` (N,) is the place of each sequence's last key; the cache (N, kv heads, P, size) may be longer than what
    is used of it. -> (result (N, T, heads * size), keys and values).
    """
    if smooth_softmax or softcap:
        raise ValueError("a smooth or capped softmax is not supported here")
    if key is None or value is None:
        size = query.shape[-1] // (num_heads + 2 * kv_num_heads)
        ends = [num_heads * size, (num_heads + kv_num_heads) * size]
        query, key, value = np.split(query, ends, -1)
    q, k, v = split_heads(query, num_heads), split_heads(key, kv_num_heads), split_heads(value, kv_num_heads)
    batch, _, steps, size = q.shape
    total = int(total_length.reshape(-1)[0])
    used = last_keys.reshape(-1).astype(np.int64) + 1
    before = np.zeros(batch, np.int64) if steps == total else used - steps
    places = before[:, None] + np.arange(steps)
    if do_rotary and cos is not None and sin is not None:
        at = places if positions is None else positions
        how = {"interleaved": rotary_interleaved, "rotary_embedding_dim": 2 * cos.shape[1]}
        q, k = rotary_embedding(q, cos, sin, at, **how), rotary_embedding(k, cos, sin, at, **how)
    length = max(total, 0 if past_key is None else past_key.shape[2])
    present = []
    for fresh, past in ((k, past_key), (v, past_value)):
        cache = np.zeros((batch, kv_num_heads, length, fresh.shape[3]), fresh.dtype)
        for n, start in enumerate(before.tolist()):
            if past is not None:
                cache[n, :, :start] = past[n, :, :start]
            cache[n, :, start : start + steps] = fresh[n]
        present.append(cache)
    here, there = places[:, None, :, None], np.arange(total)
    hidden = there > here
    if local_window_size >= 0:
        hidden |= there <= here - local_window_size
    k, v = (cache[:, :, :total] for cache in present)
    y, _ = _attend(q, k, v, scale, attention_bias, hidden, -np.inf)
    return (join_heads(y), *present)[:n_outputs]


@op("RotaryEmbedding", domain=MICROSOFT, rule=same)
def rotary_embedding_microsoft(
    x: Array,
    positions: Array,
    cos: Array,
    sin: Array,
    *,
    interleaved: int = 0,
    is_packed_batching: int = 0,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
    scale: float = 1.0,
) -> Array:
    """As RotaryEmbedding of ONNX, with positions (N, T), or (1,) for the first step's."""
    steps = x.shape[2] if x.ndim == 4 else x.shape[1]
    if positions.size == 1 and steps >= 1 and positions.ndim == 1:
        positions = np.broadcast_to(positions + np.arange(steps), (len(x), steps))
    heads = num_heads or (x.shape[-1] // (2 * cos.shape[1]) if x.ndim == 3 else 0)
    return rotary_embedding(
        x, cos, sin, positions, interleaved=interleaved, num_heads=heads, rotary_embedding_dim=rotary_embedding_dim
    )


def _embed_rule(
    ids: Operand,
    segments: Operand | None,
    words: Operand,
    *_: Operand | None,
    epsilon: float = 1e-12,
    mask_index_type: int = 0,
    n_outputs: int = 1,
) -> list[TensorType]:
    shape = None if ids.shape is None or words.shape is None else (*ids.shape, words.shape[1])
    mask = TensorType(np.dtype(np.int32), (ids.shape[0],) if ids.shape else None)
    return [TensorType(words.dtype, shape), mask, TensorType(words.dtype, shape)][:n_outputs]


@op("EmbedLayerNormalization", domain=MICROSOFT, rule=_embed_rule)
def embed_layer_normalization(
    ids: Array,
    segments: Array | None,
    words: Array,
    places: Array,
    kinds: Array | None,
    gamma: Array,
    beta: Array,
    mask: Array | None = None,
    position_ids: Array | None = None,
    *,
    epsilon: float = 1e-12,
    mask_index_type: int = 0,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """ids (N, T) -> (normalised sum of word, position and segment embeddings (N, T, H), lengths (N,), the sum)."""
    at = np.arange(ids.shape[1])[None] if position_ids is None else position_ids
    total = words[ids] + places[at]
    if segments is not None and kinds is not None:
        total = total + kinds[segments]
    (y,) = layer_normalization(total, gamma, beta, epsilon=epsilon)
    lengths = np.zeros(len(ids), np.int32) if mask is None else mask.sum(1).astype(np.int32)
    return (y, lengths, total)[:n_outputs]
