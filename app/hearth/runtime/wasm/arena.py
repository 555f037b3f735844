"""Where buffers lie: those that are never alive at the same moment may share a place."""

from __future__ import annotations

from collections.abc import Iterable

from hearth.runtime.wasm.tensors import Buffer

ALIGNMENT_FLOATS = 16
"""Buffers start on a cache line."""


def aligned(floats: int) -> int:
    """A size rounded up to whole cache lines."""
    return -(-floats // ALIGNMENT_FLOATS) * ALIGNMENT_FLOATS


def plan_arena(buffers: Iterable[Buffer], start: int = 0) -> int:
    """Gives every buffer its place from `start` on; returns where the last one ends.

    The largest goes first, each into the lowest gap that is free while it is alive ("greedy by size" [Pisarchyk & Lee,
    "Efficient Memory Management for Deep Neural Net Inference", 2020]).
    """
    placed: list[Buffer] = []
    end = start
    for buffer in sorted(buffers, key=lambda item: (-item.floats, item.first)):
        rivals = sorted(
            (other for other in placed if other.first <= buffer.last and buffer.first <= other.last),
            key=lambda item: item.place,
        )
        place = start
        for other in rivals:
            if place + aligned(buffer.floats) <= other.place:
                break
            place = max(place, other.place + aligned(other.floats))
        buffer.place = place
        placed.append(buffer)
        end = max(end, place + aligned(buffer.floats))
    return end
