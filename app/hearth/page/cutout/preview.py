"""Small pictures of large photos, for the screen."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.tools.cutout import Photo

LONG_SIDE = 2048  # pixels


def before(photo: Photo) -> Image.Image:
    """The photo, RGBA, its long side at most LONG_SIDE pixels."""
    return _small(photo.image).convert("RGBA")


def after(small: Image.Image, alpha: NDArray[np.uint8]) -> Image.Image:
    """What `before` made, with `alpha` (height, width of the photo, 0..255) brought to its size."""
    picture = small.copy()
    picture.putalpha(_small(Image.fromarray(alpha)))
    return picture


def _small(image: Image.Image) -> Image.Image:
    scale = LONG_SIDE / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
