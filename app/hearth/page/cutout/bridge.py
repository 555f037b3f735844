"""What the cutout's page asks of the place it runs in, beside what every tool does."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hearth.page.bridge import Bridge
from hearth.page.cutout.layers import Layers
from hearth.runtime.device import Held
from hearth.tools.cutout.edits import Packed, Place
from hearth.tools.cutout.photo import Pixels
from hearth.words import Said

Part = Any
"""A part of a file, as the place calls it."""


class Sheet(Protocol):
    def rows(self, rgba: bytes) -> None:
        """Fills the next rows."""

    async def encoded(self, kind: str, quality: int) -> Part:
        """The whole as a file of the media type `kind`. Raises BadInput where the browser writes none."""


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

    def part(self, data: bytes) -> Part:
        """Takes a part of a file over: the browser has more room for it than Python."""

    def deliver(self, photo: int, name: str, kind: str, parts: Sequence[Part]) -> None:
        """Hands over the finished file; `kind` is its media type."""

    def sheet(self, width: int, height: int) -> Sheet:
        """A picture that is filled from the top, for the browser to write."""

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

    async def decode(
        self, photo: int, *, opaque: bool = False, without: Sequence[tuple[int, int]] = ()
    ) -> tuple[int, int, Pixels]:
        """Width, height and RGBA as the browser decodes the file, turned upright, its colours brought from the file's
        profile to sRGB. Raises BadImage, TooLarge.

        A format that is `opaque`, without transparency, takes less memory. Bytes `without` are left out of the file:
        from, to, of each part.
        """
