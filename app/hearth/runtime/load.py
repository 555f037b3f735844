"""ONNX file -> Graph."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from hearth.errors import BadModel, Unsupported
from hearth.runtime.graph import Attribute, Graph, Node
from hearth.runtime.onnx_schema import ONNX
from hearth.runtime.protobuf import Message, decode
from hearth.runtime.tensors import tensor_array
from hearth.runtime.types import (
    Dim,
    MapType,
    OptionalType,
    SequenceType,
    TensorType,
    ValueType,
    dtype_of,
)

DEFAULT_DOMAINS = ("", "ai.onnx")


def _messages(message: Message, key: str) -> list[Message]:
    return cast(list[Message], message.get(key, []))


def _dim(dim: Message) -> Dim:
    if "dim_value" in dim:
        size = cast(int, dim["dim_value"])
        if size < 0:
            raise BadModel(f"The model declares a dimension of size {size}.")
        return size
    return str(dim["dim_param"]) if dim.get("dim_param") else None


def _value_type(message: Message) -> ValueType:
    if "tensor_type" in message or "sparse_tensor_type" in message:
        tensor = cast(Message, message.get("tensor_type") or message.get("sparse_tensor_type"))
        number = cast(int, tensor.get("elem_type", 0))
        shape = cast(Message | None, tensor.get("shape"))
        dims = None if shape is None else tuple(_dim(dim) for dim in _messages(shape, "dim"))
        return TensorType(dtype_of(number) if number else None, dims)
    if "sequence_type" in message:
        element = cast(Message, message["sequence_type"])
        return SequenceType(_value_type(cast(Message, element.get("elem_type", {}))))
    if "optional_type" in message:
        element = cast(Message, message["optional_type"])
        return OptionalType(_value_type(cast(Message, element.get("elem_type", {}))))
    if "map_type" in message:
        kind = cast(Message, message["map_type"])
        return MapType(
            dtype_of(cast(int, kind.get("key_type", 0))),
            _value_type(cast(Message, kind.get("value_type", {}))),
        )
    return TensorType()


class _Loader:
    """Turns decoded messages into a Graph; holds what every part needs: opsets, functions, the folder of the file."""

    def __init__(self, opsets: dict[str, int], folder: Path | None) -> None:
        self.opsets = opsets
        self.folder = folder

    def attribute(self, message: Message, node: str) -> Attribute:
        kind = cast(int, message.get("type", 0))
        if message.get("ref_attr_name"):
            raise BadModel(f"The attribute '{message.get('name')}' of {node} refers to a function's, outside of one.")
        match kind:
            case 1:
                return message.get("f", 0.0)
            case 2:
                return message.get("i", 0)
            case 3:
                return bytes(cast(memoryview, message.get("s", b""))).decode("utf-8", "surrogateescape")
            case 4:
                return tensor_array(cast(Message, message.get("t", {})), self.folder)
            case 5:
                return self.graph(cast(Message, message.get("g", {})))
            case 6:
                return message.get("floats", [])
            case 7:
                return message.get("ints", [])
            case 8:
                raws = cast(list[memoryview], message.get("strings", []))
                return [bytes(raw).decode("utf-8", "surrogateescape") for raw in raws]
            case 9:
                return [tensor_array(tensor, self.folder) for tensor in _messages(message, "tensors")]
            case 10:
                return [self.graph(graph) for graph in _messages(message, "graphs")]
            case 13:
                return _value_type(cast(Message, message.get("tp", {})))
            case 14:
                return [_value_type(kind) for kind in _messages(message, "type_protos")]
            case _:
                raise Unsupported(
                    f"The attribute '{message.get('name')}' of {node} is of type {kind}, which this runtime can't read."
                )

    def node(self, message: Message) -> Node:
        domain = str(message.get("domain", ""))
        domain = "" if domain in DEFAULT_DOMAINS else domain
        op = str(message.get("op_type", ""))
        if not op:
            raise BadModel(f"The node '{message.get('name', '')}' has no op type.")
        node = Node(
            op=op,
            inputs=list(cast(list[str], message.get("input", []))),
            outputs=list(cast(list[str], message.get("output", []))),
            domain=domain,
            opset=self.opsets.get(domain, 1),
            name=str(message.get("name", "")),
        )
        for attribute in _messages(message, "attribute"):
            node.attributes[str(attribute.get("name", ""))] = self.attribute(attribute, node.label)
        return node

    def graph(self, message: Message) -> Graph:
        constants: dict[str, np.ndarray] = {}
        for tensor in _messages(message, "initializer"):
            constants[str(tensor.get("name", ""))] = tensor_array(tensor, self.folder)
        if message.get("sparse_initializer"):
            raise Unsupported("The model has sparse initialisers, which this runtime can't read.")
        types = dict(map(self._value_info, _messages(message, "value_info")))
        # Before IR 4 initialisers were listed among the inputs too; they are no inputs that a caller feeds.
        inputs = dict(map(self._value_info, _messages(message, "input")))
        return Graph(
            name=str(message.get("name", "")),
            inputs={name: kind for name, kind in inputs.items() if name not in constants},
            outputs=dict(map(self._value_info, _messages(message, "output"))),
            nodes=[self.node(node) for node in _messages(message, "node")],
            constants=constants,
            types=types,
        )

    @staticmethod
    def _value_info(message: Message) -> tuple[str, ValueType]:
        return str(message.get("name", "")), _value_type(cast(Message, message.get("type", {})))


def load_bytes(data: bytes | bytearray | memoryview, folder: Path | None = None) -> Graph:
    """Reads an ONNX model from memory. `folder` holds its external data, if it has any.

    Raises BadModel, naming field or node, for damaged files; Unsupported for what the runtime cannot read.
    """
    model = decode(memoryview(data), "Model", ONNX)
    if "graph" not in model:
        raise BadModel("This is no ONNX model: it holds no graph. Choose a file that ends in .onnx.")
    opsets: dict[str, int] = {}
    for entry in _messages(model, "opset_import"):
        domain = str(entry.get("domain", ""))
        opsets["" if domain in DEFAULT_DOMAINS else domain] = cast(int, entry.get("version", 1))
    if model.get("functions"):
        raise Unsupported("The model defines functions of its own, which this runtime can't read yet.")
    graph = _Loader(opsets, folder).graph(cast(Message, model["graph"]))
    graph.metadata = {
        str(entry.get("key", "")): str(entry.get("value", "")) for entry in _messages(model, "metadata_props")
    }
    graph.sort()
    return graph


def load(path: str | Path) -> Graph:
    """Reads an ONNX model from a file, with external data beside it. Errors: see `load_bytes`."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadModel(f"The model file {path.name} can't be read: {error.strerror}.") from None
    return load_bytes(data, path.parent)
