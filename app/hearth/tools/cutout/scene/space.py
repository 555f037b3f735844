"""Colours of one space in another: a white chosen on the screen must be white in a photo of any profile.

Profiles made of a matrix and tone curves (ICC.1:2022, 8.3.3), as cameras and phones embed them, are understood; colours
of others are taken as sRGB's.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.tones import DAMAGE, SRGB_CURVE, VALUES, Curve, curve_of, tags_of

_SRGB_MATRIX = np.array(  # IEC 61966-2-1 primaries, brought to D50 by Bradford's transform
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)


@dataclass(frozen=True)
class Space:
    """How red, green and blue become light: three curves, then a matrix to XYZ under D50."""

    curves: tuple[Curve, Curve, Curve]
    matrix: NDArray[np.float64]


SRGB = Space((SRGB_CURVE, SRGB_CURVE, SRGB_CURVE), _SRGB_MATRIX)


def space_of(icc: bytes | None) -> Space:
    """The space that a profile describes; sRGB where there is none, or none of this kind."""
    if icc is None:
        return SRGB
    try:
        tags = tags_of(icc)
        curves = tuple(curve_of(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
        columns = [[number / 65536 for number in struct.unpack_from(">3i", tags[name], 8)] for name in _PRIMARIES]
    except DAMAGE:
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
        light[..., n] = np.interp(colours[..., n], VALUES * 255, curve)
    light = light @ (np.linalg.inv(target.matrix) @ source.matrix).T
    out = np.empty(colours.shape, np.float32)
    for n, curve in enumerate(target.curves):
        out[..., n] = np.interp(light[..., n], curve, VALUES * 255)
    return out
