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


def ink_profile() -> bytes:
    """A CMYK profile of one table (ICC.1:2022, 10.10) with two nodes an ink: paper and what the inks multiply it to."""
    lab = {  # of the inks on white paper, L a b
        "paper": (95.0, 0.0, 0.0),
        "cyan": (55.0, -37.0, -50.0),
        "magenta": (48.0, 74.0, -3.0),
        "yellow": (89.0, -5.0, 93.0),
        "black": (16.0, 0.0, 0.0),
    }
    nodes = []
    for mixed in range(16):
        inks = [
            name for bit, name in zip((8, 4, 2, 1), ("cyan", "magenta", "yellow", "black"), strict=True) if mixed & bit
        ]
        light = np.prod([lab[name][0] / lab["paper"][0] for name in inks]) * lab["paper"][0]
        a, b = (sum(lab[name][axis] for name in inks) * (0 if "black" in inks else 1) for axis in (1, 2))
        nodes += [round(light * 652.8), round((a + 128) * 256), round((b + 128) * 256)]
    straight = (0, 65535)
    table = struct.pack(">4s4x3Bx9i2H", b"mft2", 4, 3, 2, *(65536 * n for n in (1, 0, 0, 0, 1, 0, 0, 0, 1)), 2, 2)
    table += struct.pack(f">8H{len(nodes)}H6H", *straight * 4, *nodes, *straight * 3)
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    tags = {b"A2B0": table, b"wtpt": white}
    return profile_of(b"prtr", b"CMYK", b"Lab ", tags)


def wide_profile() -> bytes:
    """A display's profile with the primaries of Display P3, adapted to D50, and sRGB's curve."""
    primaries = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
    tags = {
        name: struct.pack(">4s4x3i", b"XYZ ", *(round(65536 * n) for n in xyz))
        for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
    }
    curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    shape = struct.pack(">4s4xH2x5i", b"para", 3, *(round(65536 * n) for n in curve))
    return profile_of(b"mntr", b"RGB ", b"XYZ ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), shape))


def grey_profile(gamma: float, connection: bytes = b"XYZ ") -> bytes:
    """A profile for greys that are light, or L*, to the power of `gamma`."""
    curve = struct.pack(">4s4xIH2x", b"curv", 1, round(256 * gamma))
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    return profile_of(b"mntr", b"GRAY", connection, {b"kTRC": curve, b"wtpt": white})


def profile_of(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Header, table and tags (ICC.1:2022, 7)."""
    start = 132 + 12 * len(tags)
    listed, body = b"", b""
    for name, data in tags.items():
        listed += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = start + len(body)
    illuminant = (63190, 65536, 54061)
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x3i48xI", size, 0x02400000, kind, space, connection, b"acsp", *illuminant, len(tags)
    )
    return head + listed + body
