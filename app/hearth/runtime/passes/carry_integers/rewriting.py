"""A graph on its way from integers to floats: what is carried so far, and the nodes made for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hearth.runtime.graph import Graph, Node
from hearth.runtime.types import TensorType

MICROSOFT = "com.microsoft"
FLOAT = 1
"""TensorProto.DataType of float32."""
OPSET = 18
EXACT = 1 << 24
TINY = np.float32(1e-30)
WHOLE = frozenset({"Round", "Floor", "Ceil"})
REGROUPING = frozenset({"Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Identity", "MaxPool", "Slice"})

Zero = float | str
"""A zero point: a number, or the name of an integer that a run computes."""


@dataclass(frozen=True)
class Carried:
    """The float value that stands for integers: less the zero point `zero`."""

    name: str
    zero: Zero = 0.0


class Unknown(Exception):
    """A node that this pass leaves as it is."""


Handler = Callable[["Rewriting", Node], None]
HANDLERS: dict[tuple[str, str], Handler] = {}


def rewrites(*names: str, domain: str = "") -> Callable[[Handler], Handler]:
    """Registers the handler of ops. It raises Unknown before it adds anything for a node that it can't take."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(((domain, name), handler) for name in names)
        return handler

    return register


class Rewriting:
    """The nodes made so far, and the integers that are carried."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Node] = []
        self.carried: dict[str, Carried] = {}
        self.whole: set[str] = set()
        """Float values that are whole numbers."""
        self.scaled: dict[str, tuple[str, np.ndarray]] = {}
        """Float values that are whole numbers times a constant, one or one a channel: those, and the constant."""
        self.made = 0

    def unfused(self) -> list[Node]:
        """The graph's nodes, with epilogues as nodes of their own again."""
        nodes: list[Node] = []
        for node in self.graph.nodes:
            if not node.epilogue:
                nodes.append(node)
                continue
            if node.result not in node.inputs:
                nodes.append(replace(node, outputs=[node.result], epilogue=[], result=""))
            nodes += node.epilogue
        return nodes

    # -- asking --------------------------------------------------------------------------------------------------

    def constant(self, name: str) -> np.ndarray | None:
        return self.graph.constant(name) if name else None

    def kind(self, name: str) -> TensorType:
        kind = self.graph.type(name)
        return kind if isinstance(kind, TensorType) else TensorType()

    def require_scalar(self, *names: str) -> None:
        """Raises Unknown for what may hold more than one number."""
        for name in filter(None, names):
            shape = self.graph.shape(name)
            if shape is None or any(size != 1 for size in shape):
                raise Unknown

    def require_floats(self, *names: str) -> None:
        if any(self.kind(name).dtype != np.float32 for name in names):
            raise Unknown

    def zero(self, name: str) -> Zero:
        """A zero point of one number."""
        if not name:
            return 0.0
        self.require_scalar(name)
        array = self.constant(name)
        return name if array is None else float(array.reshape(-1)[0])

    def limits(self, name: str) -> tuple[float, float, float]:
        """The least and the largest integer of an output, and its zero point, which must be constant."""
        zero = self.zero(name) if name else 0.0
        array = self.constant(name) if name else np.zeros((), np.uint8)
        if array is None or array.dtype.kind not in "iu" or array.dtype.itemsize > 2 or isinstance(zero, str):
            raise Unknown
        bounds = np.iinfo(array.dtype)
        return float(bounds.min), float(bounds.max), zero

    def require_exact(self, name: str, most: float) -> None:
        """Raises Unknown where sums as large as `most` are read as the integers they are, which floats can't hold.

        What is cast to floats anyway is rounded just the same.
        """
        readers = [node for node in self.graph.nodes if name in node.reads()]
        cast = all(node.op == "Cast" and node.attributes.get("to") == FLOAT for node in readers)
        if most > EXACT and (name in self.graph.outputs or not cast):
            raise Unknown

    # -- making --------------------------------------------------------------------------------------------------

    def number(self, value: Any) -> str:
        """A constant of float32."""
        return self.keep(np.asarray(value, np.float32))

    def keep(self, array: np.ndarray) -> str:
        self.made += 1
        name = f"carried/{self.made}"
        self.graph.constants[name] = array
        return name

    def add(
        self,
        op: str,
        *inputs: str,
        output: str = "",
        like: str = "",
        attributes: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> str:
        """A node; its output's name. `like` tells which value it is about."""
        self.made += 1
        output = output or f"{like or inputs[0]}/{op.lower()}{self.made}"
        self.nodes.append(Node(op, list(inputs), [output], {**(attributes or {}), **more}, opset=OPSET, name=like))
        return output

    def moved(self, name: str, by: Zero, op: str) -> str:
        """A value with a zero point added or taken off."""
        if by == 0.0:
            return name
        return self.add(op, name, self.number(by) if isinstance(by, float) else self.centred(by, ""))

    def centred(self, name: str, zero: str) -> str:
        """The floats for integers less their zero point."""
        array, points = self.constant(name), self.constant(zero) if zero else None
        if array is not None and (not zero or points is not None):
            wide = array.astype(np.float32) - (0 if points is None else points.astype(np.float32))
            return self.keep(wide)
        wanted = self.zero(zero)
        known = self.carried.get(name)
        if known is None:
            return self.moved(self.add("Cast", name, to=FLOAT), wanted, "Sub")
        if known.zero == wanted:
            return known.name
        return self.moved(self.moved(known.name, known.zero, "Add"), wanted, "Sub")

    def restore(self, name: str) -> None:
        """Makes the integers themselves where only the floats are there."""
        known = self.carried.pop(name, None)
        if known is not None:
            dtype = self.kind(name).dtype
            assert dtype is not None
            self.add("Cast", self.moved(known.name, known.zero, "Add"), output=name, to=_ONNX[dtype.name])

    def quantise(self, x: str, output: str, zero: str) -> None:
        """Rounds floats, in units of the scale already, to integers of the zero point's type."""
        low, high, point = self.limits(zero)
        array = self.constant(zero) if zero else None
        if array is not None:
            self.graph.types[output] = TensorType(array.dtype, self.kind(output).shape)  # some ops do not tell
        rounded = self.add("Round", x, like=output)
        clipped = self.add("Clip", rounded, self.number(low - point), self.number(high - point), like=output)
        self.carried[output] = Carried(clipped, point)

    def real(self, x: str, scale: str, zero: str) -> str:
        """The numbers that integers stand for."""
        return self.add("Mul", self.centred(x, zero), scale)


_ONNX = {"uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6}
