"""What a person did to one photo, and the way back and forth through it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from hearth.tools.cutout.edits import Edits, Packed, Place
from hearth.tools.cutout.look import Look

State = tuple[Look, dict[Place, Packed]]


NAMED = {"mask.source", "mask.shift", "mask.feather", "mask.threshold", "mask.contrast"}
"""Settings with a name of their own in the history; all others go by that of their group."""


AS_MADE = Look()
"""The settings of a cutout as it was made."""


@dataclass
class Step:
    """One thing done, and what was there before or, once undone, after; `what` is the end of its name's key."""

    what: str
    look: Look
    tiles: dict[Place, Packed] = field(default_factory=dict)
    gesture: int = 0


class Editing:
    """Settings and strokes of one photo with their history, which holds no more than what changed."""

    def __init__(self, look: Look | None = None) -> None:
        self.look = look or AS_MADE
        self.edits = Edits((0, 0))
        self.past: list[Step] = []
        self.future: list[Step] = []
        self.written: State | None = None
        """The state that the file was made of."""
        self.failed: State | None = None
        """The state of which no file could be made."""

    @property
    def state(self) -> State:
        """What the file depends on; equal to another one where nothing differs."""
        return self.look, dict(self.edits.tiles)

    @property
    def touched(self) -> bool:
        """Whether anything differs from the cutout as it was made."""
        return (self.look is not AS_MADE and self.look != AS_MADE) or bool(self.edits)

    def set_look(self, look: Look, gesture: int = 0) -> None:
        """Takes new settings; those of one gesture (a slider dragged) are one step."""
        if look == self.look:
            return
        last = self.past[-1] if self.past else None
        if last and gesture and last.gesture == gesture:
            self.future.clear()
        else:
            self._begin(Step(what_changed(self.look, look), self.look, gesture=gesture))
        self.look = look

    def stroke(self, what: str, tiles: Mapping[Place, Packed]) -> None:
        """Takes the tiles that a brush changed."""
        before = self.edits.exchange(tiles)
        if before:
            self._begin(Step(what, self.look, before))

    def reset(self) -> dict[Place, Packed]:
        """Back to the cutout as it was made, as one step; returns the tiles to show."""
        if not self.touched:
            return {}
        changed: dict[Place, Packed] = dict.fromkeys(self.edits.tiles, b"")
        self._begin(Step("reset", self.look, self.edits.exchange(changed)))
        self.look = AS_MADE
        return changed

    def undo(self) -> tuple[str, dict[Place, Packed]]:
        """Takes back the last step; returns what it is called and the tiles to show."""
        return self._swap(self.past, self.future)

    def redo(self) -> tuple[str, dict[Place, Packed]]:
        return self._swap(self.future, self.past)

    def _begin(self, step: Step) -> None:
        self.past.append(step)
        self.future.clear()

    def _swap(self, taken: list[Step], given: list[Step]) -> tuple[str, dict[Place, Packed]]:
        if not taken:
            return "", {}
        step = taken.pop()
        given.append(Step(step.what, self.look, self.edits.exchange(step.tiles)))
        self.look = step.look
        return step.what, step.tiles


def what_changed(before: Look, after: Look) -> str:
    """The one setting in which two looks differ, such as "mask.shift", or the group, such as "mask"."""
    old, new = _flat(asdict(before)), _flat(asdict(after))
    names = [name for name in new if old[name] != new[name]]
    if len(names) == 1 and names[0] in NAMED:
        return names[0]
    groups = {name.split(".")[0] for name in names}
    return groups.pop() if len(groups) == 1 else "look"


def _flat(plain: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in plain.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return flat
