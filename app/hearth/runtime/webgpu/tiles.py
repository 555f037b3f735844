"""Which kernel a convolution takes, with which tiles: rules by shape, from measurements of whole networks on a GPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hearth.runtime.webgpu.limits import Limits


@dataclass(frozen=True)
class ConvShape:
    """A convolution of (batch, channels, in_height, in_width) to (batch, outputs, height, width)."""

    batch: int
    channels: int
    outputs: int
    groups: int
    in_size: tuple[int, int]
    size: tuple[int, int]
    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    pads: tuple[int, int]
    """Before, in rows and columns."""

    @property
    def flops(self) -> int:
        pixels = self.batch * self.size[0] * self.size[1]
        return 2 * pixels * self.outputs * self.channels // self.groups * self.kernel[0] * self.kernel[1]

    @property
    def winograd(self) -> bool:
        """Whether F(4x4, 3x3) can do it."""
        return (
            self.kernel == (3, 3)
            and self.strides == (1, 1)
            and self.groups == 1
            and self.dilations[0] == self.dilations[1]
            and self.channels % 8 == 0
            and self.outputs % 32 == 0
        )

    @property
    def winograd_bytes(self) -> int:
        """What Winograd's transformed weights take: four times the plain ones."""
        return 36 * self.channels * self.outputs * 4

    @property
    def tiles(self) -> tuple[int, int, int]:
        """Winograd's tiles of 4x4 outputs: rows, columns of a phase, and all of them."""
        step = self.dilations[0] * 4
        rows, columns = -(-self.size[0] // step), -(-self.size[1] // step)
        return rows, columns, rows * columns * self.dilations[0] ** 2 * self.batch


@dataclass(frozen=True)
class Gemm:
    """Tiles of the batched matrix product."""

    block_m: int
    block_n: int
    block_k: int
    thread_m: int
    thread_n: int
    split: int = 1
    unroll: int = 4

    @property
    def invocations(self) -> int:
        return self.block_m // self.thread_m * (self.block_n // self.thread_n) * self.split

    @property
    def memory(self) -> int:
        lanes = self.invocations // self.split
        b = max(self.block_k * self.split * self.block_n // 4, lanes)
        return 16 * (self.block_k * self.split * self.block_m // 4 + b)

    def fits(self, limits: Limits, m: int, k: int) -> bool:
        return (
            m % self.block_m == 0
            and k % (self.block_k * self.split) == 0
            and self.invocations <= limits.invocations
            and self.memory <= limits.maxComputeWorkgroupStorageSize
        )


@dataclass(frozen=True)
class Winograd:
    """F(4x4, 3x3): input transform, 36 matrix products, output transform."""

    gemm: Gemm


@dataclass(frozen=True)
class Staged:
    """Patches staged in workgroup memory; see `conv_staged.wgsl`."""

    thread_c: int
    thread_h: int
    block_c: int
    block_h: int
    block_w: int
    chunk: int
    split: int

    @property
    def invocations(self) -> int:
        return self.block_c // self.thread_c * (self.block_h // self.thread_h) * (self.block_w // 4) * self.split

    def memory(self, shape: ConvShape) -> int:
        rows = self.block_h + (shape.kernel[0] - 1) * shape.dilations[0]
        vectors = -(-(self.block_w + (shape.kernel[1] - 1) * shape.dilations[1]) // 4)
        staged = self.chunk * self.split
        lanes = self.invocations // self.split
        taps = shape.kernel[0] * shape.kernel[1]
        return 16 * (max(staged * rows * vectors, lanes) + staged * taps * self.block_c // 4)

    def fits(self, limits: Limits, shape: ConvShape) -> bool:
        return (
            shape.strides == (1, 1)
            and shape.groups == 1
            and shape.kernel[0] * shape.kernel[1] <= 25
            and shape.channels % (self.chunk * self.split) == 0
            and self.invocations <= limits.invocations
            and self.memory(shape) <= limits.maxComputeWorkgroupStorageSize
        )


@dataclass(frozen=True)
class Unstaged:
    """Straight from memory; see `conv_unstaged.wgsl`. `side` pixels squared an invocation."""

    thread_c: int
    side: int
    split: int
    pixels: int = 32
    unroll: int = 1

    def fits(self, limits: Limits, shape: ConvShape) -> bool:
        vectors = -(-self.thread_c // 4) * self.side**2
        element = 16 if self.thread_c > 1 else 4
        memory = self.split * self.pixels * vectors * element if self.split > 1 else 0
        grouped = shape.outputs // shape.groups
        return (
            shape.kernel[0] <= 7
            and shape.kernel[1] <= 7
            and (self.side == 1 or shape.dilations == (1, 1))
            and (shape.groups == 1 or grouped % self.thread_c == 0)
            and self.pixels * self.split <= limits.invocations
            and memory <= limits.maxComputeWorkgroupStorageSize
        )


@dataclass(frozen=True)
class General:
    """A kernel of any size; see `conv_general.wgsl`."""

    thread_c: int
    split: int
    pixels: int = 32


Choice = Winograd | Staged | Unstaged | General
ConvChooser = Callable[[ConvShape, Limits], Choice]


def choose(shape: ConvShape, limits: Limits, winograd: bool = True) -> Choice:
    """The best kernel known for a shape that the limits allow, Winograd's among them or not."""
    for choice in candidates(shape):
        if isinstance(choice, Winograd):
            if winograd and shape.winograd and choice.gemm.fits(limits, shape.outputs, shape.channels):
                return choice
        elif isinstance(choice, General) or choice.fits(limits, shape):
            return choice
    raise AssertionError("the last candidate fits everywhere")


def candidates(shape: ConvShape) -> list[Choice]:
    """Best first; the last one runs anywhere."""
    if shape.kernel == (3, 3) and shape.strides == (1, 1) and shape.groups == 1:
        return [*_three_by_three(shape), *_fallbacks(shape)]
    return _fallbacks(shape)


MOST_VARIANTS = 5


def variants(shape: ConvShape, limits: Limits) -> list[Choice]:
    """A few kernels that may be the fastest on a GPU nobody has measured, the choice by rule first."""
    rule = choose(shape, limits)
    more: list[Choice] = []
    if isinstance(rule, Winograd):
        gemm, small = rule.gemm, Gemm(32, 32, 16, 4, 4)
        wide = [Gemm(64, 64, 16, 8, 8), Gemm(64, 32, 16, 8, 4), small] if shape.tiles[2] > 28 else []
        halved = replace(gemm, block_k=8, split=1)
        tiles = (*wide, halved, replace(gemm, unroll=2))
        more += [Winograd(t) for t in tiles if t.fits(limits, shape.outputs, shape.channels)]
        more.insert(2, choose(shape, limits, winograd=False))
    elif isinstance(rule, Staged):
        staged = [replace(rule, split=split) for split in (rule.split * 2, rule.split // 2) if split]
        staged += [replace(rule, block_h=height) for height in (4, 8, 16) if height != rule.block_h]
        more += [choice for choice in staged if choice.fits(limits, shape)]
        more += [choice for choice in (Unstaged(4, 2, 4), Unstaged(4, 1, 4)) if choice.fits(limits, shape)]
    elif isinstance(rule, Unstaged):
        unstaged = [replace(rule, split=split) for split in (max(1, rule.split // 2), rule.split * 2)]
        unstaged += [replace(rule, side=3 - rule.side), replace(rule, pixels=rule.pixels * 2)]
        more += [choice for choice in unstaged if choice.fits(limits, shape)]
    elif rule.pixels * rule.split * 2 <= limits.invocations:
        more += [replace(rule, split=rule.split * 2), replace(rule, pixels=rule.pixels * 2)]
        more += [replace(rule, split=rule.split // 2)] if rule.split > 1 else []
    return [rule, *(choice for choice in dict.fromkeys(more) if choice != rule)][: MOST_VARIANTS + 1]


def _three_by_three(shape: ConvShape) -> list[Choice]:
    """Measured on an H100 in Chromium, square maps of 10 to 320 pixels, inside U-2-Net."""
    channels, outputs = shape.channels, shape.outputs
    pixels = shape.size[0] * shape.size[1] * shape.batch
    weight = channels * outputs
    choices: list[Choice] = []
    if outputs == 1:
        split = max(8, min(32, channels // 4))
        if pixels > 240 * 240:
            return [Unstaged(1, 2, 4, unroll=2), Unstaged(1, 1, 4)]
        return [Unstaged(1, 1, split, unroll=2), Unstaged(1, 1, 8, unroll=2), Unstaged(1, 1, 4)]
    if channels <= 4:
        return [Staged(4, 2, 32, 8, 32, channels, 1), Staged(4, 2, 16, 8, 32, channels, 1)]
    if pixels >= 120 * 120:
        winograd = channels >= 32 and outputs >= 64
    elif pixels >= 30 * 30:
        winograd = weight >= 64 * 64
    else:
        winograd = weight >= 128 * 128
    if winograd:
        choices += [Winograd(gemm) for gemm in gemms(shape.tiles[2], outputs)]
    block = min(32, -(-outputs // 8) * 8)
    if pixels >= 240 * 240:
        choices += [Staged(8, 2, block, 8 if block <= 16 else 4, 32, 4, 2), Staged(8, 2, block, 8, 32, 4, 1)]
    elif pixels >= 120 * 120:
        if block <= 16:
            choices.append(Staged(4, 2, block, 8, 32, 4, 4))
        elif channels <= 64:
            choices.append(Staged(4, 2, block, 8, 32, 4, 2))
        choices += [Staged(4, 2, block, 8, 32, 8, 2), Staged(4, 2, block, 8, 32, 4, 1)]
    elif pixels >= 60 * 60:
        choices += [Unstaged(4, 2, 8), Unstaged(4, 2, 4)]
    if shape.dilations == (1, 1):
        choices += [Unstaged(4, 2, 16), Unstaged(4, 2, 16, 16), Unstaged(4, 2, 8, 16)]
    else:
        choices += [Unstaged(4, 1, 16, 16), Unstaged(4, 1, 8, 16)]
    return choices


def gemms(tiles: int, outputs: int) -> list[Gemm]:
    """Tiles for Winograd's products over so many columns and rows."""
    small = Gemm(32, 32, 8, 4, 4)
    if tiles <= 12:
        whole = [Gemm(64, 12, 16, 4, 4, 2)] if outputs >= 512 else [Gemm(32, 12, 16, 4, 4, 4)]
        return [*whole, Gemm(64, 12, 16, 4, 4, 2), Gemm(32, 12, 8, 4, 4)]
    if tiles <= 28:
        return [Gemm(32, 28, 16, 4, 4, 2), Gemm(32, 28, 8, 4, 4)]
    if tiles <= 120:
        return [Gemm(32, 32, 16, 4, 4, 2), Gemm(32, 32, 16, 4, 4), small]
    if tiles <= 1000 and outputs <= 64:
        return [Gemm(64, 32, 16, 8, 4), Gemm(32, 32, 16, 4, 4), small]
    return [Gemm(64, 64, 16, 8, 8), Gemm(32, 64, 16, 8, 8), Gemm(64, 64, 8, 8, 8), small]


def _fallbacks(shape: ConvShape) -> list[Choice]:
    channels = shape.channels // shape.groups
    outputs = shape.outputs // shape.groups
    pixels = shape.size[0] * shape.size[1] * shape.batch
    taps = channels * shape.kernel[0] * shape.kernel[1]
    thread_c = 4 if outputs % 4 == 0 or (shape.groups == 1 and outputs > 1) else 1
    invocations = pixels * -(-shape.outputs // thread_c)
    side = 2 if shape.dilations == (1, 1) and invocations > 60000 and shape.kernel[0] * shape.kernel[1] <= 9 else 1
    invocations //= side * side
    split = 1
    while split < 8 and invocations * split < 40000 and taps >= 8 * split and channels >= 2 * split:
        split *= 2
    general = 1
    while general < 8 and pixels * -(-shape.outputs // thread_c) * general < 40000 and taps >= 16 * general:
        general *= 2
    choices: list[Choice] = []
    if shape.kernel[0] * shape.kernel[1] <= 25:
        choices += [Unstaged(thread_c, side, split), Unstaged(thread_c, 1, 4), Unstaged(thread_c, 1, 1)]
    return [*choices, General(thread_c, general), General(thread_c, 4)]
