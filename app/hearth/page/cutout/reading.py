"""A file that was dropped becomes a photo, by Pillow or by the browser."""

import contextlib

from hearth.errors import BadImage, TooLarge
from hearth.page.cutout.bridge import CutoutBridge
from hearth.page.cutout.room import ROOM
from hearth.tools import cutout
from hearth.tools.cutout.formats import browser_format, is_sequence, jpeg_profile_parts
from hearth.words import say

JPEG = b"\xff\xd8\xff"

MAX_FILE_BYTES = 500_000_000
"""Of the file that was dropped: more than any photo of 50 megapixels, little enough to be read into memory."""


async def read_photo(bridge: CutoutBridge, photo: int) -> cutout.Photo:
    """Raises BadImage and TooLarge."""
    size = await bridge.size(photo)
    if size > MAX_FILE_BYTES:
        raise TooLarge(say("photo.file-too-large", size=size, limit=MAX_FILE_BYTES))
    data = await bridge.read(photo)
    if browser_format(data) is not None:
        width, height, rgba = await bridge.decode(photo)
        return cutout.from_rgba(rgba, width, height, notes=[say("note.first-frame")] if is_sequence(data) else [])
    if data.startswith(JPEG):
        return await _read_jpeg(bridge, photo, data)
    return _by_pillow(data)


async def _read_jpeg(bridge: CutoutBridge, photo: int, data: bytes) -> cutout.Photo:
    """As Pillow reads it on a desk, by way of the browser.

    Both have libjpeg-turbo; Pillow in the page has another library, which draws colours between pixels otherwise.
    """
    for_screens, icc, notes = cutout.jpeg_profile(data)
    if for_screens:
        with contextlib.suppress(BadImage):  # what it is that is wrong, Pillow says better
            width, height, rgba = await bridge.decode(photo, opaque=True, without=jpeg_profile_parts(data))
            return cutout.from_rgba(rgba, width, height, icc, notes)
    elif icc is not None:  # inks: the browser knows how their profile brings them to a screen
        with contextlib.suppress(BadImage):
            width, height, rgba = await bridge.decode(photo, opaque=True)
            return cutout.from_rgba(rgba, width, height, notes=[say("note.cmyk-profile")])
    return _by_pillow(data)


def _by_pillow(data: bytes) -> cutout.Photo:
    ROOM.clear()  # two copies are needed for a while
    return cutout.read(data)
