"""Matrix products."""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.contract import HAS_BLAS
from hearth.runtime.ops.contract import matmul as product
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import broadcast_dims, check_broadcasts, check_equal
from hearth.runtime.types import Dim, TensorType


def matmul_rule(a: Operand, b: Operand) -> TensorType:
    if a.shape is None or b.shape is None:
        return TensorType(a.dtype)
    left = a.shape if len(a.shape) > 1 else (1, *a.shape)
    right = b.shape if len(b.shape) > 1 else (*b.shape, 1)
    check_equal(left[-1], right[-2])
    batch = broadcast_dims([left[:-2], right[:-2]])
    tail = (left[-2],) * (len(a.shape) > 1) + (right[-1],) * (len(b.shape) > 1)
    return TensorType(a.dtype, (*batch, *tail))


@op("MatMul", rule=matmul_rule)
def matmul(a: Array, b: Array) -> Array:
    return product(a, b)


def gemm_rule(
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
    (rows, inner), (outer, columns) = a.shape[:: -1 if transA else 1], b.shape[:: -1 if transB else 1]
    check_equal(inner, outer)
    if c is not None and c.shape is not None and not broadcast:
        check_broadcasts(c.shape, (rows, columns))
    return TensorType(a.dtype, (rows, columns))


@op("Gemm", rule=gemm_rule)
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


def _einsum_rule(*inputs: Operand, equation: str) -> TensorType:
    """Sizes by letter; where an ellipsis hides dimensions nothing is told."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    shapes = [item.shape for item in inputs]
    if "." in equation or len(terms) != len(shapes) or any(shape is None for shape in shapes):
        return TensorType(inputs[0].dtype)
    sizes: dict[str, Dim] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for letter, dim in zip(term, shape or (), strict=True):
            if sizes.get(letter) != 1 and dim != 1:
                check_equal(sizes.get(letter), dim)
            if sizes.get(letter) in (None, 1) or not isinstance(sizes[letter], int):
                sizes[letter] = dim
    if not arrow:
        right = "".join(sorted(letter for letter in sizes if left.count(letter) == 1))
    return TensorType(inputs[0].dtype, tuple(sizes[letter] for letter in right))


@op("Einsum", rule=_einsum_rule)
def einsum(*inputs: Array, equation: str) -> Array:
    """Einstein's summation; with several inputs in the order that numpy finds cheapest."""
    dtype = inputs[0].dtype
    if dtype == np.float16:
        inputs = tuple(item.astype(np.float32) for item in inputs)
    return np.asarray(np.einsum(equation.replace(" ", ""), *inputs, optimize=HAS_BLAS or len(inputs) > 2), dtype)


def _det_rule(x: Operand) -> TensorType:
    if x.shape is None:
        return TensorType(x.dtype)
    check_equal(x.shape[-1], x.shape[-2])
    return TensorType(x.dtype, x.shape[:-2])


@op("Det", rule=_det_rule)
def det(x: Array) -> Array:
    """Determinants of matrices (..., M, M)."""
    return np.asarray(np.linalg.det(x), x.dtype)
