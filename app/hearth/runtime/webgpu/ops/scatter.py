"""Updates put into place: each element of the result looks for those that are meant for it, in their order.

So the last of several to one place stays, as on the CPU, and what is added up is added up in one order.
"""

from __future__ import annotations

from collections.abc import Sequence

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.webgpu.lower import Lowering, lowers
from hearth.runtime.webgpu.values import Computed, Value, count, strides

MOST_UPDATES = 1024
"""So many are looked through for an element; with more, numpy is quicker."""

_FORMULAS = {
    "none": "update",
    "add": "result + update",
    "mul": "result * update",
    "max": "max(result, update)",
    "min": "min(result, update)",
}


def _placed(low: Lowering, step: Step, updates: int) -> tuple[list[Value], str]:
    """Data, indices and updates as values, and what becomes of `result` with an `update`."""
    values = [low.value(name) for name in step.node.inputs[:3]]
    how = step.arguments.get("reduction", "none")
    how = how.decode() if isinstance(how, bytes) else str(how)
    if updates > MOST_UPDATES or how not in _FORMULAS:
        raise Unsupported(f"{updates} updates")
    if how in ("add", "mul"):
        low.float_only(step.node.inputs[0])
    return [low.builder.store(value) for value in values], _FORMULAS[how]


@lowers("ScatterElements", "Scatter")
def scatter_elements(low: Lowering, step: Step) -> None:
    shape, indexed = (low.shape(name) for name in step.node.inputs[:2])
    axis = int(step.arguments.get("axis", 0)) % len(shape)
    size = shape[axis]
    values, formula = _placed(low, step, indexed[axis])
    steps, own = strides(indexed), strides(shape)
    coordinates = [f"(at / {own[number]}u) % {length}u" for number, length in enumerate(shape)]
    others = [number for number in range(len(shape)) if number != axis]
    inside = " && ".join(
        f"{coordinates[number]} < {indexed[number]}u" for number in others if indexed[number] < shape[number]
    )
    start = " + ".join([f"({coordinates[number]}) * {steps[number]}u" for number in others] or ["0u"])

    def body(names: Sequence[str]) -> str:
        return (
            f"var result = {names[0]}(at); if ({inside or 'true'}) {{ for (var k = 0u; k < {indexed[axis]}u; k++) {{ "
            f"let place = {start} + k * {steps[axis]}u; let i = {names[1]}(place); "
            f"if (select(i, i + {size}, i < 0) == i32({coordinates[axis]})) {{ "
            f"let update = {names[2]}(place); result = {formula}; }} }} }} return result;"
        )

    low.set(step, low.builder.store(Computed(shape, tuple(values), body, indexed[axis], values[0].kind)))


@lowers("ScatterND")
def scatter_nd(low: Lowering, step: Step) -> None:
    shape, indexed = (low.shape(name) for name in step.node.inputs[:2])
    rows, depth = count(indexed[:-1]), indexed[-1]
    values, formula = _placed(low, step, rows)
    inner = count(shape[depth:])
    steps = strides(shape[:depth])

    def body(names: Sequence[str]) -> str:
        places = [
            f"{{ let i = {names[1]}(row * {depth}u + {number}u); place += select(i, i + {size}, i < 0) * {step}; }}"
            for number, (size, step) in enumerate(zip(shape[:depth], steps, strict=True))
        ]
        return (
            f"var result = {names[0]}(at); for (var row = 0u; row < {rows}u; row++) {{ var place = 0; "
            f"{' '.join(places)} if (place == i32(at / {inner}u)) {{ "
            f"let update = {names[2]}(row * {inner}u + at % {inner}u); result = {formula}; }} }} return result;"
        )

    low.set(step, low.builder.store(Computed(shape, tuple(values), body, rows, values[0].kind)))
