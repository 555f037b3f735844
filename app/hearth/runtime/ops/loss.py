"""Losses of classifiers, by which models are trained and sometimes judged."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.reduce import log_softmax_axis
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.types import TensorType


def _loss_type(scores: Operand, target: Operand, reduction: str) -> TensorType:
    return TensorType(scores.dtype, target.shape if reduction == "none" else ())


def _reduced(losses: Array, weights: Array, reduction: str) -> Array:
    match reduction:
        case "none":
            return losses
        case "sum":
            return np.asarray(losses.sum())
        case "mean":
            return np.asarray(losses.sum() / weights.sum(), losses.dtype)
    raise ValueError(f"the reduction '{reduction}' is none of none, sum, mean")


def _nll_rule(
    scores: Operand,
    target: Operand,
    weight: Operand | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> TensorType:
    return _loss_type(scores, target, reduction)


@op("NegativeLogLikelihoodLoss", rule=_nll_rule)
def negative_log_likelihood_loss(
    scores: Array,
    target: Array,
    weight: Array | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> Array:
    """scores (N, C, ...) of log-probabilities, target (N, ...) of classes, weight (C,) -> (N, ...) or a number."""
    kept = np.ones(target.shape, np.bool_) if ignore_index is None else target != ignore_index
    classes = np.where(kept, target, 0).astype(np.int64)
    chosen = np.take_along_axis(scores, classes[:, None], 1)[:, 0]
    weights = np.where(kept, scores.dtype.type(1) if weight is None else weight[classes], scores.dtype.type(0))
    return _reduced(-chosen * weights, weights, reduction)


def _cross_entropy_rule(
    scores: Operand,
    target: Operand,
    weight: Operand | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
    n_outputs: int = 1,
) -> tuple[TensorType, ...]:
    return (_loss_type(scores, target, reduction), scores.type)[:n_outputs]


@op("SoftmaxCrossEntropyLoss", rule=_cross_entropy_rule)
def softmax_cross_entropy_loss(
    scores: Array,
    target: Array,
    weight: Array | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """As NegativeLogLikelihoodLoss, of scores before the softmax -> (loss, log-probabilities)."""
    logs = log_softmax_axis(scores, 1)
    loss = negative_log_likelihood_loss(logs, target, weight, ignore_index=ignore_index, reduction=reduction)
    return (loss, logs)[:n_outputs]
