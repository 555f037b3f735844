"""Pictures of the person's own that stand behind cutouts; the one used last stays decoded."""

from hearth.errors import BadInput, HearthError
from hearth.page.cutout.bridge import CutoutBridge
from hearth.tools.cutout import Photo, from_rgba, read
from hearth.tools.cutout.formats import browser_format
from hearth.tools.cutout.scene import Background
from hearth.words import say


class Backgrounds:
    def __init__(self, bridge: CutoutBridge) -> None:
        self.bridge = bridge
        self._kept: tuple[str, Photo] | None = None

    async def get(self, background: Background) -> Photo | None:
        """The picture of a background; None where it needs none. Raises BadInput where the picture is no good."""
        if background.kind != "picture" or not background.picture:
            return None
        if self._kept is None or self._kept[0] != background.picture:
            self._kept = None  # makes room
            try:
                self._kept = background.picture, await self._read(background.picture)
            except HearthError as error:
                raise BadInput(say("background.unreadable", reason=error.args[0])) from error
        return self._kept[1]

    async def _read(self, picture: str) -> Photo:
        data = await self.bridge.read_picture(picture)
        if browser_format(data) is not None:
            width, height, rgba = await self.bridge.decode_picture(picture)
            return from_rgba(rgba, width, height)
        return read(data)
