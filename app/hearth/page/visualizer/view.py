"""What the person sees, as plain data. `web/visualizer/messages.js` documents the same shapes for JavaScript."""

from dataclasses import dataclass, field
from typing import Literal

from hearth.page.jobs import Stage
from hearth.words import Said, say

State = Literal["opening", "hearing", "done", "failed", "stopped"]


@dataclass
class Track:
    """The song, from the drop on."""

    id: int
    name: str
    state: State = "opening"
    text: Said = field(default_factory=lambda: say("song.opening"))
    stages: list[Stage] = field(default_factory=list)
    notes: list[Said] = field(default_factory=list)
    duration: float = 0.0
    tempo: float = 0.0


@dataclass
class View:
    """All that the page shows beside what the browser alone knows."""

    track: Track | None = None
    engine: Said = field(default_factory=lambda: say("engine.unknown"))
    announcement: Said = ""
