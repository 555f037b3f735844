"""ORT format (onnxruntime's own flatbuffer) -> standard ONNX.

The flatbuffer holds the same graph as an ONNX file, after onnxruntime's optimiser has fused and quantised it;
`ort_fused` takes that back. Its schema comes with the onnxruntime package.
"""

from graphlib import TopologicalSorter
from typing import Any

import onnx
from onnx import AttributeProto, helper
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.DimensionValueType import (
    DimensionValueType,
)
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import (
    InferenceSession,
)
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.TensorTypeAndShape import (
    TensorTypeAndShape,
)
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.TypeInfoValue import (
    TypeInfoValue,
)

from hearth.errors import BadModel, Unsupported
from models.convert import ort_fused

IR_VERSION = 10


def to_onnx(data: bytes) -> onnx.ModelProto:
    """The model with standard operators only; subgraphs (of If, Loop, Scan) stay subgraphs.

    Raises BadModel when the bytes are no such file, Unsupported for a fused operator that is not known here.
    """
    fused = read(data)
    standard = [entry for entry in fused.opset_import if not entry.domain]
    return helper.make_model(ort_fused.lowered(fused.graph), opset_imports=standard, ir_version=fused.ir_version)


def read(data: bytes) -> onnx.ModelProto:
    """The model as the file has it, fused operators included. Raises BadModel when the bytes are no such file."""
    if not InferenceSession.InferenceSessionBufferHasIdentifier(data, 0):
        raise BadModel("This is not a model in ORT format: its file identifier is missing.")
    source = InferenceSession.GetRootAs(data, 0).Model()
    opsets = [source.OpsetImport(i) for i in range(source.OpsetImportLength())]
    imports = [helper.make_opsetid(_text(entry.Domain()), entry.Version()) for entry in opsets]
    ir_version = min(source.IrVersion(), IR_VERSION)
    return helper.make_model(_graph(source.Graph(), "main"), opset_imports=imports, ir_version=ir_version)


def _graph(source: Any, name: str) -> onnx.GraphProto:
    types = {_text(arg.Name()): arg for arg in (source.NodeArgs(i) for i in range(source.NodeArgsLength()))}
    if source.SparseInitializersLength():
        raise Unsupported("The model has sparse weights, which do not convert yet.")
    return helper.make_graph(
        _sorted_nodes([_node(source.Nodes(i)) for i in range(source.NodesLength())]),
        name,
        [_value_info(types[_text(source.Inputs(i))]) for i in range(source.InputsLength())],
        [_value_info(types[_text(source.Outputs(i))]) for i in range(source.OutputsLength())],
        [_tensor(source.Initializers(i)) for i in range(source.InitializersLength())],
        value_info=[_value_info(arg) for name, arg in types.items() if arg.Type() is not None],
    )


def _sorted_nodes(nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """The file keeps nodes in no order; ONNX wants each one after those whose values it takes."""
    maker = {output: i for i, node in enumerate(nodes) for output in node.output if output}
    order: TopologicalSorter[int] = TopologicalSorter()
    for i, node in enumerate(nodes):
        order.add(i, *(maker[name] for name in ort_fused.taken_names(node) if name in maker))
    return [nodes[i] for i in order.static_order()]


def _node(source: Any) -> onnx.NodeProto:
    node = onnx.NodeProto(
        name=_text(source.Name()),
        op_type=_text(source.OpType()),
        domain=_text(source.Domain()),
        input=[_text(source.Inputs(i)) for i in range(source.InputsLength())],
        output=[_text(source.Outputs(i)) for i in range(source.OutputsLength())],
    )
    node.attribute.extend(_attribute(source.Attributes(i)) for i in range(source.AttributesLength()))
    return node


def _attribute(source: Any) -> onnx.AttributeProto:
    attribute = AttributeProto(name=_text(source.Name()), type=source.Type())
    match source.Type():  # the numbers are ONNX's
        case AttributeProto.FLOAT:
            attribute.f = source.F()
        case AttributeProto.INT:
            attribute.i = source.I()
        case AttributeProto.STRING:
            attribute.s = source.S() or b""
        case AttributeProto.TENSOR:
            attribute.t.CopyFrom(_tensor(source.T()))
        case AttributeProto.GRAPH:
            attribute.g.CopyFrom(_graph(source.G(), attribute.name))
        case AttributeProto.FLOATS:
            attribute.floats.extend(source.Floats(i) for i in range(source.FloatsLength()))
        case AttributeProto.INTS:
            attribute.ints.extend(source.Ints(i) for i in range(source.IntsLength()))
        case AttributeProto.STRINGS:
            attribute.strings.extend(source.Strings(i) for i in range(source.StringsLength()))
        case other:
            raise Unsupported(f"The attribute {attribute.name} has type {other}, which does not convert yet.")
    return attribute


def _tensor(source: Any) -> onnx.TensorProto:
    tensor = onnx.TensorProto(name=_text(source.Name()), data_type=source.DataType())
    tensor.dims.extend(source.Dims(i) for i in range(source.DimsLength()))
    if source.StringDataLength():
        tensor.string_data.extend(source.StringData(i) for i in range(source.StringDataLength()))
    else:
        tensor.raw_data = source.RawDataAsNumpy().tobytes() if source.RawDataLength() else b""
    return tensor


def _value_info(source: Any) -> onnx.ValueInfoProto:
    info = onnx.ValueInfoProto(name=_text(source.Name()))
    kind = source.Type()
    if kind is None:
        return info
    if kind.ValueType() != TypeInfoValue.tensor_type:
        raise Unsupported(f"The value {info.name} is not a tensor; such values do not convert yet.")
    table, tensor = kind.Value(), TensorTypeAndShape()
    tensor.Init(table.Bytes, table.Pos)
    info.type.tensor_type.elem_type = tensor.ElemType()
    if (shape := tensor.Shape()) is not None:
        info.type.tensor_type.shape.SetInParent()
        for i in range(shape.DimLength()):
            dim, source_dim = info.type.tensor_type.shape.dim.add(), shape.Dim(i).Value()
            if source_dim is not None and source_dim.DimType() == DimensionValueType.VALUE:
                dim.dim_value = source_dim.DimValue()
            elif source_dim is not None and source_dim.DimType() == DimensionValueType.PARAM:
                dim.dim_param = _text(source_dim.DimParam())
    return info


def _text(value: bytes | None) -> str:
    return (value or b"").decode()
