"""What the page's Python asks of the place it runs in: the browser, or a test on the desk."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from hearth.runtime.unread import Source

Progress = Callable[[int, int], None]  # bytes that came, bytes in all


class Bridge(Protocol):
    """The only way out of `hearth.page` that every tool has; `hearth.page.<tool>.bridge` adds the tool's own."""

    def show(self, view: object) -> None:
        """Shows a new state of the page: a dataclass of values that JSON has, and of dataclasses."""

    def stop_asked(self, job: int) -> bool:
        """Whether the person asked to stop this job. Must answer even while no message can come in."""

    async def model(self, model: str, progress: Progress) -> "bytes | Source":
        """The whole model file, checked. Raises DownloadFailed.

        The last progress, with all of it loaded, is told before any of it takes up Python's memory.
        """

    def drop_model(self, model: str) -> None:
        """Ends the download of a model that nobody waits for any more."""


class Page(Protocol):
    """What a tool's page is to the worker that hosts it."""

    def receive(self, message: Mapping[str, Any]) -> None:
        """Does what a message of `web/<tool>/messages.js` asks for."""

    async def run(self) -> None:
        """Works for as long as the page is open."""

    async def warm_up(self) -> None:
        """Makes ready what the person will need first; a failure is told when they need it."""
