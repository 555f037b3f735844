"""Ops of detectors and of patches: which boxes to keep, cutting to a size, laying patches out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array

from hearth.errors import Unsupported
from hearth.runtime.limits import tick
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import normal_axis
from hearth.runtime.ops.windows import windows
from hearth.runtime.types import Dim, TensorType

Ints = Sequence[int]


def _corners(boxes: Array, centred: int) -> Array:
    """Boxes (N, 4) as (lower y, lower x, upper y, upper x)."""
    if centred:
        x, y, width, height = boxes.T
        return np.stack((y - height / 2, x - width / 2, y + height / 2, x + width / 2), 1)
    first, second = boxes[:, :2], boxes[:, 2:]
    return np.concatenate((np.minimum(first, second), np.maximum(first, second)), 1)


def _overlaps(box: Array, others: Array) -> Array:
    """Intersection over union of one box with others."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = np.prod(np.maximum(high - low, 0), 1)
    area = np.prod(box[2:] - box[:2])
    union = area + np.prod(others[:, 2:] - others[:, :2], 1) - common
    return np.where(union > 0, common / np.where(union > 0, union, 1), 0)


def _number(value: Array | None) -> float:
    return 0.0 if value is None or value.size == 0 else float(value.reshape(-1)[0])


@op("NonMaxSuppression", data_dependent=True)
def non_max_suppression(
    boxes: Array,
    scores: Array,
    most: Array | None = None,
    overlap: Array | None = None,
    lowest: Array | None = None,
    *,
    center_point_box: int = 0,
) -> Array:
    """boxes (N, B, 4), scores (N, classes, B) -> (count, 3) of picture, class and box, the best of each class first."""
    limit, threshold, floor = int(_number(most)), _number(overlap), _number(lowest)
    chosen = []
    for picture, kind in np.ndindex(scores.shape[:2]):
        corners, marks = _corners(boxes[picture], center_point_box), scores[picture, kind]
        waiting = np.argsort(-marks, kind="stable")
        if lowest is not None:
            waiting = waiting[marks[waiting] > floor]
        for _ in range(limit):
            if not len(waiting):
                break
            tick()
            best, waiting = waiting[0], waiting[1:]
            chosen.append((picture, kind, best))
            waiting = waiting[_overlaps(corners[best], corners[waiting]) <= threshold]
    return np.array(chosen, np.int64).reshape(-1, 3)


def _crop_rule(x: Operand, shape: Operand, *, axes: Ints | None = None) -> TensorType:
    sizes = shape.ints()
    if x.shape is None or sizes is None:
        return TensorType(x.dtype)
    dims: list[Dim] = list(x.shape)
    for axis, size in zip(axes if axes is not None else range(len(dims)), sizes, strict=True):
        dims[normal_axis(axis, len(dims))] = size
    return TensorType(x.dtype, tuple(dims))


@op("CenterCropPad", rule=_crop_rule, storage=True)
def center_crop_pad(x: Array, shape: Array, *, axes: Ints | None = None) -> Array:
    """The middle of x, or x in the middle of zeros, so that `axes` have the sizes in `shape`."""
    chosen = [normal_axis(axis, x.ndim) for axis in (axes if axes is not None else range(x.ndim))]
    for axis, size in zip(chosen, shape.tolist(), strict=True):
        length = x.shape[axis]
        before = (slice(None),) * axis
        if size < length:
            start = (length - size) // 2
            x = x[(*before, slice(start, start + size))]
        elif size > length:
            start = (size - length) // 2
            wide = np.zeros((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)
            wide[(*before, slice(start, start + length))] = x
            x = wide
    return x


def _col2im_rule(x: Operand, image: Operand, block: Operand, **_: object) -> TensorType:
    sizes, kernel = image.ints(), block.ints()
    if sizes is None or kernel is None or x.shape is None or not isinstance(x.shape[1], int):
        return TensorType(x.dtype)
    return TensorType(x.dtype, (x.shape[0], x.shape[1] // int(np.prod(kernel)), *sizes))


@op("Col2Im", rule=_col2im_rule)
def col2im(
    x: Array,
    image: Array,
    block: Array,
    *,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    """x (N, C * block elements, blocks) added up where the blocks lie in a picture (N, C, *image)."""
    sizes, kernel = image.tolist(), block.tolist()
    geometry = windows(sizes, kernel, strides, dilations, pads)
    parts: Array = x.reshape(x.shape[0], -1, *kernel, *geometry.outputs)
    wide = [size + before + after for size, (before, after) in zip(sizes, geometry.pads, strict=True)]
    canvas: Array = np.zeros((*parts.shape[:2], *wide), x.dtype)
    for position in itertools.product(*(range(size) for size in kernel)):
        cuts: tuple[slice, ...] = tuple(
            slice(at * gap, at * gap + (count - 1) * step + 1, step)
            for at, gap, count, step in zip(
                position, geometry.dilations, geometry.outputs, geometry.strides, strict=True
            )
        )
        canvas[(slice(None), slice(None), *cuts)] += parts[(slice(None), slice(None), *position)]  # type: ignore[arg-type]
    ends = [(before, before + size) for size, (before, _) in zip(sizes, geometry.pads, strict=True)]
    inside: tuple[slice, ...] = tuple(slice(*end) for end in ends)
    return canvas[(slice(None), slice(None), *inside)]


@op("ImageDecoder", data_dependent=True)
def image_decoder(data: Array, *, pixel_format: str = "RGB") -> Array:
    """The bytes of a picture file (length,) -> (height, width, channels), uint8. Needs Pillow."""
    try:
        from io import BytesIO

        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise Unsupported("The op ImageDecoder needs the package pillow, which is not installed.") from None
    mode = {"RGB": "RGB", "BGR": "RGB", "Grayscale": "L"}.get(pixel_format)
    if mode is None:
        raise ValueError(f"the pixel format '{pixel_format}' is none of RGB, BGR, Grayscale")
    try:
        picture = np.asarray(Image.open(BytesIO(data.tobytes())).convert(mode))
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"the bytes are no picture that Pillow can read ({error})") from None
    picture = picture[..., None] if mode == "L" else picture
    return picture[..., ::-1] if pixel_format == "BGR" else picture
