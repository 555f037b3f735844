"""Linear models and support vector machines of ai.onnx.ml.

Sources: the ONNX-ML operator documentation; Chang and Lin, "LIBSVM", 2011; Wu et al., "Probability Estimates for
Multi-class Classification by Pairwise Coupling", 2004. What the documentation leaves open follows onnxruntime.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.ml_common import ML, logistic, post_transformed
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.text import strings
from hearth.runtime.types import TensorType

FLOAT32 = np.dtype(np.float32)
Floats = Sequence[float]
Ints = Sequence[int]


def _rows(x: Array) -> Array:
    return x.reshape(1, -1) if x.ndim == 1 else x


def _labels(ints: Ints | None, texts: Sequence[str] | None) -> Array:
    return strings(list(texts), (-1,)) if texts else np.array(ints or [], np.int64)


def _weights(coefficients: Floats, rows: int, features: int) -> Array:
    """The coefficients that count: a model made for more features may hold further ones, which are left out."""
    return np.array(coefficients[: rows * features], np.float32).reshape(rows, features)


def _regressor_rule(x: Operand, *, targets: int = 1, **_: Any) -> TensorType:
    return TensorType(FLOAT32, (x.shape[0] if x.shape and len(x.shape) > 1 else 1, targets))


@op("LinearRegressor", domain=ML, rule=_regressor_rule)
def linear_regressor(
    x: Array,
    *,
    coefficients: Floats,
    intercepts: Floats | None = None,
    post_transform: str = "NONE",
    targets: int = 1,
) -> Array:
    """x (N, F), coefficients (targets, F) -> (N, targets)."""
    rows = _rows(x).astype(np.float32)
    weights = _weights(coefficients, targets, rows.shape[1])
    scores = rows @ weights.T + np.array(intercepts or [0], np.float32)
    return post_transformed(scores, post_transform).astype(np.float32)


@op("LinearClassifier", domain=ML, data_dependent=True)
def linear_classifier(
    x: Array,
    *,
    classlabels_ints: Ints | None = None,
    classlabels_strings: Sequence[str] | None = None,
    coefficients: Floats,
    intercepts: Floats | None = None,
    multi_class: int = 0,
    post_transform: str = "NONE",
) -> tuple[Array, Array]:
    """x (N, F), coefficients (classes, F) -> (labels (N,), scores (N, classes)).

    Two labels with one row of coefficients: the second class above 0, its score beside one minus it.
    """
    rows = _rows(x).astype(np.float32)
    classes = len(intercepts) if intercepts else len(coefficients) // max(rows.shape[1], 1)
    weights = _weights(coefficients, classes, rows.shape[1])
    scores = rows @ weights.T + np.array(intercepts or [0], np.float32)
    labels = _labels(classlabels_ints, classlabels_strings)
    if len(weights) == 1 and len(labels) == 2:
        chosen = (scores[:, 0] > 0).astype(np.int64)
        if post_transform == "LOGISTIC":
            scores = logistic(scores)
        return labels[chosen], np.concatenate((1 - scores, scores), 1).astype(np.float32)
    return labels[scores.argmax(1)], post_transformed(scores, post_transform).astype(np.float32)


def _kernel(kind: str, params: Floats | None, x: Array, vectors: Array) -> Array:
    """The kernel of every row of x (N, F) with every vector (V, F), (N, V)."""
    gamma, offset, degree = params or (0.0, 0.0, 3.0)
    match kind:
        case "LINEAR":
            return x @ vectors.T
        case "POLY":
            return np.power(gamma * (x @ vectors.T) + offset, degree)
        case "RBF":
            distance = np.square(x).sum(1)[:, None] - 2 * x @ vectors.T + np.square(vectors).sum(1)
            return np.exp(-gamma * distance)
        case "SIGMOID":
            return np.tanh(gamma * (x @ vectors.T) + offset)
    raise ValueError(f"the kernel '{kind}' is none of LINEAR, POLY, RBF, SIGMOID")


@op("SVMRegressor", domain=ML, rule=_regressor_rule)
def svm_regressor(
    x: Array,
    *,
    coefficients: Floats,
    kernel_params: Floats | None = None,
    kernel_type: str = "LINEAR",
    n_supports: int = 0,
    one_class: int = 0,
    post_transform: str = "NONE",
    rho: Floats | None = None,
    support_vectors: Floats | None = None,
) -> Array:
    """x (N, F) -> (N, 1); with `one_class` 1 inside and -1 outside."""
    rows, weights = _rows(x).astype(np.float64), np.array(coefficients, np.float64)
    if n_supports:
        vectors = np.array(support_vectors, np.float64).reshape(n_supports, -1)
        scores = _kernel(kernel_type, kernel_params, rows, vectors) @ weights
    else:
        scores = _kernel(kernel_type, kernel_params, rows, weights[None])[:, 0]
    scores = scores + (rho[0] if rho else 0)
    if one_class:
        scores = np.where(scores > 0, 1, -1)
    return post_transformed(scores[:, None], post_transform).astype(np.float32)


def _coupled(pairs: Array, classes: int) -> Array:
    """Probabilities (N, classes) from those of all pairs (N, classes, classes), by the second method of Wu et al."""
    result = np.empty((len(pairs), classes))
    for row, r in zip(result, pairs, strict=True):
        q = -r.T * r
        q[np.diag_indices(classes)] = (r.T**2).sum(1) - np.diag(r.T) ** 2
        p = np.full(classes, 1 / classes)
        for _ in range(max(100, classes)):
            products = q @ p
            value = p @ products
            if np.abs(products - value).max() < 0.005 / classes:
                break
            for at in range(classes):
                change = (value - products[at]) / q[at, at]
                p[at] += change
                value = (value + change * (change * q[at, at] + 2 * products[at])) / (1 + change) ** 2
                products = (products + change * q[at]) / (1 + change)
                p /= 1 + change
        row[:] = p
    return result


@op("SVMClassifier", domain=ML, data_dependent=True)
def svm_classifier(
    x: Array,
    *,
    classlabels_ints: Ints | None = None,
    classlabels_strings: Sequence[str] | None = None,
    coefficients: Floats,
    kernel_params: Floats | None = None,
    kernel_type: str = "LINEAR",
    post_transform: str = "NONE",
    prob_a: Floats | None = None,
    prob_b: Floats | None = None,
    rho: Floats | None = None,
    support_vectors: Floats | None = None,
    vectors_per_class: Ints | None = None,
) -> tuple[Array, Array]:
    """x (N, F) -> (labels (N,) by the votes of all pairs of classes, scores).

    The scores are those of the pairs, or with `prob_a` the classes' probabilities, by Platt's scaling of them.
    """
    rows, labels = _rows(x).astype(np.float64), _labels(classlabels_ints, classlabels_strings)
    shift = np.array(rho or [0], np.float64)
    if not vectors_per_class:
        weights = np.array(coefficients, np.float64).reshape(-1, rows.shape[1])
        scores = _kernel(kernel_type, kernel_params, rows, weights) + shift[0]
        return labels[scores.argmax(1)], post_transformed(scores, post_transform).astype(np.float32)
    count = len(vectors_per_class)
    vectors = np.array(support_vectors, np.float64).reshape(sum(vectors_per_class), -1)
    weights = np.array(coefficients, np.float64).reshape(count - 1, -1)
    kernel = _kernel(kernel_type, kernel_params, rows, vectors)
    starts = np.concatenate(([0], np.cumsum(vectors_per_class)))
    pairs = list(itertools.combinations(range(count), 2))
    scores, votes = np.empty((len(rows), len(pairs))), np.zeros((len(rows), count), np.int64)
    for number, (i, j) in enumerate(pairs):
        mine, theirs = slice(starts[i], starts[i + 1]), slice(starts[j], starts[j + 1])
        value = kernel[:, mine] @ weights[j - 1, mine] + kernel[:, theirs] @ weights[i, theirs]
        scores[:, number] = value + shift[number]
        votes[:, i] += scores[:, number] > 0
        votes[:, j] += scores[:, number] <= 0
    chosen = votes.argmax(1)
    if prob_a:
        chances = np.zeros((len(rows), count, count))
        for number, (i, j) in enumerate(pairs):
            chance = np.clip(logistic(-(scores[:, number] * prob_a[number] + (prob_b or [0])[number])), 1e-7, 1 - 1e-7)
            chances[:, i, j], chances[:, j, i] = chance, 1 - chance
        return labels[chosen], post_transformed(_coupled(chances, count), post_transform).astype(np.float32)
    if len(pairs) == 1 and len(labels) == 2:
        scores = np.concatenate((-scores, scores), 1)
        if post_transform == "LOGISTIC":
            scores = logistic(scores)
        return labels[chosen], scores.astype(np.float32)
    return labels[chosen], post_transformed(scores, post_transform).astype(np.float32)
