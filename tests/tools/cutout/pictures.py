"""Pictures drawn for the tests, and files made of them."""

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def scene(width: int, height: int, channels: int = 3, seed: int = 0) -> Pixels:
    """Gradients, an ellipse and a little noise, (height, width, channels): no two quadrants are alike."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    inside = (2 * x / width - 1.1) ** 2 + (2 * y / height - 0.9) ** 2 < 0.4
    planes = [
        np.where(inside, 200 - 60 * c, 40 + 30 * c) + 90 * (x / width if c % 2 else y / height) for c in range(channels)
    ]
    noise = np.random.default_rng(seed).normal(0, 2, (height, width, channels))
    return (np.stack(planes, axis=2) + noise).clip(0, 255).astype(np.uint8)


def encoded(image: Image.Image | Pixels, kind: str, **options: Any) -> bytes:
    """The bytes of a file."""
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, kind, **options)
    return file.getvalue()


def decoded(png: bytes) -> Pixels:
    """The pixels of a PNG, as a reader other than ours sees them."""
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image)


def srgb_profile() -> bytes:
    """The head of an RGB display profile, without tags: Pillow in the page cannot make a whole one."""
    size = 132
    return struct.pack(">I8x4s4s4s12x4s88xI", size, b"mntr", b"RGB ", b"XYZ ", b"acsp", 0)
