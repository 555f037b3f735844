"""Small pictures of large photos, for the screen."""

from PIL import Image

from hearth.tools.cutout import Matte, Photo
from hearth.tools.cutout.matte import Alpha
from hearth.tools.cutout.screen import on_screen

LONG_SIDE = 2048  # pixels


def small_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height with the long side at most LONG_SIDE pixels."""
    scale = min(1.0, LONG_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def before(photo: Photo) -> Image.Image:
    """The photo, RGBA in sRGB, at its small size."""
    image, size = photo.image, small_size(photo.size)
    if size != image.size:
        image = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    return on_screen(image.convert("RGBA"), photo.icc)


def after(matte: Matte, size: tuple[int, int], alpha: Alpha | None = None) -> Image.Image:
    """The cutout at the size (width, height) of what `before` made and in sRGB, with `alpha` or the matte's own."""
    return on_screen(Image.fromarray(matte.scaled(*size, alpha)), matte.photo.icc)
