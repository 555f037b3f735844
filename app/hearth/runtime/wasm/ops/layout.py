"""Ops that only move or regroup elements: views where a view will do, copies where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.steps import Number
from hearth.runtime.wasm.tensors import Tensor, pixel_pitch

MOST_COPIES = 32
"""Parts that are chosen one by one."""


@lowers("Slice", "Split", "Squeeze", "Unsqueeze", "Dropout")
def views(low: Lowering, step: Step) -> None:
    """Whatever numpy answers with a view is a view here."""
    node = step.node
    source = low.tensor(node.inputs[0])
    ghost = source.ghost()
    others = [low.constant(name) for name in node.inputs[1:]]
    if any(name and array is None for name, array in zip(node.inputs[1:], others, strict=True)):
        raise Unsupported("How it is viewed is not constant.")
    _alias(low, step, source, ghost, step.operator.run([ghost, *others], step.arguments, node.label))


@lowers("Transpose")
def transpose(low: Lowering, step: Step) -> None:
    """Axes in another order are another view."""
    source = low.tensor(step.node.inputs[0])
    ghost = source.ghost()
    _alias(low, step, source, ghost, (ghost.transpose(step.arguments.get("perm")),))


@lowers("Expand")
def expand(low: Lowering, step: Step) -> None:
    """Repeated axes are strides of zero."""
    source = low.tensor(step.node.inputs[0])
    ghost = source.ghost()
    _alias(low, step, source, ghost, (np.broadcast_to(ghost, low.shape(step.node.outputs[0])),))


@lowers("Gather")
def gather(low: Lowering, step: Step) -> None:
    """One constant index, or evenly spaced ones, are a view; others are copied one by one."""
    node = step.node
    indices = low.constant(node.inputs[1])
    if indices is None or indices.ndim > 1 or indices.size > MOST_COPIES:
        raise Unsupported("Such a choice is numpy's.")
    source = low.tensor(node.inputs[0])
    axis = int(step.arguments.get("axis", 0)) % len(source.shape)
    size = source.shape[axis]
    places = [int(at) % size if -size <= at < size else size for at in indices.reshape(-1)]
    if not places or size in places:
        raise Unsupported("It is out of bounds; numpy says so.")
    ghost = source.ghost()
    front: tuple[slice | int, ...] = (slice(None),) * axis
    apart = places[1] - places[0] if len(places) > 1 else 1
    if indices.ndim == 0:
        _alias(low, step, source, ghost, (ghost[(*front, places[0])],))
        return
    if apart > 0 and places == list(range(places[0], places[0] + apart * len(places), apart)):
        _alias(low, step, source, ghost, (ghost[(*front, slice(places[0], places[-1] + 1, apart))],))
        return
    target = low.output(node.outputs[0])
    for at, place in enumerate(places):
        one = replace(source, shape=(*source.shape[:axis], 1, *source.shape[axis + 1 :]))
        one = replace(one, offset=source.offset + place * source.strides[axis])
        low.builder.copy(one, replace(target, shape=one.shape, offset=target.offset + at * target.strides[axis]))


def _alias(low: Lowering, step: Step, source: Tensor, ghost: np.ndarray, results: Sequence[object]) -> None:
    """Names the outputs as the views of the source that numpy made of its ghost."""
    made: list[Tensor] = []
    for name, result in zip(step.node.outputs, results, strict=False):
        view = source.viewed(result, ghost) if isinstance(result, np.ndarray) else None
        if view is None or (name and view.shape != low.shape(name)):
            raise Unsupported("It is not a view.")
        if view.number == Number.UINT8 and view.offset:
            raise Unsupported("Views of booleans start at the start.")
        made.append(view)
    low.tensors.update((name, view) for name, view in zip(step.node.outputs, made, strict=False) if name)


@lowers("Reshape", "Flatten")
def reshape(low: Lowering, step: Step) -> None:
    """A view where the elements lie in order, else a view of a dense copy."""
    name, output = step.node.inputs[0], step.node.outputs[0]
    shape = low.shape(output)
    low.number(name)
    source = low.tensor(name)
    ghost = source.ghost()
    try:
        view = source.viewed(np.reshape(ghost, shape, copy=False), ghost)
    except ValueError:
        view = None
    if view is None:
        dense = low.dense(name)
        ghost = dense.ghost()
        view = dense.viewed(np.reshape(ghost, shape), ghost)
    if view is None:
        raise Unsupported("It can't be regrouped.")
    low.tensors[output] = view


@lowers("Concat")
def concat(low: Lowering, step: Step) -> None:
    """Parts that were not made in place are copied there."""
    node = step.node
    output = node.outputs[0]
    shape = low.shape(output)
    number = low.number(output)
    if number != Number.FLOAT32:
        raise Unsupported("Only numbers are joined.")
    axis = int(step.arguments["axis"]) % len(shape)
    parts = [low.tensor(name) for name in node.inputs if 0 not in low.shape(name)]
    as_images = axis == 1 and len(shape) in (3, 4) and any(pixel_pitch(part) and not part.is_dense for part in parts)
    whole = low.output_image(output) if as_images else low.output(output)
    at = 0
    for part in parts:
        room = replace(whole, shape=part.shape, offset=whole.offset + at * whole.strides[axis])
        at += part.shape[axis]
        if not part.like(room):
            low.builder.copy(part, room, "concat")


@lowers("Pad")
def pad(low: Lowering, step: Step) -> None:
    """The middle copied, and around it a constant, or along one axis a mirror image or the edge repeated."""
    node = step.node
    name, output = node.inputs[0], node.outputs[0]
    low.require_floats(name, output)
    shape, wide = low.shape(name), low.shape(output)
    before, value = _pads(low, step)
    grown = [axis for axis in range(len(shape)) if shape[axis] != wide[axis]]
    mode = str(step.arguments.get("mode", "constant"))
    if min(before) < 0 or any(at + size > total for at, size, total in zip(before, shape, wide, strict=True)):
        raise Unsupported("Pads that crop are numpy's.")
    if mode != "constant" and (mode not in ("reflect", "edge") or len(grown) != 1 or 0 in shape):
        raise Unsupported("Such pads are numpy's.")
    source = low.tensor(name)
    target = low.output(output)

    def part(axis: int, start: int, count: int) -> Tensor:
        middle = sum(at * stride for at, stride in zip(before, target.strides, strict=True))
        sizes = (*shape[:axis], count, *shape[axis + 1 :])
        return replace(
            target, shape=sizes, offset=target.offset + middle + (start - before[axis]) * target.strides[axis]
        )

    if mode == "constant":
        fill = low.builder.constant(np.full((1,) * len(wide), value, np.float32))
        low.builder.copy(replace(fill, shape=wide, strides=(0,) * len(wide)), target, "fill")
    else:
        axis = grown[0]
        margins = ((0, before[axis], 1), (before[axis] + shape[axis], wide[axis] - before[axis] - shape[axis], -1))
        for start, count, side in margins:
            strip = _margin(source, axis, count, side, mode)
            if count:
                low.builder.copy(strip, part(axis, start, count), "margin")
    low.builder.copy(source, part(0, before[0], shape[0]) if shape else target, "pad")


def _margin(source: Tensor, axis: int, count: int, side: int, mode: str) -> Tensor:
    """The strip of the source that fills a margin, before it (side 1) or after it (-1)."""
    size, stride = source.shape[axis], source.strides[axis]
    if mode == "edge":
        at, step = (0 if side == 1 else size - 1), 0
    else:
        at, step = (count if side == 1 else size - 2), -stride
    if not 0 <= at < size or (mode == "reflect" and count >= size):
        raise Unsupported("Margins wider than the image are numpy's.")
    shape, strides = list(source.shape), list(source.strides)
    shape[axis], strides[axis] = count, step
    return replace(source, shape=tuple(shape), strides=tuple(strides), offset=source.offset + at * stride)


def _pads(low: Lowering, step: Step) -> tuple[list[int], float]:
    """Elements before, for every axis, and the constant."""
    node, rank = step.node, len(low.shape(step.node.inputs[0]))
    if "pads" in step.arguments:
        return [int(at) for at in step.arguments["pads"][:rank]], float(step.arguments.get("value", 0.0))
    inputs = [*node.inputs, "", "", ""]
    pads, value, axes = (low.constant(name) for name in inputs[1:4])
    if pads is None or (inputs[2] and value is None) or (inputs[3] and axes is None):
        raise Unsupported("The pads are not constant.")
    before = [0] * rank
    chosen = range(rank) if axes is None else [int(axis) % rank for axis in axes.reshape(-1)]
    for axis, at in zip(chosen, pads.reshape(-1)[: len(chosen)], strict=True):
        before[axis] = int(at)
    return before, 0.0 if value is None or not value.size else float(value.reshape(-1)[0])
