"""Random numbers. With a seed the same ones come each time; they are not those of other runtimes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.casting import convert
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.types import TensorType, dtype_of

if TYPE_CHECKING:
    from numpy.random import Generator


def _source(seed: float | None) -> Generator:
    # By its name in numpy, which loads it when it is first wanted: six libraries.
    return np.random.default_rng(None if seed is None else int(np.float32(seed).view(np.uint32)))


def _shape_rule(*, shape: Sequence[int], dtype: int = 1, **_: Any) -> TensorType:
    return TensorType(dtype_of(dtype), tuple(shape))


def _like_rule(x: Operand, *, dtype: int | None = None, **_: Any) -> TensorType:
    return TensorType(dtype_of(dtype) if dtype else x.dtype, x.shape)


@op("RandomNormal", rule=_shape_rule)
def random_normal(
    *, shape: Sequence[int], dtype: int = 1, mean: float = 0.0, scale: float = 1.0, seed: float | None = None
) -> Array:
    return convert(_source(seed).normal(mean, scale, shape), dtype_of(dtype))


@op("RandomUniform", rule=_shape_rule)
def random_uniform(
    *, shape: Sequence[int], dtype: int = 1, low: float = 0.0, high: float = 1.0, seed: float | None = None
) -> Array:
    return convert(_source(seed).uniform(low, high, shape), dtype_of(dtype))


@op("RandomNormalLike", rule=_like_rule, storage=True)
def random_normal_like(
    x: Array, *, dtype: int | None = None, mean: float = 0.0, scale: float = 1.0, seed: float | None = None
) -> Array:
    return convert(_source(seed).normal(mean, scale, x.shape), dtype_of(dtype) if dtype else x.dtype)


@op("RandomUniformLike", rule=_like_rule, storage=True)
def random_uniform_like(
    x: Array, *, dtype: int | None = None, low: float = 0.0, high: float = 1.0, seed: float | None = None
) -> Array:
    return convert(_source(seed).uniform(low, high, x.shape), dtype_of(dtype) if dtype else x.dtype)


@op("Bernoulli", rule=_like_rule)
def bernoulli(x: Array, *, dtype: int | None = None, seed: float | None = None) -> Array:
    """1 with the probability that each element of x says, else 0."""
    return convert(_source(seed).random(x.shape) < x, dtype_of(dtype) if dtype else x.dtype)


def _multinomial_rule(x: Operand, *, dtype: int = 6, sample_size: int = 1, seed: float | None = None) -> TensorType:
    return TensorType(dtype_of(dtype), (x.shape[0] if x.shape else None, sample_size))


@op("Multinomial", rule=_multinomial_rule)
def multinomial(x: Array, *, dtype: int = 6, sample_size: int = 1, seed: float | None = None) -> Array:
    """x (N, classes) of log-probabilities, not normalised -> (N, samples) of classes drawn by them."""
    noise = _source(seed).gumbel(size=(x.shape[0], sample_size, x.shape[1]))
    return convert(np.argmax(x[:, None] + noise, -1), dtype_of(dtype))
