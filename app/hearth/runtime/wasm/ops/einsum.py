"""Einsum of two operands as a matrix product: letters of both sides and the result are batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.ops.matmul import emit_product, packed_each_time
from hearth.runtime.wasm.tensors import Tensor, dense_strides


@lowers("Einsum")
def einsum(low: Lowering, step: Step) -> None:
    """Each letter once a side, and none that one side alone sums over."""
    node = step.node
    low.require_floats(*node.inputs, node.outputs[0])
    sides, arrow, out = str(step.arguments["equation"]).replace(" ", "").partition("->")
    left, _, right = sides.partition(",")
    letters = set(left) | set(right)
    if not arrow or len(node.inputs) != 2 or not "".join(letters).isalpha() or not set(out) <= letters:
        raise Unsupported("Such equations are numpy's.")
    batch = [letter for letter in out if letter in left and letter in right]
    depth = [letter for letter in left if letter in right and letter not in out]
    rows, columns = (
        [letter for letter in side if letter not in other] for side, other in ((left, right), (right, left))
    )
    if (
        any(len(set(side)) != len(side) for side in (left, right, out))
        or not set(rows + columns) <= set(out)
        or not depth
    ):
        raise Unsupported("Such equations are numpy's.")
    size = dict(zip(left + right, (*low.shape(node.inputs[0]), *low.shape(node.inputs[1])), strict=True))
    if 0 in size.values():
        raise Unsupported("There is nothing to multiply.")
    a = _matrices(low, node.inputs[0], left, (batch, rows, depth), True)
    b = _matrices(low, node.inputs[1], right, (batch, depth, columns), False)
    made = [*batch, *rows, *columns]
    y = low.output(node.outputs[0])
    target = y if made == list(out) else low.builder.new(tuple(size[letter] for letter in made))
    shape = (a.shape[0], a.shape[1], b.shape[2])
    matrices = replace(target, shape=shape, strides=dense_strides(shape))
    emit_product(low, step, a, packed_each_time(low, b), matrices, None)
    if target is not y:
        low.builder.copy(_in_order(target, made, out), y, "einsum")


def _in_order(tensor: Tensor, letters: Sequence[str], wanted: Sequence[str]) -> Tensor:
    """A view with the axes in another order."""
    axes = [letters.index(letter) for letter in wanted]
    shape, strides = ([values[axis] for axis in axes] for values in (tensor.shape, tensor.strides))
    return replace(tensor, shape=tuple(shape), strides=tuple(strides))


def _matrices(low: Lowering, name: str, letters: str, groups: Sequence[list[str]], rows_dense: bool) -> Tensor:
    """An operand as (batches, rows, columns): a view of it where that is one, else a copy."""
    view = _in_order(low.tensor(name), list(letters), [letter for group in groups for letter in group])
    ends = [len(groups[0]), len(groups[0]) + len(groups[1])]
    parts = view.shape[: ends[0]], view.shape[ends[0] : ends[1]], view.shape[ends[1] :]
    shape = tuple(prod(part) for part in parts)
    if all(len(part) == 1 for part in parts) and (view.strides[-1] == 1 or not rows_dense):
        return view
    dense = low.builder.new(view.shape)
    low.builder.copy(view, dense, f"layout {name}")
    return replace(dense, shape=shape, strides=dense_strides(shape))
