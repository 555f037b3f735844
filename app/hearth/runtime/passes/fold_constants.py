"""Infers the types of all values and computes what does not depend on the inputs, in one walk over the graph."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from hearth.errors import BadModel, HearthError, TooLarge
from hearth.runtime.graph import Dequantised, Graph, Node
from hearth.runtime.limits import check_products, check_types, late
from hearth.runtime.ops import registry
from hearth.runtime.ops.dtypes import check_dtypes
from hearth.runtime.ops.registry import Operand, Operator
from hearth.runtime.passes.inline_branch import chosen_branch, inline_branch
from hearth.runtime.types import TensorType, ValueType, type_of

MAX_FOLDED_BYTES = 64 << 20
"""A constant larger than this is computed at run time: a few bytes of model must not fill the memory."""

KEEP_RULE = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial"}
)


def _operand(graph: Graph, name: str) -> Operand | None:
    if not name:
        return None
    kind = graph.type(name)
    if not isinstance(kind, TensorType):
        return Operand(None, None)
    return Operand(kind.dtype, kind.shape, graph.constant(name))


def _inferred(operator: Operator, node: Node, operands: Sequence[Operand | None]) -> Sequence[ValueType]:
    """The types of a node's outputs, by the op's rule or by running it on zeros; empty where nothing can be told."""
    arguments = operator.arguments(node)
    if operator.data_dependent or any(node.subgraphs()) or late():
        return ()
    if operator.rule is not None:
        try:
            kinds = operator.rule(*operands, **arguments)
        except HearthError:
            raise
        except registry.MISFITS as error:
            shapes = ", ".join("-" if item is None else str(item.type) for item in operands)
            raise BadModel(f"{node.label} does not fit its inputs {shapes}: {error}.") from error
        return list(kinds) if isinstance(kinds, Sequence) else [kinds]
    trial: list[Any] = []
    for position, operand in enumerate(operands):
        if operand is None:
            trial.append(None)
        elif operand.value is not None:
            trial.append(operand.value)
        elif not operand.type.static or position in operator.shape_from:
            return ()
        else:
            shape = operand.type.static_shape
            if math.prod(shape) > MAX_FOLDED_BYTES:
                return ()
            trial.append(np.zeros(shape, operand.dtype))
    with np.errstate(all="ignore"):
        return [type_of(value) for value in operator.run(trial, arguments, node.label)]


def _shape_constant(graph: Graph, node: Node) -> np.ndarray | None:
    """`Shape` of a value whose dimensions are known, or of which the chosen ones are."""
    if node.op != "Shape" or node.domain:
        return None
    kind = graph.type(node.inputs[0])
    if not isinstance(kind, TensorType) or kind.shape is None:
        return None
    start, end = node.attributes.get("start"), node.attributes.get("end")
    assert isinstance(start, int | None) and isinstance(end, int | None)
    dims = kind.shape[start:end]
    if all(isinstance(dim, int) for dim in dims):
        return np.array(dims, np.int64)
    return None


def _folded(graph: Graph, node: Node, operator: Operator, kinds: Sequence[ValueType]) -> Sequence[Any] | None:
    shape = _shape_constant(graph, node)
    if shape is not None:
        return [shape]
    if (
        node.op in KEEP_RULE
        or any(node.subgraphs())
        or any(name not in graph.constants for name in node.reads())
        or late()
    ):
        return None
    for kind in kinds:
        if not isinstance(kind, TensorType) or not kind.static or kind.dtype is None:
            continue
        if math.prod(kind.static_shape) * kind.dtype.itemsize > MAX_FOLDED_BYTES:
            return None
    inputs = [graph.constant(name) if name else None for name in node.inputs]
    try:
        with np.errstate(all="ignore"):
            values = operator.run(inputs, operator.arguments(node), node.label)
            if node.epilogue:
                values = _with_epilogue(graph, node, values[0])
    except TooLarge:
        if late():
            return None
        raise
    whole = len(values) >= len(node.outputs) and all(isinstance(value, np.ndarray | np.generic) for value in values)
    return values if whole else None


def _with_epilogue(graph: Graph, node: Node, result: Any) -> tuple[Any, ...]:
    """A fused node's result after the ops that it carries."""
    values = {"": None, node.result: result}
    for after in node.epilogue:
        inputs = [values[name] if name in values else graph.constant(name) for name in after.inputs]
        operator = registry.find(after)
        values[after.outputs[0]] = operator.run(inputs, operator.arguments(after), after.label)[0]
    return (values[node.outputs[0]],)


