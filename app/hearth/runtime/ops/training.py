"""One step of the optimisers of ai.onnx.preview.training, for any number of tensors at once.

Inputs come grouped: all tensors, all gradients, then all of each state. Sources: the ONNX operator documentation;
Duchi et al., "Adaptive Subgradient Methods", 2011; Kingma and Ba, "Adam", 2014.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import op

DOMAIN = "ai.onnx.preview.training"


def _groups(tensors: tuple[Array, ...], count: int) -> list[tuple[Array, ...]]:
    """The tensors in `count` groups of one size."""
    size, rest = divmod(len(tensors), count)
    if rest:
        raise ValueError(f"{len(tensors)} tensors do not make {count} groups")
    return [tensors[at * size : (at + 1) * size] for at in range(count)]


def _regularised(x: Array, gradient: Array, norm: float) -> Array:
    return gradient + x.dtype.type(norm) * x


@op("Adagrad", domain=DOMAIN)
def adagrad(
    rate: Array,
    time: Array,
    *tensors: Array,
    decay_factor: float = 0.0,
    epsilon: float = 1e-6,
    norm_coefficient: float = 0.0,
) -> tuple[Array, ...]:
    """(x, gradient, accumulated squares) -> (new x, new squares)."""
    step = rate / (1 + time * decay_factor)
    xs, squares = [], []
    for x, gradient, square in zip(*_groups(tensors, 3), strict=True):
        slope = _regularised(x, gradient, norm_coefficient)
        square = square + slope * slope
        xs.append(np.asarray(x - step * slope / (np.sqrt(square) + epsilon), x.dtype))
        squares.append(square)
    return (*xs, *squares)


@op("Adam", domain=DOMAIN)
def adam(
    rate: Array,
    time: Array,
    *tensors: Array,
    alpha: float = 0.9,
    beta: float = 0.999,
    epsilon: float = 1e-6,
    norm_coefficient: float = 0.0,
    norm_coefficient_post: float = 0.0,
) -> tuple[Array, ...]:
    """(x, gradient, mean, mean square) -> (new x, new mean, new mean square)."""
    t = float(time)
    step = float(rate) * (np.sqrt(1 - beta**t) / (1 - alpha**t) if t > 0 else 1)
    xs, means, squares = [], [], []
    for x, gradient, mean, square in zip(*_groups(tensors, 4), strict=True):
        slope = _regularised(x, gradient, norm_coefficient)
        mean = np.asarray(alpha * mean + (1 - alpha) * slope, x.dtype)
        square = np.asarray(beta * square + (1 - beta) * slope * slope, x.dtype)
        moved = x - step * mean / (np.sqrt(square) + epsilon)
        xs.append(np.asarray((1 - norm_coefficient_post) * moved, x.dtype))
        means.append(mean)
        squares.append(square)
    return (*xs, *means, *squares)


@op("Momentum", domain=DOMAIN)
def momentum(
    rate: Array, time: Array, *tensors: Array, alpha: float, beta: float, mode: str, norm_coefficient: float
) -> tuple[Array, ...]:
    """(x, gradient, velocity) -> (new x, new velocity); `mode` is standard or nesterov."""
    if mode not in ("standard", "nesterov"):
        raise ValueError(f"the mode '{mode}' is none of standard, nesterov")
    share = beta if float(time) > 0 else 1.0
    xs, velocities = [], []
    for x, gradient, velocity in zip(*_groups(tensors, 3), strict=True):
        slope = _regularised(x, gradient, norm_coefficient)
        velocity = np.asarray(alpha * velocity + share * slope, x.dtype)
        direction = velocity if mode == "standard" else slope + alpha * velocity
        xs.append(np.asarray(x - rate * direction, x.dtype))
        velocities.append(velocity)
    return (*xs, *velocities)
