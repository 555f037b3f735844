"""Small pictures of large photos, for the screen."""

from PIL import Image

from hearth.tools.cutout import Matte, Photo

LONG_SIDE = 2048  # pixels


def before(photo: Photo) -> Image.Image:
    """The photo, RGBA, its long side at most LONG_SIDE pixels."""
    return _small(photo.image).convert("RGBA")


def after(matte: Matte, size: tuple[int, int]) -> Image.Image:
    """The cutout at the size (width, height) of what `before` made."""
    return Image.fromarray(matte.scaled(*size))


def _small(image: Image.Image) -> Image.Image:
    scale = LONG_SIDE / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
