"""Normalisations."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import op
from hearth.runtime.ops.rules import same


@op("BatchNormalization", rule=same)
def batch_normalization(
    x: Array,
    scale: Array,
    bias: Array,
    mean: Array,
    variance: Array,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    spatial: int = 1,
    training_mode: int = 0,
) -> Array:
    """Inference: x (N, C, ...) scaled and shifted a channel by stored statistics."""
    if training_mode:
        raise ValueError("training is not supported")
    dims = (1, -1) + (1,) * (x.ndim - 2)
    factor = scale / np.sqrt(variance + variance.dtype.type(epsilon))
    return np.asarray(x * factor.reshape(dims) + (bias - mean * factor).reshape(dims), x.dtype)
