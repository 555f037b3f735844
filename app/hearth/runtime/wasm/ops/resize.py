"""Resize and Upsample, by tables of taps and weights."""

from __future__ import annotations

from ctypes import Structure
from math import prod
from typing import Any

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.ops.resize import axis_taps, resize_shape, rounding_before_11, source_positions
from hearth.runtime.ops.rules import normal_axis
from hearth.runtime.plan import Step
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.steps import Opcode, Resize
from hearth.runtime.wasm.tensors import Tensor, as_image

MAX_TAPS = 64
Table = tuple[np.ndarray, np.ndarray]


@lowers("Resize", "Upsample")
def resize(low: Lowering, step: Step) -> None:
    """Images resampled along their spatial axes."""
    node, how = step.node, dict(step.arguments)
    shape = low.shape(node.inputs[0])
    low.require_floats(node.inputs[0], node.outputs[0])
    if len(shape) not in (3, 4):
        raise Unsupported("Only images with one or two axes have a kernel.")
    scales, sizes = _wanted(low, step)
    if node.op == "Upsample" or node.opset < 11:
        how = {**how, "coordinate_transformation_mode": "asymmetric", "nearest_mode": ""}
    axes = [normal_axis(axis, len(shape)) for axis in how.get("axes") or range(len(shape))]
    policy = str(how.get("keep_aspect_ratio_policy", "stretch"))
    outputs, factors = resize_shape(shape, scales, sizes, axes, policy)
    tables: dict[int, Table] = {}
    for axis, count, factor in zip(axes, outputs, factors, strict=True):
        if count == shape[axis] and factor == 1:
            continue
        if axis < 2:
            raise Unsupported("Only spatial axes are resampled.")
        tables[axis] = _table(shape[axis], count, factor, how)
    front = 4 - len(shape)
    by_axis = [tables.get(axis - front) or _same(size) for axis, size in ((2, (1, *shape)[-2]), (3, shape[-1]))]
    if front:
        by_axis[0] = _same(1)
    x, y = low.image(node.inputs[0]), low.output_image(node.outputs[0])
    places: list[Tensor] = []
    for index, weight in by_axis:
        places += [low.builder.table(index.astype(np.int32)), low.builder.table(weight.astype(np.float32))]
    taps = [index.shape[1] for index, _ in by_axis]

    def make() -> Structure:
        return Resize(Opcode.RESIZE, as_image(x), as_image(y), *taps, *(table.place for table in places))

    low.builder.emit(f"resize @{'x'.join(map(str, y.shape))}", make, [x, y, *places], prod(y.shape) * sum(taps))


def _wanted(low: Lowering, step: Step) -> tuple[list[float] | None, list[int] | None]:
    """Constant scales or sizes."""
    node = step.node
    if "scales" in step.arguments:
        return [float(scale) for scale in step.arguments["scales"]], None
    scales_at = 1 if node.op == "Upsample" or node.opset < 11 else 2
    names = [*node.inputs, "", "", "", ""]
    sizes = low.constant(names[3]) if scales_at == 2 else None
    if sizes is not None and sizes.size:
        return None, [int(size) for size in sizes]
    scales = low.constant(names[scales_at])
    if scales is None or not scales.size or names[3]:
        raise Unsupported("The scales are not constant.")
    return [float(scale) for scale in scales], None


def _same(size: int) -> Table:
    return np.arange(size)[:, None], np.ones((size, 1))


def _table(length: int, count: int, factor: float, how: dict[str, Any]) -> Table:
    mode = str(how.get("coordinate_transformation_mode", "half_pixel"))
    if mode == "tf_crop_and_resize":
        raise Unsupported("Crops have no kernel.")
    index, weight = axis_taps(
        source_positions(length, count, factor, mode),
        length,
        str(how.get("mode", "nearest")),
        nearest_mode=str(how.get("nearest_mode", "round_prefer_floor")) or rounding_before_11(factor),
        cubic_a=float(how.get("cubic_coeff_a", -0.75)),
        exclude_outside=bool(how.get("exclude_outside", 0)),
        shrink=min(1.0, factor) if how.get("antialias") else 1.0,
    )
    used = [tap for tap in range(index.shape[1]) if weight[:, tap].any()]
    if not 0 < len(used) <= MAX_TAPS:
        raise Unsupported("The filter is too wide for the kernel.")
    return index[:, used], weight[:, used]
