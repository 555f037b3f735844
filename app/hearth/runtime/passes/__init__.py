"""Rewrites of a graph that keep its meaning: each pass is one file with one function, in place.

`optimise` runs them in the order that works: shapes and constants first, since everything after feeds on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from hearth.errors import BadModel, HearthError
from hearth.runtime.graph import Graph
from hearth.runtime.limits import LIMITS, deadline
from hearth.runtime.ops.registry import MISFITS
from hearth.runtime.passes.carry_integers import carry_integers
from hearth.runtime.passes.drop_unused import drop_unused
from hearth.runtime.passes.fold_affine import fold_affine
from hearth.runtime.passes.fold_constants import fold_constants
from hearth.runtime.passes.fuse_epilogue import fuse_epilogue
from hearth.runtime.passes.remove_identities import remove_identities
from hearth.runtime.types import Dim, TensorType


def fix_inputs(graph: Graph, shapes: Mapping[str, tuple[Dim, ...]]) -> None:
    """Sets the shapes of inputs; what was known of other values is forgotten, to be inferred anew."""
    for name, shape in shapes.items():
        kind = graph.inputs.get(name)
        if not isinstance(kind, TensorType):
            raise BadModel(f"The model has no tensor input '{name}'; it has {', '.join(graph.inputs)}.")
        graph.inputs[name] = TensorType(kind.dtype, shape)
    graph.types = {name: kind for name, kind in graph.types.items() if name in graph.constants}


def keep_outputs(graph: Graph, names: Iterable[str]) -> None:
    """Drops every output of the graph but these."""
    wanted = list(names)
    for name in wanted:
        if name not in graph.outputs:
            raise BadModel(f"The model has no output '{name}'; it has {', '.join(graph.outputs)}.")
    graph.outputs = {name: graph.outputs[name] for name in wanted}


def in_floats(graph: Graph, packed: frozenset[tuple[str, str]] = frozenset()) -> Graph:
    """The graph for executors that compute in float32: itself, or a copy that carries its integers as floats.

    Nodes of the (domain, op) in `packed` stay as they are.
    """
    copy = graph.copy()
    try:
        with np.errstate(all="ignore"):
            if not carry_integers(copy, packed):
                return graph
        optimise(copy)
    except (HearthError, *MISFITS):
        return graph  # the op itself says what is wrong with it
    return copy


def optimise(graph: Graph) -> None:
    """Runs every pass that helps all executors."""
    drop_unused(graph)
    with deadline(LIMITS.compile_seconds):
        fold_constants(graph)
    remove_identities(graph)
    drop_unused(graph)
    fold_affine(graph)
    fuse_epilogue(graph)
    drop_unused(graph)
