"""What the cutout's page asks of the place it runs in, beside what every tool does."""

from collections.abc import Mapping
from typing import Any, Protocol

from hearth.page.bridge import Bridge
from hearth.page.cutout.layers import Layers
from hearth.runtime.device import Held
from hearth.tools.cutout.edits import Packed, Place
from hearth.tools.cutout.photo import Pixels
from hearth.words import Said


class CutoutBridge(Bridge, Protocol):
    """Pictures are RGBA bytes with straight alpha, row by row from the top. A photo's number is that of its job."""

    def picture(self, photo: int, kind: str, width: int, height: int, rgba: Pixels | Held) -> None:
        """Shows a preview; `kind` is "before" or "after"."""

    def layers(self, photo: int, layers: Layers) -> None:
        """Shows the canvas what the photo is made of."""

    def near(self, photo: int, layers: Layers) -> None:
        """Shows the canvas a part of the photo with all its pixels; see `layers.near_layers`."""

    def scene(self, photo: int, layers: Layers) -> None:
        """Shows the canvas what stands around the subject; see `surroundings`."""

    def tiles(self, photo: int, tiles: Mapping[Place, Packed]) -> None:
        """Shows the canvas the brush strokes in these tiles."""

    def painted(self) -> bytes:
        """The tiles of the message that is being received, one after the other."""

    def deliver(self, photo: int, name: str, kind: str, data: bytes) -> None:
        """Hands over the finished file; `kind` is its media type."""

    async def encode(self, width: int, height: int, rgba: bytes, kind: str, quality: int) -> bytes:
        """A file of the media type `kind` as the browser writes it. Raises BadInput where it cannot."""

    async def read_picture(self, picture: str) -> bytes:
        """The bytes of a picture that was chosen for the background. Raises BadImage when it is gone."""

    async def decode_picture(self, picture: str) -> tuple[int, int, Pixels]:
        """The same as the browser decodes it; see `decode`."""

    def keep(self, photo: int, history: bytes) -> None:
        """Stores what the person did to a photo, for when the page is opened again."""

    def kept(self, photo: int) -> bytes:
        """What was stored for a photo that the message being received brings back."""

    def inspected(self, report: dict[str, Any]) -> None:
        """Shows what a model of the person's own is: a `hearth.page.cutout.own.Report`, plain."""

    def checked(self, model: int, verdict: Said) -> None:
        """Shows what `onnx` says of a model of the person's own."""

    async def fetch_package(self, name: str) -> None:
        """Makes a Python package that comes with the site ready to import. Raises DownloadFailed."""

    async def size(self, photo: int) -> int:
        """Size in bytes of the file that was dropped."""

    async def read(self, photo: int) -> bytes:
        """The bytes of the file that was dropped. Raises BadImage when it is gone."""

    async def decode(self, photo: int, *, to_screen: bool) -> tuple[int, int, Pixels]:
        """Width, height and RGBA as the browser decodes the file, turned upright. Raises BadImage, TooLarge.

        `to_screen` brings the colours from the file's profile to sRGB; else they stay as they are stored.
        """
