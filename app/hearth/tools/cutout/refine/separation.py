"""How far apart the colours of the subject and of what is behind it lie, place by place.

Measured as in Fisher's discriminant: the squared difference of their means, in units of how they scatter. Colours are
gathered nearby first; where a side is not to be seen there, from farther off.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.refine.cells import Cells, faded, means

Plane = NDArray[np.float32]

_NEAR, _FAR = 2, 8  # pairs of cells to each side of the windows in which colours are gathered
_OF_FAR, _OF_ALL = 0.02, 0.001  # what the wider windows, and all of the photo, count beside the nearest
_CERTAIN = 0.9, 1.0  # alpha of cells whose colours count for a side
_AGREED = 0.5, 0.9  # and what the mask has to say there
_FEW = 1e-5  # of the photo
_GRAIN = 1e-4  # variance that colours have anyway
_PAIRS = (0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)
_SQUARE = [0, 1, 2, 1, 3, 4, 2, 4, 5]  # where each of nine products stands among the pairs


def separation(cells: Cells) -> Plane:
    """(rows, columns) of 0 and more: infinite where alpha is the mask's anyway, or a side is nowhere to be seen."""
    alpha, mask = cells.alpha, cells.mask
    colour = cells.colour.transpose(2, 0, 1)
    sums = np.stack([np.ones_like(alpha), *colour, *(colour[i] * colour[j] for i, j in _PAIRS)])
    subject = _gathered(sums * (faded(alpha, _CERTAIN) * faded(mask, _AGREED)).astype(np.float32))
    ground = _gathered(sums * (faded(1 - alpha, _CERTAIN) * faded(1 - mask, _AGREED)).astype(np.float32))
    moved = (np.abs(alpha - mask) > 1e-3) | (alpha - cells.squares > 1e-3)
    asked = (_paired(moved.astype(np.float32)) > 0) & (subject[0] > _FEW) & (ground[0] > _FEW)
    apart = np.full(asked.shape, np.inf, np.float32)
    if asked.any():
        (here, near), (there, far) = (_distribution(side[:, asked]) for side in (subject, ground))
        way = here - there
        apart[asked] = (way * np.linalg.solve(near + far + _GRAIN * np.eye(3), way[:, :, None])[:, :, 0]).sum(1)
    return _unpaired(apart, alpha.shape)


def _gathered(cells: Plane) -> NDArray[np.float64]:
    """Sums (10, pairs of rows, pairs of columns) around every pair of cells: the nearer, the more they count."""
    pairs = _paired(cells)
    whole = pairs.mean((-2, -1), dtype=np.float64, keepdims=True)
    return means(pairs, _NEAR) + _OF_FAR * means(pairs, _FAR) + _OF_ALL * whole


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
