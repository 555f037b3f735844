"""A photo on the graphics card: it goes up once, what the network sees is made of it there, alpha comes down.

The same steps as on the CPU: what the network sees, by Pillow's Lanczos bit for bit before it is normalised; the small
copy, matting by conjugate gradients, the colours, the fit, alpha at full size. There sums are added in another order,
so a pixel's alpha may differ by some 1/255. What a screen shows is made there too and comes down first.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearth.errors import ExecutorFailed
from hearth.runtime.device import DeviceTensor, Held
from hearth.runtime.webgpu.executor import Gpu, Player
from hearth.runtime.webgpu.program import Range
from hearth.tools.cutout.colours import Colours
from hearth.tools.cutout.kernels import kernels
from hearth.tools.cutout.network import Preparation
from hearth.tools.cutout.photo import Photo
from hearth.tools.cutout.refine import SETTINGS, Plane, Settings, Sides, pulls, small_size
from hearth.tools.cutout.refine.cells import cell_counts
from hearth.tools.cutout.refine.lanczos import taps
from hearth.tools.cutout.refine.lowering import lower_photo


@dataclass(frozen=True)
class CardCells:
    """What areas in doubt are told apart by: `hearth.tools.cutout.refine.Cells`."""

    colour: Plane
    mask: Plane
    alpha: Plane
    squares: Plane


@dataclass(frozen=True)
class Refined:
    """`alpha` (H, W), 0..255, at the photo's size; the `colours` of subject and background where they were wanted."""

    alpha: NDArray[np.uint8]
    colours: Colours | None


