"""What Hearth says to people, by keys: `en.json` here holds the English words, each other file those of one language.

Python says a sentence as `say("photo.done", time=1.2)`: a key and the values that stand in it. The page puts the words
in, in the person's language, with numbers as their browser writes them (`web/shell/words.js`, which explains the
format); `str()` gives the English ones, for the command line.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from re import Match, sub
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Words:
    """A sentence, not yet in any language. Values are numbers, texts or sentences."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return english(self)


Said: TypeAlias = Words | str | Sequence[Words | str]
"""A sentence to show, a text that is shown as it is (a reason from deep inside), or several, one after the other."""


def say(key: str, /, **values: object) -> Words:
    """The sentence of that key with these values in it."""
    return Words(key, values)


def from_plain(plain: Any) -> Said:
    """What `dataclasses.asdict` made of it."""
    return [_one(part) for part in plain] if isinstance(plain, list) else _one(plain)


def _one(plain: Any) -> Words | str:
    return plain if isinstance(plain, str) else Words(plain["key"], plain["values"])


def english(said: Any) -> str:
    """The English text, plain or not. Raises KeyError for a key or a value that is missing."""
    if isinstance(said, str):
        return said
    if isinstance(said, Mapping):
        said = Words(said["key"], said["values"])
    if not isinstance(said, Words):
        return " ".join(english(part) for part in said)
    pattern = _words()[said.key]
    if not isinstance(pattern, str):
        pattern = pattern["one" if said.values["count"] == 1 else "other"]

    def put(match: Match[str]) -> str:
        value = said.values[match["name"]]
        return _FORMATS[match["format"]](value) if match["format"] else _inserted(value)

    return sub(PLACE, put, pattern)


PLACE = r"\{(?P<name>\w+)(?::(?P<format>\w+))?\}"
"""Where a value stands in a sentence: `{name}`, or `{size:bytes}` with the way in which it is written."""


def _inserted(value: object) -> str:
    return str(value) if isinstance(value, int | float) else english(value)


def _number(value: float) -> str:
    return f"{value:,.{0 if value >= 10 else 1}f}".removesuffix(".0")


def _bytes(value: float) -> str:
    unit, size = ("kilo", 1e3) if value < 1e5 else ("mega", 1e6) if value < 1e9 else ("giga", 1e9)
    return english(say(f"unit.{unit}bytes", value=_number(value / size)))


def _seconds(value: float) -> str:
    return english(say("unit.seconds", value=_number(value)))


def _percent(value: float) -> str:
    return f"{value:.0%}"


_FORMATS: dict[str, Callable[[float], str]] = {
    "number": _number,
    "bytes": _bytes,
    "seconds": _seconds,
    "percent": _percent,
}


@cache
def _words() -> Mapping[str, str | Mapping[str, str]]:
    file = resources.files(__name__).joinpath("en.json")
    words: dict[str, str | dict[str, str]] = json.loads(file.read_text("utf-8"))
    return words
