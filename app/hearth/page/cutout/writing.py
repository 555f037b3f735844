"""The file of a photo, written again after the person changed something."""

import asyncio
from collections.abc import Callable

from PIL import Image

from hearth.page.cutout import preview
from hearth.page.cutout.bridge import CutoutBridge
from hearth.page.cutout.editing import Editing
from hearth.page.cutout.mattes import Mattes
from hearth.page.cutout.view import Photo, Stage
from hearth.tools.cutout.export import export
from hearth.tools.cutout.matte import Alpha
from hearth.words import say


async def write_again(
    photo: Photo, editing: Editing, mattes: Mattes, bridge: CutoutBridge, progressed: Callable[[bool], None]
) -> None:
    """Delivers the file and the preview, with progress in the photo's `stages`; cancelled, it leaves no trace."""
    stage = Stage(say("stage.write"))
    photo.stages = [stage]
    try:
        matte = await mattes.get(photo.id)
        after: list[Image.Image] = []

        def finished(alpha: Alpha) -> None:
            after.append(preview.after(matte, preview.small_size(matte.size), alpha))

        state = editing.state
        pieces = []
        for fraction, piece in export(matte, editing.look, editing.edits, finished):
            pieces.append(piece)
            stage.fraction = fraction
            progressed(False)
            await asyncio.sleep(0)
        bridge.deliver(photo.id, photo.file_name, b"".join(pieces))
        editing.written = state
        bridge.picture(photo.id, "after", *after[0].size, after[0].tobytes())
    finally:
        photo.stages = []
