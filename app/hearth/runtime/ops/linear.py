"""Matrix products."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.contract import matmul as product
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import broadcast_dims
from hearth.runtime.types import TensorType


def _matmul_rule(a: Operand, b: Operand) -> TensorType:
    if a.shape is None or b.shape is None:
        return TensorType(a.dtype)
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    batch = broadcast_dims([left[:-2], right[:-2]])
    tail = (left[-2],) * (len(a.shape) > 1) + (right[-1],) * (len(b.shape) > 1)
    return TensorType(a.dtype, (*batch, *tail))


@op("MatMul", rule=_matmul_rule)
def matmul(a: Array, b: Array) -> Array:
    return product(a, b)


def _gemm_rule(
    a: Operand,
    b: Operand,
    c: Operand | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803
    transB: int = 0,  # noqa: N803
    broadcast: int = 0,
) -> TensorType:
    if a.shape is None or b.shape is None:
        return TensorType(a.dtype)
    return TensorType(a.dtype, (a.shape[1 if transA else 0], b.shape[0 if transB else 1]))


@op("Gemm", rule=_gemm_rule)
def gemm(
    a: Array,
    b: Array,
    c: Array | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803
    transB: int = 0,  # noqa: N803
    broadcast: int = 0,
) -> Array:
    """alpha * A B + beta * C, with A or B transposed on request."""
    result = product(a.T if transA else a, b.T if transB else b)
    if alpha != 1:
        result = result * result.dtype.type(alpha)
    if c is not None and beta != 0:
        result = result + (c if beta == 1 else c * c.dtype.type(beta))
    return np.asarray(result, a.dtype)
