"""Small pictures of large photos, for the screen."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.runtime.device import Held
from hearth.tools.cutout import Matte, Photo
from hearth.tools.cutout.matte import Alpha, resized
from hearth.tools.cutout.photo import Pixels
from hearth.tools.cutout.screen import is_screens, on_screen

LONG_SIDE = 2048  # pixels


class Preview(NamedTuple):
    """A picture in sRGB, as the bridge takes it."""

    width: int
    height: int
    rgba: Pixels | Held


def small_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height with the long side at most LONG_SIDE pixels."""
    scale = min(1.0, LONG_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def reduced(photo: Photo) -> Photo:
    """The photo at its small size; itself where that is its own."""
    size = small_size(photo.size)
    return photo if size == photo.size else replace(photo, pixels=resized(photo.pixels, *size, photo.has_alpha))


def before(small: Photo) -> Preview:
    """The photo that was `reduced`."""
    pixels = small.pixels.copy()
    if not small.has_alpha:
        pixels[:, :, 3] = 255
    return shown(pixels, small.icc)


def after(matte: Matte, small: Photo | None = None, alpha: Alpha | None = None) -> Preview:
    """The cutout, with `alpha` or the matte's own; `small` is the photo where it was `reduced` before."""
    return shown(matte.scaled(*small_size(matte.size), alpha, small), matte.photo.icc)


def found(pixels: Held, size: tuple[int, int], icc: bytes | None) -> Preview:
    """What a graphics card made for the screen, (width, height), in the colours of a profile."""
    if is_screens(icc):
        return Preview(*size, pixels)
    return shown(np.frombuffer(pixels.to_bytes(), np.uint8).reshape(*size[::-1], 4), icc)


def shown(pixels: NDArray[np.uint8], icc: bytes | None) -> Preview:
    """Pixels (height, width, 4) in the colours of a profile."""
    height, width, _ = pixels.shape
    if is_screens(icc):
        return Preview(width, height, pixels.reshape(-1).data)
    return Preview(width, height, on_screen(Image.fromarray(pixels), icc).tobytes())
