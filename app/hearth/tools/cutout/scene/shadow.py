"""Shadows and the light that a background throws around edges: both are the subject's outline, moved and blurred.

They are soft, so they are made small (see `soften`) and stretched, and the preview's shader makes the very same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.tools.cutout.matte import Alpha, picture_of
from hearth.tools.cutout.scene.frame import Placement
from hearth.tools.cutout.scene.sample import transformed
from hearth.tools.cutout.scene.settings import Shadow
from hearth.tools.cutout.scene.soften import FINEST, gaussian

Field = NDArray[np.float32]

_LARGEST = 768  # pixels of the long side
FLATNESS = 0.12
"""Height of a shadow on the floor by the subject's own."""

_WRAP_BLUR = 0.012  # standard deviation, a share of the long side


class Soft:
    """A small field (h, w) stretched over the canvas."""

    def __init__(self, small: Field, width: int, height: int) -> None:
        self.small, self.width, self.height = small, width, height

    def rows(self, top: int, bottom: int) -> Field:
        """(bottom - top, W, 1)."""
        ratio = self.small.shape[0] / self.height
        box = (0.0, top * ratio, float(self.small.shape[1]), bottom * ratio)
        image = Image.fromarray(self.small).resize((self.width, bottom - top), Image.Resampling.BILINEAR, box)
        return np.asarray(image)[:, :, None]


def shadow(settings: Shadow, placement: Placement, alpha: Alpha, size: tuple[int, int]) -> Soft | None:
    """How dark the shadow is, 0..1; None where there is none. `alpha` is that of a photo of `size`, or smaller."""
    if settings.kind == "none" or settings.opacity == 0:
        return None
    width, height = placement.width, placement.height
    outline, sigma = _outline(placement, alpha, size, settings.blur)
    long = max(outline.shape)
    across, down = settings.x * long, settings.y * long
    if settings.kind == "floor":
        outline, across, down = flattened(outline), across, 0.0
    moved = _moved(outline, across, down)
    return Soft(gaussian(moved, sigma) * np.float32(settings.opacity), width, height)


def wrapped(strength: float, placement: Placement, alpha: Alpha, size: tuple[int, int]) -> Soft | None:
    """How much of the background's light reaches a pixel of the subject, 0..1: nothing deep inside of it."""
    if strength == 0:
        return None
    outline, sigma = _outline(placement, alpha, size, _WRAP_BLUR)
    reach = np.minimum(2 * (1 - gaussian(outline, sigma)), 1)
    return Soft(reach * np.float32(strength), placement.width, placement.height)


def flattened(outline: Field) -> Field:
    """The outline laid on the floor at its foot; what touches the floor is darkest."""
    height, width = outline.shape
    rows = np.flatnonzero(outline.max(1) > 0.1)
    if not len(rows):
        return outline
    foot, tall = float(rows[-1] + 1), float(rows[-1] + 1 - rows[0])
    below = np.arange(height, dtype=np.float32)[:, None]
    faded = outline * np.exp(-np.clip(foot - below, 0, None) / (0.6 * tall)).astype(np.float32)
    # Row y of the floor shows the outline as high above its foot as it lies behind the shadow's front edge.
    front = foot + FLATNESS * tall / 2
    matrix = (1.0, 0.0, 0.0, 0.0, 1 / FLATNESS, foot - front / FLATNESS)
    return transformed(faded[:, :, None], (width, height), matrix)[:, :, 0]


def _outline(placement: Placement, alpha: Alpha, size: tuple[int, int], blur: float) -> tuple[Field, float]:
    """Alpha on a small canvas, 0..1, and the standard deviation there of a blur that is a share of the long side."""
    long = max(placement.width, placement.height)
    side = min(max(FINEST / max(blur, 1e-6), 48), _LARGEST, long)
    width, height = (max(1, round(length * side / long)) for length in (placement.width, placement.height))
    return outline(placement.resized(width, height), alpha, size), blur * max(width, height)


def outline(placement: Placement, alpha: Alpha, size: tuple[int, int]) -> Field:
    """Alpha on a canvas that is small beside the photo of `size`, 0..1."""
    small = picture_of(alpha)
    cell = max(1.0, placement.scale)
    width, height = (min(own, max(1, round(full / cell))) for own, full in zip(small.size, size, strict=True))
    small = small.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
    field = np.asarray(small).astype(np.float32) * np.float32(1 / 255)
    across, down = size[0] / width, size[1] / height
    a, b, c, d, e, f = placement.matrix
    matrix = (a / across, b / across, c / across, d / down, e / down, f / down)
    return transformed(field[:, :, None], (placement.width, placement.height), matrix)[:, :, 0]


def _moved(field: Field, across: float, down: float) -> Field:
    height, width = field.shape
    return transformed(field[:, :, None], (width, height), (1.0, 0.0, -across, 0.0, 1.0, -down))[:, :, 0]
