"""Puts the English words into a page, and all languages beside it.

In HTML an empty element with `data-words=KEY` gets the sentence of that key as its text, and
`data-words-title=KEY` (`-label`, `-content`) as its attribute `title` (`aria-label`, `content`), so that a page can
be read before its scripts run; `web/shell/words.js` puts in the words of another language by the same attributes.
"""

import html
import json
import re
from pathlib import Path

from hearth.errors import HearthError

WORDS = Path(__file__).parents[1] / "app" / "hearth" / "words"
ATTRIBUTES = {"title": "title", "label": "aria-label", "content": "content"}

_TEXT = re.compile(r'(?P<tag><(?P<name>\w+)\b[^<>]*\bdata-words="(?P<key>[^"]*)"[^<>]*>)(?P<inner>[^<]*)</(?P=name)>')
_ATTRIBUTE = re.compile(r'\bdata-words-(?P<kind>\w+)="(?P<key>[^"]*)"')
_ANY = re.compile(r'\bdata-words(?:-\w+)?="')


def filled(page: str, source: str, words: dict[str, str]) -> str:
    """The HTML of `web/<source>` with its words. Raises HearthError for an unknown key and for one in a wrong place."""
    places = 0

    def text(key: str) -> str:
        nonlocal places
        places += 1
        if not isinstance(words.get(key), str):
            raise HearthError(f"web/{source} asks for the words {key!r}, which en.json does not have.")
        return html.escape(words[key])

    def inside(match: re.Match[str]) -> str:
        if match["inner"].strip():
            raise HearthError(f"web/{source}: the element of {match['key']!r} must be empty, its words are in en.json.")
        return f"{match['tag']}{text(match['key'])}</{match['name']}>"

    def attribute(match: re.Match[str]) -> str:
        return f'{match[0]} {ATTRIBUTES[match["kind"]]}="{text(match["key"])}"'

    page_with = _ATTRIBUTE.sub(attribute, _TEXT.sub(inside, page))
    if places != len(_ANY.findall(page)):
        raise HearthError(f"web/{source} has a data-words on something that is no element with a text alone.")
    return page_with


def read(file: Path) -> dict[str, str]:
    """The words of one language."""
    words: dict[str, str] = json.loads(file.read_text("utf-8"))
    return words
