"""What a person did to a photo as bytes, so that a closed tab can be opened again with its history.

A JSON head, its length before it, and then the tiles of all steps, one after the other, as they are packed already.
"""

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from hearth.errors import BadInput
from hearth.page.cutout.editing import Editing, Step
from hearth.tools.cutout.edits import Packed, Place
from hearth.tools.cutout.look import look_from_plain

VERSION = 1
STEPS = 300
"""How far back a history is kept; while the page is open it goes back to the beginning."""


def pack(editing: Editing) -> bytes:
    """All of it but what the file was made of."""
    tiles: list[Packed] = []

    def listed(group: Mapping[Place, Packed]) -> list[list[int]]:
        tiles.extend(group.values())
        return [[place.x, place.y, len(packed)] for place, packed in group.items()]

    def steps(some: Iterable[Step]) -> list[dict[str, Any]]:
        return [{"what": step.what, "look": asdict(step.look), "tiles": listed(step.tiles)} for step in some]

    head = {
        "version": VERSION,
        "look": asdict(editing.look),
        "size": editing.edits.size,
        "tiles": listed(editing.edits.tiles),
        "past": steps(editing.past[-STEPS:]),
        "future": steps(editing.future[-STEPS:]),
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    return b"".join([struct.pack("<I", len(text)), text, *tiles])


def unpack(data: bytes) -> Editing:
    """Raises BadInput for bytes of another version, or damaged ones."""
    try:
        (length,) = struct.unpack_from("<I", data)
        head = json.loads(data[4 : 4 + length])
        if head["version"] != VERSION:
            raise BadInput(f"A history of version {head['version']} cannot be read.")
        at = 4 + length

        def tiles(group: Iterable[tuple[int, int, int]]) -> dict[Place, Packed]:
            nonlocal at
            found = {}
            for x, y, size in group:
                found[Place(x, y)] = data[at : at + size]
                at += size
            return found

        def steps(some: Iterable[Mapping[str, Any]]) -> list[Step]:
            return [Step(one["what"], look_from_plain(one["look"]), tiles(one["tiles"])) for one in some]

        editing = Editing(look_from_plain(head["look"]))
        editing.edits.size = (int(head["size"][0]), int(head["size"][1]))
        editing.edits.tiles = tiles(head["tiles"])
        editing.past, editing.future = steps(head["past"]), steps(head["future"])
    except (struct.error, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise BadInput("A stored history is damaged.") from error
    if at != len(data):
        raise BadInput("A stored history is damaged.")
    return editing
