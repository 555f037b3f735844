"""Where tensors lie: buffers shared by tensors that are never alive together.

A tensor starts a buffer of its own or takes one that is free, whole. It is not placed inside a larger buffer: WebGPU
forbids a kernel to read and write one buffer, even in different places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hearth.runtime.webgpu.values import Tensor


@dataclass(frozen=True)
class Life:
    """The first and the last kernel that touch a tensor, both included."""

    first: int
    last: int

    def meets(self, other: Life) -> bool:
        return self.first <= other.last and other.first <= self.last


def plan_arena(lives: Mapping[Tensor, Life]) -> tuple[dict[Tensor, int], list[int]]:
    """(tensor -> buffer, bytes of each buffer). Largest first: every later one fits a buffer that is there."""
    buffers: list[int] = []
    guests: list[list[Life]] = []
    places: dict[Tensor, int] = {}
    for tensor, life in sorted(lives.items(), key=lambda item: (-item[0].bytes, item[1].first, item[0].number)):
        free = (number for number, others in enumerate(guests) if not any(life.meets(other) for other in others))
        number = next(free, len(buffers))
        if number == len(buffers):
            buffers.append(tensor.bytes)
            guests.append([])
        guests[number].append(life)
        places[tensor] = number
    return places, buffers
