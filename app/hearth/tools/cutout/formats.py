"""What a file is by its first bytes: enough to pick the decoder, and to say kindly why there is none."""

import struct
from contextlib import suppress

from hearth.tools.cutout import tiff
from hearth.tools.cutout.damage import DAMAGE
from hearth.words import Words, say

_HINTS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF", "file.pdf"),
    (0, b"PK\x03\x04", "file.archive"),
    (0, b"<svg", "file.drawing"),
    (0, b"\x1a\x45\xdf\xa3", "file.video"),
    (0, b"Rar!", "file.archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "file.archive"),
    (0, b"\x1f\x8b", "file.archive"),
    (0, b"ID3", "file.sound"),
    (0, b"\xff\xfb", "file.sound"),
    (0, b"fLaC", "file.sound"),
    (0, b"OggS", "file.sound-or-video"),
    (0, b"\xff\xf3", "file.sound"),
    (0, b"\xff\xf2", "file.sound"),
    (0, b"\xd0\xcf\x11\xe0", "file.archive"),
    (0, b"FUJIFILMCCD-RAW", "file.raw"),
    (0, b"IIU\0", "file.raw"),
    (0, b"IIRO", "file.raw"),
    (0, b"IIRS", "file.raw"),
    (0, b"MMOR", "file.raw"),
    (0, b"\0MRM", "file.raw"),
    (0, b"FOVb", "file.raw"),
    (6, b"HEAPCCDR", "file.raw"),
    (8, b"CR\x02", "file.raw"),
    (4, b"ftypcrx ", "file.raw"),
    (8, b"WAVE", "file.sound"),
    (8, b"AVI ", "file.video"),
)
_PHOTOS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n": "PNG", b"GIF8": "GIF", b"II*\0": "TIFF", b"MM\0*": "TIFF"}
_OTHERS = {  # pictures that nobody here decodes
    b"8BPS": "Photoshop",
    b"gimp xcf": "GIMP",
    b"\x76\x2f\x31\x01": "OpenEXR",
    b"#?RADIANCE": "Radiance HDR",
    b"II\xbc\x01": "JPEG XR",
}
_JPEG_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC} | {0xF7}  # markers of the frame's header (ITU-T T.81, B.1.1.3)
_LOSSLESS = (0xC3, 0xC7, 0xCB, 0xCF, 0xF7)
_BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"heim": "HEIC",
    b"heis": "HEIC",
    b"hevc": "HEIC",
    b"hevx": "HEIC",
    b"mif1": "HEIC",
    b"msf1": "HEIC",
}


def browser_format(data: bytes) -> str | None:
    """Names the format of a photo which the browser may decode and Pillow, as it is in the page, can not.

    Such a photo goes through `createImageBitmap` and on to `photo.from_rgba`.
    """
    if data[4:8] == b"ftyp":
        # The major brand may be generic; the list of compatible brands then says what it is.
        brands = [data[at : at + 4] for at in range(8, min(len(data), _box_length(data), 64), 4) if at != 12]
        names = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
        return "AVIF" if "AVIF" in names else names[0] if names else None
    if data.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")):
        return "JPEG XL"
    if data.startswith((b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")):
        return "JPEG 2000"
    return None


def is_sequence(data: bytes) -> bool:
    """Whether an AVIF or HEIC file says that its pictures are frames."""
    return data[4:8] == b"ftyp" and data[8:12] in (b"avis", b"hevc", b"hevx", b"msf1")


def describe(data: bytes) -> Words:
    """What a file is that cannot be read, with advice."""
    if (name := browser_format(data)) is not None:
        return say("file.photo-not-read", format=name)
    head = data[:512].lstrip()
    for offset, signature, key in _HINTS:
        if (head if offset == 0 else data)[offset:].startswith(signature):
            return say(key)
    if data[4:8] == b"ftyp":
        return say("file.video")
    if head[:14].lower().startswith((b"<!doctype html", b"<html")):
        return say("file.page")
    for signature, name in _OTHERS.items():
        if data.startswith(signature):
            return say("file.photo-not-read", format=name)
    if b"<svg" in head or (b"<?xml" in head and b"<svg" in data[:4096]):
        return say("file.drawing")
    for signature, name in _PHOTOS.items():
        if data.startswith(signature):
            return why_not_decoded(data, name)
    return say("file.unknown")


def why_not_decoded(data: bytes, format: str) -> Words:
    """What to say of a photo whose header can be read and whose pixels can't: it is of a rare kind, or damaged."""
    rare = _rare_jpeg(data) if format == "JPEG" else _rare_tiff(data) if format == "TIFF" else None
    return say("photo.incomplete", format=format) if rare is None else say("file.photo-not-read", format=rare)


def _rare_tiff(data: bytes) -> str | None:
    with suppress(*DAMAGE):  # damaged tags say nothing
        packing = tiff.rare_packing(tiff.tags_of(data) or {})
        return packing and f"TIFF ({packing})"
    return None


def _rare_jpeg(data: bytes) -> str | None:
    at = 2
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] not in (b"\xda", b""):
        if data[at + 1] in _JPEG_SIZES:
            bits = data[at + 4] if at + 4 < len(data) else 8
            return "lossless JPEG" if data[at + 1] in _LOSSLESS else f"{bits}-bit JPEG" if bits != 8 else None
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels from a WebP header (RFC 9649), else None.

    Pillow's WebP reader takes memory for the whole picture as soon as it opens the file, so the size has to
    be known before.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels from the header of a PNG (PNG, Third Edition, 11.2.1), else None."""
    if data[:4] != b"\x89PNG" or data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def png_depth(data: bytes) -> int:
    """Bits a channel from the header of a PNG, which always comes first (PNG, Third Edition, 11.2.1)."""
    return data[24]


def jpeg_profile_parts(data: bytes) -> list[tuple[int, int]]:
    """Where the colour profile lies in a JPEG: from, to, of each of its segments (ICC.1:2022, B.4). Without them a
    browser takes the colours as they are stored, and needs no second copy of the picture to convert them."""
    parts = []
    at = 2
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] not in (b"\xda", b""):  # up to the picture itself
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xE2 and data[at + 4 : at + 16] == b"ICC_PROFILE\0":
            parts.append((at, end))
        at = end
    return parts


def _box_length(data: bytes) -> int:
    return int.from_bytes(data[:4], "big")
