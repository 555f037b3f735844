"""Blurred small fields: what is soft needs few pixels."""

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

_REACH = 3.0  # standard deviations
FINEST = 3.0
"""Pixels; a field is made so small that its blur has about this standard deviation: stretched again, none can tell."""


def gaussian(field: Field, sigma: float) -> Field:
    """The field (h, w) or (h, w, channels) blurred, its edges held."""
    if sigma <= 0:
        return field
    weights = kernel(sigma)
    reach = len(weights) // 2
    for axis in (0, 1):
        rest = [(0, 0)] * field.ndim
        rest[axis] = (reach, reach)
        padded = np.moveaxis(np.pad(field, rest, "edge"), axis, 0)
        length = field.shape[axis]
        blurred = weights[0] * padded[:length]
        for n in range(1, len(weights)):
            blurred += weights[n] * padded[n : n + length]
        field = np.moveaxis(blurred, 0, axis)
    return np.ascontiguousarray(field)


def kernel(sigma: float) -> Field:
    """Weights of a Gaussian, odd in number, that sum to 1."""
    reach = max(1, round(_REACH * sigma))
    steps = np.arange(-reach, reach + 1, dtype=np.float32)
    weights = np.exp(-(steps**2) / np.float32(2 * sigma * sigma))
    return weights / weights.sum()


def filled(picture: Field, weight: Field) -> Field:
    """The picture (h, w, 3) with what has weight 0 filled from around, its weights (h, w) of 0..1 honoured.

    Push and pull (Gortler and others, "The Lumigraph", 1996): averages of what is known, coarser and coarser until
    there is something everywhere, and on the way back each level lends what the finer one lacks.
    """
    height, width = weight.shape
    known = picture * weight[:, :, None]
    if min(height, width) <= 1:
        total = weight.sum()
        mean = known.sum((0, 1)) / total if total > 0 else picture.mean((0, 1))
        return np.broadcast_to(mean, picture.shape).astype(np.float32)
    rest = [(0, height % 2), (0, width % 2)]
    small_weight = _quarters(np.pad(weight, rest))
    small_known = _quarters(np.pad(known, [*rest, (0, 0)]))
    safe = np.maximum(small_weight, np.float32(1e-6))[:, :, None]
    coarse = filled(np.divide(small_known, safe, dtype=np.float32), np.asarray(small_weight.clip(0, 1), np.float32))
    back = coarse.repeat(2, 0).repeat(2, 1)[:height, :width]
    back = gaussian(back, 1.0)  # no blocks
    return np.asarray(known + back * (1 - weight[:, :, None]), np.float32)


def _quarters(field: NDArray[np.floating]) -> Field:
    """Sums of two by two, so that a known corner is worth a whole cell sooner."""
    return np.asarray(field[::2, ::2] + field[1::2, ::2] + field[::2, 1::2] + field[1::2, 1::2], np.float32)
