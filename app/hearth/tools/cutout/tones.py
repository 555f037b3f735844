"""Tone curves of ICC profiles: how a channel's value becomes light; and grey photos whose profile is one such curve."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]
"""Light of 0..1 at the values of VALUES."""

VALUES = np.linspace(0.0, 1.0, 4096)
"""Even steps of a channel's value."""

_MOST_TAGS = 100


def _parametric(kind: int, numbers: tuple[float, ...]) -> Curve:
    """ICC.1:2022, 10.18, on VALUES."""
    g, a, b, c, d, e, f = (*numbers, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)[:7]
    if kind == 0:
        a, d = 1.0, -1.0
    elif kind in (1, 2):
        c, d, e, f = 0.0, -b / a, c, c
    curved = np.maximum(a * VALUES + b, 0) ** g + e
    return np.where(d <= VALUES, curved, c * VALUES + f).clip(0, 1)


SRGB_CURVE = _parametric(3, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))

DAMAGE = (struct.error, KeyError, TypeError, ValueError, ZeroDivisionError)
"""What `tags_of` and `curve_of` raise over profiles that are damaged or of another kind."""


def tags_of(icc: bytes) -> dict[bytes, bytes]:
    """What a profile holds, by the tags' signatures (ICC.1:2022, 7.3). May raise one of DAMAGE."""
    (count,) = struct.unpack_from(">I", icc, 128)
    entries = (struct.unpack_from(">4sII", icc, 132 + 12 * n) for n in range(min(count, _MOST_TAGS)))
    return {name: icc[offset : offset + length] for name, offset, length in entries}


def curve_of(tag: bytes) -> Curve:
    """A curve as a table, a power or a formula (ICC.1:2022, 10.6 and 10.18). May raise one of DAMAGE."""
    kind = tag[:4]
    if kind == b"para":
        (function,) = struct.unpack_from(">H", tag, 8)
        count = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}[function]
        return _parametric(function, tuple(n / 65536 for n in struct.unpack_from(f">{count}i", tag, 12)))
    if kind != b"curv":
        raise ValueError(kind)
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return VALUES
    table = struct.unpack_from(f">{count}H", tag, 12)
    if count == 1:
        return VALUES ** (table[0] / 256)
    return np.interp(VALUES, np.linspace(0, 1, count), np.array(table) / 65535)


def light_of_greys(icc: bytes) -> Curve | None:
    """The curve of a profile for greys; None where it is missing or damaged.

    It gives light, or L* where the profile connects by L*a*b* (ICC.1:2022, 8.3.4).
    """
    try:
        curve = curve_of(tags_of(icc)[b"kTRC"])
    except DAMAGE:
        return None
    if icc[20:24] != b"Lab ":
        return curve
    return np.where(curve > 0.08, ((100 * curve + 16) / 116) ** 3, 100 * curve / 903.3)


def greys_on_screen(light: Curve, count: int) -> NDArray[np.uint8]:
    """What each of `count` even greys of such a photo is in sRGB, (count,) of 0..255."""
    even = np.interp(np.linspace(0, 1, count), VALUES, light)
    return (np.interp(even, SRGB_CURVE, VALUES) * 255 + 0.5).astype(np.uint8)
