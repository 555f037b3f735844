"""What the page's canvas is made of: the parts of a matte, apart, so that the preview needs Python for none of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.tools.cutout import Matte
from hearth.tools.cutout.export import base_alpha
from hearth.tools.cutout.look import Look
from hearth.tools.cutout.screen import is_screens, on_screen

_STRIP_PIXELS = 1 << 20


@dataclass(frozen=True)
class Strips:
    """A layer that is made strip by strip, from the top, while it is handed over: beside the photo Python's memory has
    no room for all of it, and would keep the size that it took."""

    shape: tuple[int, ...]
    strips: Iterator[NDArray[np.uint8]]


@dataclass(frozen=True)
class Layers:
    """Bytes by name, and their sizes: the whole message but for its type."""

    sizes: dict[str, Any]
    data: Mapping[str, NDArray[np.uint8] | Strips]


def reduced_size(size: tuple[int, int], side: int, pixels: int) -> tuple[int, int]:
    """The size that a canvas can take which holds `side` pixels a side and `pixels` in all: a whole part of it."""
    width, height = size
    part = 1
    while max(width, height) > side * part or width * height > pixels * part * part:
        part += 1
    return -(-width // part), -(-height // part)


def layers(matte: Matte, look: Look, size: tuple[int, int]) -> Layers:
    """At `size`: the photo (RGBA in sRGB), the matte's own alpha, the one that the settings begin with where that is
    another, and small: the colours of subject and background (RGBA).
    """
    icc = matte.photo.icc
    data = {"photo": _layer(matte.photo.pixels, size, icc), "found": _layer(matte.alpha, size)}
    if look.mask.source == "raw":
        data |= base_layer(matte, look, size).data
    shape = (0, 0)
    if matte.colours is not None:
        shape = matte.colours.subject.shape[:2]
        for name, field in (("subject", matte.colours.subject), ("background", matte.colours.background)):
            colours = (field * np.float32(255) + np.float32(0.5)).clip(0, 255).astype(np.uint8)
            data[name] = np.asarray(on_screen(Image.fromarray(colours), icc))
    sizes = {
        "width": size[0],
        "height": size[1],
        "small": [shape[1], shape[0]],
        "has_alpha": matte.photo.has_alpha,
        "full": list(matte.size),
    }
    return Layers(sizes, data)


def base_layer(matte: Matte, look: Look, size: tuple[int, int]) -> Layers:
    """The alpha that the settings begin with, alone."""
    return Layers({"width": size[0], "height": size[1]}, {"base": _layer(base_alpha(matte, look), size)})


def near_layers(matte: Matte, left: int, top: int, right: int, bottom: int) -> Layers:
    """A part of the photo (RGBA in sRGB) and of the matte's own alpha, pixel by pixel."""
    part = np.s_[top:bottom, left:right]
    image = Image.fromarray(np.ascontiguousarray(matte.photo.pixels[part]))
    data = {
        "photo": np.asarray(on_screen(image, matte.photo.icc)),
        "found": np.ascontiguousarray(matte.alpha[part]),
    }
    return Layers({"left": left, "top": top, "width": image.width, "height": image.height}, data)


def _layer(pixels: NDArray[np.uint8], size: tuple[int, int], icc: bytes | None = None) -> NDArray[np.uint8] | Strips:
    """Alpha (H, W), or RGBA (H, W, 4) brought to sRGB, by averages over squares; `size` is a whole part of the
    picture's, as `reduced_size` makes it."""
    height, width = pixels.shape[:2]
    if (width, height) == size and is_screens(icc):
        return pixels
    part = max(-(-width // size[0]), -(-height // size[1]))
    step = part * max(1, _STRIP_PIXELS // (part * width))

    def strips() -> Iterator[NDArray[np.uint8]]:
        for top in range(0, height, step):
            yield np.asarray(on_screen(Image.fromarray(pixels[top : top + step]).reduce(part), icc))

    return Strips((size[1], size[0], *pixels.shape[2:]), strips())
