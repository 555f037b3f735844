"""Layers that carry a state from step to step: linear attention and causal convolution, as used beside transformers.

Sources: the ONNX operator documentation; Katharopoulos et al., "Transformers are RNNs", 2020; Yang et al., "Gated Delta
Networks", 2024.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.limits import tick
from hearth.runtime.ops.activation import swish
from hearth.runtime.ops.attention import join_heads, split_heads
from hearth.runtime.ops.casting import convert
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.types import Dim, TensorType

FLOAT32 = np.dtype(np.float32)


def _linear_rule(
    query: Operand,
    key: Operand,
    value: Operand,
    past_state: Operand | None = None,
    *_: Operand | None,
    q_num_heads: int,
    kv_num_heads: int,
    **__: Any,
) -> list[TensorType]:
    state = query.dtype if past_state is None else past_state.dtype
    if not (query.type.static and value.type.static):
        return [TensorType(query.dtype), TensorType(state)]
    n, steps, width = query.type.static_shape
    size = value.type.static_shape[2] // kv_num_heads
    dims: tuple[Dim, ...] = (n, kv_num_heads, width // q_num_heads, size)
    return [TensorType(query.dtype, (n, steps, q_num_heads * size)), TensorType(state, dims)]


@op("LinearAttention", rule=_linear_rule, storage=True)
def linear_attention(
    query: Array,
    key: Array,
    value: Array,
    past_state: Array | None = None,
    decay: Array | None = None,
    beta: Array | None = None,
    *,
    q_num_heads: int,
    kv_num_heads: int,
    chunk_size: int = 64,
    scale: float = 0.0,
    update_rule: str = "gated_delta",
) -> tuple[Array, Array]:
    """query (N, T, heads * K), key and value (N, T, kv heads * K or V) -> (result, last state (N, kv heads, K, V)).

    Every step adds key x value to the state and reads it with the query. `gated` rules let the state decay by
    exp(decay) first; `delta` rules add only what the state does not yet give for the key, times beta.
    """
    rules = {"linear": (False, False), "gated": (True, False), "delta": (False, True), "gated_delta": (True, True)}
    if update_rule not in rules:
        raise ValueError(f"the rule '{update_rule}' is none of {', '.join(rules)}")
    gated, delta = rules[update_rule]
    if gated != (decay is not None) or delta != (beta is not None):
        raise ValueError(f"decay or beta do not fit the rule '{update_rule}'")
    dtype, state_dtype = query.dtype, query.dtype if past_state is None else past_state.dtype
    q = split_heads(convert(query, FLOAT32), q_num_heads)
    k, v = (split_heads(convert(item, FLOAT32), kv_num_heads) for item in (key, value))
    batch, steps, repeat = q.shape[0], q.shape[2], q_num_heads // kv_num_heads
    state = np.zeros((batch, kv_num_heads, k.shape[3], v.shape[3]), np.float32)
    if past_state is not None:
        state = convert(past_state, FLOAT32)
    gates = None if decay is None else np.exp(split_heads(convert(decay, FLOAT32), kv_num_heads))
    rates = None if beta is None else split_heads(convert(beta, FLOAT32), beta.shape[2])
    factor = np.float32(scale or 1 / np.sqrt(q.shape[3]))
    outputs = np.empty((batch, q_num_heads, steps, v.shape[3]), np.float32)
    for t in range(steps):
        tick()
        if gates is not None:
            state = state * gates[:, :, t, :, None]
        write = v[:, :, t]
        if rates is not None:
            write = rates[:, :, t] * (write - np.einsum("nhkv,nhk->nhv", state, k[:, :, t]))
        state = state + k[:, :, t, :, None] * write[:, :, None, :]
        seen = np.repeat(state, repeat, 1) if repeat > 1 else state
        outputs[:, :, t] = factor * np.einsum("nhk,nhkv->nhv", q[:, :, t], seen)
    return convert(join_heads(outputs), dtype), convert(state, state_dtype)


def _causal_rule(x: Operand, w: Operand, *_: Operand | None, **__: Any) -> list[TensorType]:
    tail = w.shape[2] if w.shape is not None else None
    state = None if x.shape is None else (*x.shape[:2], tail - 1 if isinstance(tail, int) else None)
    return [x.type, TensorType(x.dtype, state)]


@op("CausalConvWithState", rule=_causal_rule)
def causal_conv_with_state(
    x: Array, w: Array, b: Array | None = None, past_state: Array | None = None, *, activation: str = "none"
) -> tuple[Array, Array]:
    """x (N, C, T), w (C, 1, K): each channel by its own kernel over the last K steps -> (result, last inputs)."""
    if activation not in ("none", "silu", "swish"):
        raise ValueError(f"the activation '{activation}' is none of none, silu, swish")
    steps, reach = x.shape[2], w.shape[2]
    past = np.zeros((*x.shape[:2], reach - 1), x.dtype) if past_state is None else past_state
    padded = np.concatenate((past, x), 2)
    wide = padded.astype(np.float32) if x.dtype == np.float16 else padded
    total = sum(wide[:, :, at : at + steps] * w[None, :, 0, at, None] for at in range(reach))
    y = np.asarray(total if b is None else total + b[:, None], x.dtype)
    return y if activation == "none" else swish(y), padded[:, :, padded.shape[2] - reach + 1 :]
