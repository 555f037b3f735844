"""A second look: where the subject is small, the network sees it again, larger, in a crop of the photo."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.photo import Photo
from hearth.tools.cutout.refine import Plane, resampled

_SMALL = 0.4  # of the photo's area: a box that is larger gains nothing
_MARGIN = 0.15  # of the subject's sides, on each side; half of it is where both looks are blended
_LEAST = 48  # pixels: less than that is seen no better larger
_LARGEST_MAP = 1536  # pixels a side


class Box(NamedTuple):
    """Part of a photo, in pixels; right and bottom lie outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.right - self.left, self.bottom - self.top


def box_around(mask: Plane, size: tuple[int, int]) -> Box | None:
    """Where in a photo of `size` (W, H) the subject lies, with a margin; None where a second look is not worth it."""
    found = []
    for axis, length in ((0, size[0]), (1, size[1])):
        inside = np.flatnonzero((mask > 0.5).any(axis=axis))
        if not len(inside):
            return None
        scale = length / mask.shape[1 - axis]
        low, high = inside[0] * scale, (inside[-1] + 1) * scale
        margin = max(_MARGIN * (high - low), 2 * scale)
        found.append((max(0, int(low - margin)), min(length, int(np.ceil(high + margin)))))
    (left, right), (top, bottom) = found
    box = Box(left, top, right, bottom)
    width, height = box.size
    worth = width * height <= _SMALL * size[0] * size[1] and min(width, height) >= _LEAST
    return box if worth else None


def cropped(photo: Photo, box: Box) -> Photo:
    """A copy of that part."""
    part = photo.pixels[box.top : box.bottom, box.left : box.right]
    return Photo(np.ascontiguousarray(part), photo.has_alpha)


def weights(box: Box, size: tuple[int, int]) -> tuple[Plane, Plane]:
    """How much the second look counts in the box, (h,) down and (w,) across: the product goes to 0 at its rim, but not
    where that is the photo's."""
    ramps = []
    for low, high, length in ((box.top, box.bottom, size[1]), (box.left, box.right, size[0])):
        at = np.arange(high - low) + 0.5
        ramp = max(1.0, (high - low) * _MARGIN / (1 + 2 * _MARGIN) / 2)
        from_low = at / ramp if low > 0 else np.ones_like(at)
        from_high = (high - low - at) / ramp if high < length else np.ones_like(at)
        ramps.append(np.minimum(from_low, from_high).clip(0, 1).astype(np.float32))
    return ramps[0], ramps[1]


def blend_alpha(alpha: NDArray[np.uint8], closer: NDArray[np.uint8], box: Box) -> None:
    """Puts the alpha of the box (h, w) into that of the photo (H, W)."""
    height, width = alpha.shape
    down, across = weights(box, (width, height))
    part = alpha[box.top : box.bottom, box.left : box.right]
    for y in range(len(part)):  # a row at a time: photos are large
        weight = down[y] * across
        part[y] = part[y] + weight * (closer[y] - part[y].astype(np.float32)) + np.float32(0.5)


def blend_masks(mask: Plane, closer: Plane, box: Box, size: tuple[int, int]) -> Plane:
    """Both looks in one map of the photo of `size` (W, H), with as many pixels in the box as the second one has."""
    width, height = (
        max(old, min(_LARGEST_MAP, round(new * whole / part)))
        for old, new, whole, part in zip(mask.shape[::-1], closer.shape[::-1], size, box.size, strict=True)
    )
    x, y = width / size[0], height / size[1]
    place = Box(round(box.left * x), round(box.top * y), round(box.right * x), round(box.bottom * y))
    out = resampled(mask, (width, height))
    down, across = weights(place, (width, height))
    part = out[place.top : place.bottom, place.left : place.right]
    part += down[:, None] * across * (resampled(closer, place.size) - part)
    return out
