"""The programs that a session has compiled, by the shapes and values that they are for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator

from hearth.runtime.executor import Program
from hearth.runtime.plan import Plan

MAX_PROGRAMS = 16
"""Compiled programs that are kept; the one unused for longest goes first."""
FRUITLESS = 4
"""After so many programs that ran only once, shapes have to come a second time before they are compiled for."""
MOST_SIGHTS = 1024


class Programs:
    """Programs and their plans. A model whose shapes grow with every run would compile for every run: `pays` tells."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[Program, Plan]] = OrderedDict()
        self._used_again: set[Hashable] = set()
        self._sights: dict[Hashable, int] = {}

    def get(self, key: Hashable) -> Program | None:
        """The program for a key, if it is there."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._used_again.add(key)
        if len(self._kept) > 1:
            self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, program: Program, plan: Plan) -> None:
        """Keeps a program; one that was not used for long makes room for it."""
        if len(self._kept) >= MAX_PROGRAMS:
            old, _ = self._kept.popitem(last=False)
            self._used_again.discard(old)
        self._kept[key] = program, plan

    def pays(self, key: Hashable) -> bool:
        """Whether to compile for a key that is new; counts how often it was asked for."""
        if len(self._sights) >= MOST_SIGHTS:
            self._sights.clear()
        self._sights[key] = self._sights.get(key, 0) + 1
        return self._sights[key] > 1 or len(self._kept) - len(self._used_again) < FRUITLESS

    def __iter__(self) -> Iterator[tuple[Program, Plan]]:
        return iter(self._kept.values())

    def __bool__(self) -> bool:
        return bool(self._kept)
