"""Regular expressions in time linear in the text, whatever the pattern: a model's pattern comes from anywhere.

Thompson's construction: the pattern becomes a graph of states, and all states that can be reached are followed at
once. Source: K. Thompson, "Regular Expression Search Algorithm", CACM 11 (1968). The syntax is the core of RE2: one
character at a time is left to Python's `re`; look-around and back-references, which RE2 lacks too, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_STATES = 20_000
MAX_REPEAT = 1000
MAX_DEPTH = 100

Single = Callable[[str], bool]


@dataclass(frozen=True)
class _Node:
    """`kind`: char, edge (a condition on the position), join, choice or repeat (min, max)."""

    kind: str
    parts: tuple[_Node, ...] = ()
    single: Single | None = None
    edge: str = ""
    least: int = 0
    most: int | None = None


_ONE = re.compile(r"\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\\x[0-9a-fA-F]{2}|\\.|[^\\]", re.S)
"""A class of characters, an escape, or a character."""

_EDGES = {"^": r"\A", "$": r"\Z", r"\A": r"\A", r"\z": r"\Z", r"\b": r"\b", r"\B": r"\B"}


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.text, self.at, self.flags = pattern, 0, 0

    def whole(self) -> _Node:
        flags = re.match(r"\(\?([ims]+)\)", self.text)
        if flags:
            self.flags = sum({"i": re.I, "m": 0, "s": re.S}[letter] for letter in set(flags[1]))
            self.at = flags.end()
        node = self.choice(0)
        if self.at < len(self.text):
            raise ValueError(f"the pattern {self.text!r} has an unmatched ')' at {self.at}")
        return node

    def choice(self, depth: int) -> _Node:
        if depth > MAX_DEPTH:
            raise ValueError(f"the pattern nests over {MAX_DEPTH} groups")
        ways = [self.join(depth)]
        while self.text[self.at : self.at + 1] == "|":
            self.at += 1
            ways.append(self.join(depth))
        return ways[0] if len(ways) == 1 else _Node("choice", tuple(ways))

    def join(self, depth: int) -> _Node:
        parts = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            parts.append(self.repeated(self.atom(depth)))
        return _Node("join", tuple(parts))

    def repeated(self, node: _Node) -> _Node:
        while True:
            counted = re.compile(r"([*+?]|\{(\d+)(,(\d*))?\})\??").match(self.text, self.at)
            if counted is None:
                return node
            self.at = counted.end()
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(counted[1], (0, None))
            if counted[2]:
                least = int(counted[2])
                most = least if counted[3] is None else int(counted[4]) if counted[4] else None
            if max(least, most or 0) > MAX_REPEAT or (most is not None and most < least):
                raise ValueError(f"the pattern repeats {counted[1]}, outside 0 to {MAX_REPEAT}")
            node = _Node("repeat", (node,), least=least, most=most)

    def atom(self, depth: int) -> _Node:
        text, start = self.text, self.at
        if text[start] == "(":
            opening = re.compile(r"\((\?:|\?P?<\w+>)?(?!\?)").match(text, start)
            if opening is None:
                raise ValueError(f"the pattern {text!r} has a group at {start} that is not linear in time")
            self.at = opening.end()
            node = self.choice(depth + 1)
            if text[self.at : self.at + 1] != ")":
                raise ValueError(f"the pattern {text!r} lacks a ')'")
            self.at += 1
            return node
        piece = _ONE.match(text, start)
        if piece is None or piece[0] in ("*", "+", "?"):
            raise ValueError(f"the pattern {text!r} breaks off or repeats nothing at {start}")
        self.at = piece.end()
        if piece[0] in _EDGES:
            return _Node("edge", edge=_EDGES[piece[0]])
        if re.fullmatch(r"\\\d", piece[0]):
            raise ValueError(f"the pattern {text!r} refers back, which is not linear in time")
        try:
            one = re.compile(piece[0], self.flags)
        except re.error as error:
            raise ValueError(f"the pattern {text!r} can't be read at {start}: {error}") from None
        return _Node("char", single=lambda character: one.fullmatch(character) is not None)


class Pattern:
    """A compiled pattern. Raises ValueError for one that can't be read, or not in linear time."""

    def __init__(self, pattern: str) -> None:
        self.tests: list[Single | None] = []
        self.edges: list[str] = []
        self.next: list[list[int]] = []
        self.end = self._state()
        self.start = self._build(_Parser(pattern).whole(), self.end)

    def _state(self, *targets: int, test: Single | None = None, edge: str = "") -> int:
        if len(self.next) >= MAX_STATES:
            raise ValueError(f"the pattern takes more than {MAX_STATES} states")
        self.tests.append(test)
        self.edges.append(edge)
        self.next.append(list(targets))
        return len(self.next) - 1

    def _build(self, node: _Node, then: int) -> int:
        """The state from which the node is matched and the match goes on at `then`."""
        match node.kind:
            case "char":
                return self._state(then, test=node.single)
            case "edge":
                return self._state(then, edge=node.edge)
            case "join":
                for part in reversed(node.parts):
                    then = self._build(part, then)
                return then
            case "choice":
                return self._state(*[self._build(part, then) for part in node.parts])
        (part,) = node.parts
        if node.most is None:
            again = self._state(then)
            self.next[again].append(self._build(part, again))
            then = again
        else:
            for _ in range(node.most - node.least):
                then = self._state(then, self._build(part, then))
        for _ in range(node.least):
            then = self._build(part, then)
        return then

    def fullmatch(self, text: str) -> bool:
        """Whether the whole text matches."""
        states = self._closure([self.start], text, 0)
        for at, character in enumerate(text):
            if not states:
                return False
            known: dict[Single, bool] = {}
            reached = []
            for state in states:
                test = self.tests[state]
                if test is not None:
                    if test not in known:
                        known[test] = test(character)
                    if known[test]:
                        reached += self.next[state]
            states = self._closure(reached, text, at + 1)
        return self.end in states

    def _closure(self, states: list[int], text: str, at: int) -> set[int]:
        """All states that can be reached without reading a character."""
        seen: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            edge = self.edges[state]
            if self.tests[state] is None and (not edge or re.compile(edge).match(text, at) is not None):
                waiting += self.next[state]
        return seen
