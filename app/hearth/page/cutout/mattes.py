"""The mattes of the photos that are done: whole for the last ones used, small for some, made again for all others."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import numpy as np

from hearth.page.cutout.room import ROOM
from hearth.tools.cutout import Matte, Photo

KEPT_BYTES = 60_000_000
"""Of pixels that stay in memory beside those of the photo used now: one photo of 12 megapixels."""

SMALL_BYTES = 40_000_000
"""Of what stays of the photos before them: about ten. Whatever came before those has its network run again."""

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class _Small:
    """A matte without its photo, its alpha compressed, its colours in halves: within a tenth of a step of 255."""

    matte: Matte
    alpha: bytes
    size: tuple[int, int]

    @property
    def nbytes(self) -> int:
        colours = self.matte.colours
        planes = [] if colours is None else [colours.subject, colours.background]
        return len(self.alpha) + sum(plane.nbytes for plane in (self.matte.raw, self.matte.mask, *planes))


class Mattes:
    """`read(photo)` reads a photo's file again; `make(photo)` makes a matte that was lost with its worker."""

    def __init__(self, read: Callable[[int], Awaitable[Photo]], make: Callable[[int], Awaitable[Matte]]) -> None:
        self.read = read
        self.make = make
        self._whole: dict[int, Matte] = {}  # in the order of last use
        self._small: dict[int, _Small] = {}
        self._one_at_a_time = asyncio.Lock()

    def keep(self, photo: int, matte: Matte) -> None:
        """Takes the matte of a photo in place of an earlier one."""
        self.drop(photo)
        self._whole[photo] = matte
        self.make_room(photo)

    async def get(self, photo: int) -> Matte:
        """Raises BadImage where the file is gone."""
        async with self._one_at_a_time:
            small = self._small.get(photo)
            if photo not in self._whole:
                self.make_room()
                self.keep(photo, _unpack(small, await self.read(photo)) if small else await self.make(photo))
            matte = self._whole.pop(photo)
            self._whole[photo] = matte
            return matte

    def whole(self, photo: int) -> Matte | None:
        """The same where it takes no time."""
        return self._whole.get(photo)

    def drop(self, photo: int) -> None:
        """Forgets a photo."""
        self._whole.pop(photo, None)
        self._small.pop(photo, None)

    def make_room(self, used: int = 0) -> None:
        """Lets go of what is too much beside the photo `used`, or beside one that is still to come."""
        for photo in list(self._whole):
            rest = sum(matte.photo.pixels.nbytes for key, matte in self._whole.items() if key != used)
            if rest <= KEPT_BYTES:
                break
            if photo != used:
                self._small[photo] = _pack(self._whole.pop(photo))
        while sum(small.nbytes for small in self._small.values()) > SMALL_BYTES:
            del self._small[next(iter(self._small))]


def _pack(matte: Matte) -> _Small:
    nothing = np.zeros((0, 0, 4), np.uint8)
    alpha = zlib.compress(np.ascontiguousarray(matte.alpha).data, 1)
    rest = replace(matte, photo=replace(matte.photo, pixels=nothing), alpha=nothing[:, :, 0])
    return _Small(_with_colours(rest, np.float16), alpha, matte.size)


def _unpack(small: _Small, photo: Photo) -> Matte:
    width, height = small.size
    alpha = np.frombuffer(ROOM.take(height * width), np.uint8).reshape(height, width)
    flat, at, stream, packed = alpha.reshape(-1), 0, zlib.decompressobj(), small.alpha
    while at < flat.size:  # piece by piece, to need no more memory than alpha itself
        piece = stream.decompress(packed, _PIECE_BYTES)
        flat[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
        at, packed = at + len(piece), stream.unconsumed_tail
    return replace(_with_colours(small.matte, np.float32), photo=photo, alpha=alpha)


def _with_colours(matte: Matte, dtype: type[np.floating]) -> Matte:
    if matte.colours is None:
        return matte
    subject, background = (plane.astype(dtype) for plane in (matte.colours.subject, matte.colours.background))
    return replace(matte, colours=replace(matte.colours, subject=subject, background=background))
