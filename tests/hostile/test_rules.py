"""Shape rules refuse what their ops refuse and tell the shapes that their ops make: kernels trust the rules.

Every single op of the ONNX suite is tried with each size of each input changed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

import hearth.runtime.wasm.ops  # noqa: F401 (fills the table of handlers)
from hearth.errors import HearthError
from hearth.runtime.graph import Graph, Node
from hearth.runtime.load import load_bytes
from hearth.runtime.ops import registry
from hearth.runtime.ops.registry import MISFITS, Operand, Operator
from hearth.runtime.protobuf import decode
from hearth.runtime.tensors import tensor_array
from hearth.runtime.types import TensorType
from hearth.runtime.wasm.lower import HANDLERS
from tests.conformance.collect import suite_file
from tests.conformance.suite import VALUES, Case, read_suite

pytestmark = [pytest.mark.desk, pytest.mark.filterwarnings("ignore::RuntimeWarning")]

LARGEST = 1 << 22
"""Elements of a result that is worth computing."""

VALUES_DECIDE = {
    *("Gather", "GatherElements", "GatherND", "ScatterElements", "ScatterND", "Scatter", "TensorScatter", "OneHot"),
    *("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss", "MaxUnpool", "Attention", "RotaryEmbedding"),
    *("Slice", "ReverseSequence", "Resize"),
}
"""Whether these refuse depends on the numbers in an input (indices, labels, a region), which a rule does not see."""

ON_NUMPY_ALONE = {
    *("AffineGrid", "Attention", "CausalConvWithState", "Col2Im", "DeformConv", "GridSample", "LinearAttention"),
    *("RoiAlign", "QuantizeLinear", "DequantizeLinear", "ConvInteger", "MatMulInteger", "QLinearMatMul", "QLinearConv"),
}
"""No kernel in the memory of Python runs these: what their rules let through, the op itself refuses."""

Inputs = list[np.ndarray | None]


def _inputs(case: Case, graph: Graph, node: Node) -> Inputs | None:
    """The suite's own inputs; None where one of them is no tensor that numpy computes with."""
    data, names = next(iter(case.data.values()), {}), list(graph.inputs)
    found: Inputs = []
    for name in node.inputs:
        if not name or name in graph.constants:
            found.append(graph.constant(name) if name else None)
            continue
        if not isinstance(graph.inputs[name], TensorType):
            return None
        raw = data[f"input_{names.index(name)}.pb"]
        array = tensor_array(decode(memoryview(raw), "Tensor", VALUES))
        if array.dtype.names:
            return None
        found.append(array)
    return found


@cache
def cases() -> dict[str, list[tuple[Operator, Node, Inputs]]]:
    """Op -> its nodes in the suite, with inputs that fit."""
    found: dict[str, list[tuple[Operator, Node, Inputs]]] = defaultdict(list)
    for case in read_suite(suite_file()).values():
        if case.suite != "node":
            continue
        graph = load_bytes(case.model)
        if len(graph.nodes) == 1 and not any(graph.nodes[0].subgraphs()):
            (node,) = graph.nodes
            operator = registry.find(node)
            inputs = _inputs(case, graph, node) if operator.rule is not None else None
            if inputs is not None:
                found[node.op].append((operator, node, inputs))
    return found


def spoilt(inputs: Inputs) -> Iterator[Inputs]:
    """The inputs with one size of one of them changed."""
    for at, array in enumerate(inputs):
        for axis, size in enumerate(array.shape if array is not None and array.size else ()):
            for other in {size + 1, size - 1, size * 2 + 1} - {0}:
                assert array is not None
                changed = list(inputs)
                changed[at] = np.resize(array, (*array.shape[:axis], other, *array.shape[axis + 1 :]))
                yield changed


def told(operator: Operator, node: Node, inputs: Inputs) -> Sequence[Any] | None:
    """What the rule says; None: it refuses."""
    assert operator.rule is not None
    operands = [None if item is None else Operand(item.dtype, item.shape, item) for item in inputs]
    try:
        kinds = operator.rule(*operands, **operator.arguments(node))
    except (HearthError, *MISFITS):
        return None
    return list(kinds) if isinstance(kinds, Sequence) else [kinds]


def made(operator: Operator, node: Node, inputs: Inputs) -> list[Any] | str:
    """The shapes that the op makes, or why it refuses."""
    try:
        with np.errstate(all="ignore"):
            return [np.shape(item) for item in operator.run(inputs, operator.arguments(node), node.label)]
    except HearthError as error:
        return str(error)


def test_what_runs_on_numpy_alone_has_no_kernel() -> None:
    assert "Conv" in HANDLERS
    assert not ON_NUMPY_ALONE & HANDLERS.keys()


@pytest.mark.parametrize("op", sorted(cases().keys() - ON_NUMPY_ALONE))
def test_a_rule_knows_what_its_op_makes(op: str) -> None:
    wrong = set()
    for operator, node, inputs in cases()[op]:
        for changed in spoilt(inputs):
            kinds = told(operator, node, changed)
            sized = [kind for kind in kinds or () if isinstance(kind, TensorType) and kind.static]
            if not sized or max(math.prod(kind.static_shape) for kind in sized) > LARGEST:
                continue
            shapes = made(operator, node, changed)
            if isinstance(shapes, str):
                if op not in VALUES_DECIDE:
                    wrong.add(f"the rule allows what the op refuses: {shapes}")
            else:
                for kind, shape in zip(kinds or (), shapes, strict=False):
                    if isinstance(kind, TensorType) and kind.static and kind.shape != shape:
                        wrong.add(f"the rule says {kind}, the op makes {shape}")
    assert not wrong, "\n".join(sorted(wrong))
