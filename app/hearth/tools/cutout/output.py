"""The finished picture as a file: what of it is shown, in which format, under which name."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Literal, get_args

import numpy as np
from PIL import Image

from hearth.errors import BadInput, TooLarge
from hearth.tools.cutout import png
from hearth.tools.cutout.colours import Colours
from hearth.tools.cutout.matte import Alpha, Matte, strips
from hearth.tools.cutout.photo import Photo
from hearth.tools.cutout.scene.frame import Placement, place
from hearth.tools.cutout.scene.render import Render
from hearth.tools.cutout.scene.settings import Background, Scene, Shadow
from hearth.tools.cutout.scene.shadow import outline
from hearth.tools.cutout.scene.sizes import SIZES
from hearth.words import Words, say

Show = Literal["cutout", "mask", "inverse"]
Format = Literal["png", "webp", "jpeg", "avif", "rgba8", "alpha8"]
"""The last two are bare bytes, for programs: straight RGBA, and alpha alone."""

TYPES: dict[Format, str] = {
    "png": "image/png",
    "webp": "image/webp",
    "jpeg": "image/jpeg",
    "avif": "image/avif",
    "rgba8": "image/x-rgba8",
    "alpha8": "image/x-alpha8",
}
SUFFIXES: dict[Format, str] = {
    "png": ".png",
    "webp": ".webp",
    "jpeg": ".jpg",
    "avif": ".avif",
    "rgba8": ".rgba",
    "alpha8": ".alpha",
}
_ENDINGS: dict[Show, str] = {"cutout": "cutout", "mask": "mask", "inverse": "background"}
_LONGEST: dict[Format, int] = {"webp": 16_383, "jpeg": 65_535}  # pixels a side, by the formats themselves


@dataclass(frozen=True)
class Output:
    """What a person asks for."""

    format: Format = "png"
    show: Show = "cutout"
    """The finished picture; the alpha alone, as grey; or the photo without its subject."""

    quality: int = 90
    """Of JPEG, WebP and AVIF, 1 to 100; a WebP of 100 is lossless."""

    def __post_init__(self) -> None:
        if self.format not in get_args(Format):
            raise BadInput(f"There is no format {self.format!r}; choose one of {', '.join(get_args(Format))}.")
        if self.show not in get_args(Show):
            raise BadInput(f"There is no picture {self.show!r}; choose one of {', '.join(get_args(Show))}.")
        if not isinstance(self.quality, int) or not 1 <= self.quality <= 100:
            raise BadInput(f"The quality lies between 1 and 100; {self.quality!r} does not.")


def file_name(name: str, output: Output) -> str:
    """`photo.jpg` -> `photo-cutout.png`, by what is shown and how; a name without a stem becomes `photo-...` too."""
    stem = PurePath(name.replace("\\", "/")).stem.strip(" .")
    return f"{stem or 'photo'}-{_ENDINGS[output.show]}{SUFFIXES[output.format]}"


class Finished:
    """A finished picture, ready to be written. Nothing is computed before `write` or `rows` asks for it."""

    def __init__(
        self,
        matte: Matte,
        alpha: Alpha | None = None,
        scene: Scene | None = None,
        output: Output | None = None,
        picture: Photo | None = None,
    ) -> None:
        """`alpha` is the edited one; `picture` the background of the person's own. Raises TooLarge."""
        self.output = output or Output()
        self.scene = scene or Scene()
        self._resolution = dpi(self.scene)
        notes: list[Words] = []
        if self.output.show != "cutout":
            self.scene = replace(self.scene, background=Background(), shadow=Shadow())
        # The frame lies around the subject, also where the rest is shown.
        placement = place(self.scene.frame, matte.size, matte.alpha if alpha is None else alpha)
        if self.output.show == "inverse":
            matte, alpha = inverted(matte, alpha), None
        self.render = Render(self.scene, matte, alpha, picture, placement)
        if self.output.format == "jpeg" and not self.render.is_opaque and self.output.show != "mask":
            self.render.on("#ffffff")
            notes.append(say("file.on-white"))
        if self.render.placement.scale < 0.99:
            notes.append(say("file.enlarged", factor=1 / self.render.placement.scale))
        if self.scene.shadow.kind == "floor" and _is_cut_below(self.render.placement, matte, alpha):
            notes.append(say("file.floor-outside"))
        if (longest := max(self.render.size)) > (limit := _LONGEST.get(self.output.format, longest)):
            name = "WebP" if self.output.format == "webp" else "JPEG"
            raise TooLarge(f"A {name} may have {limit} pixels a side, not {longest}. Choose PNG, or a smaller size.")
        self.notes = tuple(notes)
        """What a person should know about this file, as sentences."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.render.size

    @property
    def kind(self) -> str:
        """The media type of what is written; bare bytes say there how wide and high they are."""
        width, height = self.size
        sizes = f";width={width};height={height}" if self.output.format in ("rgba8", "alpha8") else ""
        return TYPES[self.output.format] + sizes

    def write(self) -> Iterator[tuple[float, bytes]]:
        """Yields the fraction done and the next piece of the file. AVIF is the browser's to write: see `rgba`."""
        if self.output.format == "png":
            return self._png()
        if self.output.format == "rgba8":
            return self.rgba()
        if self.output.format == "alpha8":
            return self._alpha()
        return self._by_pillow()

    def rgba(self) -> Iterator[tuple[float, bytes]]:
        """The same for the bare pixels, straight RGBA row by row."""
        width, height = self.size
        for top, bottom in strips(width, height):
            rows = self.render.rows(top, bottom)
            if self.output.show == "mask":
                rows = np.repeat(rows[:, :, 3:], 4, 2)
                rows[:, :, 3] = 255
            yield bottom / height, rows.tobytes()

    def _alpha(self) -> Iterator[tuple[float, bytes]]:
        width, height = self.size
        for top, bottom in strips(width, height):
            yield bottom / height, self.render.rows(top, bottom)[:, :, 3].tobytes()

    def _png(self) -> Iterator[tuple[float, bytes]]:
        width, height = self.size
        if self.output.show == "mask":
            pieces = png.encode(lambda top, bottom: self.render.rows(top, bottom)[:, :, 3:], width, height, 1)
        else:
            pieces = png.encode(self.render.rows, width, height, 4, self.render.icc)
        yield next(pieces)  # the header: what tells the resolution has to follow it, before the pixels
        if self._resolution is not None:
            yield 0.0, _physical(self._resolution)
        yield from pieces

    def _by_pillow(self) -> Iterator[tuple[float, bytes]]:
        width, height = self.size
        grey, opaque = self.output.show == "mask", self.render.is_opaque
        image = Image.new("L" if grey else "RGB" if opaque else "RGBA", self.size)
        for top, bottom in strips(width, height):
            rows = self.render.rows(top, bottom)
            rows = rows[:, :, 3] if grey else rows[:, :, :3] if opaque else rows
            image.paste(Image.fromarray(np.ascontiguousarray(rows)), (0, top))
            yield 0.8 * bottom / height, b""
        quality = self.output.quality
        options: dict[str, object] = {"quality": quality}
        if self._resolution is not None and self.output.format == "jpeg":
            options["dpi"] = (self._resolution, self._resolution)
        if self.output.format == "jpeg":
            options |= {"subsampling": 0 if quality >= 90 else 2, "optimize": True}
        elif quality == 100:
            options |= {"lossless": True, "quality": 50, "method": 3}  # there, how long to look for a smaller file
        if not grey and self.render.icc is not None:
            options["icc_profile"] = self.render.icc
        file = io.BytesIO()
        image.save(file, self.output.format, **options)
        yield 1.0, file.getvalue()


