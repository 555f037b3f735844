"""What the visualizer's page asks of the place it runs in, beside what every tool does."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hearth.page.bridge import Bridge


@dataclass(frozen=True)
class Source:
    """What a file says of its sound; `duration` in seconds, 0 where it does not say."""

    rate: int
    channels: int
    duration: float


class VisualizerBridge(Bridge, Protocol):
    """A track's number is that of its job. One track at a time is open."""

    async def open(self, track: int) -> Source:
        """Opens a track's sound. Raises BadSound with a sentence for the person."""

    async def piece(self) -> NDArray[np.float32] | None:
        """The next samples of the open track, (n, channels), -1..1; None at its end. Raises BadSound."""

    def lost(self) -> float:
        """Seconds of the open track so far that could not be decoded and are silent."""

    def heard(self, facts: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        """Hands over what moves the pictures: `Heard` of `web/visualizer/messages.js`."""
