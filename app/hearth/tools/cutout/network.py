"""Around the network: a photo -> the numbers that it expects; its raw map -> a mask from 0 to 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.errors import NoSubject
from hearth.tools.cutout.photo import BACKDROP, Photo
from hearth.words import say

SUBJECT_THRESHOLD = 0.5
"""A raw map whose maximum stays below has found nothing: plain white reaches .03, a subject .7 to 1."""


@dataclass(frozen=True)
class Preparation:
    """How pixels become numbers: (pixel / scale - mean) / std for red, green, blue; as in the catalogue."""

    shape: Sequence[int | str]
    """Of the network's input: (1, 3, height, width)."""

    scale: Literal["image maximum", "255"]
    """What pixels are divided by: the largest value in the resized picture, or always 255."""

    mean: Sequence[float]
    std: Sequence[float]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels of the picture that the network sees."""
        _, _, height, width = self.shape
        return int(width), int(height)


def prepare(photo: Photo, preparation: Preparation) -> NDArray[np.float32]:
    """The network's input, float32 (1, 3, height, width), bit for bit what rembg computes.

    rembg resizes in 8 bits with Pillow's Lanczos filter and does the arithmetic in float64.
    """
    small = photo.image.resize(preparation.size, Image.Resampling.LANCZOS)
    if photo.has_alpha:
        backdrop = Image.new("RGBA", small.size, (*BACKDROP, 255))
        small = Image.alpha_composite(backdrop, small)
    # A channel after the other: arithmetic on triples takes numpy longer.
    pixels = np.ascontiguousarray(np.asarray(small)[:, :, :3].transpose(2, 0, 1))
    # A black picture is divided by a tiny number instead of by zero.
    scale = max(float(pixels.max()), 1e-6) if preparation.scale == "image maximum" else 255.0
    mean, std = (np.array(three)[:, None, None] for three in (preparation.mean, preparation.std))
    normal = (pixels / scale - mean) / std
    return normal[None].astype(np.float32)


def stretch(raw: NDArray[np.float32]) -> NDArray[np.float32]:
    """The raw map (height, width) stretched to the whole range 0..1.

    Raises NoSubject when its maximum is at most SUBJECT_THRESHOLD (or not a number): stretching would invent
    a subject out of noise.
    """
    low, high = raw.min(), raw.max()
    if not high > SUBJECT_THRESHOLD:
        raise NoSubject(say("photo.no-subject", sure=max(float(high), 0.0) if high == high else 0.0))
    if low == high:
        return np.ones_like(raw)
    mask: NDArray[np.float32] = (raw - low) / (high - low)
    return mask
