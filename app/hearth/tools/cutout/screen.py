"""Pictures in the colours of their own profile, shown right on a screen that takes all numbers for sRGB's."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image, ImageFilter

from hearth.tools.cutout.scene.space import SRGB, converted, space_of

_NODES = 33  # of the table, along each channel


def on_screen(image: Image.Image, icc: bytes | None) -> Image.Image:
    """The picture, RGB or RGBA, in sRGB, for looking at; itself where its profile says nothing else."""
    table = _table(icc)
    return image if table is None else image.filter(table)


def is_screens(icc: bytes | None) -> bool:
    """Whether a profile's colours are those of a screen."""
    return _table(icc) is None


@functools.lru_cache(maxsize=4)
def _table(icc: bytes | None) -> ImageFilter.Color3DLUT | None:
    space = space_of(icc)
    if space is SRGB:
        return None
    steps = np.linspace(0, 255, _NODES, dtype=np.float32)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")  # red runs fastest
    nodes = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    shown = converted(nodes, space, SRGB)
    if np.abs(shown - nodes).max() < 1.5:  # sRGB by another name
        return None
    return ImageFilter.Color3DLUT(_NODES, (shown / 255).reshape(-1).tolist())
