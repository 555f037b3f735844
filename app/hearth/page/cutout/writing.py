"""The file of a photo, written when its cutout is made and again after the person changed something."""

import asyncio
from collections.abc import Callable

from hearth.page.cutout import preview
from hearth.page.cutout.backgrounds import Backgrounds
from hearth.page.cutout.bridge import CutoutBridge
from hearth.page.cutout.editing import Editing
from hearth.page.cutout.mattes import Mattes
from hearth.page.cutout.view import Photo, visible_name
from hearth.page.jobs import Stage
from hearth.tools.cutout import Matte
from hearth.tools.cutout.export import finished_alpha
from hearth.tools.cutout.look import Mask
from hearth.tools.cutout.matte import Alpha
from hearth.tools.cutout.output import Finished, file_name
from hearth.words import say

_SHARE = 0.2  # of the progress, for the alpha; what is left is for the file

_PART_BYTES = 4_000_000  # of a file that Python holds before it hands them over


async def write_file(
    photo: Photo,
    matte: Matte,
    editing: Editing,
    bridge: CutoutBridge,
    backgrounds: Backgrounds,
    report: Callable[[float], object],
    on_alpha: Callable[[Alpha], object] = lambda alpha: None,
) -> None:
    """Delivers the file as the settings and strokes make it. `report(fraction)` may raise to stop it; `on_alpha` is
    handed the alpha (H, W) before. Raises BadInput, BadImage or TooLarge.
    """
    state, look = editing.state, editing.look
    picture = await backgrounds.get(look.scene.background)
    share = _SHARE if look.mask != Mask() or editing.edits else 0.0
    alpha = matte.alpha
    for fraction, made in finished_alpha(matte, look, editing.edits):
        alpha = made
        report(share * fraction)
        await asyncio.sleep(0)
    on_alpha(alpha)
    finished = Finished(matte, alpha, look.scene, look.output, picture)
    kind = finished.kind
    if look.output.format == "avif":
        sheet = bridge.sheet(*finished.size)
        for fraction, rows in finished.rgba():
            sheet.rows(rows)
            report(share + (1 - share) * fraction)
            await asyncio.sleep(0)
        parts = [await sheet.encoded(kind, look.output.quality)]
    else:
        parts, loose = [], bytearray()
        for fraction, piece in finished.write():
            loose += piece
            if len(loose) >= _PART_BYTES or fraction == 1:
                parts.append(bridge.part(bytes(loose)))
                loose.clear()
            report(share + (1 - share) * fraction)
            await asyncio.sleep(0)
    photo.file_name, photo.file_note = file_name(visible_name(photo.name), look.output), list(finished.notes)
    photo.file_width, photo.file_height = finished.size
    bridge.deliver(photo.id, photo.file_name, kind, parts)
    editing.written = state


async def write_again(
    photo: Photo,
    editing: Editing,
    mattes: Mattes,
    bridge: CutoutBridge,
    backgrounds: Backgrounds,
    progressed: Callable[[bool], None],
) -> None:
    """Delivers the file and the preview, with progress in the photo's `stages`; cancelled, it leaves no trace."""
    stage = Stage(say("stage.write"))
    photo.stages = [stage]

    def report(fraction: float) -> None:
        stage.fraction = fraction
        progressed(False)

    try:
        matte = await mattes.get(photo.id)
        after: list[preview.Preview] = []

        def finished(alpha: Alpha) -> None:
            after.append(preview.after(matte, alpha=alpha))

        await write_file(photo, matte, editing, bridge, backgrounds, report, finished)
        bridge.picture(photo.id, "after", *after[0])
    finally:
        photo.stages = []
