"""One photo on its way to a cutout: reads it, runs the tool, hands over previews and the file."""

from collections.abc import Callable

from hearth.errors import Cancelled
from hearth.page.cutout import preview
from hearth.page.cutout.backgrounds import Backgrounds
from hearth.page.cutout.bridge import CutoutBridge
from hearth.page.cutout.editing import Editing
from hearth.page.cutout.reading import read_photo
from hearth.page.cutout.tool import CutoutTool, looking
from hearth.page.cutout.view import Photo
from hearth.page.cutout.writing import write_file
from hearth.page.jobs import Stage
from hearth.runtime.device import Held
from hearth.tools import cutout
from hearth.tools.cutout.look import Mask
from hearth.tools.cutout.matte import Alpha
from hearth.tools.cutout.pipeline import Glance
from hearth.words import Words, say


class Job:
    """`run` works on `photo` and keeps its `stages` up to date; `progressed(milestone)` shows them, a
    milestone at once.

    A cutout that the photo already has stays, with its preview, until the new one is delivered; what the person
    did to it holds for the new one too.
    """

    def __init__(
        self,
        photo: Photo,
        editing: Editing,
        model: str,
        twice: bool,
        tool: CutoutTool,
        bridge: CutoutBridge,
        backgrounds: Backgrounds,
        progressed: Callable[[bool], None],
    ) -> None:
        self.photo = photo
        self.editing = editing
        self.model = model
        self.twice = twice
        self.tool = tool
        self.bridge = bridge
        self.backgrounds = backgrounds
        self.progressed = progressed
        photo.stages = [Stage(say("stage." + name)) for name in cutout.STAGES]
        self._stages: dict[str, Stage] = dict(zip(cutout.STAGES, photo.stages, strict=True))

    async def run(self) -> cutout.Matte:
        """The matte, whose file was delivered. Raises HearthError with a sentence for the person, Cancelled when
        they stopped it.
        """
        photo = self.photo
        self._report("read", 0.0)
        picture = await read_photo(self.bridge, photo.id)
        photo.width, photo.height = picture.size
        small = preview.reduced(picture)
        self.bridge.picture(photo.id, "before", *preview.before(small))
        pipeline = looking(await self.tool.load(self.model, self.bridge, self._model_came), self.twice)

        again = bool(photo.model)
        shown = False

        def show(pixels: Held) -> None:
            nonlocal shown
            if not self.editing.edits and self.editing.look.mask == Mask():
                self._show_after(preview.found(pixels, small.size, picture.icc))
                shown = True

        glance = None if again else Glance(small.size, show)
        with self.tool.reading():
            matte = await pipeline.matte_async(picture, self._report, glance=glance)
        if not self.editing.edits:
            self.editing.edits.size = matte.size
        after: list[preview.Preview] = []

        def finished(alpha: Alpha) -> None:
            if shown and alpha is matte.alpha:
                return
            after.append(preview.after(matte, small, alpha))
            if not again:
                self._show_after(after[0])

        def report(fraction: float) -> None:
            self._report("write", fraction)

        await write_file(photo, matte, self.editing, self.bridge, self.backgrounds, report, finished)
        photo.note, photo.model, photo.twice = list(matte.notes), self.model, self.twice
        if again:
            self._show_after(after[0])
        return matte

    def _show_after(self, picture: preview.Preview) -> None:
        self.bridge.picture(self.photo.id, "after", *picture)

    def _report(self, name: str, fraction: float) -> None:
        if self.bridge.stop_asked(self.photo.id):
            raise Cancelled(say("photo.stopped"))
        stage = say("stage." + name)
        text = say("stage.now", stage=stage, done=fraction) if fraction else say("stage.begins", stage=stage)
        self._advance(name, text, fraction, fraction == 0)  # the end of a stage is the beginning of the next

    def _model_came(self, loaded: int, total: int) -> None:
        if "model" not in self._stages:
            self._stages["model"] = Stage(say("stage.model"))
            self.photo.stages.insert(1, self._stages["model"])
        text = say("models.fetching", loaded=loaded, total=total)
        # Called by the browser, which could do nothing with an exception: to stop it there is `drop_model`.
        self._advance("model", text, loaded / total, loaded in (0, total))

    def _advance(self, name: str, text: Words, fraction: float, milestone: bool) -> None:
        self.photo.text = text
        self._stages[name].fraction = fraction
        self.progressed(milestone)
