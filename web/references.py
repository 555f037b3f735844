"""Finds and rewrites references between the files of the site; `site.py` says what counts as one."""

import posixpath
import re
from collections.abc import Callable

from hearth.errors import HearthError

# Block comments come first: what stands in them is no reference.
_TOKEN = re.compile(r'/\*.*?\*/|"(?P<quoted>\.{1,2}/[^"\s]*)"|"[^"\n]*"|\burl\((?P<bare>\.{1,2}/[^)"\s]*)\)', re.S)
_SINGLE = re.compile(r"'\.{1,2}/[^'\s]*\.\w+'")
_IMPORT = re.compile(r'^(?:import|(?:import|export)\b[^"\';=]*\bfrom) *"(?P<path>\.{1,2}/[^"\s]+)"', re.M)


def rewrite(text: str, source: str, place: str, find: Callable[[str], str]) -> str:
    """The text of the file `source` with each reference changed to what it is in the site.

    `place` is the folder of the site that the file goes to; `find` gives the path, from the root of the site, of
    the file with a given name in `web/`.
    """
    if source.endswith(".js") and (wrong := _SINGLE.search(text)):
        raise HearthError(f"web/{source} refers to {wrong[0]}: write paths in double quotes.")

    def replace(match: re.Match[str]) -> str:
        path = match["quoted"] or match["bare"]
        if path is None or not is_file(path):
            return match[0]
        target = posixpath.relpath(find(_resolve(path, source)), place or ".")
        target = (target if target.startswith("..") else f"./{target}") + ("/" if path.endswith("/") else "")
        return match[0].replace(path, target)

    return _TOKEN.sub(replace, text)


def imported(text: str, source: str) -> list[str]:
    """Names in `web/` of the modules that a module imports when it is loaded."""
    return [_resolve(match["path"], source) for match in _IMPORT.finditer(text) if is_file(match["path"])]


def is_file(path: str) -> bool:
    """Whether a relative path means a file of the site: it has a suffix, or is the folder of Pyodide."""
    return path.endswith("/pyodide/") or (
        "." in path.rpartition("/")[2] and not path.endswith((".", ".d.ts")) and "?" not in path
    )


def _resolve(path: str, source: str) -> str:
    name = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    return name + "/" if path.endswith("/") else name
