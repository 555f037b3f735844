"""The flat model file (`.hearth`): an optimised graph as JSON, then its constants, aligned, as they lie in memory.

Layout: 8 bytes magic, 8 bytes length of the header (little-endian), the header, zeros up to a multiple of 64, the data.
The header's offsets count from the start of the data. Weights may be stored as float16 where the graph says float32.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from hearth.errors import DamagedModel
from hearth.runtime.graph import Graph, Node
from hearth.runtime.types import (
    ONNX_DTYPE,
    MapType,
    OptionalType,
    SequenceType,
    TensorType,
    ValueType,
    dtype_of,
)
from hearth.runtime.unread import Constant, InMemory, Source, Unread, at_hand

MAGIC = b"HEARTH\x00\x01"
ALIGNMENT = 64
HALF_MIN_SIZE = 256
"""Constants of fewer elements stay float32: biases matter more than they weigh."""
LARGE_FILE = 16 << 20
"""Bytes from which a file that can be read piece by piece is; a smaller one is sooner read whole."""
LARGE_CONSTANT = 64 << 10
"""Bytes from which a constant then stays in the file until it is used."""

Json = dict[str, Any]


def _pack_type(kind: ValueType | None) -> Any:
    match kind:
        case TensorType(dtype, shape):
            return [ONNX_DTYPE[dtype] if dtype is not None else 0, list(shape) if shape is not None else None]
        case SequenceType(element):
            return {"sequence": _pack_type(element)}
        case OptionalType(element):
            return {"optional": _pack_type(element)}
        case MapType(key, value):
            return {"map": [ONNX_DTYPE[key], _pack_type(value)]}
    return None


def _unpack_type(packed: Any) -> ValueType:
    if isinstance(packed, list):
        number, shape = packed
        return TensorType(dtype_of(number) if number else None, None if shape is None else tuple(shape))
    if packed is None:
        return TensorType()
    if "sequence" in packed:
        return SequenceType(_unpack_type(packed["sequence"]))
    if "optional" in packed:
        return OptionalType(_unpack_type(packed["optional"]))
    key, value = packed["map"]
    return MapType(dtype_of(key), _unpack_type(value))


class _Writer:
    """Collects arrays into the data part while the graph is turned to JSON."""

    def __init__(self, half: bool) -> None:
        self.half = half
        self.chunks: list[bytes] = []
        self.size = 0

    def array(self, array: np.ndarray) -> Json:
        if array.dtype == object:
            return {"strings": [str(item) for item in array.reshape(-1)], "shape": list(array.shape)}
        data = np.ascontiguousarray(array).tobytes()
        entry = {
            "dtype": ONNX_DTYPE[array.dtype],
            "shape": list(array.shape),
            "at": self.size,
            "bytes": len(data),
        }
        padding = -len(data) % ALIGNMENT
        self.chunks += [data, bytes(padding)]
        self.size += len(data) + padding
        return entry

    def attribute(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return {"array": self.array(value)}
        if isinstance(value, Graph):
            return {"graph": self.graph(value)}
        if isinstance(value, list):
            return [self.attribute(item) for item in value]
        if isinstance(value, TensorType | SequenceType | OptionalType | MapType):
            return {"type": _pack_type(value)}
        return value

    def node(self, node: Node) -> Json:
        entry: Json = {"op": node.op, "in": node.inputs, "out": node.outputs, "opset": node.opset}
        if node.domain:
            entry["domain"] = node.domain
        if node.name:
            entry["name"] = node.name
        if node.attributes:
            entry["attributes"] = {key: self.attribute(value) for key, value in node.attributes.items()}
        if node.epilogue:
            entry["epilogue"] = [self.node(after) for after in node.epilogue]
            entry["result"] = node.result
        return entry

    def constant(self, graph: Graph, name: str) -> Json:
        array = at_hand(graph.constants[name])
        if self.half and array.dtype == np.float32 and array.size >= HALF_MIN_SIZE:
            with np.errstate(over="ignore"):
                narrow = array.astype(np.float16)
            if np.isfinite(narrow).all():
                return self.array(narrow)
        return self.array(array)

    def graph(self, graph: Graph) -> Json:
        types = {name: _pack_type(graph.type(name)) for name in (*graph.types, *graph.constants)}
        return {
            "name": graph.name,
            "inputs": {name: _pack_type(kind) for name, kind in graph.inputs.items()},
            "outputs": {name: _pack_type(kind) for name, kind in graph.outputs.items()},
            "nodes": [self.node(node) for node in graph.nodes],
            "constants": {name: self.constant(graph, name) for name in graph.constants},
            "types": types,
            "metadata": graph.metadata,
        }


def dumps(graph: Graph, weights: str = "float32") -> bytes:
    """The graph as a flat file. `weights` is `float32`, or `float16` to store large float32 constants in half."""
    if weights not in ("float32", "float16"):
        raise ValueError(f"weights are stored as float32 or float16, not as {weights}")
    writer = _Writer(weights == "float16")
    header = json.dumps(writer.graph(graph), separators=(",", ":"), sort_keys=False).encode()
    start = len(MAGIC) + 8 + len(header)
    return b"".join([MAGIC, len(header).to_bytes(8, "little"), header, bytes(-start % ALIGNMENT), *writer.chunks])


def save(graph: Graph, path: str | Path, weights: str = "float32") -> None:
    """Writes `dumps` to a file."""
    Path(path).write_bytes(dumps(graph, weights))


class _Reader:
    """Reads from `start` of a file on, where its data lie."""

    def __init__(self, source: Source, start: int) -> None:
        self.source, self.start = source, start
        self.whole = isinstance(source, InMemory)

    def constant(self, entry: Json) -> Constant:
        if self.whole or entry.get("bytes", 0) < LARGE_CONSTANT:
            return self.array(entry)
        return Unread(self.source, self._place(entry), dtype_of(entry["dtype"]), tuple(entry["shape"]))

    def _place(self, entry: Json) -> int:
        """Where an array's bytes begin in the file."""
        at, size = entry["at"], entry["bytes"]
        if at < 0 or size < 0 or self.start + at + size > len(self.source):
            raise DamagedModel("The model file is cut short: some of its weights are missing. Fetch it again.")
        return int(self.start + at)

    def array(self, entry: Json) -> np.ndarray:
        if "strings" in entry:
            strings = np.empty(len(entry["strings"]), object)
            strings[:] = entry["strings"]
            return strings.reshape(entry["shape"])
        place = self._place(entry)
        data = self.source.read(place, place + entry["bytes"])
        return np.frombuffer(data, dtype_of(entry["dtype"])).reshape(entry["shape"])

    def attribute(self, value: Any) -> Any:
        if isinstance(value, dict):
            if "array" in value:
                return self.array(value["array"])
            return self.graph(value["graph"]) if "graph" in value else _unpack_type(value["type"])
        if isinstance(value, list):
            return [self.attribute(item) for item in value]
        return value

    def node(self, entry: Json) -> Node:
        return Node(
            entry["op"],
            entry["in"],
            entry["out"],
            {key: self.attribute(value) for key, value in entry.get("attributes", {}).items()},
            entry.get("domain", ""),
            entry["opset"],
            entry.get("name", ""),
            [self.node(after) for after in entry.get("epilogue", ())],
            entry.get("result", ""),
        )

    def graph(self, entry: Json) -> Graph:
        return Graph(
            entry["name"],
            {name: _unpack_type(kind) for name, kind in entry["inputs"].items()},
            {name: _unpack_type(kind) for name, kind in entry["outputs"].items()},
            [self.node(node) for node in entry["nodes"]],
            {name: self.constant(array) for name, array in entry["constants"].items()},
            {name: _unpack_type(kind) for name, kind in entry["types"].items()},
            entry["metadata"],
        )


def is_flat(source: Source) -> bool:
    """Whether a file starts as a flat model file does."""
    return bytes(source.read(0, len(MAGIC))) == MAGIC


def loads(data: bytes | bytearray | memoryview | Source) -> Graph:
    """Reads a flat file; constants are views of data in memory. Of a large one that is not, they are left in the file
    until they are used. Raises BadModel where it is damaged.
    """
    source = InMemory(memoryview(data)) if isinstance(data, bytes | bytearray | memoryview) else data
    if len(source) < LARGE_FILE and not isinstance(source, InMemory):
        source = InMemory(memoryview(source.read(0, len(source))))
    length = int.from_bytes(source.read(len(MAGIC), len(MAGIC) + 8), "little")
    start = len(MAGIC) + 8 + length
    if not is_flat(source) or start > len(source):
        raise DamagedModel("The model file is damaged or of another version. Fetch it again.")
    try:
        header = json.loads(bytes(source.read(len(MAGIC) + 8, start)))
        return _Reader(source, start + (-start % ALIGNMENT)).graph(header)
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedModel(f"The model file is damaged: its header does not fit ({error}). Fetch it again.") from None
