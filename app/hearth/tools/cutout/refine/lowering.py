"""The kernels that refine a photo's edges on a graphics card, in their order, as one program.

The small copy and what the network sees come first; then alpha at the small size, by conjugate gradients; the colours
of subject and background, level by level; alpha at full size, and what a screen shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hearth.runtime.webgpu.builder import Builder
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.program import Lowered
from hearth.runtime.webgpu.values import Interface, Stored, Tensor
from hearth.runtime.webgpu.wgsl import Constants
from hearth.tools.cutout import colours
from hearth.tools.cutout.matte import REDUCING_GAP
from hearth.tools.cutout.network import Preparation
from hearth.tools.cutout.refine import SETTINGS, Settings, small_size
from hearth.tools.cutout.refine.cells import CELL, cell_counts
from hearth.tools.cutout.refine.lanczos import taps

KERNELS = "hearth.tools.cutout.refine"
COLOUR = "vec4<f32>"

Array = tuple[Tensor, str]
"""A tensor and the type that its elements are read as."""


@dataclass(frozen=True)
class PhotoProgram:
    """The program, and where its parts end."""

    lowered: Lowered
    seen: int
    """How many of its first kernels make the small copy and what the network sees."""
    solved: int
    """After how many alpha is solved for at the small size."""


def lower_photo(
    limits: Limits,
    size: tuple[int, int],
    preparation: Preparation | None,
    screen: tuple[int, int] | None = None,
    *,
    transparent: bool = False,
    coloured: bool = True,
    settings: Settings = SETTINGS,
) -> PhotoProgram:
    """The program for photos of `size` and a `screen`, both (width, height); what a screen shows is `coloured`.

    Raises Unsupported where the limits do not allow it.
    """
    return _Program(limits, *size, *small_size(*size), settings).whole(transparent, coloured, preparation, screen)


class _Program:
    """The kernels in their order, over maps of the small size."""

    def __init__(
        self, limits: Limits, width: int, height: int, small_width: int, small_height: int, settings: Settings
    ) -> None:
        self.builder = Builder(limits, lambda name: np.empty(0))
        self.settings = settings
        self.small: Constants = {"WIDTH": small_width, "HEIGHT": small_height}
        self.both = {"WIDTH": width, "HEIGHT": height, "SMALL_WIDTH": small_width, "SMALL_HEIGHT": small_height}
        self.pixels, self.count = width * height, small_width * small_height
        columns, rows = cell_counts(small_width, small_height)
        self.cells = max(columns, 1), max(rows, 1)
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
        reads: Mapping[str, Array],
        writes: Mapping[str, Array],
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
        coloured: bool,
        preparation: Preparation | None,
        screen: tuple[int, int] | None,
    ) -> PhotoProgram:
        """All of it."""
        pixels = self.given("pixels", self.pixels), "u32"
        picture = self.taken("small", 4 * self.count), COLOUR  # stays, for when alpha is solved for once more
        self.call("shrink", {**self.both, "TRANSPARENT": transparent}, {"pixels": pixels}, {"output": picture})
        if preparation is not None:
            self.see(pixels, preparation)
        seen = len(self.builder.calls)
        mask, sides = (self.given("mask", self.count), "f32"), self.of_cells("sides", 2)
        alpha = self.matted(picture, *self.started(mask, sides))
        self.doubted(picture, mask, alpha)
        solved = len(self.builder.calls)
        self.backed(mask, sides, alpha)
        found = self.coloured(picture, alpha) if coloured else None
        functions, smooth = (self.map(4), COLOUR), (self.map(4), COLOUR)
        hazy = {**self.small, "HAZE": self.settings.haze}
        self.call("guided_fit", hazy, {"picture": picture, "alpha": alpha}, {"output": functions})
        self.call("guided_mean", self.small, {"functions": functions}, {"output": smooth})
        whole = self.taken("whole", -(-self.pixels // 4)), "u32"
        reads = {"functions": smooth, "pixels": pixels}
        self.call("guided_upsample", self.both, reads, {"output": whole}, -(-self.pixels // 4))
        if screen is not None and found is not None:
            self.show({"pixels": pixels, "whole": whole, **found}, *screen)
        return PhotoProgram(self.builder.finish(), seen, solved)

    def show(self, reads: Mapping[str, Array], width: int, height: int) -> None:
        """The cutout at a screen's size."""
        constants = {
            **self.both,
            "SCREEN_WIDTH": width,
            "SCREEN_HEIGHT": height,
            "BLOCK_WIDTH": int(int(self.both["WIDTH"]) / width / REDUCING_GAP) or 1,
            "BLOCK_HEIGHT": int(int(self.both["HEIGHT"]) / height / REDUCING_GAP) or 1,
        }
        self.call("screen", constants, reads, {"output": (self.taken("screen", width * height), "u32")}, width * height)

    def of_cells(self, name: str, channels: int) -> Array:
        """What is given for each cell; a photo too small for one has room for it."""
        columns, rows = self.cells
        return self.given(name, channels * columns * rows), "f32" if channels == 1 else f"vec{channels}<f32>"

    def started(self, mask: Array, sides: Array) -> tuple[Array, Array]:
        """What alpha is pulled to, and what it begins with: `refine.started`, by the sides given."""
        settings = self.settings
        columns, rows = self.cells
        constants = {
            **self.small,
            "REACH": settings.reaching(int(self.small["WIDTH"]), int(self.small["HEIGHT"])),
            "COLUMNS": columns,
            "ROWS": rows,
            "CELL": CELL,
            "SURE": settings.sure,
            "UNSURE": 1 - settings.sure,
            "SURE_PULL": settings.sure_pull,
            "SQUARINGS": settings.squarings,
            "SIDE_PULL": settings.side_pull,
        }
        aims, start = (self.map(2), "vec2<f32>"), (self.map(), "f32")
        reads = {"mask": mask, "sides": sides, "pulls": (self.given("pulls", self.count), "f32")}
        self.call("started", constants, reads, {"aims": aims, "start": start})
        return aims, start

    def doubted(self, picture: Array, mask: Array, alpha: Array) -> None:
        """What `doubt.decided` and `backing.unbacked` look at, of photos that have a cell."""
        columns, rows = cell_counts(int(self.small["WIDTH"]), int(self.small["HEIGHT"]))
        count = columns * rows
        output = self.taken("cells", 8 * max(count, 1)), COLOUR
        if count:
            constants = {"WIDTH": self.small["WIDTH"], "COLUMNS": columns, "COUNT": count, "CELL": CELL}
            reads = {"picture": picture, "mask": mask, "alpha": alpha}
            self.call("cells", {**constants, "HAZE": self.settings.haze}, reads, {"output": output}, count)

    def backed(self, mask: Array, sides: Array, alpha: Array) -> None:
        """The network's word where `backing.unbacked` gives it a share."""
        columns, rows = self.cells
        constants = {**self.small, "COLUMNS": columns, "ROWS": rows, "CELL": CELL, "HAZE": self.settings.haze}
        reads = {"mask": mask, "sides": sides, "shares": self.of_cells("shares", 1)}
        self.call("backed", constants, reads, {"alpha": alpha})

    def coloured(self, picture: Array, alpha: Array) -> dict[str, Array]:
        """The colours of subject and background: `colours.estimate`."""
        width, height = int(self.small["WIDTH"]), int(self.small["HEIGHT"])
        begun = self.map(4), COLOUR
        constants = {"COUNT": self.count, "HAZE": self.settings.haze}
        self.call("foreground_begin", constants, {"picture": picture, "alpha": alpha}, {"output": begun})
        levels = [(begun, width, height)]
        while max(levels[-1][1:]) > 2:
            level, wide, high = levels[-1]
            half = -(-wide // 2), -(-high // 2)
            smaller = self.builder.tensor(4 * half[0] * half[1]), COLOUR
            size = {"WIDTH": wide, "HEIGHT": high}
            self.call("foreground_halve", size, {"picture": level}, {"output": smaller}, half[0] * half[1])
            levels.append((smaller, *half))
        # The smallest level begins with the picture itself.
        subject, background, wide = levels[-1][0], levels[-1][0], levels[-1][1]
        for level, width, height in levels[::-1]:
            steps = colours.STEPS_SMALL if max(width, height) <= colours.SMALL else colours.STEPS_LARGE
            for step in range(steps):
                last, elements = level is begun and step == steps - 1, 4 * width * height
                better = {
                    name: (self.taken(name, elements) if last else self.builder.tensor(elements), COLOUR)
                    for name in ("subject", "background")
                }
                halved = step == 0 and level is not levels[-1][0]
                constants = {"WIDTH": width, "HEIGHT": height, "WIDE": wide, "HALVED": int(halved)}
                constants |= {"SMOOTHNESS": colours.SMOOTHNESS, "STEEPNESS": colours.STEEPNESS}
                reads = {"picture": level, "subject": subject, "background": background}
                writes = {f"better_{name}": array for name, array in better.items()}
                self.call("foreground_step", constants, reads, writes, width * height)
                subject, background, wide = better["subject"], better["background"], width
        return {"subject": subject, "background": background}

    def see(self, pixels: Array, preparation: Preparation) -> None:
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

    def resized(self, axis: str, pixels: Array, source: tuple[int, int], target: tuple[int, int]) -> Array:
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

    def matted(self, picture: Array, aims: Array, begun: Array) -> Array:
        """Alpha by the preconditioned conjugate gradients of `matting.solve`, all steps of them."""
        f32 = "f32"
        alpha = self.taken("soft", self.count), f32
        windows, functions = (self.map(12), COLOUR), (self.map(4), COLOUR)
        residual, direction, product, diagonal = ((self.map(), f32) for _ in range(4))
        turns = [(self.totals(), f32), (self.totals(), f32)]
        curvatures = self.totals(), f32
        size = {"WIDTH": self.small["WIDTH"], "COUNT": self.count}
        shared = {"COUNT": self.count, "GROUPS": self.sums[0] * self.sums[1]}
        laplacian = {"picture": picture, "windows": windows, "functions": functions, "aims": aims}

        def fitted(plane: Array) -> None:
            reads = {"picture": picture, "windows": windows, "plane": plane}
            self.call("matting_fit", size, reads, {"output": functions})

        eased = {**self.small, "EPS": self.settings.eps}
        self.call("matting_windows", eased, {"picture": picture}, {"output": windows})
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
        self.builder.repeat(start, self.settings.steps // 2)
        return alpha
