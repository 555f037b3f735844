"""What the person sees, as plain data. `web/cutout/messages.js` documents the same shapes for JavaScript."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from hearth.page.jobs import Stage
from hearth.tools.cutout.look import Look
from hearth.words import Said, from_plain, say

State = Literal["waiting", "working", "done", "failed", "stopped"]


@dataclass
class Photo:
    """One photo of the queue, from the drop to the file."""

    id: int
    name: str
    state: State = "waiting"
    text: Said = field(default_factory=lambda: say("photo.waiting"))
    stages: list[Stage] = field(default_factory=list)
    model: str = ""  # that made the cutout; empty until there is one
    twice: bool = False  # whether the network looked twice for it
    can_redo: bool = False
    note: Said = ""
    file_name: str = ""
    file_note: Said = ""  # what a person should know about the file as it was written
    file_width: int = 0  # of the file's picture in pixels
    file_height: int = 0
    width: int = 0
    height: int = 0
    look: Mapping[str, Any] = field(default_factory=lambda: asdict(Look()))
    serial: int = 0  # of the last edit that came from the page
    undo: Said = ""  # what would be undone; empty where there is nothing
    redo: Said = ""
    touched: bool = False  # whether the person changed anything
    fresh: bool = False  # whether the file is what the settings and strokes make now
    writing: bool = False  # whether the person waits for the file


@dataclass
class View:
    """All that the page shows beside what the browser alone knows."""

    model: str
    photos: list[Photo] = field(default_factory=list)
    twice: bool = False  # whether the network is to look twice
    paused: bool = False  # whether photos that wait stay where they are
    engine: Said = field(default_factory=lambda: say("engine.unknown"))
    announcement: Said = ""


def photo_from_plain(plain: dict[str, Any]) -> Photo:
    """The photo as the page was shown it; what another version of the page wrote beside that is left out."""
    known = {one.name for one in fields(Photo)}
    values = {name: value for name, value in plain.items() if name in known}
    values |= {name: from_plain(plain[name]) for name in ("text", "note", "undo", "redo", "file_note") if name in plain}
    values["stages"] = [Stage(from_plain(stage["title"]), stage["fraction"]) for stage in plain.get("stages", [])]
    return Photo(**values)


_DIRECTIONS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def visible_name(name: str) -> str:
    """A file's name without the signs that turn text around: `photo[U+202E]gpj.exe` must not look like a photo."""
    return name.translate(_DIRECTIONS)
