"""How convolutions read their input: from one map or from several joined by channel, enlarged on the way or not.

Upsampling and concatenation before a convolution then cost no memory traffic of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from hearth.runtime.webgpu.builder import Builder
from hearth.runtime.webgpu.values import Computed, Doubled, Interface, Joined, Stored, Value, tensors, work

MAX_WORK = 4
"""A computed input that costs more than this an element is stored first: a convolution reads each element often."""


@dataclass(frozen=True)
class Source:
    """One part of an input: `value` as it lies in memory; `doubled` when it is to be enlarged twice while read."""

    value: Value
    channels: int
    doubled: bool


def sources(builder: Builder, value: Value, *, doubling: bool, others: int) -> list[Source]:
    """The parts, by channel, that a kernel reads. What it cannot take is stored first.

    `doubling`: whether the kernel can enlarge while it reads. `others`: how many bindings it has besides.
    """
    room = builder.limits.maxStorageBuffersPerShaderStage - others
    joined = isinstance(value, Joined) and value.axis == 1 and len(tensors(value)) <= room
    parts = value.parts if joined and isinstance(value, Joined) else (value,)
    return [_source(builder, part, doubling, room - len(parts) + 1) for part in parts]


def _source(builder: Builder, part: Value, doubling: bool, room: int) -> Source:
    if isinstance(part, Doubled) and doubling:
        return Source(builder.store(part.parts[0]), part.shape[1], True)
    if isinstance(part, Computed) and (work(part) > MAX_WORK or len(tensors(part)) > room):
        return Source(builder.store(part), part.shape[1], False)
    if isinstance(part, Stored) and part.packed:
        return Source(builder.store(part), part.shape[1], False)
    return Source(part, part.shape[1], False)


def declare_window(
    interface: Interface, parts: list[Source], height: int, width: int, rows: int, columns: int, steps: tuple[int, int]
) -> str:
    """WGSL of `window(batch, channel, top, left, result)`, which fills an array with a patch of the input."""
    texts: list[str] = []
    size = {"HEIGHT": height, "WIDTH": width, "ROWS": rows, "COLUMNS": columns}
    for number, part in enumerate(parts):
        own = {**size, "CHANNELS": part.channels}
        if part.doubled:
            text = interface.bake("window_doubled", own, f"PART{number}_")
        else:
            text = interface.bake("window", {**own, "STEP_Y": steps[0], "STEP_X": steps[1]}, f"PART{number}_")
        element = interface.function(part.value)
        texts.append(text.replace("element(", f"{element}(").replace("fn window(", f"fn window{number}("))
    parameters = f"top: i32, left: i32, result: ptr<function, array<f32, {rows * columns}>>"
    return "\n".join([*texts, _by_channel(interface, parts, "window", parameters, "top, left, result")])


def _by_channel(
    interface: Interface, parts: list[Source], name: str, parameters: str, arguments: str, result: str = ""
) -> str:
    """A function that hands a channel to the reader of the part that it belongs to."""
    lines = [f"fn {name}(batch: u32, channel: u32, {parameters}){' -> ' + result if result else ''} {{"]
    start = 0
    for number, part in enumerate(parts):
        own = f"channel - {interface.uniform(f'PART{number}_START', start)}" if number else "channel"
        start += part.channels
        call = f"{name}{number}(batch, {own}, {arguments});"
        call = f"return {call}" if result else f"{call} return;"
        last = number == len(parts) - 1
        lines.append(call if last else f"if (channel < {interface.uniform(f'PART{number}_END', start)}) {{ {call} }}")
    return "\n".join([*lines, "}"])


def declare_fetch(interface: Interface, parts: list[Source], height: int, width: int) -> str:
    """WGSL of `place(y, x) -> Place` and `fetch(batch, channel, place) -> f32`, zero outside of the input."""
    doubled = any(part.doubled for part in parts)
    fields = "at: u32, inside: bool"
    if doubled:
        fields += ", low: u32, right: u32, down: u32, weight: vec2<f32>"
    size = {"h": f"i32({interface.uniform('IN_HEIGHT', height)})", "w": f"i32({interface.uniform('IN_WIDTH', width)})"}
    plane = interface.uniform("IN_PLANE", height * width)
    lines = [
        f"struct Place {{ {fields} }}",
        "fn place(y: i32, x: i32) -> Place {",
        f"let h = {size['h']}; let w = {size['w']};",
        "let inside = y >= 0 && y < h && x >= 0 && x < w;",
        "let at = u32(select(0, y * w + x, inside));",
    ]
    if doubled:
        lines += [
            "let cy = clamp(y, 0, h - 1); let cx = clamp(x, 0, w - 1);",
            "let ly = max((cy + 1) / 2 - 1, 0); let lx = max((cx + 1) / 2 - 1, 0);",
            "let weight = vec2<f32>(select(select(0.25, 0.75, cy % 2 == 0), 0.0, cy == 0),"
            " select(select(0.25, 0.75, cx % 2 == 0), 0.0, cx == 0));",
            "let right = select(0u, 1u, lx < w / 2 - 1);",
            "let down = select(0u, u32(w / 2), ly < h / 2 - 1);",
            "return Place(at, inside, u32(ly * (w / 2) + lx), right, down, weight);",
        ]
    else:
        lines.append("return Place(at, inside);")
    lines.append("}")
    for number, part in enumerate(parts):
        element = interface.function(part.value)
        channels = interface.uniform(f"PART{number}_CHANNELS", part.channels)
        lines.append(f"fn fetch{number}(batch: u32, channel: u32, p: Place) -> f32 {{")
        if part.doubled:
            lines += [
                f"let q = (batch * {channels} + channel) * ({plane} / 4u) + p.low;",
                f"let upper = mix({element}(q), {element}(q + p.right), p.weight.y);",
                f"let lower = mix({element}(q + p.down), {element}(q + p.down + p.right), p.weight.y);",
                "return select(0.0, mix(upper, lower, p.weight.x), p.inside);",
            ]
        else:
            at = f"(batch * {channels} + channel) * {plane} + p.at"
            lines.append(f"return select(0.0, {element}({at}), p.inside);")
        lines.append("}")
    return "\n".join([*lines, _by_channel(interface, parts, "fetch", "p: Place", "p", "f32")])
