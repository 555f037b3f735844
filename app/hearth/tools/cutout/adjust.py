"""Corrections of a mask: edges moved, softened, made harder. The page's preview does the same in `web/cutout/canvas`.

In this order:

1. shift: the edge moves out by s pixels (in, where s < 0), as if the pictures of all levels of alpha were dilated by
   an octagon. n whole steps of one pixel each take the maximum over a cross (4 neighbours) or a square (8), squares as
   often as makes the octagon regular; what is left of s, a fraction, goes that much of the way to the next step.
2. feather: a Gaussian whose standard deviation is half of the setting, cut off at 3 of them.
3. threshold t: Schlick's bias, a / ((1 / (1 - t) - 2) (1 - a) + 1), which keeps 0 and 1 and brings t to 1/2
   (Schlick, "Fast Alternatives to Perlin's Bias and Gain Functions", 1994).
4. contrast c: (a - 1/2) / (1 - c) + 1/2, clipped.

All in float32 but for whole steps of the shift, which are exact in bytes; rounded once, at the end. Beyond the
picture alpha goes on as at its border.

`wheels/kernels/src/soften.c` does the first two faster.
"""

from collections.abc import Iterator
from math import ceil

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.kernels import Kernels, kernels
from hearth.tools.cutout.look import Mask

Alpha = NDArray[np.uint8]
Field = NDArray[np.float32]

_TILE = 256  # pixels; tiles where nothing changes are left out, and most of a mask is such
_SQUARES = 2**0.5 - 1  # of the steps, for a regular octagon
_HARDEST = 0.999  # of the contrast


def adjusted(alpha: Alpha, mask: Mask, fast: bool = True) -> Iterator[tuple[float, Alpha]]:
    """Yields the fraction done and the corrected alpha (H, W), an array of its own, whole with the last yield.

    `alpha` is the mask of `mask.source`, which makes no difference here; `fast` is by the kernels, where there are any.
    """
    way = kernels() if fast else None
    margin = reach(mask)
    curve = _curve(mask)
    height, width = alpha.shape
    out = np.empty((height, width), np.uint8)
    for top in range(0, height, _TILE):  # to look levels up takes four bytes a pixel and more
        out[top : top + _TILE] = curve[alpha[top : top + _TILE]]
    yield 0.0, out
    if margin:
        for top in range(0, height, _TILE):
            bottom = min(top + _TILE, height)
            for left in range(0, width, _TILE):
                right = min(left + _TILE, width)
                y, x = max(top - margin, 0), max(left - margin, 0)
                part = alpha[y : bottom + margin, x : right + margin]
                if part.min() == part.max():
                    continue
                place = top - y, bottom - y, left - x, right - x
                inner = _feathered(_shifted(part, mask.shift, way), mask.feather, place, way)
                out[top:bottom, left:right] = _bytes(_hardened(_biased(inner, mask.threshold), mask.contrast))
            yield bottom / height, out
    yield 1.0, out


def reach(mask: Mask) -> int:
    """How many pixels away alpha can matter."""
    return ceil(abs(mask.shift)) + ceil(1.5 * mask.feather)


def is_square(step: int) -> bool:
    """Whether a whole step of the shift, counted from 0, looks at all 8 neighbours."""
    return int((step + 1) * _SQUARES) > int(step * _SQUARES)


def _shifted(alpha: Alpha, shift: float, way: Kernels | None) -> Field:
    """Alpha of 0..1."""
    grown = alpha if shift >= 0 else 255 - alpha
    whole, rest = divmod(abs(shift), 1.0)
    for step in range(int(whole)):
        grown = _grown(grown, is_square(step), way)
    soft = grown * np.float32(1 / 255)
    if rest:
        soft += np.float32(rest) * (_grown(grown, is_square(int(whole)), way) * np.float32(1 / 255) - soft)
    return soft if shift >= 0 else 1 - soft


def _grown(alpha: Alpha, square: bool, way: Kernels | None) -> Alpha:
    """The maximum of every pixel and its neighbours: 8 for a square, else 4."""
    if way:
        height, width = alpha.shape
        grown = np.empty((height, width), np.uint8)
        way("grow", np.ascontiguousarray(alpha), grown, width, height, int(square), way.scratch("grow", width))
        return grown
    down = alpha.copy()
    np.maximum(down[1:], alpha[:-1], out=down[1:])
    np.maximum(down[:-1], alpha[1:], out=down[:-1])
    across = down if square else alpha
    out = down.copy()
    np.maximum(out[:, 1:], across[:, :-1], out=out[:, 1:])
    np.maximum(out[:, :-1], across[:, 1:], out=out[:, :-1])
    return out


def _feathered(alpha: Field, feather: float, place: tuple[int, int, int, int], way: Kernels | None) -> Field:
    """Rows and columns top, bottom, left, right of the feathered field."""
    top, bottom, left, right = place
    if not feather:
        return alpha[top:bottom, left:right]
    taps = gaussian(feather)
    if way:
        height, width = alpha.shape
        inner = np.empty((bottom - top, right - left), np.float32)
        scratch = way.scratch("soften", width, len(taps))
        way("soften", np.ascontiguousarray(alpha), width, height, *place, taps, len(taps), inner, scratch)
        return inner
    return _blurred(_blurred(alpha, taps).T, taps).T[top:bottom, left:right]


def gaussian(feather: float) -> Field:
    """The weights at 0, 1, 2, ... pixels from the middle; those of both sides add up to 1."""
    sigma = feather / 2
    weights = np.exp(-0.5 * (np.arange(ceil(3 * sigma) + 1) / sigma) ** 2)
    return (weights / (2 * weights.sum() - weights[0])).astype(np.float32)


def _blurred(alpha: Field, taps: Field) -> Field:
    """Down the columns."""
    height, last = len(alpha), len(taps) - 1
    padded = np.pad(alpha, ((last, last), (0, 0)), "edge")
    out: Field = taps[0] * alpha
    for distance in range(1, last + 1):
        pair = padded[last - distance :][:height] + padded[last + distance :][:height]
        pair *= taps[distance]
        out += pair
    return out


def _biased(alpha: Field, threshold: float) -> Field:
    if threshold == 0.5:
        return alpha
    return alpha / (np.float32(1 / (1 - threshold) - 2) * (1 - alpha) + 1)


def _hardened(alpha: Field, contrast: float) -> Field:
    if not contrast:
        return alpha
    return ((alpha - np.float32(0.5)) * np.float32(1 / (1 - min(contrast, _HARDEST))) + np.float32(0.5)).clip(0, 1)


def _curve(mask: Mask) -> Alpha:
    """What threshold and contrast make of each of the 256 levels."""
    levels = np.arange(256, dtype=np.float32) * np.float32(1 / 255)
    return _bytes(_hardened(_biased(levels, mask.threshold), mask.contrast))


def _bytes(alpha: Field) -> Alpha:
    return (alpha * np.float32(255) + np.float32(0.5)).astype(np.uint8)
