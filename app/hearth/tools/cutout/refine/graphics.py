"""A photo on the graphics card: it goes up once, what the network sees is made of it there, alpha comes down.

The same steps as on the CPU: what the network sees, by Pillow's Lanczos bit for bit before it is normalised; the small
copy, matting by conjugate gradients, the fit, alpha at full size. There sums are added in another order, so a pixel's
alpha may differ by some 1/255. What a screen shows is made there too and comes down first.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearth.errors import ExecutorFailed
from hearth.runtime.device import DeviceTensor
from hearth.runtime.webgpu.builder import Builder
from hearth.runtime.webgpu.executor import Gpu, Player
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.program import Lowered, Range
from hearth.runtime.webgpu.values import Interface, Stored, Tensor
from hearth.runtime.webgpu.wgsl import Constants
from hearth.tools.cutout.colours import Colours
from hearth.tools.cutout.matte import REDUCING_GAP
from hearth.tools.cutout.network import Preparation
from hearth.tools.cutout.photo import Photo
from hearth.tools.cutout.refine import SETTINGS, Settings, Start, cleared, small_size
from hearth.tools.cutout.refine.lanczos import taps

KERNELS = "hearth.tools.cutout.refine"
COLOUR = "vec4<f32>"


@dataclass(frozen=True)
class Solved:
    """At the small size: alpha `soft` (h, w) of 0..1, and the `picture` (h, w, 4)."""

    soft: NDArray[np.float32]
    picture: NDArray[np.float32]


class Refinement:
    """One photo's refinement on a GPU: the photo goes up and the kernels are compiled while the network is at work.

    Making one raises Unsupported where the GPU's limits do not allow it; all of it ExecutorFailed where that fails.
    With a `preparation` it also makes what the network sees, of photos without transparency; with the size
    of a `screen`, (width, height), what is to be seen there.

    feeds = refinement.see()               # or await refinement.see_async()
    refinement = Refinement(gpu, photo)
    solved = refinement.solve(start)       # or await refinement.solve_async(start); as often as wanted
    shown = refinement.on_screen(colours)  # of the last one; or await refinement.on_screen_async(colours); if wanted
    alpha = refinement.alpha()             # or await refinement.alpha_async()
    refinement.destroy()                   # or let it go
    """

    def __init__(
        self,
        gpu: Gpu,
        photo: Photo,
        settings: Settings = SETTINGS,
        preparation: Preparation | None = None,
        screen: tuple[int, int] | None = None,
    ) -> None:
        self.gpu, self.photo, self.size, self.screen = gpu, photo, small_size(*photo.size)[::-1], screen
        self.preparation = None if photo.has_alpha else preparation
        lowered, self.seen, self.solved = lower_photo(
            gpu.limits, photo.size, self.preparation, screen, photo.has_alpha, settings
        )
        self.places = {name: place.range for name, place in lowered.values.items()}
        self.count = self.played = len(lowered.dispatches)
        self.player: Player = gpu.player(lowered)
        self.destroy = weakref.finalize(self, self.player.destroy)
        self.prepared = False
        self.picture: NDArray[np.float32] | None = None
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
        if self.preparation is None:
            return None
        width, height = self.preparation.size
        self.player.submit(0, self.seen)
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

    def solve(self, start: Start) -> Solved:
        """Alpha at the small size, and the small photo."""
        self._prepare_sync()
        self._begin(start)
        return self._taken(self.player.play_sync(self.seen, self.solved, self._wanted()))

    async def solve_async(self, start: Start) -> Solved:
        await self._prepare()
        self._begin(start)
        return self._taken(await self.player.play(self.seen, self.solved, self._wanted()))

    def alpha(self) -> NDArray[np.uint8]:
        """Alpha (H, W), 0..255, at the photo's size, of what was solved last: it comes down once, when it is final."""
        return self._whole(self.player.play_sync(self._rest(), self.count, self._reads("whole")))

    async def alpha_async(self) -> NDArray[np.uint8]:
        return self._whole(await self.player.play(self._rest(), self.count, self._reads("whole")))

    def on_screen(self, colours: Colours) -> NDArray[np.uint8]:
        """The cutout at the screen's size, straight RGBA (height, width, 4), as `Matte.scaled` makes it."""
        self._colour(colours)
        return self._shown(self.player.play_sync(self._rest(), self.count, self._reads("screen")))

    async def on_screen_async(self, colours: Colours) -> NDArray[np.uint8]:
        self._colour(colours)
        return self._shown(await self.player.play(self._rest(), self.count, self._reads("screen")))

    def _colour(self, colours: Colours) -> None:
        self._write("subject", colours.subject)
        self._write("background", colours.background)

    def _shown(self, data: Sequence[memoryview]) -> NDArray[np.uint8]:
        assert self.screen is not None
        return np.frombuffer(data[0], np.uint8).reshape(*self.screen[::-1], 4)

    def _rest(self) -> int:
        """The first kernel that has not played since alpha was solved for; all of them will have."""
        first, self.played = self.played, self.count
        return first

    def _write(self, name: str, array: np.ndarray) -> None:
        self.player.write(self.places[name], np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)

    def _begin(self, start: Start) -> None:
        aims = np.stack([np.where(start.unknown, start.pull, np.float32(-1)), start.goal], -1)
        self._write("aims", aims.astype(np.float32, copy=False))
        self._write("start", start.alpha)
        self.played = self.solved

    def _reads(self, *names: str) -> list[Range]:
        return [self.places[name] for name in names]

    def _wanted(self) -> list[Range]:
        """The small photo comes down with the first alpha only."""
        return self._reads("soft") if self.picture is not None else self._reads("soft", "small")

    def _taken(self, data: Sequence[memoryview]) -> Solved:
        soft, *rest = (np.frombuffer(part, np.float32) for part in data)
        if np.isnan(soft).any():
            raise ExecutorFailed("The graphics card gave a result that is not a number.")
        if self.picture is None:
            self.picture = rest[0].reshape(*self.size, 4).copy()
        return Solved(cleared(soft.reshape(self.size)), self.picture)

    def _whole(self, data: Sequence[memoryview]) -> NDArray[np.uint8]:
        width, height = self.photo.size
        return np.frombuffer(data[0], np.uint8)[: width * height].reshape(height, width).copy()


