"""Uncompressed TIFF of luma and chroma, which Pillow takes for red, green and blue (TIFF 6.0, section 21)."""

from typing import Any

import numpy as np
from PIL import Image

_STRIPS, _STRIP_BYTES, _ROWS, _SUBSAMPLING = 273, 279, 278, 530
_COMPRESSION, _PHOTOMETRIC, _PLANES, _TILES, _ORIENTATION = 259, 262, 284, 324, 274
_YCBCR, _NONE = 6, 1


def is_plain_ycbcr(tags: Any) -> bool:
    """`tags` are Pillow's `tag_v2` of the file."""
    plain = tags.get(_COMPRESSION, _NONE) == _NONE and tags.get(_PLANES, 1) == 1 and _TILES not in tags
    return plain and tags.get(_PHOTOMETRIC) == _YCBCR


def read_ycbcr(data: bytes, tags: Any, size: tuple[int, int]) -> Image.Image:
    """The picture as RGB, with its orientation. Raises ValueError where pixels are missing."""
    width, height = size
    across, down = tags.get(_SUBSAMPLING, (2, 2))
    units, rows = -(-width // across), min(tags.get(_ROWS, height), height)
    full = np.empty((height, width, 3), np.uint8)
    strips = zip(tags[_STRIPS], tags[_STRIP_BYTES], strict=True)
    for top, (start, count) in zip(range(0, height, rows), strips, strict=True):
        lines = min(rows, height - top)
        here = np.frombuffer(data[start : start + count], np.uint8)
        here = here[: -(-lines // down) * units * (across * down + 2)].reshape(-1, units, across * down + 2)
        luma = here[:, :, :-2].reshape(-1, units, down, across).swapaxes(1, 2).reshape(-1, units * across)
        chroma = here[:, :, -2:].repeat(down, 0).repeat(across, 1)
        full[top : top + lines, :, 0] = luma[:lines, :width]
        full[top : top + lines, :, 1:] = chroma[:lines, :width]
    image = Image.frombytes("YCbCr", size, full.tobytes()).convert("RGB")
    image.getexif()[_ORIENTATION] = tags.get(_ORIENTATION, 1)
    return image
