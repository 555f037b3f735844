"""ONNX file -> Graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import cast

from hearth.errors import BadModel, DamagedModel, MissingModel, Unsupported
from hearth.runtime import metadata
from hearth.runtime.graph import Attribute, Graph, Node
from hearth.runtime.onnx_schema import ONNX
from hearth.runtime.protobuf import Message, decode
from hearth.runtime.tensors import sparse_array, tensor_array
from hearth.runtime.types import (
    Dim,
    MapType,
    OptionalType,
    SequenceType,
    TensorType,
    ValueType,
    dtype_of,
)
from hearth.runtime.unread import Constant

NO_GRAPH = "This is no ONNX model: it holds no graph. Choose a file that ends in .onnx."
DEFAULT_DOMAINS = ("", "ai.onnx")
OVERRIDES_SINCE = 4
"""The IR version before which every initialiser was listed among the inputs, and was a constant all the same."""
NOT_DECLARED = {"": 28, "ai.onnx.ml": 5}
"""The opsets by which nodes are read whose domain the model declares no version of: the newest, as in onnxruntime."""
MAX_CALLS = 50
MAX_NODES = 200_000
"""Functions that call functions may not blow a small file up without end."""


def _messages(message: Message, key: str) -> list[Message]:
    return cast(list[Message], message.get(key, []))


def _dim(dim: Message) -> Dim:
    if "dim_value" in dim:
        size = cast(int, dim["dim_value"])
        if size < -1:
            raise BadModel(f"The model declares a dimension of size {size}.")
        return None if size == -1 else size  # what some converters write for a size that is open
    return str(dim["dim_param"]) if dim.get("dim_param") else None


def _value_type(message: Message) -> ValueType:
    if "tensor_type" in message or "sparse_tensor_type" in message:
        tensor = cast(Message, message.get("tensor_type") or message.get("sparse_tensor_type") or {})
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


def value_info(message: Message) -> tuple[str, ValueType]:
    """The name and the type that a ValueInfo declares."""
    return str(message.get("name", "")), _value_type(cast(Message, message.get("type", {})))


def _domain(message: Message) -> str:
    domain = str(message.get("domain", ""))
    return "" if domain in DEFAULT_DOMAINS else domain


def _opsets(message: Message) -> dict[str, int]:
    return {_domain(entry): cast(int, entry.get("version", 1)) for entry in _messages(message, "opset_import")}


_KIND_BY_FIELD = {"f": 1, "i": 2, "s": 3, "t": 4, "g": 5, "floats": 6, "ints": 7, "strings": 8}
"""The earliest files leave out an attribute's type: the field that is there tells it."""

FunctionKey = tuple[str, str, str]
"""(domain, name, overload)"""


@dataclass(frozen=True)
class _Scope:
    """Where nodes are read: the graph of the model, or the body of one call of a function.

    In a body `names` maps the function's inputs and outputs to the caller's values, every other value gets `prefix`,
    and `attributes` holds what the caller set, to which the body's attributes may refer.
    """

    opsets: Mapping[str, int]
    attributes: Mapping[str, Message] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    calls: tuple[FunctionKey, ...] = ()

    def name(self, name: str) -> str:
        return self.names.get(name, self.prefix + name if name else "")


