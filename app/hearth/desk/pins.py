"""Reads pinned files from TOML: one table a file, its sources in the order in which they are tried.

["numpy-2.4.3-....whl"]
sha256 = "0cad..."
bytes = 2916023
url = "https://..."                  # a web address
archive = "open_webui-....whl"       # another table, and
member = "pyodide/numpy-....whl"     # the path inside of that file
pypi = "numpy==2.4.3"                # what `pip download` is asked for; `python`, `platform` likewise
npm = "pyodide@314.0.4"              # what `npm pack` is asked for
"""

import tomllib
from pathlib import Path
from typing import Any

from hearth.desk.fetch import Member, Npm, Pinned, PyPI, Source, Url


def read_pins(path: Path) -> dict[str, Pinned]:
    """All pinned files of a TOML file by name. KeyError, ValueError: a table breaks the rules above."""
    tables = tomllib.loads(path.read_text("utf-8"))
    return {name: _pinned(name, tables) for name in tables}


def _pinned(name: str, tables: dict[str, Any]) -> Pinned:
    table = dict(tables[name])
    sources: list[Source] = []
    if "url" in table:
        sources.append(Url(table.pop("url")))
    if "archive" in table:
        sources.append(Member(_pinned(table.pop("archive"), tables), table.pop("member")))
    if "pypi" in table:
        sources.append(PyPI(table.pop("pypi"), table.pop("python", None), table.pop("platform", None)))
    if "npm" in table:
        sources.append(Npm(table.pop("npm")))
    pinned = Pinned(name, table.pop("sha256"), table.pop("bytes"), tuple(sources))
    if table or not sources:
        raise ValueError(f"The pin of {name} has {f'unknown keys {list(table)}' if table else 'no source'}.")
    return pinned
