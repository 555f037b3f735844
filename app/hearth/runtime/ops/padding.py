"""Pad: constant, reflect, edge and wrap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import normal_axis
from hearth.runtime.types import Dim, TensorType

_MODES = {"constant": "constant", "reflect": "reflect", "edge": "edge", "wrap": "wrap"}


def _pairs(pads: Sequence[int], axes: Sequence[int] | None, rank: int) -> list[tuple[int, int]]:
    chosen = range(rank) if axes is None else [normal_axis(axis, rank) for axis in axes]
    if len(pads) != 2 * len(chosen):
        raise ValueError(f"{len(pads)} pads do not fit {len(chosen)} axes")
    pairs = [(0, 0)] * rank
    for at, axis in enumerate(chosen):
        pairs[axis] = (pads[at], pads[len(chosen) + at])
    return pairs


def _padded(x: Array, pairs: list[tuple[int, int]], mode: str, value: Array | float | None) -> Array:
    cuts = tuple(
        slice(max(0, -before), size - max(0, -after)) for (before, after), size in zip(pairs, x.shape, strict=True)
    )
    grow = [(max(0, before), max(0, after)) for before, after in pairs]
    if mode not in _MODES:
        raise ValueError(f"the mode '{mode}' is none of {', '.join(_MODES)}")
    if mode != "constant":
        return np.pad(x[cuts], grow, _MODES[mode])  # type: ignore[call-overload]
    fill = 0 if value is None else np.asarray(value).reshape(-1)[0]
    return np.pad(x[cuts], grow, constant_values=fill)


def pad_rule(
    x: Operand,
    pads: Operand,
    value: Operand | None = None,
    axes: Operand | None = None,
    *,
    mode: str = "constant",
) -> TensorType:
    amounts = pads.ints()
    if x.shape is None or amounts is None or (axes is not None and axes.value is None):
        return TensorType(x.dtype)
    pairs = _pairs(amounts, axes.ints() if axes is not None else None, len(x.shape))
    dims: list[Dim] = [
        dim + sum(pair) if isinstance(dim, int) else (None if any(pair) else dim)
        for dim, pair in zip(x.shape, pairs, strict=True)
    ]
    return TensorType(x.dtype, tuple(dims))


@op("Pad", since=1)
def pad_first(x: Array, *, paddings: Sequence[int], mode: str = "constant", value: float = 0.0) -> Array:
    return pad_attributes(x, pads=paddings, mode=mode, value=value)


@op("Pad", since=2)
def pad_attributes(x: Array, *, pads: Sequence[int], mode: str = "constant", value: float = 0.0) -> Array:
    return _padded(x, _pairs(pads, None, x.ndim), mode, value)


@op("Pad", since=11, rule=pad_rule)
def pad(
    x: Array, pads: Array, value: Array | None = None, axes: Array | None = None, *, mode: str = "constant"
) -> Array:
    chosen = None if axes is None else axes.reshape(-1).tolist()
    return _padded(x, _pairs(pads.reshape(-1).tolist(), chosen, x.ndim), mode, value)
