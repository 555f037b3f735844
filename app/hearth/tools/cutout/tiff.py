"""TIFF where Pillow takes it for something else, or has no decoder in the page: read here, strip by strip (TIFF 6.0).

Those are pictures of 16 bits, packed by deflate, and uncompressed luma and chroma. All become 8 bits a channel.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from hearth.errors import BadImage
from hearth.tools.cutout.damage import DAMAGE
from hearth.words import say

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_STRIPS, _ORIENTATION, _SAMPLES, _ROWS, _STRIP_BYTES, _PLANES, _PREDICTOR = 273, 274, 277, 278, 279, 284, 317
_PALETTE, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES, _SUB_IFDS = 320, 322, 323, 324, 325, 330
_EXTRA, _FORMAT, _SUBSAMPLING, _DNG_VERSION, _ICC = 338, 339, 530, 50706, 34675

_NONE, _LZW, _DEFLATE, _PACK_BITS = 1, 5, (8, 32946), 32773
_RARE = {6: "JPEG", 7: "JPEG", 34712: "JPEG 2000", 34887: "LERC", 34925: "LZMA", 50000: "Zstandard"}
_RARE |= {50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL"}
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _INDEXED, _INKS, _YCBCR, _LAB, _ICC_LAB = 0, 1, 2, 3, 5, 6, 8, 9
_SENSOR = (32803, 34892)  # what a camera's sensor saw, not yet a picture (DNG 1.7)
_CHANNELS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _INDEXED: 1, _INKS: 4, _LAB: 3, _ICC_LAB: 3}
_MODES = {_INDEXED: "P", _INKS: "CMYK", _LAB: "LAB", _ICC_LAB: "LAB", _RGB: "RGB"}  # greys: "L"
_ASSOCIATED, _UNASSOCIATED = 1, 2
_REAL = 3  # numbers, not whole ones
_BAND = 64  # rows that are worked on at a time
_MOST_PAGES, _MOST_SAMPLES, _MOST_BEYOND = 1000, 16, 4096  # the last: a tile may be so many pixels squared larger

Tags = Any
"""Pillow's directory of a page: values by the tags' numbers."""


def tags_of(data: bytes) -> Tags | None:
    """The first page's directory; None where the file is no TIFF, or damaged there."""
    if data[:4] in (b"II*\0", b"MM\0*"):
        with suppress(*DAMAGE):
            return next(_pages(data), None)
    return None


def refuse(data: bytes, tags: Tags) -> None:
    """Raises BadImage for what is a TIFF and no picture for a screen."""
    canon = data[8:11] == b"CR\x02"
    preview = tags.get(_SUBFILE, 0) & 1 and _SUB_IFDS in tags
    if canon or _DNG_VERSION in tags or tags.get(_PHOTOMETRIC) in _SENSOR or preview:
        raise BadImage(say("file.raw"))
    if max(tags.get(_BITS, (1,))) > 16 or _REAL in tags.get(_FORMAT, ()):
        raise BadImage(say("photo.32-bits"))


def rare_packing(tags: Tags) -> str | None:
    """Names a compression that is not read everywhere."""
    return _RARE.get(_packing(tags))


def _packing(tags: Tags) -> int:
    return int(tags.get(_COMPRESSION, _NONE))


def is_read_here(tags: Tags) -> bool:
    """Whether `read` takes it; all others are Pillow's."""
    bits, photometric, packed = set(tags.get(_BITS, (1,))), tags.get(_PHOTOMETRIC), _packing(tags)
    if photometric == _YCBCR:
        return bits == {8} and packed == _NONE and tags.get(_PLANES, 1) == 1 and _TILES not in tags
    known = photometric in _CHANNELS and len(bits) == 1 and packed in (_NONE, _LZW, *_DEFLATE, _PACK_BITS)
    samples = tags.get(_SAMPLES, 1)
    if not known or not bits <= {1, 2, 4, 8, 16} or not _CHANNELS[photometric] <= samples <= _MOST_SAMPLES:
        return False
    if (samples > 1 and bits & {1, 2, 4}) or (bits == {16} and photometric == _INDEXED):
        return False
    plain_grey = photometric == _BLACK_IS_ZERO and samples == 1  # which Pillow takes with all its bits
    return packed in _DEFLATE or photometric == _ICC_LAB or (bits == {16} and not plain_grey)


