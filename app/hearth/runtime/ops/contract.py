"""Matrix products, the way that is quickest where the code runs.

On the desk numpy has a BLAS. In the page it has none, and its matmul walks memory badly; there `einsum` over two
operands that are both contiguous along the summed axis is about ten times faster.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy import ndarray as Array

HAS_BLAS = sys.platform != "emscripten"


def rows_by_rows(a: Array, b: Array) -> Array:
    """(M, K) x (N, K) -> (M, N): every row of `a` with every row of `b`. Quickest where both are C-contiguous."""
    if HAS_BLAS or a.dtype.kind not in "f":
        return a @ b.T
    return np.einsum("mk,nk->mn", a, b)


def matmul(a: Array, b: Array) -> Array:
    """numpy's matmul, batches and broadcasting included. Half precision is summed in float32."""
    if a.dtype == np.float16:
        return matmul(a.astype(np.float32), b.astype(np.float32)).astype(np.float16)
    if HAS_BLAS or a.dtype.kind != "f" or min(a.ndim, b.ndim) < 2:
        return np.matmul(a, b)
    turned = np.ascontiguousarray(np.swapaxes(b, -1, -2))
    if b.ndim == 2:
        flat = np.ascontiguousarray(a).reshape(-1, a.shape[-1])
        return rows_by_rows(flat, turned).reshape(*a.shape[:-1], b.shape[-1])
    return np.einsum("...mk,...nk->...mn", np.ascontiguousarray(a), turned)
