"""What a cutout is made of, kept apart: so that it can be shown, edited and written again without the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.tools.cutout import png
from hearth.tools.cutout.enlarge import enlarge

if TYPE_CHECKING:
    from hearth.tools.cutout.colours import Colours
    from hearth.tools.cutout.photo import Photo
    from hearth.words import Words

Alpha = NDArray[np.uint8]
"""(H, W) at the photo's size, 0..255."""

Map = NDArray[np.float32]
"""The network's own answer, (h, w) at its own size."""


REDUCING_GAP = 2.0
"""Pillow takes means of whole blocks first where pictures become this many times smaller, or a multiple."""


@dataclass(frozen=True)
class Matte:
    """A photo, how much of every pixel is subject, and the subject's own colours.

    Made once by `Pipeline.matte` or `matte_async`. From then on:

    - Show it: `matte.scaled(width, height)` is the cutout as straight RGBA of any smaller size.
    - Edit it: `alpha = matte.alpha.copy()` or `alpha = matte.plain_alpha()`, change that array as you like, and hand
      it to `rows`, `scaled` or `write`. The matte itself never changes, so it is also what "reset" goes back to.
      Where an edit raises alpha the photo's own pixels come back; where it lowers it the clean colours stay.
    - Put it on a background: `matte.rows(top, bottom, alpha)` is straight RGBA with clean colours, strip by strip;
      result = (rgb * a + background * (255 - a)) / 255, in the photo's own colour space (`photo.icc`).
    - Write it: `write(matte, alpha)` gives the PNG in pieces.
    """

    photo: Photo

    raw: Map
    """The network's own map, not stretched."""

    mask: Map
    """The same, stretched to 0..1."""

    alpha: Alpha
    """The finished one, refined at full size unless that was turned off; the photo's own transparency is in it."""

    colours: Colours | None = None
    """The colours of subject and background in the soft band; None: the photo's own are taken as they are."""

    notes: tuple[Words, ...] = ()
    """What a person should know, as sentences."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.photo.size

    def plain_alpha(self) -> Alpha:
        """The network's mask as it is, enlarged and not refined; the photo's own transparency is in it."""
        alpha = enlarge(self.mask, *self.size)
        for top, bottom in strips(*self.size):
            merge_alpha(self.photo, alpha, top, bottom)
        return alpha

    def rows(self, top: int, bottom: int, alpha: Alpha | None = None) -> NDArray[np.uint8]:
        """Rows top..bottom of the cutout, straight RGBA (bottom - top, W, 4), with `alpha` or the matte's own.

        Zero wherever alpha is: a background that was removed must not travel along unseen.
        """
        found = self.alpha[top:bottom]
        seen = found if alpha is None else self._within(alpha[top:bottom], top, bottom)
        pixels = self.photo.rows(top, bottom)
        if self.colours is not None:
            self.colours.clean(pixels, _of_matte(np.maximum(found, seen), pixels, self.photo), top, self.photo.size)
        return _with_alpha(pixels, seen)

    def scaled(
        self, width: int, height: int, alpha: Alpha | None = None, small: Photo | None = None
    ) -> NDArray[np.uint8]:
        """The whole cutout, straight RGBA (height, width, 4), by averages over areas; for screens.

        `small` is the photo at that size, where it is at hand.
        """
        if (width, height) == self.size:
            return self.rows(0, height, alpha)
        array = (
            resized(self.photo.pixels, width, height, self.photo.has_alpha) if small is None else small.pixels.copy()
        )
        found = resized(self.alpha, width, height)
        seen = found
        if alpha is not None and alpha is not self.alpha:
            seen = resized(alpha, width, height)
        if self.photo.has_alpha:
            np.minimum(seen, array[:, :, 3], out=seen)
        if self.colours is not None:
            self.colours.clean(array, _of_matte(np.maximum(found, seen), array, self.photo), 0, (width, height))
        return _with_alpha(array, seen)

    def _within(self, alpha: Alpha, top: int, bottom: int) -> Alpha:
        """Edits cannot show what the photo itself hides."""
        return np.minimum(alpha, self.photo.pixels[top:bottom, :, 3]) if self.photo.has_alpha else alpha


def write(matte: Matte, alpha: Alpha | None = None, *, only_mask: bool = False) -> Iterator[tuple[float, bytes]]:
    """Yields the fraction done and the next piece of the PNG file: the cutout, or its alpha alone as grey."""
    width, height = matte.size
    if only_mask:
        shown = matte.alpha if alpha is None else alpha
        return png.encode(lambda top, bottom: shown[top:bottom, :, None], width, height, 1)
    return png.encode(lambda top, bottom: matte.rows(top, bottom, alpha), width, height, 4, matte.photo.icc)


def merge_alpha(photo: Photo, alpha: Alpha, top: int, bottom: int) -> None:
    """Multiplies rows top..bottom of `alpha` by the transparency that the photo itself has."""
    if photo.has_alpha:
        product = alpha[top:bottom] * photo.pixels[top:bottom, :, 3].astype(np.uint16)
        alpha[top:bottom] = (product + np.uint16(127)) // np.uint16(255)


def strips(width: int, height: int, pixels: int = 1 << 18) -> Iterator[tuple[int, int]]:
    """The rows of a picture in runs (top, bottom) of about so many pixels."""
    step = max(1, pixels // width)
    for top in range(0, height, step):
        yield top, min(top + step, height)


def _of_matte(alpha: Alpha, pixels: NDArray[np.uint8], photo: Photo) -> Alpha:
    """How much of each pixel is subject, when the photo's own transparency is in `alpha`."""
    if not photo.has_alpha:
        return alpha
    own = np.maximum(pixels[:, :, 3], 1).astype(np.uint16)
    return np.minimum(alpha * np.uint16(255) // own, 255).astype(np.uint8)


def _with_alpha(pixels: NDArray[np.uint8], alpha: Alpha) -> NDArray[np.uint8]:
    """The same array with this alpha, and zero where that is zero."""
    pixels.view(np.uint32)[:, :, 0][alpha == 0] = 0
    pixels[:, :, 3] = alpha
    return pixels


def picture_of(pixels: NDArray[np.uint8], has_alpha: bool = False) -> Image.Image:
    """Alpha (H, W), or pixels (H, W, 4) of a photo, as a picture over the same memory; not to be written to."""
    mode = "L" if pixels.ndim == 2 else "RGBA" if has_alpha else "RGBX"
    height, width = pixels.shape[:2]
    return Image.frombuffer(mode, (width, height), np.ascontiguousarray(pixels), "raw", mode, 0, 1)


def resized(pixels: NDArray[np.uint8], width: int, height: int, has_alpha: bool = False) -> NDArray[np.uint8]:
    """Alpha (H, W), or pixels (H, W, 4) of a photo, at a smaller size, by averages over areas.

    As Pillow does it with REDUCING_GAP, but strip by strip: of a large photo its means of blocks alone would take a
    quarter of the photo's memory.
    """
    down, across = pixels.shape[:2]
    if (across, down) == (width, height):
        return pixels.copy()
    gap = inf if has_alpha else REDUCING_GAP  # blocks know nothing of what is transparent
    x, y = (max(1, int(full / small / gap)) for full, small in ((across, width), (down, height)))
    out = np.empty((height, width, *pixels.shape[2:]), np.uint8)
    scale = down / y / height  # rows of blocks for a row of the result
    for top, bottom in strips(width, height):
        first = int(top * scale)
        last = min(-(-down // y), int(bottom * scale) + 1)
        blocks = picture_of(pixels[first * y : last * y], has_alpha)
        if x > 1 or y > 1:
            blocks = blocks.reduce((x, y))
        box = (0, top * scale - first, across / x, min(bottom * scale - first, blocks.height))
        out[top:bottom] = np.asarray(blocks.resize((width, bottom - top), Image.Resampling.BOX, box=box))
    return out
