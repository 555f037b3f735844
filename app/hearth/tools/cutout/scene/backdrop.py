"""What stands behind the subject, a strip of the canvas at a time; always opaque, in the photo's own colours."""

from __future__ import annotations

from math import ceil, cos, hypot, radians, sin
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from hearth.tools.cutout.matte import Alpha, picture_of
from hearth.tools.cutout.photo import Photo
from hearth.tools.cutout.scene.frame import Placement
from hearth.tools.cutout.scene.sample import Sampler, transformed
from hearth.tools.cutout.scene.settings import Background, Fit, rgb
from hearth.tools.cutout.scene.soften import FINEST, filled, gaussian
from hearth.tools.cutout.scene.space import SRGB, Space, converted, space_of

Field = NDArray[np.float32]

_LARGEST = 1024  # pixels of the long side on which the original is blurred


class Backdrop(Protocol):
    def rows(self, top: int, bottom: int) -> Field:
        """Colours of 0..255, (bottom - top, W, 3) or what broadcasts to that."""


def backdrop(
    background: Background, placement: Placement, photo: Photo, alpha: Alpha, picture: Photo | None
) -> Backdrop | None:
    """The backdrop of a scene; None where there is to be none. `picture` is the person's own, where they chose one."""
    space = space_of(photo.icc)
    first = colour_in(space, background.colour)
    match background.kind:
        case "colour":
            return Plain(first)
        case "gradient":
            second = colour_in(space, background.second)
            if background.shape == "radial":
                return Radial(first, second, placement.width, placement.height)
            return Linear(first, second, background.angle, placement.width, placement.height)
        case "picture" if picture is not None:
            canvas = placement.width, placement.height
            place = fitted(picture.size, canvas, background.fit, background.x, background.y)
            return Picture(picture, place, space, first)
        case "blur":
            return Blurred(photo, alpha, placement, background.blur * max(placement.width, placement.height))
    return None


def colour_in(space: Space, colour: str) -> Field:
    """A colour of the screen, #rrggbb, as (3,) of 0..255 in the space."""
    return converted(np.array(rgb(colour), np.float32), SRGB, space)


class Plain:
    """One colour."""

    def __init__(self, colour: Field) -> None:
        self.colour = colour.reshape(1, 1, 3)

    def rows(self, top: int, bottom: int) -> Field:
        return self.colour


class Linear:
    """From one colour to another along a line through the middle, corner to corner as in CSS Images, 3.1."""

    def __init__(self, first: Field, second: Field, angle: float, width: int, height: int) -> None:
        self.first, self.second = first, second
        x, y = sin(radians(angle)), -cos(radians(angle))
        length = abs(width * x) + abs(height * y)
        self.across = ((np.arange(width, dtype=np.float32) + 0.5 - width / 2) * (x / length)).astype(np.float32)
        self.down = ((np.arange(height, dtype=np.float32) + 0.5 - height / 2) * (y / length) + 0.5).astype(np.float32)

    def rows(self, top: int, bottom: int) -> Field:
        share = np.clip(self.down[top:bottom, None] + self.across, 0, 1)[:, :, None]
        return self.first + share * (self.second - self.first)


class Radial:
    """From one colour in the middle to another in the corners."""

    def __init__(self, first: Field, second: Field, width: int, height: int) -> None:
        self.first, self.second = first, second
        corner = hypot(width, height) / 2
        self.across = ((np.arange(width) + 0.5 - width / 2) / corner).astype(np.float32) ** 2
        self.down = ((np.arange(height) + 0.5 - height / 2) / corner).astype(np.float32) ** 2

    def rows(self, top: int, bottom: int) -> Field:
        share = np.sqrt(self.down[top:bottom, None] + self.across)[:, :, None]
        return self.first + share * (self.second - self.first)


