"""The colours of a PNG that says them by numbers, without a profile (PNG, Third Edition, 11.3.2), as an ICC profile."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Chromaticities = tuple[float, ...]
"""x and y of white, red, green and blue."""

_SRGB: Chromaticities = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_PRIMARIES: dict[int, Chromaticities] = {  # ITU-T H.273, table 2
    1: _SRGB,
    9: (0.3127, 0.329, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_CURVES = {
    1: _SRGB_CURVE,
    6: _SRGB_CURVE,
    14: _SRGB_CURVE,
    15: _SRGB_CURVE,
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
    13: _SRGB_CURVE,
}
"""By H.273, table 3. Pictures of video's curves are meant for sRGB's, as browsers take them."""

_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D50 = np.array([0.9642, 1.0, 0.8249])
_MOST_LIGHT = 8.0  # of a primary, where white is 1: only nonsense has more, and a profile could not hold it
_LIKE_SRGB = 0.003  # how far numbers may lie from sRGB's: they are rounded in files


def profile_of(data: bytes) -> bytes | None:
    """The profile that cICP, or gAMA and cHRM, of a PNG stand for; None where they say sRGB, nothing or nonsense."""
    chunks = dict(_before_pixels(data))
    if (coded := chunks.get(b"cICP", b"")[:2]) and len(coded) == 2:
        primaries, curve = _PRIMARIES.get(coded[0]), _CURVES.get(coded[1])
        plain = primaries == _SRGB and curve == _SRGB_CURVE
        return None if primaries is None or curve is None or plain else _profile(primaries, curve)
    gamma = int.from_bytes(chunks.get(b"gAMA", b"")[:4], "big") / 100_000
    if not 0.2 <= gamma <= 2 or b"sRGB" in chunks or b"iCCP" in chunks:
        return None
    stated = chunks.get(b"cHRM", b"")
    primaries = tuple(n / 100_000 for n in struct.unpack(">8I", stated)) if len(stated) == 32 else _SRGB
    near = max(abs(a - b) for a, b in zip(primaries, _SRGB, strict=True)) < _LIKE_SRGB
    if near and abs(gamma - 1 / 2.2) < _LIKE_SRGB:
        return None
    return _profile(primaries, (1 / gamma,))


def is_hdr(data: bytes) -> bool:
    """Whether its numbers stand for more light than a plain screen has: PQ or HLG."""
    return dict(_before_pixels(data)).get(b"cICP", b"")[1:2] in (b"\x10", b"\x12")


def _before_pixels(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 12 <= len(data) and (kind := data[at + 4 : at + 8]) != b"IDAT":
        length = int.from_bytes(data[at : at + 4], "big")
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _profile(primaries: Chromaticities, curve: tuple[float, ...]) -> bytes | None:
    """A profile of a matrix and a curve (ICC.1:2022, 8.3.3); None for primaries that span no colours."""
    if min(primaries[1::2]) <= 0:
        return None
    white, *columns = (
        np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in zip(primaries[::2], primaries[1::2], strict=True)
    )
    matrix = np.array(columns).T
    if abs(np.linalg.det(matrix)) < 1e-3:
        return None
    light: NDArray[np.float64] = matrix * np.linalg.solve(matrix, white)
    adapted = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white)) @ _BRADFORD @ light
    if not (np.abs(adapted) < _MOST_LIGHT).all():
        return None
    tags = {name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), adapted.T, strict=True)}
    kind = 0 if len(curve) == 1 else 3
    shape = struct.pack(f">4s4xH2x{len(curve)}i", b"para", kind, *(round(65536 * number) for number in curve))
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), shape)
    tags |= {b"wtpt": _xyz(_D50), b"desc": _text("Colours as the PNG says them"), b"cprt": _text("CC0")}
    listed, body, start = b"", b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        listed += struct.pack(">4sII", name, start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4xI4s4s4s12x4s28x", start + len(body), 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return head + _xyz(_D50)[8:] + bytes(48) + struct.pack(">I", len(tags)) + listed + body


def _xyz(values: NDArray[np.float64]) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(65536 * value) for value in values))


def _text(text: str) -> bytes:
    """One name, in English (ICC.1:2022, 10.15)."""
    return struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", 2 * len(text), 28) + text.encode("utf-16-be")
