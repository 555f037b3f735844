"""What a plan is lowered to: plain data that a player turns into GPU objects and plays.

Buffers are numbered; a binding is a range of one. `setup` runs once, after the constants are uploaded: it unpacks and
packs weights on the GPU. `segments` run in order at every run; between them values cross to the CPU and back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal

from hearth.runtime.webgpu.values import Shape

Halves = Literal["none", "between", "everywhere"]
"""What lies in memory as float16, of 2 bytes: nothing, what is stored between kernels, or weights and all else too."""


@dataclass(frozen=True)
class Range:
    """A part of a buffer, in bytes."""

    buffer: int
    offset: int
    bytes: int


@dataclass(frozen=True)
class Dispatch:
    """One kernel call. `bindings` in the order of the shader's bindings; `flops` as the op's definition counts them."""

    shader: int
    bindings: tuple[Range, ...]
    """The kernel's uniforms, where it has any, are the last."""
    groups: tuple[int, int, int]
    label: str
    flops: int = 0


@dataclass(frozen=True)
class Place:
    """Where a value lies on the GPU. `kind` is `f32` or `i32`, of constants `f16`, `i8` or `u8` too."""

    range: Range
    shape: Shape
    kind: str


@dataclass(frozen=True)
class Segment:
    """Dispatches [first, last) of the program.

    `uploads` are put in place before; `downloads` read after. `steps` are the plan's steps that then run on the CPU.
    """

    first: int
    last: int
    uploads: tuple[str, ...]
    downloads: tuple[str, ...]
    steps: tuple[int, ...]


@dataclass
class Lowered:
    """A whole model. `constants` name what is uploaded once; `temporary` buffers are of no use after the setup.

    `uniforms` are the 4-byte words that lie in the last buffer.
    """

    buffers: list[int] = field(default_factory=list)
    temporary: list[int] = field(default_factory=list)
    shaders: list[str] = field(default_factory=list)
    """Longest first: they take longest to compile."""
    uniforms: list[int] = field(default_factory=list)
    constants: dict[str, Place] = field(default_factory=dict)
    setup: list[Dispatch] = field(default_factory=list)
    dispatches: list[Dispatch] = field(default_factory=list)
    values: dict[str, Place] = field(default_factory=dict)
    """Inputs, outputs and whatever else crosses between CPU and GPU."""
    segments: list[Segment] = field(default_factory=list)

    def to_json(self) -> str:
        """As `web/gpu.js` takes it."""
        return json.dumps(vars(self), default=vars)

    def __str__(self) -> str:
        lines = [f"{len(self.dispatches)} dispatches of {len(self.shaders)} shaders, {sum(self.buffers) / 1e6:.1f} MB"]
        for segment in self.segments:
            for number in range(segment.first, segment.last):
                dispatch = self.dispatches[number]
                lines.append(f"  {number:4} {dispatch.label} {list(dispatch.groups)}")
            if segment.steps:
                lines.append(f"  cpu: steps {', '.join(map(str, segment.steps))}")
        return "\n".join(lines)