class Picture:
    """A picture of the person's own, its colours brought to the photo's space, on a colour."""

    def __init__(self, picture: Photo, placement: Placement, space: Space, colour: Field) -> None:
        self.source, self.space, self.colour = space_of(picture.icc), space, colour
        opaque = not picture.has_alpha

        def rows(top: int, bottom: int) -> NDArray[np.uint8]:
            pixels = picture.rows(top, bottom)
            if opaque:
                pixels[:, :, 3] = 255
            return pixels

        self.sampler = Sampler(rows, picture.size, placement)

    def rows(self, top: int, bottom: int) -> Field:
        found = self.sampler.rows(top, bottom)
        colours, alpha = found[:, :, :3], found[:, :, 3:]
        if self.source is not self.space:
            straight = (colours * np.float32(255) / np.maximum(alpha, np.float32(1e-3))).clip(0, 255)
            colours = converted(straight, self.source, self.space) * (alpha * np.float32(1 / 255))
        return colours + self.colour * (1 - alpha * np.float32(1 / 255))


def fitted(picture: tuple[int, int], canvas: tuple[int, int], fit: Fit, x: float, y: float) -> Placement:
    """A canvas laid on a picture so that it covers all of the canvas ("fill"), or is seen whole ("fit")."""
    scales = [picture[0] / canvas[0], picture[1] / canvas[1]]  # picture pixels a canvas pixel
    scale = min(scales) if fit == "fill" else max(scales)
    left = (picture[0] - canvas[0] * scale) * x
    top = (picture[1] - canvas[1] * scale) * y
    return Placement(*canvas, (scale, 0.0, left, 0.0, scale, top))


class Blurred:
    """The photo's own background, blurred; the subject is taken out of it first, so that it casts no halo."""

    def __init__(self, photo: Photo, alpha: Alpha, placement: Placement, sigma: float) -> None:
        """`sigma` in pixels of the canvas."""
        self.placement = placement
        small, self.step = background_blurred(photo, alpha, sigma * placement.scale)
        self.small, self.rest = _with_room(small, placement, self.step)

    def rows(self, top: int, bottom: int) -> Field:
        a, b, c, d, e, f = self.placement.matrix
        (across, down), (left, above) = self.step, self.rest
        matrix = (
            *(a / across, b / across, (b * top + c) / across + left),
            *(d / down, e / down, (e * top + f) / down + above),
        )
        return transformed(self.small, (self.placement.width, bottom - top), matrix)


def background_blurred(photo: Photo, alpha: Alpha, sigma: float) -> tuple[Field, tuple[float, float]]:
    """The background blurred by `sigma` pixels of the photo, (h, w, 3), and how many of those one of its pixels is."""
    long = max(photo.size)
    side = min(max(long * FINEST / sigma, 24), _LARGEST, long)
    width, height = (max(1, round(length * side / long)) for length in photo.size)
    pixels = np.asarray(photo.image.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0))
    seen = picture_of(alpha).resize((width, height), Image.Resampling.BOX)
    # Where the two mix, and beside that, colours are partly the subject's: not to be trusted.
    around = np.asarray(seen.filter(ImageFilter.MaxFilter(3)), np.float32)
    weight = np.maximum(1 - around * np.float32(4 / 255), 0)
    if photo.has_alpha:
        weight *= pixels[:, :, 3] * np.float32(1 / 255)
    clear = filled(pixels[:, :, :3].astype(np.float32), weight)
    step = photo.size[0] / width, photo.size[1] / height
    return gaussian(clear, sigma / max(step)), step


def _with_room(small: Field, placement: Placement, step: tuple[float, float]) -> tuple[Field, tuple[int, int]]:
    """The field with its edges drawn out as far as the canvas reaches, and how far to the left and above."""
    a, b, c, d, e, f = placement.matrix
    corners = [(x, y) for x in (0, placement.width) for y in (0, placement.height)]
    across = [(a * x + b * y + c) / step[0] for x, y in corners]
    down = [(d * x + e * y + f) / step[1] for x, y in corners]
    left, right = ceil(max(-min(across), 0)) + 2, ceil(max(max(across) - small.shape[1], 0)) + 2
    above, below = ceil(max(-min(down), 0)) + 2, ceil(max(max(down) - small.shape[0], 0)) + 2
    return np.pad(small, ((above, below), (left, right), (0, 0)), "edge"), (left, above)