class _Loader:
    """Turns decoded messages into a Graph. Calls of the model's own functions are replaced by the functions' nodes."""

    def __init__(self, functions: Mapping[FunctionKey, Message], folder: Path | None) -> None:
        self.functions = functions
        self.folder = folder
        self.made = 0

    def attribute(self, message: Message, node: str, scope: _Scope) -> Attribute:
        kind = cast(int, message.get("type", 0))
        kind = kind or next((number for key, number in _KIND_BY_FIELD.items() if key in message), 0)
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
                return self.graph(cast(Message, message.get("g", {})), scope)
            case 6:
                return message.get("floats", [])
            case 7:
                return message.get("ints", [])
            case 8:
                raws = [bytes(raw) for raw in cast(list[memoryview | bytes], message.get("strings", []))]
                texts = {raw: raw.decode("utf-8", "surrogateescape") for raw in set(raws)}
                return [texts[raw] for raw in raws]
            case 9:
                return [tensor_array(tensor, self.folder) for tensor in _messages(message, "tensors")]
            case 10:
                return [self.graph(graph, scope) for graph in _messages(message, "graphs")]
            case 11:
                return sparse_array(cast(Message, message.get("sparse_tensor", {})), self.folder)[1]
            case 13:
                return _value_type(cast(Message, message.get("tp", {})))
            case 14:
                return [_value_type(kind) for kind in _messages(message, "type_protos")]
            case _:
                raise Unsupported(
                    f"The attribute '{message.get('name')}' of {node} is of type {kind}, which this runtime can't read."
                )

    def attribute_messages(self, message: Message, scope: _Scope, node: str) -> dict[str, Message]:
        """The node's attributes by name; those that refer to a function's attribute take its value, if it has one."""
        found: dict[str, Message] = {}
        for attribute in _messages(message, "attribute"):
            name, referred = str(attribute.get("name", "")), str(attribute.get("ref_attr_name", ""))
            if referred and scope.attributes is None:
                raise BadModel(f"The attribute '{name}' of {node} refers to a function's, outside of one.")
            if not referred:
                found[name] = attribute
            elif scope.attributes is not None and referred in scope.attributes:
                found[name] = scope.attributes[referred]
        return found

    def nodes(self, message: Message, scope: _Scope) -> Iterator[Node]:
        """The node that a message describes, or the nodes of the function that it calls."""
        domain, op = _domain(message), str(message.get("op_type", ""))
        if not op:
            raise BadModel(f"The node '{message.get('name', '')}' has no op type.")
        key = (domain, op, str(message.get("overload", "")))
        if key in self.functions:
            yield from self.call(key, message, scope)
            return
        self.made += 1
        if self.made > MAX_NODES:
            raise BadModel(f"The model has more than {MAX_NODES:,} nodes once its functions are expanded.")
        node = Node(
            op=op,
            inputs=[scope.name(name) for name in cast(list[str], message.get("input", []))],
            outputs=[scope.name(name) for name in cast(list[str], message.get("output", []))],
            domain=domain,
            opset=scope.opsets.get(domain, 1),
            name=scope.prefix + str(message.get("name", "")),
        )
        for name, attribute in self.attribute_messages(message, scope, node.label).items():
            node.attributes[name] = self.attribute(attribute, node.label, scope)
        yield node

    def call(self, key: FunctionKey, message: Message, scope: _Scope) -> Iterator[Node]:
        """The nodes of a function's body, with the caller's names and attributes."""
        function, title = self.functions[key], f"{key[0]}.{key[1]}"
        if key in scope.calls or len(scope.calls) > MAX_CALLS:
            raise BadModel(f"The function {title} calls itself, or calls nest over {MAX_CALLS} deep.")
        self.made += 1
        inputs = cast(list[str], message.get("input", []))
        outputs = cast(list[str], message.get("output", []))
        parameters = cast(list[str], function.get("input", []))
        results = cast(list[str], function.get("output", []))
        if len(inputs) > len(parameters) or len(outputs) > len(results):
            raise BadModel(f"A call of the function {title} has more inputs or outputs than the function.")
        names = {formal: scope.name(actual) for formal, actual in zip_longest(parameters, inputs, fillvalue="")}
        copies = []
        for formal, actual in zip(results, outputs, strict=False):
            if formal in names:
                copies.append((names[formal], scope.name(actual)))
            elif actual:
                names[formal] = scope.name(actual)
        attributes = {str(item.get("name", "")): item for item in _messages(function, "attribute_proto")}
        attributes.update(self.attribute_messages(message, scope, title))
        prefix = f"{scope.prefix}{key[1]}.{self.made}/"
        inner = _Scope(_opsets(function) or scope.opsets, attributes, names, prefix, (*scope.calls, key))
        for node in _messages(function, "node"):
            yield from self.nodes(node, inner)
        for source, target in copies:
            yield Node("Identity", [source], [target], opset=scope.opsets.get("", 1))

    def graph(self, message: Message, scope: _Scope) -> Graph:
        constants: dict[str, Constant] = {}
        for tensor in _messages(message, "initializer"):
            constants[scope.name(str(tensor.get("name", "")))] = tensor_array(tensor, self.folder)
        for sparse in _messages(message, "sparse_initializer"):
            name, array = sparse_array(sparse, self.folder)
            constants[scope.name(name)] = array

        def infos(key: str) -> dict[str, ValueType]:
            pairs = map(value_info, _messages(message, key))
            return {scope.name(name): kind for name, kind in pairs}

        declared = infos("input")
        return Graph(
            name=str(message.get("name", "")),
            inputs={name: kind for name, kind in declared.items() if name not in constants},
            outputs=infos("output"),
            nodes=[made for node in _messages(message, "node") for made in self.nodes(node, scope)],
            constants=constants,
            types=infos("value_info"),
            overridable={name: kind for name, kind in declared.items() if name in constants},
        )


def load_bytes(data: bytes | bytearray | memoryview, folder: Path | None = None) -> Graph:
    """Reads an ONNX model from memory. `folder` holds its external data, if it has any.

    Raises BadModel, naming field or node, for damaged files; Unsupported for what the runtime cannot read.
    """
    model = decode(memoryview(data), "Model", ONNX)
    if "graph" not in model:
        raise DamagedModel(NO_GRAPH)
    functions = {
        (_domain(item), str(item.get("name", "")), str(item.get("overload", ""))): item
        for item in _messages(model, "functions")
    }
    opsets = _opsets(model)
    graph = _Loader(functions, folder).graph(cast(Message, model["graph"]), _Scope(NOT_DECLARED | opsets))
    graph.opsets, graph.ir_version = opsets, cast(int, model.get("ir_version", 0))
    graph.metadata = metadata.read(model)
    if graph.ir_version < OVERRIDES_SINCE:
        graph.overridable = {}
    graph.sort()
    return graph


def load(path: str | Path) -> Graph:
    """Reads an ONNX model from a file, with external data beside it. Errors: see `load_bytes`."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: no path of a file holds a zero
        reason = error.strerror if isinstance(error, OSError) else error
        raise MissingModel(f"The model file {path.name} can't be read: {reason}.") from error
    return load_bytes(data, path.parent)
