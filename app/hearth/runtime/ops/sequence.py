"""Sequences, which are lists here, and optionals, which are a value or None."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import op
from hearth.runtime.ops.rules import normal_axis
from hearth.runtime.types import TensorType, dtype_of

_BOOL = TensorType(np.dtype(np.bool_), ())
_INT64 = TensorType(np.dtype(np.int64), ())


def _position(position: Array | None, length: int, default: int) -> int:
    at = default if position is None else int(position.reshape(-1)[0])
    at = at + length if at < 0 else at
    if not 0 <= at <= length:
        raise ValueError(f"the position {at} is outside a sequence of {length}")
    return at


@op("SequenceConstruct", data_dependent=True, storage=True)
def sequence_construct(*items: Any) -> list[Any]:
    return list(items)


@op("SequenceEmpty", data_dependent=True, storage=True)
def sequence_empty(*, dtype: int = 1) -> list[Any]:
    dtype_of(dtype)
    return []


@op("SequenceAt", data_dependent=True, storage=True)
def sequence_at(sequence: list[Any], position: Array) -> Any:
    return sequence[int(position.reshape(-1)[0])]


@op("SequenceInsert", data_dependent=True, storage=True)
def sequence_insert(sequence: list[Any], item: Any, position: Array | None = None) -> list[Any]:
    at = _position(position, len(sequence), len(sequence))
    return [*sequence[:at], item, *sequence[at:]]


@op("SequenceErase", data_dependent=True, storage=True)
def sequence_erase(sequence: list[Any], position: Array | None = None) -> list[Any]:
    at = _position(position, len(sequence), len(sequence) - 1)
    return [*sequence[:at], *sequence[at + 1 :]]


@op("SequenceLength", rule=lambda sequence: _INT64, storage=True)
def sequence_length(sequence: list[Any]) -> Array:
    return np.array(len(sequence), np.int64)


@op("SplitToSequence", data_dependent=True, storage=True)
def split_to_sequence(x: Array, split: Array | None = None, *, axis: int = 0, keepdims: int = 1) -> list[Array]:
    """Pieces of the lengths in `split`, or of one length for all; without it single slices, squeezed on request."""
    length = x.shape[normal_axis(axis, x.ndim)]
    if split is None:
        parts = np.split(x, length, axis) if length else []
        return parts if keepdims else [part.squeeze(axis) for part in parts]
    size = int(split) if split.ndim == 0 else 0
    if split.ndim == 0 and size < 1:
        raise ValueError(f"pieces of length {size} can't be cut")
    ends = list(range(size, length, size)) if size else np.cumsum(split)[:-1].tolist()
    if not size and int(split.sum()) != length:
        raise ValueError(f"the pieces {split.tolist()} do not add up to {length}")
    return list(np.split(x, ends, axis))


@op("ConcatFromSequence", data_dependent=True, storage=True)
def concat_from_sequence(sequence: list[Array], *, axis: int, new_axis: int = 0) -> Array:
    return np.stack(sequence, axis) if new_axis else np.concatenate(sequence, axis)


@op("Optional", data_dependent=True, storage=True)
def optional(value: Any = None, *, type: Any = None) -> Any:
    return value


@op("OptionalHasElement", rule=lambda value=None: _BOOL, storage=True)
def optional_has_element(value: Any = None) -> Array:
    return np.array(value is not None)


@op("OptionalGetElement", data_dependent=True, storage=True)
def optional_get_element(value: Any) -> Any:
    if value is None:
        raise ValueError("the optional is empty")
    return value
