"""Values while a plan is lowered: tensors in GPU memory, and expressions that no one has computed yet.

An element-wise op, or one that only moves elements, becomes a Computed: a WGSL function from an index to an element.
Who reads it calls that function, so chains of such ops end up inside the kernel that consumes them; only where a real
tensor is needed does a kernel of its own store it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hearth.runtime.webgpu.wgsl import Constants, Uniform, bake

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Tensor:
    """A place in GPU memory, of `count` elements of 4 bytes, or of 2 where they are `half`; `name` tells constants and
    inputs."""

    number: int
    count: int
    name: str = ""
    constant: bool = False
    half: bool = False

    @property
    def bytes(self) -> int:
        return -(-self.count // 2) * 4 if self.half else self.count * 4

    def element(self, kind: str) -> str:
        """The type of elements that are computed with as `kind`, as they lie in memory."""
        return kind.replace("f32", "f16") if self.half else kind


@dataclass(frozen=True, eq=False)
class Stored:
    """A tensor seen with a shape. `kind`: what an element is read as, `f32` or `i32`.

    `packed` tells of constants with several numbers in each 4-byte element: `f16`, `i8` or `u8`.
    """

    tensor: Tensor
    shape: Shape
    kind: str = "f32"
    packed: str = ""


@dataclass(frozen=True, eq=False)
class Computed:
    """A function of the flat index `at`: `body(names)` gives WGSL statements, `names` being the functions of `parts`.

    `work` estimates the loads and operations an element costs.
    """

    shape: Shape
    parts: tuple[Value, ...]
    body: Callable[[Sequence[str]], str]
    work: int = 1
    kind: str = "f32"


@dataclass(frozen=True, eq=False)
class Joined(Computed):
    """A concatenation along `axis`; kernels that read by channel take its parts one by one."""

    axis: int = 0


@dataclass(frozen=True, eq=False)
class Doubled(Computed):
    """An (N, C, H, W) map enlarged twice bilinearly, half-pixel centres; kernels that read patches know it."""


Value = Stored | Computed


def count(shape: Shape) -> int:
    return math.prod(shape)


def work(value: Value) -> int:
    """What one element of a value costs, all its parts included."""
    return 1 if isinstance(value, Stored) else value.work + sum(work(part) for part in value.parts)


def tensors(value: Value) -> set[Tensor]:
    """The tensors that a value is read from."""
    if isinstance(value, Stored):
        return {value.tensor}
    return set().union(*(tensors(part) for part in value.parts))


def reshaped(value: Value, shape: Shape) -> Value:
    """The same elements in the same order under another shape."""
    if shape == value.shape:
        return value
    if isinstance(value, Stored):
        return Stored(value.tensor, shape, value.kind, value.packed)
    return Computed(shape, (value,), lambda names: f"return {names[0]}(at);", 0, value.kind)


def strides(shape: Shape) -> Shape:
    """Row-major strides in elements."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def index(shape: Shape, steps: Sequence[int], start: int = 0, at: str = "at") -> str:
    """WGSL for `start` plus the sum of coordinate times step over the axes, for the element `at` of `shape`.

    Axes that lie together in the source as they do in `shape` are taken as one.
    """
    groups: list[tuple[int, int]] = []  # (size, step), outermost first
    for size, step in zip(shape, steps, strict=True):
        if size == 1:
            continue
        if groups and groups[-1][1] == step * size:
            groups[-1] = (groups[-1][0] * size, step)
        else:
            groups.append((size, step))
    terms: list[str] = []
    inner = 1
    for position in range(len(groups) - 1, -1, -1):
        size, step = groups[position]
        if step:
            coordinate = at if inner == 1 else f"{at} / {inner}u"
            if position:
                coordinate = f"({coordinate}) % {size}u"
            terms.append(f"({coordinate}) * {abs(step)}u" if abs(step) != 1 else f"({coordinate})")
            if step < 0:
                terms[-1] = "-" + terms[-1]
        inner *= size
    positive = [term for term in terms if not term.startswith("-")]
    negative = [term for term in terms if term.startswith("-")]
    head = [f"{start}u"] if start or not positive else []
    return " + ".join(head + positive) + "".join(f" - {term[1:]}" for term in negative)


def viewed(value: Value, shape: Shape, steps: Sequence[int], start: int = 0) -> Value:
    """Element `at` of `shape` is the element `start` + coordinates times `steps` of the value: a slice, a transpose, a
    broadcast."""
    if start == 0 and count(shape) == count(value.shape) and index(shape, steps) == "(at)":
        return reshaped(value, shape)
    place = index(shape, steps, start)
    return Computed(shape, (value,), lambda names: f"return {names[0]}({place});", 1, value.kind)


