"""Where alpha that matting found is not backed, it is what the network says.

Where colours hardly tell the subject from what is behind it, matting follows every texture, right or wrong. And a
network's mask is wrong by a few pixels or by a whole part, but hardly ever by how much of a window it covers: where
matting says otherwise, an edge has run away.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.refine.cells import Cells, faded, means
from hearth.tools.cutout.refine.doubt import Sides
from hearth.tools.cutout.refine.separation import separation

Plane = NDArray[np.float32]

_LEAST = 10  # cells to the shorter side; smaller pictures tell too little
_APART = 4.0, 0.5  # the separation of colours: above, alpha is its own; below, the mask's
_REACH = 2  # cells to each side of the windows whose cover is compared
_MORE = 0.15, 0.3  # cover than the mask's, or less: as far as an edge of an unsure mask may move, and twice that


def unbacked(cells: Cells, sides: Sides | None) -> Plane | None:
    """How much of alpha is to be the mask's, (rows, columns) of 0..1; None where that is nothing: in and beside `sides`
    that were decided for it is alpha's own."""
    if min(cells.alpha.shape) < _LEAST:
        return None
    moved = faded(np.abs(means(cells.alpha - cells.mask, _REACH)), _MORE)
    share = np.maximum(faded(separation(cells), _APART), moved).astype(np.float32)
    if sides is not None:
        share *= sides.elsewhere.astype(np.float32)
    return share if share.any() else None
