"""Which versions of ONNX a release of onnxruntime takes: newer ones it refuses, since what they mean is not settled."""

from __future__ import annotations

import os
from collections.abc import Iterator

from hearth.errors import Unsupported
from hearth.runtime.graph import Graph, Node

NEWEST_IR = 14
NEWEST = {
    "": 28,
    "ai.onnx.ml": 5,
    "ai.onnx.preview": 1,
    "ai.onnx.preview.training": 1,
    "ai.onnx.training": 1,
    "com.microsoft": 1,
    "com.microsoft.experimental": 1,
    "com.microsoft.nchwc": 1,
    "com.ms.internal.nhwc": 28,
    "org.pytorch.aten": 1,
}
"""Domain -> opset. Of any other domain every version is taken."""
SWITCH = "ALLOW_RELEASED_ONNX_OPSET_ONLY"
"""An environment variable: 0 lets a model declare newer opsets, as long as none of its nodes is of one."""


class BadVersion(Unsupported):
    """A model of a version that onnxruntime refuses before it looks at the nodes."""


class NoSuchVersion(Unsupported):
    """A node of a version that no op is of."""


def check(graph: Graph) -> None:
    """BadVersion or NoSuchVersion where onnxruntime refuses a model for its versions, or because it names none."""
    if graph.ir_version > NEWEST_IR:
        raise BadVersion(f"Unsupported model IR version: {graph.ir_version}, max supported IR version: {NEWEST_IR}")
    if not graph.opsets:
        raise BadVersion("Missing opset in the model: at least one entry has to say which opset its nodes are of.")
    strange = {domain for domain, opset in graph.opsets.items() if not 1 <= opset <= NEWEST.get(domain, opset)}
    if not strange:
        return
    allowed = os.environ.get(SWITCH, "")
    if allowed not in ("", "0", "1"):
        raise BadVersion(f"The only supported values for {SWITCH} are '0' and '1'; it contained the value: {allowed}")
    for domain in sorted(strange):
        opset, newest = graph.opsets[domain], NEWEST.get(domain, 0)
        if allowed != "0" and opset > newest:
            raise BadVersion(
                "ONNX Runtime only *guarantees* support for models stamped with official released onnx opset versions. "
                f"Opset {opset} is newer. Current official support for domain {domain or 'ai.onnx'} is till opset "
                f"{newest}."
            )
    for node in _nodes(graph):
        if node.domain in strange:
            raise NoSuchVersion(
                f"In Node {node.label}: No Op registered for {node.op} with domain_version of {node.opset}"
            )


def _nodes(graph: Graph) -> Iterator[Node]:
    for node in graph.nodes:
        yield node
        for inner in node.subgraphs():
            yield from _nodes(inner)
