"""The finished picture, a strip at a time: background, shadow, subject, in float32 and rounded once.

With premultiplied colours of 0..255, alpha of 0..1, s how dark the shadow is, k its colour, b the background and w the
light that it throws around edges:

    under = k s + b (1 - s)          opaque with a background, alpha s without one
    lit   = subject + w b (alpha - subject / 255)
    out   = lit + under (1 - alpha)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.matte import Alpha, Matte
from hearth.tools.cutout.photo import Photo
from hearth.tools.cutout.scene.backdrop import Backdrop, Plain, backdrop, colour_in
from hearth.tools.cutout.scene.frame import Placement, place
from hearth.tools.cutout.scene.sample import Sampler, premultiplied
from hearth.tools.cutout.scene.settings import Scene
from hearth.tools.cutout.scene.shadow import shadow, wrapped
from hearth.tools.cutout.scene.space import space_of

Field = NDArray[np.float32]
Rows = Callable[[int, int], NDArray[np.uint8]]


class Render:
    """`rows(top, bottom)` of the finished picture, straight RGBA (bottom - top, width, 4)."""

    def __init__(
        self,
        scene: Scene,
        matte: Matte,
        alpha: Alpha | None = None,
        picture: Photo | None = None,
        placement: Placement | None = None,
    ) -> None:
        """`alpha` is the edited one, (H, W) of the photo; `picture` the person's own background.

        `placement` goes before the scene's frame. Raises TooLarge.
        """
        seen = matte.alpha if alpha is None else alpha
        self.placement = placement or place(scene.frame, matte.size, seen)
        self.icc = matte.photo.icc
        self.sampler = Sampler(lambda top, bottom: matte.rows(top, bottom, alpha), matte.size, self.placement)
        self.backdrop: Backdrop | None = backdrop(scene.background, self.placement, matte.photo, seen, picture)
        self.shadow = shadow(scene.shadow, self.placement, seen, matte.size)
        self.shade = colour_in(space_of(self.icc), scene.shadow.colour)
        strength = scene.background.wrap if self.backdrop is not None else 0.0
        self.wrap = wrapped(strength, self.placement, seen, matte.size)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.placement.width, self.placement.height

    @property
    def is_opaque(self) -> bool:
        return self.backdrop is not None

    def on(self, colour: str) -> Render:
        """The same, with a colour where it would be transparent."""
        if self.backdrop is None:
            self.backdrop = Plain(colour_in(space_of(self.icc), colour))
        return self

    def rows(self, top: int, bottom: int) -> NDArray[np.uint8]:
        if not self.placement.is_copy:
            return self._blended(self.sampler.rows(top, bottom), top, bottom)
        out = self.sampler.copied(top, bottom)
        if self.backdrop is None and self.shadow is None:
            return out
        # Few pixels mix: the opaque subject stays as it is, and where nothing of it is there can be painted.
        alpha = out[:, :, 3]
        if isinstance(self.backdrop, Plain) and self.shadow is None:
            out[alpha == 0] = [*(self.backdrop.colour[0, 0] + np.float32(0.5)).astype(np.uint8), 255]
        where = np.flatnonzero(alpha != 255) if self.wrap is None else np.arange(alpha.size)
        pixels = out.reshape(-1, 4)
        pixels[where] = self._blended(premultiplied(pixels[where][None]), top, bottom, where)[0]
        return out

    def _blended(
        self, subject: Field, top: int, bottom: int, where: NDArray[np.intp] | None = None
    ) -> NDArray[np.uint8]:
        """The formula above for rows of the canvas, premultiplied RGBA; or for some pixels of them, (1, n, 4)."""

        def at(field: Field) -> Field:
            """The values of a field (rows, W, channels) for the pixels in question."""
            if where is None or field.shape[:2] == (1, 1):
                return field
            return field.reshape(1, -1, field.shape[2])[:, where]

        out, alpha = subject[:, :, :3], subject[:, :, 3:] * np.float32(1 / 255)
        behind = None if self.backdrop is None else at(self.backdrop.rows(top, bottom))
        if self.wrap is not None and behind is not None:
            out += at(self.wrap.rows(top, bottom)) * behind * (alpha - out * np.float32(1 / 255))
        free = 1 - alpha
        if self.shadow is not None:
            dark = at(self.shadow.rows(top, bottom))
            under = self.shade * dark
            if behind is not None:
                under = under + behind * (1 - dark)
            out += under * free
            alpha = alpha + dark * free
        elif behind is not None:
            out += behind * free
        return _rounded(out, None if self.is_opaque else alpha)


def _rounded(colours: Field, alpha: Field | None) -> NDArray[np.uint8]:
    """Straight RGBA of premultiplied colours; opaque without `alpha`."""
    height, width, _ = colours.shape
    out = np.empty((height, width, 4), np.uint8)
    if alpha is None:
        out[:, :, 3] = 255
    else:
        out[:, :, 3:] = alpha * 255 + np.float32(0.5)
        colours = np.divide(colours, np.maximum(alpha, np.float32(1e-6)), dtype=np.float32)
    out[:, :, :3] = (colours + np.float32(0.5)).clip(0, 255)
    if alpha is not None:
        out[out[:, :, 3] == 0] = 0  # what was removed does not travel along unseen
    return out
