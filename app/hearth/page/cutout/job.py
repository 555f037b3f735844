"""One photo on its way to a cutout: reads it, runs the tool, hands over previews and the file."""

import contextlib
from collections.abc import Callable

from PIL import Image

from hearth.errors import BadImage, Cancelled, TooLarge
from hearth.page.cutout import preview
from hearth.page.cutout.bridge import CutoutBridge
from hearth.page.cutout.tool import CutoutTool
from hearth.page.cutout.view import Photo, Stage, cutout_name
from hearth.tools import cutout
from hearth.tools.cutout.formats import browser_format
from hearth.words import Words, say

JPEG = b"\xff\xd8\xff"

MAX_FILE_BYTES = 500_000_000
"""Of the file that was dropped: more than any photo of 50 megapixels, little enough to be read into memory."""


class Job:
    """`run` works on `photo` and keeps its `stages` up to date; `progressed(stage_begins_or_ends)` shows them.

    A cutout that the photo already has stays, with its preview, until the new one is delivered.
    """

    def __init__(
        self, photo: Photo, model: str, tool: CutoutTool, bridge: CutoutBridge, progressed: Callable[[bool], None]
    ) -> None:
        self.photo = photo
        self.model = model
        self.tool = tool
        self.bridge = bridge
        self.progressed = progressed
        photo.stages = [Stage(say("stage." + name)) for name in cutout.STAGES]
        self._stages: dict[str, Stage] = dict(zip(cutout.STAGES, photo.stages, strict=True))

    async def run(self) -> None:
        """Raises HearthError with a sentence for the person, Cancelled when they stopped it."""
        photo = self.photo
        self._report("read", 0.0)
        picture = await self._read()
        photo.width, photo.height = picture.size
        small = preview.before(picture)
        self.bridge.picture(photo.id, "before", *small.size, small.tobytes())
        pipeline = await self.tool.load(self.model, self.bridge, self._model_came)

        again = bool(photo.model)
        after: list[Image.Image] = []

        def cut(matte: cutout.Matte) -> None:
            after.append(preview.after(matte, small.size))
            if not again:
                self._show_after(after[0])

        done = await pipeline.run_async(picture, self._report, on_matte=cut)
        photo.note, photo.model = list(done.notes), self.model
        photo.file_name = cutout_name(photo.name)
        self.bridge.deliver(photo.id, photo.file_name, done.png)
        if again:
            self._show_after(after[0])

    def _show_after(self, picture: Image.Image) -> None:
        self.bridge.picture(self.photo.id, "after", *picture.size, picture.tobytes())

    async def _read(self) -> cutout.Photo:
        size = await self.bridge.size(self.photo.id)
        if size > MAX_FILE_BYTES:
            raise TooLarge(say("photo.file-too-large", size=size, limit=MAX_FILE_BYTES))
        data = await self.bridge.read(self.photo.id)
        if browser_format(data) is not None:
            width, height, rgba = await self.bridge.decode(self.photo.id, to_screen=True)
            return cutout.from_rgba(rgba, width, height)
        if data.startswith(JPEG):
            return await self._read_jpeg(data)
        return cutout.read(data)

    async def _read_jpeg(self, data: bytes) -> cutout.Photo:
        """As Pillow reads it on a desk, by way of the browser.

        Both have libjpeg-turbo; Pillow in the page has another library, which draws colours between pixels otherwise.
        """
        for_screens, icc = cutout.jpeg_profile(data)
        if for_screens:
            with contextlib.suppress(BadImage):  # what it is that is wrong, Pillow says better
                width, height, rgba = await self.bridge.decode(self.photo.id, to_screen=False)
                return cutout.from_rgba(rgba, width, height, icc)
        return cutout.read(data)

    def _report(self, name: str, fraction: float) -> None:
        if self.bridge.stop_asked(self.photo.id):
            raise Cancelled(say("photo.stopped"))
        stage = say("stage." + name)
        text = say("stage.now", stage=stage, done=fraction) if fraction else say("stage.begins", stage=stage)
        self._advance(name, text, fraction)

    def _model_came(self, loaded: int, total: int) -> None:
        if "model" not in self._stages:
            self._stages["model"] = Stage(say("stage.model"))
            self.photo.stages.insert(1, self._stages["model"])
        text = say("models.fetching", loaded=loaded, total=total)
        # Called by the browser, which could do nothing with an exception: to stop it there is `drop_model`.
        self._advance("model", text, loaded / total)

    def _advance(self, name: str, text: Words, fraction: float) -> None:
        self.photo.text = text
        self._stages[name].fraction = fraction
        self.progressed(fraction in (0, 1))
