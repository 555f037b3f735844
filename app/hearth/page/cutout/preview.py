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


def reduced(photo: Photo) -> Image.Image:
    """The photo, RGBA in its own colours, at its small size."""
    image, size = photo.image, small_size(photo.size)
    return image if size == image.size else image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)


def before(photo: Photo, small: Image.Image) -> Image.Image:
    """The photo that was `reduced` to `small`, in sRGB."""
    return on_screen(small.convert("RGBA"), photo.icc)


def after(matte: Matte, small: Image.Image, alpha: Alpha | None = None) -> Image.Image:
    """The cutout of the photo that was `reduced` to `small`, in sRGB, with `alpha` or the matte's own."""
    return on_screen(Image.fromarray(matte.scaled(*small.size, alpha, small)), matte.photo.icc)
