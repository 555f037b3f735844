"""Collects kernels while a plan is lowered, and lays out memory when all are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from hearth.errors import Unsupported
from hearth.runtime.device import fits_i32, kind_of
from hearth.runtime.unread import Constant, at_hand
from hearth.runtime.webgpu.arena import Life, plan_arena
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.program import Dispatch, Halves, Lowered, Place, Range, Segment
from hearth.runtime.webgpu.values import (
    Computed,
    Interface,
    Joined,
    Shape,
    Stored,
    Tensor,
    Value,
    count,
    joined,
    tensors,
)
from hearth.runtime.webgpu.wgsl import Constants

ALIGNMENT = 256
ELEMENTWISE_GROUP = 64


@lru_cache(maxsize=256)
def _renamed(body: str, name: str, known: str) -> str:
    """A kernel with one array under another name; layers that share a kernel share its text."""
    return re.sub(rf"\b{name}\[", f"{known}[", body)


@dataclass
class _Call:
    text: str
    bindings: list[tuple[Tensor, bool]]
    uniforms: tuple[int, ...]
    groups: tuple[int, int, int]
    label: str
    flops: int


@dataclass
class _Border:
    """A point between kernels where values cross to the CPU and back."""

    at: int
    downloads: tuple[str, ...]
    steps: tuple[int, ...]
    uploads: tuple[str, ...]


@dataclass
class Builder:
    """One program in the making. `constant_of` gives a constant of the model as it is stored.

    `halves` says what lies in memory as float16: what is stored between kernels, or weights and the insides of
    Winograd's algorithm too, which are then multiplied as such.
    """

    limits: Limits
    constant_of: Callable[[str], Constant]
    halves: Halves = "none"
    calls: list[_Call] = field(default_factory=list)
    setup: list[_Call] = field(default_factory=list)
    borders: list[_Border] = field(default_factory=list)
    crossing: dict[str, Stored] = field(default_factory=dict)
    constants: dict[str, Stored] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    _numbers: int = 0
    _packed: dict[object, Stored] = field(default_factory=dict)
    _materialised: dict[int, tuple[Value, Stored]] = field(default_factory=dict)

    def tensor(self, elements: int, name: str = "", *, constant: bool = False, half: bool = False) -> Tensor:
        """A new place in memory. Raises Unsupported where no binding can be so large."""
        if elements * 4 > min(self.limits.maxStorageBufferBindingSize, self.limits.maxBufferSize):
            raise Unsupported(
                f"A tensor of {elements * 4 / 1e6:.0f} MB is larger than this GPU lets a kernel read at once."
            )
        self._numbers += 1
        return Tensor(self._numbers, max(elements, 1), name, constant, half)

    def new(self, shape: Shape, kind: str = "f32") -> Stored:
        """A tensor for a result."""
        return Stored(self.tensor(count(shape)), shape, kind)

    def between(self, shape: Shape, kind: str = "f32") -> Stored:
        """A tensor for a result that other kernels read: in halves where this program has them."""
        return Stored(self.tensor(count(shape), half=self.halves != "none" and kind == "f32"), shape, kind)

    def constant(self, name: str) -> Stored:
        """A constant of the model, uploaded as it is stored: with 4, 2 or 1 bytes a number; integers else as i32."""
        if name not in self.constants:
            array = self.constant_of(name)
            kind = kind_of(array.dtype)
            packed = {"float16": "f16", "int8": "i8", "uint8": "u8"}.get(array.dtype.name, "")
            if kind is None or not (array.dtype.kind == "f" or fits_i32(at_hand(array))):
                raise Unsupported(f"The constant '{name}' is of the type {array.dtype}, which has no place on the GPU.")
            elements = -(-array.size // {"": 1, "f16": 2}.get(packed, 4))
            self.constants[name] = Stored(self.tensor(elements, name, constant=True), array.shape, kind, packed)
        return self.constants[name]

    def packed(self, key: object, elements: int, pack: Callable[[Tensor], None], *, half: bool = False) -> Stored:
        """A tensor that `pack` fills, the same for the same key; of constants by kernels called with `once=True`."""
        if key not in self._packed:
            tensor = self.tensor(elements, half=half)
            pack(tensor)
            self._packed[key] = Stored(tensor, (elements,))
        return self._packed[key]

    def call(
        self,
        kernel: str,
        constants: Constants,
        interface: Interface,
        groups: Sequence[int],
        label: str,
        *,
        flops: int = 0,
        once: bool = False,
        parts: Sequence[str] = (),
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Adds a kernel: `kernels/<kernel>.wgsl` baked, after the interface and `parts`.

        `names` says how arrays that the kernel reads are called in the interface.
        """
        if len(interface.bindings) > self.limits.maxStorageBuffersPerShaderStage:
            raise Unsupported(f"The kernel {label} reads more buffers than this GPU lets it.")
        x, y, z = (*groups, 1, 1)[:3]
        if max(x, y, z) > self.limits.maxComputeWorkgroupsPerDimension:
            raise Unsupported(f"The kernel {label} needs more workgroups than a GPU counts.")
        body = interface.bake(kernel, constants)
        for name, known in (names or {}).items():
            body = _renamed(body, name, known)
        uniforms = tuple(item.value for item in interface.uniforms.values())
        call = _Call(interface.text(*parts, body), interface.bindings, uniforms, (x, y, z), label, flops)
        (self.setup if once else self.calls).append(call)

    def rows(self, invocations: int, group: int = ELEMENTWISE_GROUP) -> tuple[tuple[int, int, int], int]:
        """Workgroups for a kernel with one invocation an element, and the invocations in a row of them (`ROW`)."""
        wanted = -(-invocations // group)
        across = min(wanted, self.limits.maxComputeWorkgroupsPerDimension)
        return (across, -(-wanted // across), 1), across * group

    def store(self, value: Value) -> Stored:
        """Computes a value into memory, once; a value that is stored already stays where it is."""
        if isinstance(value, Stored) and not value.packed:
            return value
        known = self._materialised.get(id(value))
        if known is None:
            target = self.between(value.shape, value.kind)
            label = f"map {'x'.join(map(str, value.shape))}"
            self._map(self.readable(value, 1), target, label, once=False)
            known = self._materialised[id(value)] = (value, target)
        return known[1]

    def fill(self, target: Tensor, value: Value, once: bool = True) -> None:
        """Computes a value into memory, as a part of the setup if all that it reads is constant."""
        self._map(value, Stored(target, value.shape, value.kind), "pack", once=once)

    def whole(self, value: Value) -> Stored:
        """`store`, with 4 bytes a number whatever the program has between its kernels."""
        if isinstance(value, Stored) and not value.packed and not value.tensor.half:
            return value
        known = self._materialised.get(id(value))
        return known[1] if known is not None and not known[1].tensor.half else self.copy(value)

    def copy(self, value: Value) -> Stored:
        """A new tensor with a value's elements, 4 bytes each, even if it is stored already."""
        target = self.new(value.shape, value.kind)
        self._map(self.readable(value, 1), target, "copy", once=False)
        return target

    def _map(self, value: Value, target: Stored, label: str, once: bool) -> None:
        interface = Interface()
        function = interface.function(value)
        interface.output(target.tensor, element=target.kind)
        groups, row = self.rows(count(value.shape))
        kind = target.tensor.element(target.kind)
        self.call(
            "map",
            {"COUNT": count(value.shape), "ROW": row},
            interface,
            groups,
            label,
            once=once,
            parts=[f"fn value(at: u32) -> {kind} {{ return {kind}({function}(at)); }}"],
        )

    def readable(self, value: Value, others: int) -> Value:
        """The value, or a form of it that reads so few tensors that a kernel can, which has `others` more bindings."""
        room = self.limits.maxStorageBuffersPerShaderStage - others
        if isinstance(value, Stored) or len(tensors(value)) <= room:
            return value
        if isinstance(value, Joined):
            # Neighbours are joined first, by as many as a kernel can read.
            groups: list[list[Value]] = [[]]
            for part in value.parts:
                if groups[-1] and len(tensors(joined((*groups[-1], part), value.axis))) > room:
                    groups.append([])
                groups[-1].append(part)
            stored = [self.store(joined(tuple(g), value.axis) if len(g) > 1 else g[0]) for g in groups]
            return self.readable(joined(tuple(stored), value.axis), others)
        parts = sorted(value.parts, key=lambda part: -len(tensors(part)))
        replaced: dict[int, Value] = {}
        for part in parts:
            kept = [replaced.get(id(other), other) for other in value.parts]
            if len(set().union(*(tensors(other) for other in kept))) <= room:
                break
            replaced[id(part)] = self.store(part)
        final = tuple(replaced.get(id(part), part) for part in value.parts)
        if len(set().union(*(tensors(part) for part in final))) > room:
            raise Unsupported("An op reads more tensors than a kernel on this GPU can.")
        return Computed(value.shape, final, value.body, value.work, value.kind)

    def repeat(self, start: int, times: int) -> None:
        """Lets the kernels from `start` on run so many times in all."""
        self.calls += self.calls[start:] * (times - 1)

    def border(self, downloads: dict[str, Stored], steps: tuple[int, ...], uploads: dict[str, Stored]) -> None:
        """Lets steps run on the CPU here: they read `downloads` and make `uploads`."""
        self.crossing.update(downloads)
        self.crossing.update(uploads)
        self.borders.append(_Border(len(self.calls), tuple(downloads), steps, tuple(uploads)))

    def finish(self) -> Lowered:
        """Lays out memory and cuts the calls into segments."""
        texts = sorted({call.text for call in (*self.setup, *self.calls)}, key=lambda text: (-len(text), text))
        lowered = Lowered(shaders=texts)
        places = self._persistent(lowered)
        places.update(self._arena(lowered, places))
        numbers = {text: number for number, text in enumerate(texts)}
        words: dict[tuple[int, ...], Range] = {}

        def ranges(call: _Call) -> tuple[Range, ...]:
            stored = tuple(places[tensor] for tensor, _ in call.bindings)
            if not call.uniforms:
                return stored
            if call.uniforms not in words:
                words[call.uniforms] = Range(len(lowered.buffers), 4 * len(lowered.uniforms), 4 * len(call.uniforms))
                lowered.uniforms += call.uniforms
                lowered.uniforms += [0] * (-len(call.uniforms) % (ALIGNMENT // 4))
            return (*stored, words[call.uniforms])

        for calls, target in ((self.setup, lowered.setup), (self.calls, lowered.dispatches)):
            target += [
                Dispatch(numbers[call.text], ranges(call), call.groups, call.label, call.flops) for call in calls
            ]
        lowered.buffers.append(4 * len(lowered.uniforms))
        for name, stored in self.constants.items():
            lowered.constants[name] = Place(places[stored.tensor], stored.shape, stored.packed or stored.kind)
        for name, stored in self.crossing.items():
            lowered.values[name] = Place(places[stored.tensor], stored.shape, stored.kind)
        lowered.segments = self._segments()
        return lowered

    def _segments(self) -> list[Segment]:
        segments: list[Segment] = []
        first, uploads = 0, tuple(self.inputs)
        for border in self.borders:
            segments.append(Segment(first, border.at, uploads, border.downloads, border.steps))
            first, uploads = border.at, border.uploads
        segments.append(Segment(first, len(self.calls), uploads, tuple(self.outputs), ()))
        return segments

    def _persistent(self, lowered: Lowered) -> dict[Tensor, Range]:
        """Constants and packed weights, side by side; what only the setup reads goes to buffers that end with it."""
        running = {tensor for call in self.calls for tensor, _ in call.bindings}
        places: dict[Tensor, Range] = {}
        # What the setup writes and what it reads never share a buffer.
        for group in (self.constants.values(), self._packed.values()):
            for lasting in (True, False):
                used = self.limits.maxBufferSize
                for tensor in (stored.tensor for stored in group if (stored.tensor in running) == lasting):
                    size = -(-tensor.bytes // ALIGNMENT) * ALIGNMENT
                    if used + size > self.limits.maxBufferSize:
                        used = 0
                        if not lasting:
                            lowered.temporary.append(len(lowered.buffers))
                        lowered.buffers.append(0)
                    places[tensor] = Range(len(lowered.buffers) - 1, used, tensor.bytes)
                    used += size
                    lowered.buffers[-1] = used
        return places

    def _arena(self, lowered: Lowered, taken: dict[Tensor, Range]) -> dict[Tensor, Range]:
        end = len(self.calls)
        lives: dict[Tensor, Life] = {}

        def touch(tensor: Tensor, at: int) -> None:
            if tensor not in taken:
                known = lives.get(tensor, Life(at, at))
                lives[tensor] = Life(min(known.first, at), max(known.last, at))

        for number, call in enumerate(self.calls):
            for tensor, _ in call.bindings:
                touch(tensor, number)
        for name in self.inputs:
            touch(self.crossing[name].tensor, -1)
        for name in self.outputs:
            touch(self.crossing[name].tensor, end)
        for border in self.borders:
            # A border lies between two kernels: what crosses must be there with both.
            for name in (*border.downloads, *border.uploads):
                touch(self.crossing[name].tensor, border.at)
                touch(self.crossing[name].tensor, border.at - 1)
        buffers, sizes = plan_arena(lives)
        base = len(lowered.buffers)
        lowered.buffers += [-(-size // ALIGNMENT) * ALIGNMENT for size in sizes]
        return {tensor: Range(base + number, 0, tensor.bytes) for tensor, number in buffers.items()}
