"""What the page's Python asks of the place it runs in: the browser, or a test on the desk."""

from collections.abc import Callable
from typing import Any, Protocol

Progress = Callable[[int, int], None]  # bytes that came, bytes in all


class Bridge(Protocol):
    """The only way out of `hearth.page`. Pictures are RGBA bytes with straight alpha, row by row from the top."""

    def show(self, view: dict[str, Any]) -> None:
        """Shows a new state of the page."""

    def picture(self, photo: int, kind: str, width: int, height: int, rgba: bytes) -> None:
        """Shows a preview; `kind` is "before" or "after"."""

    def deliver(self, photo: int, name: str, png: bytes) -> None:
        """Hands over the finished file."""

    def stop_asked(self, photo: int) -> bool:
        """Whether the person asked to stop this photo. Must answer even while no message can come in."""

    async def size(self, photo: int) -> int:
        """Size in bytes of the file that was dropped."""

    async def read(self, photo: int) -> bytes:
        """The bytes of the file that was dropped. Raises BadImage when it is gone."""

    async def decode(self, photo: int, *, to_screen: bool) -> tuple[int, int, bytes]:
        """Width, height and RGBA as the browser decodes the file, turned upright. Raises BadImage, TooLarge.

        `to_screen` brings the colours from the file's profile to sRGB; else they stay as they are stored.
        """

    async def model(self, model: str, progress: Progress) -> bytes:
        """The whole model file, checked. Raises DownloadFailed."""

    def drop_model(self, model: str) -> None:
        """Ends the download of a model that nobody waits for any more."""
