"""Activation functions."""

from __future__ import annotations

import math

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import op
from hearth.runtime.ops.rules import broadcast, same, scaled

MICROSOFT = "com.microsoft"
SELU_ALPHA, SELU_GAMMA = 1.67326319217681884765625, 1.05070102214813232421875
"""Klambauer et al., "Self-Normalizing Neural Networks", 2017, as the float32 numbers of ONNX."""


def like(x: Array, value: float) -> np.generic:
    """A Python number as the dtype of `x`, so that numpy does not widen."""
    number: np.generic = x.dtype.type(value)
    return number


@op("Relu", rule=same)
def relu(x: Array) -> Array:
    return np.maximum(x, like(x, 0))


@op("Sigmoid", rule=same)
def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)); where the exponential overflows, 0 is right. Half precision would lose a bit on the way."""
    if x.dtype == np.float16:
        return sigmoid(x.astype(np.float32)).astype(np.float16)
    one = like(x, 1)
    return one / (one + np.exp(-x))


@op("HardSigmoid", rule=same)
def hard_sigmoid(x: Array, *, alpha: float = 0.2, beta: float = 0.5) -> Array:
    return np.clip(x * like(x, alpha) + like(x, beta), like(x, 0), like(x, 1))


@op("HardSwish", rule=same)
def hard_swish(x: Array) -> Array:
    return x * hard_sigmoid(x, alpha=1 / 6, beta=0.5)


@op("Swish", rule=same)
def swish(x: Array, *, alpha: float = 1.0) -> Array:
    if x.dtype == np.float16:
        return swish(x.astype(np.float32), alpha=alpha).astype(np.float16)
    return x * sigmoid(x if alpha == 1 else x * like(x, alpha))


@op("SwiGLU", rule=broadcast)
def swiglu(gate: Array, value: Array, *, alpha: float = 1.0) -> Array:
    return swish(gate, alpha=alpha) * value


@op("LeakyRelu", rule=same)
def leaky_relu(x: Array, *, alpha: float = 0.01) -> Array:
    return np.where(x < 0, x * like(x, alpha), x)


@op("PRelu", rule=same)
def prelu_channels(x: Array, slope: Array) -> Array:
    """Before opset 7 a slope of one dimension has one number for each channel of x (N, C, ...)."""
    if slope.ndim == 1 and slope.size > 1:
        slope = slope.reshape(-1, *(1,) * (x.ndim - 2))
    return np.where(x < 0, x * slope, x)


@op("PRelu", since=7, rule=scaled)
def prelu(x: Array, slope: Array) -> Array:
    return np.where(x < 0, x * slope, x)


@op("Elu", rule=same)
def elu(x: Array, *, alpha: float = 1.0) -> Array:
    return np.where(x < 0, like(x, alpha) * np.expm1(np.minimum(x, like(x, 0))), x)


@op("Selu", rule=same)
def selu_1(x: Array, *, alpha: float = 1.6732, gamma: float = 1.0507) -> Array:
    return selu(x, alpha=alpha, gamma=gamma)


@op("Selu", since=6, rule=same)
def selu(x: Array, *, alpha: float = SELU_ALPHA, gamma: float = SELU_GAMMA) -> Array:
    return elu(x, alpha=alpha) * like(x, gamma)


@op("Celu", rule=same)
def celu(x: Array, *, alpha: float = 1.0) -> Array:
    zero = like(x, 0)
    below = like(x, alpha) * np.expm1(np.minimum(x / like(x, alpha), zero))
    return np.maximum(x, zero) + np.minimum(below, zero)


@op("ThresholdedRelu", rule=same)
def thresholded_relu(x: Array, *, alpha: float = 1.0) -> Array:
    return np.where(x > alpha, x, like(x, 0))


@op("Shrink", rule=same)
def shrink(x: Array, *, bias: float = 0.0, lambd: float = 0.5) -> Array:
    towards_zero = np.where(x < -lambd, x + like(x, bias), np.where(x > lambd, x - like(x, bias), like(x, 0)))
    return np.asarray(towards_zero, x.dtype)


@op("Softplus", rule=same)
def softplus(x: Array) -> Array:
    return np.logaddexp(x, like(x, 0))


@op("Softsign", rule=same)
def softsign(x: Array) -> Array:
    return x / (np.abs(x) + like(x, 1))


@op("Mish", rule=same)
def mish(x: Array) -> Array:
    return x * np.tanh(softplus(x))


_ERF_TOP = (2.0259148e-06, 2.8468573e-04, 3.8080924e-03, 5.2875235e-02, 1.9154877e-01, 1.1283791)
_ERF_BOTTOM = (3.7831765e-05, 1.1707081e-03, 1.5054953e-02, 1.1455898e-01, 5.0308835e-01, 1.0)
"""erf(x) / x as a quotient of polynomials in x squared, highest power first: fitted for the smallest relative error up
to 3.95, from where erf is 1 in float32. The error, rounding included, stays below 4e-7 of the value."""


def _horner(coefficients: tuple[float, ...], t: Array) -> Array:
    total = np.full_like(t, coefficients[0])
    for coefficient in coefficients[1:]:
        total *= t
        total += np.float32(coefficient)
    return total


def _erf32(x: Array) -> Array:
    x = np.clip(x, np.float32(-3.95), np.float32(3.95))
    t = x * x
    return np.clip(x * _horner(_ERF_TOP, t) / _horner(_ERF_BOTTOM, t), np.float32(-1), np.float32(1))


@op("Erf", rule=same)
def erf(x: Array) -> Array:
    """The error function, which numpy lacks: a quotient of polynomials, or for float64 the one of the C library."""
    if x.dtype != np.float64:
        return _erf32(x.astype(np.float32, copy=False)).astype(x.dtype, copy=False)
    return np.fromiter(map(math.erf, x.reshape(-1).tolist()), np.float64, x.size).reshape(x.shape).astype(x.dtype)


@op("Gelu", rule=same)
def gelu(x: Array, *, approximate: str = "none") -> Array:
    """Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016."""
    half, one = like(x, 0.5), like(x, 1)
    if approximate == "tanh":
        inner = like(x, math.sqrt(2 / math.pi)) * (x + like(x, 0.044715) * x * x * x)
        return half * x * (one + np.tanh(inner))
    return half * x * (one + erf(x * like(x, math.sqrt(0.5))))


@op("Gelu", domain=MICROSOFT, rule=same)
def gelu_microsoft(x: Array) -> Array:
    return gelu(x)


@op("BiasGelu", domain=MICROSOFT, rule=broadcast)
def bias_gelu(x: Array, bias: Array) -> Array:
    return gelu(x + bias)


@op("FastGelu", domain=MICROSOFT, rule=same)
def fast_gelu(x: Array, bias: Array | None = None) -> Array:
    return gelu(x if bias is None else x + bias, approximate="tanh")


@op("QuickGelu", domain=MICROSOFT, rule=same)
def quick_gelu(x: Array, *, alpha: float = 1.702) -> Array:
    return swish(x, alpha=alpha)