def card_of(session: object) -> Gpu | None:
    """The graphics card that a session runs on, if it does."""
    return getattr(getattr(session, "executor", None), "gpu", None)


def lower_photo(
    limits: Limits,
    size: tuple[int, int],
    preparation: Preparation | None,
    screen: tuple[int, int] | None = None,
    transparent: bool = False,
    settings: Settings = SETTINGS,
) -> tuple[Lowered, int, int]:
    """The program for photos of `size` and a `screen`, both (width, height), how many of its first kernels make what
    the network sees, and after how many alpha is solved for.

    Raises Unsupported where the limits do not allow it.
    """
    program = _Program(limits, *size, *small_size(*size))
    return program.whole(transparent, settings.eps, settings.steps, preparation, screen)


class _Program:
    """The kernels in their order, over maps of the small size."""

    def __init__(self, limits: Limits, width: int, height: int, small_width: int, small_height: int) -> None:
        self.builder = Builder(limits, lambda name: np.empty(0))
        self.small: Constants = {"WIDTH": small_width, "HEIGHT": small_height}
        self.both = {"WIDTH": width, "HEIGHT": height, "SMALL_WIDTH": small_width, "SMALL_HEIGHT": small_height}
        self.pixels, self.count = width * height, small_width * small_height
        self.sums = self.builder.rows(self.count, 256)[0]

    def given(self, name: str, elements: int) -> Tensor:
        """A tensor that is written before the program runs."""
        return self._crossing(name, elements, self.builder.inputs)

    def taken(self, name: str, elements: int) -> Tensor:
        """A tensor that is read after it."""
        return self._crossing(name, elements, self.builder.outputs)

    def _crossing(self, name: str, elements: int, names: list[str]) -> Tensor:
        tensor = self.builder.tensor(elements)
        self.builder.crossing[name] = Stored(tensor, (elements,))
        names.append(name)
        return tensor

    def map(self, channels: int = 1) -> Tensor:
        return self.builder.tensor(channels * self.count)

    def totals(self) -> Tensor:
        """A sum for each workgroup."""
        return self.builder.tensor(self.sums[0] * self.sums[1])

    def call(
        self,
        kernel: str,
        constants: Constants,
        reads: Mapping[str, tuple[Tensor, str]],
        writes: Mapping[str, tuple[Tensor, str]],
        count: int = 0,
        group: int = 64,
    ) -> None:
        interface = Interface()
        names = {name: interface.array(tensor, element) for name, (tensor, element) in reads.items()}
        for name, (tensor, element) in writes.items():
            interface.output(tensor, name, element)
        groups, row = self.builder.rows(count or self.count, group)
        given = {**constants, "ROW": row}
        self.builder.call(f"{KERNELS}/{kernel}", given, interface, groups, kernel, names=names)

    def whole(
        self,
        transparent: bool,
        eps: float,
        steps: int,
        preparation: Preparation | None,
        screen: tuple[int, int] | None,
    ) -> tuple[Lowered, int, int]:
        """The program, and where its parts end: what the network sees, alpha at the small size."""
        pixels = self.given("pixels", self.pixels), "u32"
        if preparation is not None:
            self.see(pixels, preparation)
        seen = len(self.builder.calls)
        picture = self.taken("small", 4 * self.count), COLOUR
        self.call("shrink", {**self.both, "TRANSPARENT": transparent}, {"pixels": pixels}, {"output": picture})
        alpha = self.matted(picture, eps, steps)
        solved = len(self.builder.calls)
        functions, smooth = (self.map(4), COLOUR), (self.map(4), COLOUR)
        self.call("guided_fit", self.small, {"picture": picture, "alpha": alpha}, {"output": functions})
        self.call("guided_mean", self.small, {"functions": functions}, {"output": smooth})
        whole = self.taken("whole", -(-self.pixels // 4)), "u32"
        reads = {"functions": smooth, "pixels": pixels}
        self.call("guided_upsample", self.both, reads, {"output": whole}, -(-self.pixels // 4))
        if screen is not None:
            self.show(pixels, whole, *screen)
        return self.builder.finish(), seen, solved

    def show(self, pixels: tuple[Tensor, str], whole: tuple[Tensor, str], width: int, height: int) -> None:
        """The cutout at a screen's size."""
        constants = {
            **self.both,
            "SCREEN_WIDTH": width,
            "SCREEN_HEIGHT": height,
            "BLOCK_WIDTH": int(int(self.both["WIDTH"]) / width / REDUCING_GAP) or 1,
            "BLOCK_HEIGHT": int(int(self.both["HEIGHT"]) / height / REDUCING_GAP) or 1,
        }
        colours = {name: (self.given(name, 4 * self.count), COLOUR) for name in ("subject", "background")}
        output = self.taken("screen", width * height), "u32"
        self.call(
            "screen", constants, {"pixels": pixels, "whole": whole, **colours}, {"output": output}, width * height
        )

    def see(self, pixels: tuple[Tensor, str], preparation: Preparation) -> None:
        """The network's input: `network.prepare`, with normalisation in float32."""
        photo = int(self.both["WIDTH"]), int(self.both["HEIGHT"])
        width, height = preparation.size
        narrow = self.resized("x", pixels, photo, (width, photo[1]))
        small = self.resized("y", narrow, (width, photo[1]), (width, height))
        count, peaked = width * height, preparation.scale != "255"
        constants: dict[str, int | float | bool | str] = {"COUNT": count, "PEAK": peaked}
        constants |= {f"MEAN_{colour}": float(value) for colour, value in zip("RGB", preparation.mean, strict=True)}
        constants |= {f"STD_{colour}": float(value) for colour, value in zip("RGB", preparation.std, strict=True)}
        reads = {"pixels": small}
        if peaked:
            reads["peak"] = self.builder.tensor(1), "f32"
            self.call("peak", {"COUNT": count}, {"pixels": small}, {"output": reads["peak"]}, 256, 256)
        self.call("normalise", constants, reads, {"output": (self.taken("seen", 3 * count), "f32")}, count)

    def resized(
        self, axis: str, pixels: tuple[Tensor, str], source: tuple[int, int], target: tuple[int, int]
    ) -> tuple[Tensor, str]:
        """Pixels of `source` (width, height) with one axis at another length."""
        along_x, (width, height) = axis == "x", target
        length, places = (source[0], width) if along_x else (source[1], height)
        count = taps(length, places)[1].shape[1]
        constants = {
            "WIDTH": width,
            "HEIGHT": height,
            "LENGTH": length,
            "TAPS": count,
            "STEP": 1 if along_x else source[0],
            "ACROSS": source[0] if along_x else 1,
            "ALONG_X": int(along_x),
        }
        reads = {
            "pixels": pixels,
            "starts": (self.given(f"starts {axis}", places), "i32"),
            "weights": (self.given(f"weights {axis}", places * count), "i32"),
        }
        output = self.builder.tensor(width * height), "u32"
        self.call("lanczos", constants, reads, {"output": output}, width * height)
        return output

    def matted(self, picture: tuple[Tensor, str], eps: float, steps: int) -> tuple[Tensor, str]:
        """Alpha by the preconditioned conjugate gradients of `matting.solve`, all steps of them."""
        f32 = "f32"
        aims = self.given("aims", 2 * self.count), "vec2<f32>"
        begun = self.given("start", self.count), f32
        alpha = self.taken("soft", self.count), f32
        windows, functions = (self.map(12), COLOUR), (self.map(4), COLOUR)
        residual, direction, product, diagonal = ((self.map(), f32) for _ in range(4))
        turns = [(self.totals(), f32), (self.totals(), f32)]
        curvatures = self.totals(), f32
        size = {"WIDTH": self.small["WIDTH"], "COUNT": self.count}
        shared = {"COUNT": self.count, "GROUPS": self.sums[0] * self.sums[1]}
        laplacian = {"picture": picture, "windows": windows, "functions": functions, "aims": aims}

        def fitted(plane: tuple[Tensor, str]) -> None:
            reads = {"picture": picture, "windows": windows, "plane": plane}
            self.call("matting_fit", size, reads, {"output": functions})

        self.call("matting_windows", {**self.small, "EPS": eps}, {"picture": picture}, {"output": windows})
        self.call("copy", {"COUNT": self.count}, {"source": begun}, {"output": alpha})
        fitted(alpha)
        self.call(
            "matting_apply",
            {**self.small, "FIRST": True},
            {**laplacian, "plane": alpha},
            {"output": residual, "diagonal": diagonal, "sums": turns[0]},
            group=256,
        )
        first = {"residual": residual, "diagonal": diagonal}
        self.call("matting_turn", {**shared, "FIRST": True}, first, {"direction": direction}, group=256)
        start = len(self.builder.calls)
        for before, now in (turns, turns[::-1]):
            fitted(direction)
            self.call(
                "matting_apply",
                {**self.small, "FIRST": False},
                {**laplacian, "plane": direction},
                {"output": product, "sums": curvatures},
                group=256,
            )
            self.call(
                "matting_step",
                shared,
                {
                    "direction": direction,
                    "product": product,
                    "diagonal": diagonal,
                    "residuals": before,
                    "curvatures": curvatures,
                },
                {"alpha": alpha, "residual": residual, "sums": now},
                group=256,
            )
            self.call(
                "matting_turn",
                {**shared, "FIRST": False},
                {"residual": residual, "diagonal": diagonal, "now": now, "before": before},
                {"direction": direction},
                group=256,
            )
        self.builder.repeat(start, steps // 2)
        return alpha
