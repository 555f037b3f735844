"""What a kernel does to each element of its result before storing it: the element-wise ops fused onto a node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hearth.runtime.webgpu.expressions import expression
from hearth.runtime.webgpu.values import Interface, Shape, Stored, Value, broadcast, tensors
from hearth.runtime.webgpu.wgsl import literal

Operand = Value | float | str
"""A value, a number, or the name of what an earlier op of the same epilogue made."""

RESULT = "value"


@dataclass(frozen=True)
class Applied:
    """One op. Operands that are names are variables of the function that applies it."""

    op: str
    operands: tuple[Operand, ...]
    attributes: dict[str, object]
    limits: tuple[float | None, ...]
    name: str


Epilogue = Sequence[Applied]


def epilogue_tensors(epilogue: Epilogue) -> int:
    """How many bindings the operands need at most."""
    values = [operand for applied in epilogue for operand in applied.operands if not isinstance(operand, float | str)]
    return len(set().union(*(tensors(value) for value in values))) if values else 0


def declare_finish(interface: Interface, epilogue: Epilogue, shape: Shape, width: int = 1) -> str:
    """WGSL of `finish(value, at)` for `width` elements that lie together, `at` being the first one's flat index."""
    kind = f"vec{width}<f32>" if width > 1 else "f32"
    lines = [f"fn finish(value: {kind}, at: u32) -> {kind} {{"]
    last = RESULT
    for applied in epilogue:
        operands = [_operand(interface, operand, shape, width, kind) for operand in applied.operands]
        text = expression(applied.op, operands, applied.attributes, applied.limits, width)
        lines.append(f"let {applied.name} = {text};")
        last = applied.name
    return "\n".join([*lines, f"return {last};", "}"])


def _operand(interface: Interface, operand: Operand, shape: Shape, width: int, kind: str) -> str:
    if isinstance(operand, str):
        return operand
    if isinstance(operand, float):
        return f"{kind}({literal(operand)})"
    if width == 1:
        return f"{interface.function(broadcast(operand, shape))}(at)"
    if isinstance(operand, Stored) and operand.kind == "f32" and not operand.packed and operand.shape == shape:
        return f"{kind}({interface.array(operand.tensor, kind)}[at / {width}u])"
    function = interface.function(broadcast(operand, shape))
    if not operand.shape or (operand.shape[-1] == 1 and shape[-1] % width == 0):
        return f"{kind}({function}(at))"
    return f"{kind}({', '.join(f'{function}(at + {i}u)' for i in range(width))})"
