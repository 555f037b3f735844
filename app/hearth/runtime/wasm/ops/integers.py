"""How whole numbers lie for the kernels that compute with integers."""

from __future__ import annotations

import numpy as np

EXACT_DEPTH = 1 << 15
"""Up to here sums of products of two numbers of 8 bits and a sign fit into 32 bits."""


def pairs(weights: np.ndarray, panel: int) -> np.ndarray:
    """Whole numbers (depth, columns) as the kernels read them: panels of [pair of depth][panel][2] in 16 bits."""
    depth, columns = weights.shape
    grown = np.zeros((depth + depth % 2, -(-columns // panel) * panel), np.int16)
    grown[:depth, :columns] = weights
    return np.ascontiguousarray(grown.reshape(-1, 2, grown.shape[1] // panel, panel).transpose(2, 0, 3, 1)).reshape(-1)