def size_of(tags: Tags) -> tuple[int, int]:
    """Width and height in pixels."""
    return int(tags[_WIDTH]), int(tags[_HEIGHT])


def read(data: bytes, tags: Tags) -> Image.Image:
    """The first page, with its orientation, profile and number of pages. Raises ValueError, and what zlib and Pillow
    raise, where it is damaged."""
    image = _ycbcr(data, tags) if tags[_PHOTOMETRIC] == _YCBCR else _picture(data, tags)
    image.format = "TIFF"
    image.getexif()[_ORIENTATION] = tags.get(_ORIENTATION, 1)
    if _ICC in tags:
        image.info["icc_profile"] = tags[_ICC]
    image.tag_v2, image.n_frames = tags, sum(1 for _ in _pages(data))  # type: ignore[attr-defined]
    return image


def _pages(data: bytes) -> Iterator[Tags]:
    file = io.BytesIO(data)
    head = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
    at, seen = head.next, set[int]()
    while at and at not in seen and len(seen) < _MOST_PAGES:
        seen.add(at)
        page = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
        file.seek(at)
        page.load(file)
        yield page
        at = page.next


def _picture(data: bytes, tags: Tags) -> Image.Image:
    width, height = size_of(tags)
    samples, photometric = tags.get(_SAMPLES, 1), tags[_PHOTOMETRIC]
    colours, bits = _CHANNELS[photometric], tags.get(_BITS, (1,))[0]
    may_be_clear = samples > colours and photometric in (_BLACK_IS_ZERO, _WHITE_IS_ZERO, _RGB)
    extra = tags.get(_EXTRA, ())[:1] if may_be_clear else ()
    kept = colours + (extra in ((_ASSOCIATED,), (_UNASSOCIATED,)))
    wide_grey = bits == 16 and colours == kept == 1
    apart = extra == (_ASSOCIATED,) and tags.get(_PLANES, 1) == 2  # alpha comes last, and is needed to divide by
    wide = wide_grey or (bits == 16 and apart)
    whole = np.empty((height, width, kept), np.uint16 if wide else np.uint8)
    for top, left, channel, part in _parts(data, tags):
        here = part[: height - top, : width - left]
        if bits < 8 and photometric != _INDEXED:
            here = here * np.uint8(255 // ((1 << bits) - 1))
        rows = whole[top : top + here.shape[0], left : left + here.shape[1]]
        if here.shape[2] == samples > 1 and extra == (_ASSOCIATED,):
            here = _straight(here[:, :, :kept])
        for number in range(here.shape[2]):
            if channel + number < kept:
                plane = here[:, :, number]
                rows[:, :, channel + number] = plane >> 8 if plane.dtype.itemsize == 2 and not wide else plane
    if apart:
        for top in range(0, height, _BAND):
            whole[top : top + _BAND] = _straight(whole[top : top + _BAND])
        whole = (whole >> 8 if wide else whole).astype(np.uint8)
    if photometric == _WHITE_IS_ZERO:
        np.invert(whole[:, :, :1], out=whole[:, :, :1])
    if photometric == _ICC_LAB:  # a and b count from -128 there, from 0 in what Pillow takes
        whole[:, :, 1:] ^= 0x80
    if wide_grey:
        return Image.fromarray(whole[:, :, 0])
    mode = _MODES.get(photometric, "L") + ("A" if kept > colours else "")
    image = Image.frombytes(mode, (width, height), whole.tobytes())
    if photometric == _INDEXED:
        image.putpalette((np.reshape(tags[_PALETTE], (3, -1)).T >> 8).astype(np.uint8).tobytes())
    return image


def _straight(part: NDArray[Any]) -> NDArray[Any]:
    """Colours that were multiplied by alpha, the last channel, divided by it."""
    most = np.iinfo(part.dtype).max
    alpha = part[:, :, -1:].astype(np.float32)
    straight = (part[:, :, :-1] * (most / np.maximum(alpha, 1))).clip(0, most)
    return np.concatenate([(straight + 0.5).astype(part.dtype), part[:, :, -1:]], axis=2)


def _parts(data: bytes, tags: Tags) -> Iterator[tuple[int, int, int, NDArray[Any]]]:
    """Strips or tiles: the row and column at which each begins, its first channel, and its values, (rows, columns,
    channels)."""
    width, height = size_of(tags)
    samples, bits = tags.get(_SAMPLES, 1), tags.get(_BITS, (1,))[0]
    planes = samples if tags.get(_PLANES, 1) == 2 else 1
    channels = samples // planes
    tiled = _TILES in tags
    across = tags[_TILE_WIDTH] if tiled else width
    down = tags[_TILE_HEIGHT] if tiled else min(tags.get(_ROWS, height), height)
    starts, counts = (tags[_TILES], tags[_TILE_BYTES]) if tiled else (tags[_STRIPS], tags[_STRIP_BYTES])
    if across * down > width * height + _MOST_BEYOND**2:
        raise ValueError("tiles are larger than the picture")
    places = product(range(planes), range(0, height, down), range(0, width, across))
    order = "<" if data[:2] == b"II" else ">"
    predicted = tags.get(_PREDICTOR, 1) == 2 and _packing(tags) in (_LZW, *_DEFLATE)  # means nothing elsewhere
    row_bytes = -(-across * channels * bits // 8)
    for (plane, top, left), start, count in zip(places, starts, counts, strict=True):
        rows = down if tiled else min(down, height - top)
        packed = memoryview(data)[start : start + count]
        whole = np.frombuffer(_unpacked(packed, _packing(tags), rows, row_bytes), np.uint8, rows * row_bytes)
        whole = whole.reshape(rows, row_bytes)
        for first in range(0, min(rows, height - top), _BAND):  # a strip may be all of a large photo
            values = whole[first : first + _BAND]
            if bits == 16:
                values = values.view(order + "u2").astype(np.uint16)
            elif bits < 8:
                single = np.unpackbits(values, axis=1)[:, : across * bits].reshape(-1, across, bits)
                values = (single << np.arange(bits - 1, -1, -1, dtype=np.uint8)).sum(axis=2, dtype=np.uint8)
            values = values.reshape(-1, across, channels)
            if predicted:
                values = np.cumsum(values, axis=1, dtype=values.dtype)
            yield top + first, left, plane * channels, values


def _unpacked(packed: memoryview, packing: int, rows: int, row_bytes: int) -> bytes | memoryview:
    if packing == _NONE:
        return packed
    if packing in _DEFLATE:
        return zlib.decompressobj().decompress(packed, rows * row_bytes)
    # Pillow's decoder takes the strip as the whole of a grey picture.
    numbers = {_WIDTH: row_bytes, _HEIGHT: rows, _BITS: 8, _COMPRESSION: packing, _PHOTOMETRIC: 1, _STRIPS: 8}
    numbers |= {_SAMPLES: 1, _ROWS: rows, _STRIP_BYTES: len(packed)}
    listed = b"".join(struct.pack("<HHII", tag, 4, 1, number) for tag, number in sorted(numbers.items()))
    directory = struct.pack("<H", len(numbers)) + listed + bytes(4)
    odd = bytes(len(packed) % 2)
    file = struct.pack("<2sHI", b"II", 42, 8 + len(packed) + len(odd)) + bytes(packed) + odd + directory
    with Image.open(io.BytesIO(file), formats=["TIFF"]) as image:
        return image.tobytes()


def _ycbcr(data: bytes, tags: Tags) -> Image.Image:
    """Luma and chroma as RGB (TIFF 6.0, section 21); Pillow takes them for red, green and blue."""
    width, height = size_of(tags)
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
    return Image.frombytes("YCbCr", (width, height), full.tobytes()).convert("RGB")