def broadcast(value: Value, shape: Shape) -> Value:
    """A value spread over `shape` by ONNX's rules."""
    if value.shape == shape:
        return value
    padded = (1,) * (len(shape) - len(value.shape)) + value.shape
    steps = [0 if size == 1 else step for size, step in zip(padded, strides(padded), strict=True)]
    return viewed(value, shape, steps)


def joined(values: tuple[Value, ...], axis: int) -> Joined:
    """The values one after the other along an axis."""
    first = values[0].shape
    shape = (*first[:axis], sum(value.shape[axis] for value in values), *first[axis + 1 :])
    inner = count(shape[axis + 1 :])
    total = shape[axis] * inner
    outer = count(shape[:axis])

    def body(names: Sequence[str]) -> str:
        lines = [f"let r = at % {total}u; let o = at / {total}u;" if outer > 1 else "let r = at;"]
        start = 0
        for name, value in zip(names, values, strict=True):
            size = value.shape[axis] * inner
            place = f"r - {start}u" if start else "r"
            if outer > 1:
                place = f"o * {size}u + {place}"
            call = f"return {name}({place});"
            start += size
            lines.append(call if start == total else f"if (r < {start}u) {{ {call} }}")
        return " ".join(lines)

    return Joined(shape, values, body, 1, values[0].kind, axis=axis)


_UNPACKED = {
    "f16": "return unpack2x16float({}[at / 2u])[at % 2u];",
    "i8": "return extractBits(bitcast<i32>({}[at / 4u]), at % 4u * 8u, 8u);",
    "u8": "return i32(extractBits({}[at / 4u], at % 4u * 8u, 8u));",
}


@dataclass
class Interface:
    """What a kernel's text opens with: its uniforms, its storage buffers and the functions that read them."""

    lines: list[str] = field(default_factory=list)
    uniforms: dict[str, Uniform] = field(default_factory=dict)
    bindings: list[tuple[Tensor, bool]] = field(default_factory=list)
    """The tensor behind each binding, in order, and whether it is written."""
    _arrays: dict[tuple[Tensor, str], str] = field(default_factory=dict)
    _functions: dict[int, tuple[Value, str]] = field(default_factory=dict)

    def array(self, tensor: Tensor, element: str = "f32") -> str:
        """The name of a read-only `array<element>` over a tensor; halves are read as such."""
        key = (tensor, element)
        if key not in self._arrays:
            number = len(self.bindings)
            self._arrays[key] = name = f"b{number}"
            self.bindings.append((tensor, False))
            kind = tensor.element(element)
            self.lines.append(f"@group(0) @binding({number}) var<storage, read> {name}: array<{kind}>;")
        return self._arrays[key]

    def output(self, tensor: Tensor, name: str = "output", element: str = "f32") -> None:
        """Declares the `array<element>` that the kernel writes; halves are written as such."""
        number = len(self.bindings)
        self.bindings.append((tensor, True))
        kind = tensor.element(element)
        self.lines.append(f"@group(0) @binding({number}) var<storage, read_write> {name}: array<{kind}>;")

    def function(self, value: Value) -> str:
        """The name of a WGSL function that gives element `at` of a value."""
        if id(value) in self._functions:
            return self._functions[id(value)][1]
        if isinstance(value, Stored):
            # Views of one tensor share a function.
            key = (value.tensor, value.packed or value.kind)
            for other, known in self._functions.values():
                if isinstance(other, Stored) and (other.tensor, other.packed or other.kind) == key:
                    self._functions[id(value)] = (value, known)
                    return known
            body = _UNPACKED.get(value.packed, "return f32({}[at]);" if value.tensor.half else "return {}[at];")
            body = body.format(self.array(value.tensor, "u32" if value.packed else value.kind))
        else:
            names = [self.function(part) for part in value.parts]
            body = value.body(names)
        name = f"e{len(self._functions)}"
        self._functions[id(value)] = (value, name)
        self.lines.append(f"fn {name}(at: u32) -> {value.kind} {{ {body} }}")
        return name

    def bake(self, kernel: str, constants: Constants, prefix: str = "") -> str:
        """The text of a kernel's file, its uniforms declared."""
        baked = bake(kernel, constants, prefix)
        self.uniforms |= baked.uniforms
        return baked.text

    def uniform(self, name: str, value: int) -> str:
        """How a kernel reads a number that is declared here."""
        self.uniforms[name] = Uniform("u32", value)
        return f"shape.{name}"

    def text(self, *parts: str) -> str:
        """The whole; the uniforms' binding follows the buffers'."""
        enabled = ["enable f16;"] if any(tensor.half for tensor, _ in self.bindings) else []
        if not self.uniforms:
            return "\n".join([*enabled, *self.lines, *parts])
        fields = ", ".join(f"{name}: {item.kind}" for name, item in self.uniforms.items())
        binding = f"@group(0) @binding({len(self.bindings)}) var<uniform> shape: Shape;"
        return "\n".join([*enabled, f"struct Shape {{ {fields} }}", binding, *self.lines, *parts])
