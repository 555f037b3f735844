"""Control flow. A subgraph arrives as a function of its inputs that sees the values around it and returns its outputs;
its `types` are the types of those outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.registry import op
from hearth.runtime.types import TensorType

Subgraph = Callable[..., list[Any]]


def _truth(condition: Array) -> bool:
    return bool(condition.reshape(-1)[0])


@op("If", data_dependent=True, storage=True)
def if_(condition: Array, *, then_branch: Subgraph, else_branch: Subgraph) -> tuple[Any, ...]:
    return tuple(then_branch() if _truth(condition) else else_branch())


def _stacked(items: list[Array], kind: Any, axis: int = 0) -> Array:
    """Scan outputs along a new axis; without any, an empty array of the type that the body declares."""
    if items:
        return np.stack(items, axis)
    known = isinstance(kind, TensorType)
    dims = [dim if isinstance(dim, int) else 0 for dim in kind.shape] if known and kind.shape else []
    dims.insert(axis if axis >= 0 else axis + len(dims) + 1, 0)
    return np.zeros(dims, (kind.dtype if known else None) or np.float32)


@op("Loop", data_dependent=True, storage=True)
def loop(limit: Array | None, condition: Array | None, *carried: Any, body: Subgraph) -> tuple[Any, ...]:
    """body(iteration, condition, *carried) -> (condition, *carried, *scans), while it lasts."""
    rounds = None if limit is None else int(limit.reshape(-1)[0])
    going = True if condition is None else _truth(condition)
    state: list[Any] = list(carried)
    scans: list[list[Array]] = [[] for _ in body.types[1 + len(carried) :]]  # type: ignore[attr-defined]
    iteration = 0
    while going and (rounds is None or iteration < rounds):
        results = body(np.array(iteration, np.int64), np.array(going), *state)
        going = _truth(results[0])
        state = results[1 : 1 + len(carried)]
        for scan, item in zip(scans, results[1 + len(carried) :], strict=True):
            scan.append(item)
        iteration += 1
    kinds = body.types[1 + len(carried) :]  # type: ignore[attr-defined]
    return (*state, *(_stacked(scan, kind) for scan, kind in zip(scans, kinds, strict=True)))


def _scan(
    body: Subgraph,
    states: Sequence[Array],
    sequences: Sequence[Array],
    input_axes: Sequence[int],
    input_directions: Sequence[int],
    output_axes: Sequence[int],
    output_directions: Sequence[int],
    length: int,
) -> tuple[list[Array], list[Array]]:
    moved = [np.moveaxis(sequence, axis, 0) for sequence, axis in zip(sequences, input_axes, strict=True)]
    state = list(states)
    kinds = body.types[len(state) :]  # type: ignore[attr-defined]
    scans: list[list[Array]] = [[] for _ in kinds]
    for step in range(length):
        items = [
            sequence[sequence.shape[0] - 1 - step if backward else step]
            for sequence, backward in zip(moved, input_directions, strict=True)
        ]
        results = body(*state, *(np.asarray(item) for item in items))
        state = results[: len(state)]
        for scan, item in zip(scans, results[len(state) :], strict=True):
            scan.append(item)
    outputs = []
    for at, (scan, kind) in enumerate(zip(scans, kinds, strict=True)):
        backward = output_directions[at] if output_directions else 0
        axis = output_axes[at] if output_axes else 0
        outputs.append(_stacked(scan[::-1] if backward else scan, kind, axis))
    return state, outputs


@op("Scan", since=9, data_dependent=True, storage=True)
def scan(
    *inputs: Array,
    body: Subgraph,
    num_scan_inputs: int,
    scan_input_axes: Sequence[int] | None = None,
    scan_input_directions: Sequence[int] | None = None,
    scan_output_axes: Sequence[int] | None = None,
    scan_output_directions: Sequence[int] | None = None,
) -> tuple[Array, ...]:
    """body(*states, *slices) -> (*states, *slices), for every slice of the last `num_scan_inputs` inputs."""
    states, sequences = inputs[: -num_scan_inputs or None], inputs[len(inputs) - num_scan_inputs :]
    axes = list(scan_input_axes or [0] * num_scan_inputs)
    lengths = {sequence.shape[axis] for sequence, axis in zip(sequences, axes, strict=True)}
    if len(lengths) != 1:
        raise ValueError(f"the sequences have different lengths: {sorted(lengths)}")
    directions = scan_input_directions or [0] * num_scan_inputs
    last, outputs = _scan(
        body, states, sequences, axes, directions, scan_output_axes or (), scan_output_directions or (), lengths.pop()
    )
    return (*last, *outputs)


@op("Scan", since=8, data_dependent=True, storage=True)
def scan_batches(
    lengths: Array | None,
    *inputs: Array,
    body: Subgraph,
    num_scan_inputs: int,
    directions: Sequence[int] | None = None,
) -> tuple[Array, ...]:
    """The first Scan: every input has a batch axis first, scanned sequences their axis after it."""
    count = len(inputs) - num_scan_inputs
    batch, longest = inputs[count].shape[:2]
    backward = list(directions or [0] * num_scan_inputs)
    columns: list[list[Array]] = []
    for at in range(batch):
        length = longest if lengths is None else int(lengths[at])
        states = [state[at] for state in inputs[:count]]
        sequences = [sequence[at, :length] for sequence in inputs[count:]]
        axes = [0] * num_scan_inputs
        last, outputs = _scan(body, states, sequences, axes, backward, (), (), length)
        padded = [np.pad(item, [(0, longest - length)] + [(0, 0)] * (item.ndim - 1)) for item in outputs]
        columns.append([*last, *padded])
    return tuple(np.stack(items) for items in zip(*columns, strict=True))


@op("SequenceMap", data_dependent=True, storage=True)
def sequence_map(sequence: list[Any], *others: Any, body: Subgraph) -> tuple[list[Any], ...]:
    """body(item, *others) for every item; others that are sequences give one item each time."""
    rows = [
        body(item, *(other[at] if isinstance(other, list) else other for other in others))
        for at, item in enumerate(sequence)
    ]
    return tuple([row[at] for row in rows] for at in range(len(body.types)))  # type: ignore[attr-defined]
