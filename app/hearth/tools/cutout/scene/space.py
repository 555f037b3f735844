"""Colours of one space in another: a white chosen on the screen must be white in a photo of any profile.

Profiles made of a matrix and tone curves (ICC.1:2022, 8.3.3), as cameras and phones embed them, are understood; colours
of others are taken as sRGB's.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]
"""Light of 0..1 at `_STEPS` even steps of a channel's value."""

_STEPS = 4096
_VALUES = np.linspace(0.0, 1.0, _STEPS)
_SRGB_MATRIX = np.array(  # IEC 61966-2-1 primaries, brought to D50 by Bradford's transform
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)


@dataclass(frozen=True)
class Space:
    """How red, green and blue become light: three curves, then a matrix to XYZ under D50."""

    curves: tuple[Curve, Curve, Curve]
    matrix: NDArray[np.float64]


def _parametric(kind: int, numbers: tuple[float, ...]) -> Curve:
    """ICC.1:2022, 10.18, on `_VALUES`."""
    g, a, b, c, d, e, f = (*numbers, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)[:7]
    if kind == 0:
        a, d = 1.0, -1.0
    elif kind in (1, 2):
        c, d, e, f = 0.0, -b / a, c, c
    curved = np.maximum(a * _VALUES + b, 0) ** g + e
    return np.where(d <= _VALUES, curved, c * _VALUES + f).clip(0, 1)


_SRGB_CURVE = _parametric(3, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
SRGB = Space((_SRGB_CURVE, _SRGB_CURVE, _SRGB_CURVE), _SRGB_MATRIX)


def space_of(icc: bytes | None) -> Space:
    """The space that a profile describes; sRGB where there is none, or none of this kind."""
    if icc is None:
        return SRGB
    try:
        (count,) = struct.unpack_from(">I", icc, 128)
        tags = {}
        for n in range(min(count, 100)):
            name, offset, length = struct.unpack_from(">4sII", icc, 132 + 12 * n)
            tags[name] = icc[offset : offset + length]
        curves = tuple(_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
        columns = [[number / 65536 for number in struct.unpack_from(">3i", tags[name], 8)] for name in _PRIMARIES]
    except (struct.error, KeyError, TypeError, ValueError, ZeroDivisionError):
        return SRGB
    matrix = np.array(columns).T
    usable = abs(np.linalg.det(matrix)) > 1e-6 and all((np.diff(curve) >= 0).all() for curve in curves)
    return Space((curves[0], curves[1], curves[2]), matrix) if usable else SRGB


_PRIMARIES = (b"rXYZ", b"gXYZ", b"bXYZ")


def converted(colours: NDArray[np.float32], source: Space, target: Space) -> NDArray[np.float32]:
    """Colours (..., 3) of 0..255 in another space, held at its borders; a new array unless the two are one."""
    if source is target:
        return colours
    light = np.empty(colours.shape, np.float64)
    for n, curve in enumerate(source.curves):
        light[..., n] = np.interp(colours[..., n], _VALUES * 255, curve)
    light = light @ (np.linalg.inv(target.matrix) @ source.matrix).T
    out = np.empty(colours.shape, np.float32)
    for n, curve in enumerate(target.curves):
        out[..., n] = np.interp(light[..., n], curve, _VALUES * 255)
    return out


def _curve(tag: bytes) -> Curve:
    kind = tag[:4]
    if kind == b"para":
        (function,) = struct.unpack_from(">H", tag, 8)
        count = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}[function]
        return _parametric(function, tuple(n / 65536 for n in struct.unpack_from(f">{count}i", tag, 12)))
    if kind != b"curv":
        raise ValueError(kind)
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return _VALUES
    table = struct.unpack_from(f">{count}H", tag, 12)
    if count == 1:
        return _VALUES ** (table[0] / 256)
    return np.interp(_VALUES, np.linspace(0, 1, count), np.array(table) / 65535)