def _merge(known: ValueType | None, found: ValueType) -> ValueType:
    """What the model declares fills in what could not be inferred."""
    if found == TensorType():
        return known or found
    if not isinstance(known, TensorType) or not isinstance(found, TensorType):
        return found
    if found.shape is None:
        return TensorType(found.dtype or known.dtype, known.shape)
    if known.shape is None or len(known.shape) != len(found.shape):
        return TensorType(found.dtype or known.dtype, found.shape)
    shape = tuple(mine if mine is not None else theirs for mine, theirs in zip(found.shape, known.shape, strict=True))
    return TensorType(found.dtype or known.dtype, shape)


def _promised(declared: ValueType, found: ValueType) -> ValueType:
    """An output's type, whose open dimensions keep the names that the file gives them."""
    if not isinstance(declared, TensorType) or not isinstance(found, TensorType):
        return found
    if declared.shape is None or found.shape is None or len(declared.shape) != len(found.shape):
        return found
    pairs = zip(declared.shape, found.shape, strict=True)
    return TensorType(
        found.dtype, tuple(mine if isinstance(mine, str) and isinstance(dim, str) else dim for mine, dim in pairs)
    )


def _remember(graph: Graph, node: Node) -> None:
    """Keeps the 8-bit numbers of which a constant was made, for executors that compute with them."""
    if node.op != "DequantizeLinear" or node.domain not in ("", "com.microsoft") or node.attributes.get("block_size"):
        return
    numbers, scale, zero = ([graph.constant(name) if name else None for name in node.inputs] + [None])[:3]
    if numbers is not None and scale is not None and numbers.dtype in (np.int8, np.uint8) and scale.dtype == np.float32:
        axis = int(str(node.attributes.get("axis", 1))) % max(1, numbers.ndim)
        graph.dequantised[node.outputs[0]] = Dequantised(numbers, scale, zero, axis)


def fold_constants(graph: Graph) -> None:
    """Fills `graph.types`, turns constant nodes into constants and takes them out of the graph; an If whose condition
    is constant makes room for its branch."""
    kept: list[Node] = []
    waiting = deque(graph.nodes)
    while waiting:
        node = waiting.popleft()
        branch = chosen_branch(graph, node)
        if branch is not None:
            waiting.extendleft(reversed(inline_branch(graph, node, branch)))
            continue
        operator = registry.find(node)
        operands = [_operand(graph, name) for name in node.inputs]
        check_dtypes(node, operands)
        kinds = _inferred(operator, node, operands)
        check_types(node.label, kinds)
        if all(item is None or item.type.static for item in operands):
            shapes = [None if item is None else item.type.static_shape for item in operands]
            check_products(node.label, node.op, shapes, kinds, node.attributes)
        for name, kind in zip(node.outputs, kinds, strict=False):
            if name:
                graph.types[name] = _merge(graph.types.get(name), kind)
        values = _folded(graph, node, operator, kinds)
        if values is None:
            kept.append(node)
            for subgraph in node.subgraphs():
                subgraph.types.update(
                    {name: graph.type(name) for name in subgraph.captures() if name not in subgraph.types}
                )
                fold_constants(subgraph)
            continue
        for name, value in zip(node.outputs, values, strict=False):
            if name:
                array = np.asarray(value)
                graph.constants[name] = array
                graph.types[name] = TensorType(array.dtype, array.shape)
        _remember(graph, node)
    graph.nodes = kept
    for name in graph.outputs:
        kind = graph.type(name)
        if isinstance(kind, TensorType) and kind.shape is not None:
            graph.outputs[name] = _promised(graph.outputs[name], _merge(graph.outputs[name], kind))
