"""What the ops of ai.onnx.ml share: how raw scores become probabilities."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.reduce import softmax_axis

ML = "ai.onnx.ml"


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x))"""
    return 1 / (1 + np.exp(-x))


def probit(x: Array) -> Array:
    """The inverse of the normal distribution's cumulative function."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse(min(max(item, 1e-12), 1 - 1e-12)) for item in x.reshape(-1).tolist()]).reshape(x.shape)


def post_transformed(scores: Array, name: str) -> Array:
    """Scores (N, classes) by ONNX-ML's name of a transform."""
    match name:
        case "NONE":
            return scores
        case "SOFTMAX":
            return softmax_axis(scores, 1)
        case "SOFTMAX_ZERO":
            kept = scores != 0
            powers = np.where(kept, np.exp(scores - scores.max(1, keepdims=True)), 0)
            return powers / np.where(kept.any(1, keepdims=True), powers.sum(1, keepdims=True), 1)
        case "LOGISTIC":
            return logistic(scores)
        case "PROBIT":
            return probit(scores)
    raise ValueError(f"the transform '{name}' is none of NONE, SOFTMAX, SOFTMAX_ZERO, LOGISTIC, PROBIT")


def binary_scores(score: Array, transform: str, is_probability: bool) -> tuple[Array, Array]:
    """(class 0 or 1, scores (N, 2), float32) of two classes for which a model gives one score, as onnxruntime reads it.

    A score that is a probability is decided at 0.5 and completed to 1; any other is decided at 0 and mirrored.
    """
    chosen = score > (0.5 if is_probability else 0)
    if transform == "LOGISTIC":
        both = logistic(np.stack((-score, score), 1))
    else:
        both = np.stack((1 - score if is_probability else -score, score), 1)
    return chosen.astype(np.int64), both.astype(np.float32)
