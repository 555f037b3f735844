"""What the canvas needs to show the finished picture live: where the frame lies, and soft or foreign pictures, small.

The shader (`web/cutout/canvas/scene.glsl`) puts them together by the formula of `hearth.tools.cutout.scene.render`,
with the very fields that the file is made with.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import cos, radians, sin

import numpy as np
from PIL import Image

from hearth.page.cutout.editing import Editing
from hearth.page.cutout.layers import Layers
from hearth.tools.cutout import Matte, Photo
from hearth.tools.cutout.adjust import adjusted
from hearth.tools.cutout.export import base_alpha, finished_alpha
from hearth.tools.cutout.look import Mask
from hearth.tools.cutout.matte import Alpha, resized
from hearth.tools.cutout.scene import SIZES, Frame, Scene
from hearth.tools.cutout.scene.backdrop import background_blurred, colour_in, fitted
from hearth.tools.cutout.scene.frame import place
from hearth.tools.cutout.scene.shadow import shadow, wrapped
from hearth.tools.cutout.scene.space import Space, converted, space_of

_LONG_SIDE = 1024  # pixels of the alpha that soft fields are made of
_PICTURE_SIDE = 2048  # and of a picture of the person's own


async def surroundings(
    matte: Matte, editing: Editing, picture: Photo | None, breathe: Callable[[], Awaitable[None]]
) -> Layers:
    """For the scene and the strokes as they are now. `breathe` is awaited in between what takes long."""
    scene = editing.look.scene
    alpha = _small_alpha(matte, editing)
    exact = alpha
    if _looks_at_subject(scene.frame):  # to the pixel, as in the file
        exact = matte.alpha
        for _, made in finished_alpha(matte, editing.look, editing.edits):
            exact = made
            await breathe()
    placement = place(scene.frame, matte.size, exact)
    long = max(placement.width, placement.height)
    space = space_of(matte.photo.icc)
    data: dict[str, np.ndarray] = {}
    shapes: dict[str, list[int]] = {}

    def put(name: str, field: np.ndarray) -> None:
        """A field of 0..255, (h, w) or (h, w, 3)."""
        pixels = (field + np.float32(0.5)).clip(0, 255).astype(np.uint8)
        if pixels.ndim == 3:
            pixels = np.concatenate([pixels, np.full((*pixels.shape[:2], 1), 255, np.uint8)], 2)
        data[name], shapes[name] = pixels, [pixels.shape[1], pixels.shape[0]]

    if (dark := shadow(scene.shadow, placement, alpha, matte.size)) is not None:
        put("shadow", dark.small * 255)
    back = scene.background
    if back.kind != "none" and (reach := wrapped(back.wrap, placement, alpha, matte.size)) is not None:
        put("reach", reach.small * 255)
    await breathe()
    to_picture = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]  # from the finished picture to the backdrop, 0..1
    if back.kind == "blur":
        small, _ = background_blurred(matte.photo, alpha, back.blur * long * placement.scale)
        put("backdrop", small)
        a, b, c, d, e, f = placement.matrix
        width, height = matte.size
        to_picture = [a / width, b / width, c / width, d / height, e / height, f / height]
    elif back.kind == "picture" and picture is not None:
        put("backdrop", _small_picture(picture, space))
        laid = fitted(picture.size, (placement.width, placement.height), back.fit, back.x, back.y)
        a, b, c, d, e, f = laid.matrix
        width, height = picture.size
        to_picture = [a / width, b / width, c / width, d / height, e / height, f / height]
    sizes = {
        "width": placement.width,
        "height": placement.height,
        "matrix": [float(number) for number in placement.matrix],
        "shapes": shapes,
        "kind": _kind(scene, picture),
        "to_picture": [float(number) for number in to_picture],
        "first": _unit(colour_in(space, back.colour)),
        "second": _unit(colour_in(space, back.second)),
        "shade": _unit(colour_in(space, scene.shadow.colour)),
        "direction": _direction(back.angle, placement.width, placement.height),
    }
    return Layers(sizes, data)


def _kind(scene: Scene, picture: Photo | None) -> str:
    """What the shader is to draw."""
    kind = scene.background.kind
    if kind == "gradient":
        return scene.background.shape
    return "none" if kind == "picture" and picture is None else kind


def _direction(angle: float, width: int, height: int) -> list[float]:
    """A step along a linear gradient of length 1, for one pixel across and one down."""
    x, y = sin(radians(angle)), -cos(radians(angle))
    length = abs(width * x) + abs(height * y)
    return [x / length, y / length]


def _unit(colour: np.ndarray) -> list[float]:
    return [float(value) / 255 for value in colour]


def _looks_at_subject(frame: Frame) -> bool:
    return frame.crop or (frame.size in SIZES and SIZES[frame.size].portrait is not None)


def _small_alpha(matte: Matte, editing: Editing) -> Alpha:
    """The alpha as settings and strokes make it, at a small size."""
    width, height = matte.size
    part = min(1.0, _LONG_SIDE / max(width, height))
    size = max(1, round(width * part)), max(1, round(height * part))
    small = resized(base_alpha(matte, editing.look), *size)
    mask = editing.look.mask
    if mask != Mask():
        for _, changed in adjusted(small, replace(mask, shift=mask.shift * part, feather=mask.feather * part)):
            small = changed
    if editing.edits:
        editing.edits.apply(small)
    return small


def _small_picture(picture: Photo, space: Space) -> np.ndarray:
    """Colours of 0..255 in the photo's space, (h, w, 3)."""
    width, height = picture.size
    part = min(1.0, _PICTURE_SIDE / max(width, height))
    size = max(1, round(width * part)), max(1, round(height * part))
    pixels = np.asarray(picture.image.resize(size, Image.Resampling.BOX, reducing_gap=2.0))[:, :, :3]
    return converted(pixels.astype(np.float32), space_of(picture.icc), space)