class Refinement:
    """One photo's refinement on a GPU: the photo goes up and the kernels are compiled while the network is at work.

    Making one raises Unsupported where the GPU's limits do not allow it; all of it ExecutorFailed where that fails.
    With a `preparation` it also makes what the network sees, of photos without transparency; where it is `coloured`
    the colours of subject and background, and with the size of a `screen`, (width, height), what is to be seen there.

    refinement = Refinement(gpu, photo)
    feeds = refinement.see()              # or await refinement.see_async()
    cells = refinement.solve(mask)        # or await refinement.solve_async(mask)
    refinement.side(sides)                # where some were decided for
    refinement.back(share)                # where the mask gets one
    shown = refinement.on_screen()        # or await refinement.on_screen_async(); if wanted
    refined = refinement.refined()        # or await refinement.refined_async()
    refinement.destroy()                  # or let it go
    """

    def __init__(
        self,
        gpu: Gpu,
        photo: Photo,
        settings: Settings = SETTINGS,
        preparation: Preparation | None = None,
        screen: tuple[int, int] | None = None,
        coloured: bool = True,
    ) -> None:
        self.gpu, self.photo, self.size, self.coloured = gpu, photo, small_size(*photo.size)[::-1], coloured
        self.settings, self.preparation = settings, None if photo.has_alpha else preparation
        program = lower_photo(
            gpu.limits,
            photo.size,
            self.preparation,
            screen,
            transparent=photo.has_alpha,
            coloured=coloured,
            settings=settings,
        )
        self.places = {name: place.range for name, place in program.lowered.values.items()}
        self.seen, self.solved, self.count = program.seen, program.solved, len(program.lowered.dispatches)
        self.played = 0
        """How many kernels have done what they are to do."""
        self.player: Player = gpu.player(program.lowered)
        self.destroy = weakref.finalize(self, self.player.destroy)
        self.prepared = False
        self.mask: Plane | None = None
        self._write("pixels", photo.pixels)
        if self.preparation is not None:
            for axis, source, target in zip("xy", photo.size, self.preparation.size, strict=True):
                starts, weights = taps(source, target)
                self._write(f"starts {axis}", starts)
                self._write(f"weights {axis}", weights)

    def see(self) -> DeviceTensor | None:
        """The network's input, (1, 3, height, width), which stays on the card; None for a photo that has none there."""
        self._prepare_sync()
        return self._seen()

    async def see_async(self) -> DeviceTensor | None:
        await self._prepare()
        return self._seen()

    def _seen(self) -> DeviceTensor | None:
        self.player.submit(*self._up_to(self.seen))
        if self.preparation is None:
            return None
        width, height = self.preparation.size
        place = self.places["seen"]
        seen = DeviceTensor(self.gpu, self.gpu.room(place.bytes), "f32", np.dtype(np.float32), (1, 3, height, width))
        self.player.save(place, seen.buffer)
        return seen

    def _prepare_sync(self) -> None:
        if not self.prepared:
            self.player.prepare_sync()
            self.prepared = True

    async def _prepare(self) -> None:
        if not self.prepared:
            await self.player.prepare()
            self.prepared = True

    def solve(self, mask: Plane) -> CardCells:
        """Solves for alpha by the network's mask (h, w) at the small size; says what it comes to in cells."""
        self._prepare_sync()
        self._begin(mask)
        return self._cells(self.player.play_sync(*self._up_to(self.solved), self._reads("cells")))

    async def solve_async(self, mask: Plane) -> CardCells:
        await self._prepare()
        self._begin(mask)
        return self._cells(await self.player.play(*self._up_to(self.solved), self._reads("cells")))

    def side(self, sides: Sides) -> None:
        """Has alpha solved for once more, pulled to sides as well; before anything else is asked for."""
        assert self.mask is not None
        self._write("sides", np.stack([sides.goal, sides.certainty], -1))
        self._write("pulls", pulls(self.mask, self.settings, sides))
        self.played = self.seen

    def back(self, share: Plane) -> None:
        """Gives the mask its share (rows, columns) of alpha; before anything else is asked for."""
        self._write("shares", share)

    def on_screen(self) -> Held:
        """The cutout at the screen's size, straight RGBA (height, width, 4) in bytes, as `Matte.scaled` makes it."""
        return self.player.play_for_sync(*self._up_to(self.count), self.places["screen"])

    async def on_screen_async(self) -> Held:
        return await self.player.play_for(*self._up_to(self.count), self.places["screen"])

    def refined(self) -> Refined:
        """What was solved last, at the photo's size: it comes down once, when it is final."""
        return self._refined(self.player.play_sync(*self._up_to(self.count), self._wanted()))

    async def refined_async(self) -> Refined:
        return self._refined(await self.player.play(*self._up_to(self.count), self._wanted()))

    def _up_to(self, last: int) -> tuple[int, int]:
        """The kernels before `last` that are still to play, now they will have."""
        first, self.played = self.played, last
        return min(first, last), last

    def _write(self, name: str, array: np.ndarray) -> None:
        self.player.write(self.places[name], np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)

    def _begin(self, mask: Plane) -> None:
        self.mask = mask
        self._write("mask", mask)
        self._write("pulls", pulls(mask, self.settings))
        for name in ("sides", "shares"):
            self._write(name, np.zeros(self.places[name].bytes, np.uint8))
        self.played = min(self.played, self.seen)

    def _reads(self, *names: str) -> list[Range]:
        return [self.places[name] for name in names]

    def _wanted(self) -> list[Range]:
        return self._reads("whole", "soft", *(["subject", "background"] if self.coloured else []))

    def _cells(self, data: Sequence[memoryview]) -> CardCells:
        height, width = self.size
        columns, rows = cell_counts(width, height)
        cells = _numbers(data[0][: 32 * columns * rows]).reshape(rows, columns, 8)
        return CardCells(cells[:, :, :3], cells[:, :, 3], cells[:, :, 4], cells[:, :, 5])

    def _refined(self, data: Sequence[memoryview]) -> Refined:
        width, height = self.photo.size
        alpha = np.frombuffer(data[0], np.uint8)[: width * height].reshape(height, width).copy()
        _, *fields = (_numbers(part) for part in data[1:])
        if not self.coloured:
            return Refined(alpha, None)
        subject, background = (field.reshape(*self.size, 4).copy() for field in fields)
        return Refined(alpha, Colours(subject, background, kernels()))


def _numbers(data: memoryview) -> NDArray[np.float32]:
    """Raises ExecutorFailed where one is none: then the card is at fault."""
    numbers = np.frombuffer(data, np.float32)
    if np.isnan(numbers).any():
        raise ExecutorFailed("The graphics card gave a result that is not a number.")
    return numbers


def card_of(session: object) -> Gpu | None:
    """The graphics card that a session runs on, if it does."""
    return getattr(getattr(session, "executor", None), "gpu", None)