def _is_cut_below(placement: Placement, matte: Matte, alpha: Alpha | None) -> bool:
    """Whether the subject goes on below the finished picture."""
    small = placement.resized(min(64, placement.width), min(64, placement.height))
    return bool(outline(small, matte.alpha if alpha is None else alpha, matte.size)[-1].max() > 0.5)


def inverted(matte: Matte, alpha: Alpha | None = None) -> Matte:
    """The background as a matte of its own: subject and background change places."""
    rest = 255 - (matte.alpha if alpha is None else alpha)
    if matte.photo.has_alpha:
        np.minimum(rest, matte.photo.pixels[:, :, 3], out=rest)
    colours = None if matte.colours is None else Colours(matte.colours.background, matte.colours.subject)
    return replace(matte, mask=1 - matte.mask, alpha=rest, colours=colours)


def dpi(scene: Scene) -> int | None:
    """Dots per inch of a named size that is meant for paper."""
    return SIZES[scene.frame.size].dpi if scene.frame.size in SIZES else None


def _physical(dots: int) -> bytes:
    """The chunk pHYs (PNG, Third Edition, 11.3.4.3), in dots a metre."""
    data = b"pHYs" + struct.pack(">IIB", round(dots / 0.0254), round(dots / 0.0254), 1)
    return struct.pack(">I", 9) + data + struct.pack(">I", zlib.crc32(data))
