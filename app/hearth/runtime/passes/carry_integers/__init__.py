"""Lets executors that compute in float32 run quantised models: whole numbers are carried as floats, less their zero
points, and the ops on them become the ops on floats that give the same numbers.

Sums of products stay exact up to 2**24 and are as good as a cast to float32 beyond it. What no rule here knows reads
the integers as before: they are made from the floats where they are needed.
"""

from __future__ import annotations

from hearth.runtime.graph import Graph
from hearth.runtime.passes.carry_integers import elementwise, linear, movement, products
from hearth.runtime.passes.carry_integers.rewriting import HANDLERS, REGROUPING, WHOLE, Rewriting, Unknown

MODULES = (elementwise, linear, movement, products)
"""The rules, one family a file; importing them registers them."""

_MOVING = REGROUPING | {"Cast", "Add", "Concat", "Conv"}
_CAUSES = frozenset(key for key in HANDLERS if key[1] not in _MOVING)
"""Ops that make a model one to be rewritten."""


def carry_integers(graph: Graph, packed: frozenset[tuple[str, str]] = frozenset()) -> bool:
    """Rewrites a graph in place, less the ops in `packed`; types are to be inferred anew. Whether it did anything."""
    if not any((node.domain, node.op) in _CAUSES - packed for node in graph.nodes):
        return False
    rewriting = Rewriting(graph)
    for node in rewriting.unfused():
        key = (node.domain, node.op)
        handler = None if key in packed else HANDLERS.get(key)
        try:
            if handler is None:
                raise Unknown
            handler(rewriting, node)
        except Unknown:
            for name in node.reads():
                rewriting.restore(name)
            rewriting.nodes.append(node)
            if node.op in WHOLE and not node.domain:
                rewriting.whole.add(node.outputs[0])
    for name in graph.outputs:
        rewriting.restore(name)
    graph.nodes = rewriting.nodes
    graph.types = {name: kind for name, kind in graph.types.items() if name in graph.constants}
    return True
