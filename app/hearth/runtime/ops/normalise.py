"""Normalisations: to mean 0 and variance 1, to root mean square 1, or by neighbours, over an op's own axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.casting import convert
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import by_channel, check_broadcasts, check_equal, normal_axis, same, scaled
from hearth.runtime.types import Dim, TensorType, dtype_of

MICROSOFT = "com.microsoft"
FLOAT32 = np.dtype(np.float32)


def standardised(x: Array, axes: tuple[int, ...], epsilon: float) -> tuple[Array, Array, Array]:
    """(x with mean 0 and variance 1 over `axes`, the mean, 1 / standard deviation)."""
    mean = x.mean(axis=axes, keepdims=True, dtype=x.dtype)
    centred = x - mean
    variance = np.square(centred).mean(axis=axes, keepdims=True, dtype=x.dtype)
    inverse = 1 / np.sqrt(variance + x.dtype.type(epsilon))
    return centred * inverse, mean, inverse


def _per_channel(values: Array, rank: int) -> Array:
    return values.reshape(-1, *(1,) * (rank - 2))


def _batch_rule(
    x: Operand, scale: Operand, *statistics: Operand | None, spatial: int = 1, n_outputs: int = 1, **_: Any
) -> list[TensorType]:
    if spatial:
        by_channel(x, scale, *statistics)
    else:
        for item in (scale, *statistics):
            if item is not None and item.shape is not None and x.shape is not None:
                check_broadcasts(item.shape, x.shape[1:])
    return [x.type, *(TensorType(scale.dtype, scale.shape) for _ in range(n_outputs - 1))]


@op("BatchNormalization", since=1, rule=_batch_rule)
def batch_normalization_early(
    x: Array,
    scale: Array,
    bias: Array,
    mean: Array,
    variance: Array,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    spatial: int = 1,
    is_test: int = 1,
    n_outputs: int = 1,
) -> Array:
    """Before opset 14, which has training by an attribute; with `spatial` 0 every element has its own statistics."""
    if n_outputs > 1:
        raise ValueError("training is not supported before opset 14")
    if spatial:
        return batch_normalization(x, scale, bias, mean, variance, epsilon=epsilon)[0]
    return np.asarray((x - mean) / np.sqrt(variance + variance.dtype.type(epsilon)) * scale + bias, x.dtype)


@op("BatchNormalization", since=14, rule=_batch_rule)
def batch_normalization(
    x: Array,
    scale: Array,
    bias: Array,
    mean: Array,
    variance: Array,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """x (N, C, ...) scaled and shifted a channel: by stored statistics, or in training by those of the batch.

    Training also returns the running mean and variance.
    """
    running: tuple[Array, ...] = ()
    if training_mode:
        axes = (0, *range(2, x.ndim))
        wide = x.astype(np.float32) if x.dtype == np.float16 else x
        batch = wide.mean(axis=axes), wide.var(axis=axes)
        running = tuple(
            np.asarray(old * momentum + new * (1 - momentum), old.dtype)
            for old, new in zip((mean, variance), batch, strict=True)
        )
        mean, variance = (item.astype(x.dtype) for item in batch)
    factor = scale / np.sqrt(variance + variance.dtype.type(epsilon))
    shift = bias - mean * factor
    y = np.asarray(x * _per_channel(factor, x.ndim) + _per_channel(shift, x.ndim), x.dtype)
    return (y, *running)[:n_outputs]


@op("InstanceNormalization", rule=by_channel)
def instance_normalization(x: Array, scale: Array, bias: Array, *, epsilon: float = 1e-5) -> Array:
    """x (N, C, ...): every channel of every picture on its own."""
    y, _, _ = standardised(x, tuple(range(2, x.ndim)), epsilon)
    return y * _per_channel(scale, x.ndim) + _per_channel(bias, x.ndim)


def _group_rule(x: Operand, *others: Operand | None, num_groups: int, **_: Any) -> TensorType:
    channels = x.shape[1] if x.shape is not None else None
    if num_groups < 1 or (isinstance(channels, int) and channels % num_groups):
        raise ValueError(f"{channels} channels do not part into {num_groups} groups")
    for other in others:
        if other is not None and other.shape is not None:
            check_equal(math.prod(dim for dim in other.shape if isinstance(dim, int)), num_groups)
    return x.type


def _channel_group_rule(x: Operand, *others: Operand | None, num_groups: int, **_: Any) -> TensorType:
    _group_rule(x, num_groups=num_groups)
    return by_channel(x, *others)


def _group_normalised(x: Array, groups: int, epsilon: float) -> Array:
    wide = x.astype(np.float32) if x.dtype == np.float16 else x
    y, _, _ = standardised(wide.reshape(x.shape[0], groups, -1), (2,), epsilon)
    return y.astype(x.dtype)


@op("GroupNormalization", since=18, rule=_group_rule)
def group_normalization_by_group(
    x: Array, scale: Array, bias: Array, *, num_groups: int, epsilon: float = 1e-5
) -> Array:
    """Opset 18: scale and bias (groups,)."""
    y = _group_normalised(x, num_groups, epsilon)
    return (y * scale.reshape(-1, 1) + bias.reshape(-1, 1)).reshape(x.shape)


@op("GroupNormalization", since=21, rule=_channel_group_rule)
def group_normalization(
    x: Array, scale: Array, bias: Array, *, num_groups: int, epsilon: float = 1e-5, stash_type: int = 1
) -> Array:
    """x (N, C, ...) over groups of channels; scale and bias (C,). Wu and He, "Group Normalization", 2018."""
    y = _group_normalised(x, num_groups, epsilon).reshape(x.shape)
    return y * _per_channel(scale, x.ndim) + _per_channel(bias, x.ndim)


def _layer_rule(
    x: Operand, *others: Operand | None, axis: int = -1, stash_type: int = 1, n_outputs: int = 1, **_: Any
) -> list[TensorType]:
    scaled(x, *others)
    shape = None
    if x.shape is not None:
        start = normal_axis(axis, len(x.shape))
        dims: list[Dim] = [*x.shape[:start], *(1,) * (len(x.shape) - start)]
        shape = tuple(dims)
    return [x.type, *(TensorType(dtype_of(stash_type), shape) for _ in range(n_outputs - 1))]


@op("LayerNormalization", rule=_layer_rule, storage=True)
def layer_normalization(
    x: Array,
    scale: Array,
    bias: Array | None = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """Over the axes from `axis` on, computed in `stash_type`. Ba et al., "Layer Normalization", 2016."""
    dtype, stash = x.dtype, dtype_of(stash_type)
    axes = tuple(range(normal_axis(axis, x.ndim), x.ndim))
    y, mean, inverse = standardised(convert(x, stash), axes, epsilon)
    if dtype == stash:
        y = y * scale if bias is None else y * scale + bias
    else:
        y = convert(y, dtype)
        wide = convert(y, FLOAT32) * convert(scale, FLOAT32)
        y = convert(wide if bias is None else wide + convert(bias, FLOAT32), dtype)
    return (y, mean, inverse)[:n_outputs]


@op("SimplifiedLayerNormalization", rule=scaled, storage=True)
@op("RMSNormalization", rule=scaled, storage=True)
def rms_normalization(x: Array, scale: Array, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> Array:
    """x over its root mean square. Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019."""
    stash = dtype_of(stash_type)
    wide = convert(x, stash)
    axes = tuple(range(normal_axis(axis, x.ndim), x.ndim))
    square = np.square(wide).mean(axis=axes, keepdims=True, dtype=wide.dtype)
    y = wide / np.sqrt(square + wide.dtype.type(epsilon))
    if x.dtype != stash:
        y = convert(convert(y, x.dtype), FLOAT32)
    return convert(np.asarray(y * convert(scale, y.dtype), y.dtype), x.dtype)


def _skip_rule(x: Operand, *_: Operand | None, n_outputs: int = 1, **__: Any) -> list[TensorType]:
    return [x.type, *(TensorType(FLOAT32, None) for _ in range(min(2, n_outputs - 1))), *[x.type] * (n_outputs == 4)]


@op("SkipLayerNormalization", domain=MICROSOFT, rule=_skip_rule)
def skip_layer_normalization(
    x: Array,
    skip: Array,
    gamma: Array,
    beta: Array | None = None,
    bias: Array | None = None,
    *,
    epsilon: float = 1e-12,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """Layer normalisation of x + skip + bias -> (result, mean, 1 / standard deviation, the sum)."""
    total = x + skip if bias is None else x + skip + bias
    y, mean, inverse = layer_normalization(total, gamma, beta, epsilon=epsilon, n_outputs=3)
    return (y, mean, inverse, total)[:n_outputs]


@op("SkipSimplifiedLayerNormalization", domain=MICROSOFT, rule=_skip_rule)
def skip_simplified_layer_normalization(
    x: Array, skip: Array, gamma: Array, bias: Array | None = None, *, epsilon: float = 1e-12, n_outputs: int = 1
) -> tuple[Array, ...]:
    """RMS normalisation of x + skip + bias -> (result, mean, 1 / root mean square, the sum)."""
    total = x + skip if bias is None else x + skip + bias
    square = np.square(total.astype(np.float32)).mean(-1, keepdims=True)
    inverse = 1 / np.sqrt(square + np.float32(epsilon))
    y = rms_normalization(total, gamma, epsilon=epsilon)
    return (y, np.zeros_like(square), inverse, total)[:n_outputs]


@op("MeanVarianceNormalization", rule=same)
def mean_variance_normalization(x: Array, *, axes: Sequence[int] = (0, 2, 3)) -> Array:
    """Mean 0 and variance 1 over `axes`; the deviation plus 1e-9 keeps zeros from dividing."""
    chosen = tuple(axes)
    centred = x - x.mean(axis=chosen, keepdims=True)
    deviation = np.sqrt(np.square(centred).mean(axis=chosen, keepdims=True))
    return np.asarray(centred / (deviation + x.dtype.type(1e-9)), x.dtype)


@op("LpNormalization", rule=same)
def lp_normalization(x: Array, *, axis: int = -1, p: int = 2) -> Array:
    """x over its 1- or 2-norm along an axis; zeros stay zeros."""
    norm = np.abs(x).sum(axis, keepdims=True) if p == 1 else np.sqrt(np.square(x).sum(axis, keepdims=True))
    return np.asarray(np.where(norm == 0, x.dtype.type(0), x / norm), x.dtype)


@op("LRN", rule=same)
def lrn(x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0) -> Array:
    """Local response normalisation over `size` neighbouring channels. Krizhevsky et al., 2012."""
    channels = x.shape[1]
    if size < 1:
        raise ValueError(f"{size} channels are no neighbourhood")
    before, after = min((size - 1) // 2, channels), min(size // 2, channels)
    squares = np.zeros((x.shape[0], channels + before + after, *x.shape[2:]), x.dtype)
    squares[:, before : before + channels] = np.square(x)
    total = squares[:, :channels].copy()
    for shift in range(1, before + after + 1):
        total += squares[:, shift : shift + channels]
    scale = x.dtype.type(bias) + x.dtype.type(alpha / size) * total
    return np.asarray(x / np.power(scale, x.dtype.type(beta)), x.dtype)
