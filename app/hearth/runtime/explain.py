"""Tells what runs where, for people."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from hearth.runtime.executor import Program
from hearth.runtime.plan import Plan, Step


def _line(number: int, step: Step, plan: Plan, place: str) -> str:
    node = step.node
    op = " + ".join([f"{node.domain}.{node.op}" if node.domain else node.op, *(after.op for after in node.epilogue)])
    kinds = ", ".join(str(plan.graph.type(name)) for name in node.outputs if name)
    return f"  {number:4}  {place:7}  {op:32}  {kinds}  {node.name}".rstrip()


def explain(plan: Plan, program: Program) -> str:
    """A heading, the segments that run in one place each, and every step with its place, op, types and name."""
    where = program.places()
    counts = ", ".join(f"{count} on {place}" for place, count in Counter(where).most_common())
    given = ", ".join(f"{name}: {kind}" for name, kind in plan.graph.inputs.items())
    lines = [f"{plan.graph.name or 'model'}({given}): {len(plan.steps)} steps, {counts or 'all folded away'}"]
    number = 0
    for place, group in groupby(where):
        size = len(list(group))
        lines.append(f"{place}: steps {number} to {number + size - 1}" if size > 1 else f"{place}: step {number}")
        lines += [_line(at, plan.steps[at], plan, place) for at in range(number, number + size)]
        number += size
    return "\n".join(lines)
