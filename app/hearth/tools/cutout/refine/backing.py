"""Where colours hardly tell the subject from what is behind it, alpha is what the network says.

Matting follows every texture there, right or wrong. How far apart the colours of both sides lie nearby is measured as
in Fisher's discriminant: the squared difference of their means, in units of how they scatter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.refine.cells import Cells, faded, means

Plane = NDArray[np.float32]

_REACH = 2  # pairs of cells to each side of the windows in which colours are gathered
_CERTAIN = 0.9, 1.0  # alpha of cells whose colours count for a side
_AGREED = 0.5, 0.9  # and what the mask has to say there
_APART = 4.0, 0.5  # squared: above, alpha is its own; below, the mask's
_FEW = 0.01  # of a window
_GRAIN = 1e-4  # variance that colours have anyway
_PAIRS = (0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)
_SQUARE = [0, 1, 2, 1, 3, 4, 2, 4, 5]  # where each of nine products stands among the pairs


def unbacked(cells: Cells) -> Plane | None:
    """How much of alpha is to be the mask's, (rows, columns) of 0..1; None where that is nothing."""
    alpha, mask = cells.alpha, cells.mask
    if min(alpha.shape) < 2 * (2 * _REACH + 1):
        return None
    colour = cells.colour.transpose(2, 0, 1)
    sums = np.stack([np.ones_like(alpha), *colour, *(colour[i] * colour[j] for i, j in _PAIRS)])
    subject = means(_paired(sums * (faded(alpha, _CERTAIN) * faded(mask, _AGREED)).astype(np.float32)), _REACH)
    ground = means(_paired(sums * (faded(1 - alpha, _CERTAIN) * faded(1 - mask, _AGREED)).astype(np.float32)), _REACH)
    moved = (np.abs(alpha - mask) > 1e-3) | (alpha - cells.squares > 1e-3)
    asked = (_paired(moved.astype(np.float32)) > 0) & (subject[0] > _FEW) & (ground[0] > _FEW)
    if not asked.any():
        return None
    (here, near), (there, far) = (_distribution(side[:, asked]) for side in (subject, ground))
    apart = here - there
    unlike = (apart * np.linalg.solve(near + far + _GRAIN * np.eye(3), apart[:, :, None])[:, :, 0]).sum(1)
    share = np.zeros(asked.shape, np.float32)
    share[asked] = faded(unlike, _APART)
    return _unpaired(share, alpha.shape) if share.any() else None


def _paired(cells: Plane) -> Plane:
    """Means of two by two cells (..., rows, columns), the border's repeated where there is an odd one."""
    odd = [(0, 0)] * (cells.ndim - 2) + [(0, size % 2) for size in cells.shape[-2:]]
    even = np.pad(cells, odd, "edge")
    lines = even[..., ::2, :] + even[..., 1::2, :]
    return (lines[..., ::2] + lines[..., 1::2]) * np.float32(0.25)


def _unpaired(pairs: Plane, shape: tuple[int, ...]) -> Plane:
    return np.ascontiguousarray(pairs.repeat(2, 0).repeat(2, 1)[: shape[0], : shape[1]])


def _distribution(sums: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (n, 3) and covariance (n, 3, 3) of colours, from their number, sums and sums of products (10, n)."""
    mean = (sums[1:4] / sums[0]).T
    return mean, (sums[4:] / sums[0]).T[:, _SQUARE].reshape(-1, 3, 3) - mean[:, :, None] * mean[:, None, :]
