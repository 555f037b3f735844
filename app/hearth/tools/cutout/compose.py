"""Photo and alpha put together: straight alpha, the photo's own colours, nothing hidden behind alpha 0."""

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.photo import Photo


def merge_alpha(photo: Photo, alpha: NDArray[np.uint8], top: int, bottom: int) -> None:
    """Multiplies rows top..bottom of `alpha` (H, W) by the transparency that the photo itself has."""
    if photo.has_alpha:
        own = photo.rows(top, bottom)[:, :, 3]
        product = alpha[top:bottom] * own.astype(np.uint16)
        alpha[top:bottom] = (product + np.uint16(127)) // np.uint16(255)


def compose(photo: Photo, alpha: NDArray[np.uint8], top: int, bottom: int) -> NDArray[np.uint8]:
    """Rows top..bottom of the cutout, (bottom - top, W, 4).

    Colours are exactly the photo's where alpha is over zero, and zero elsewhere: a background that was
    removed must not travel along unseen.
    """
    pixels = photo.rows(top, bottom)
    seen = alpha[top:bottom]
    whole = pixels.view(np.uint32)[:, :, 0]
    np.multiply(whole, seen != 0, out=whole)
    pixels[:, :, 3] = seen
    return pixels
