"""TFLite flatbuffer -> ONNX, for image networks made of convolutions.

TFLite lays pictures out as (N, H, W, C), ONNX as (N, C, H, W). Every value of four dimensions is simply
declared to be NCHW and every kernel and constant is turned once, here; so the ONNX file has no Transpose
at all, and its own input and output are NCHW. Weights stored as float16 become float32.

Operators mean what TensorFlow Lite's reference kernels do; `Convolution2DTransposeBias` is MediaPipe's own (a
transposed convolution with a bias).
"""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from hearth.errors import BadModel, Unsupported

Array = NDArray[Any]
OPSET = 17

_NUMPY_TYPES: dict[int, np.dtype[Any]] = {
    tflite.TensorType.FLOAT32: np.dtype(np.float32),
    tflite.TensorType.FLOAT16: np.dtype(np.float16),
    tflite.TensorType.INT32: np.dtype(np.int32),
}
_OPERATOR_NAMES: dict[int, str] = {
    code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
_ACTIVATIONS: dict[int, tuple[str, tuple[float, ...]]] = {
    tflite.ActivationFunctionType.RELU: ("Relu", ()),
    tflite.ActivationFunctionType.RELU6: ("Clip", (0.0, 6.0)),
    tflite.ActivationFunctionType.RELU_N1_TO_1: ("Clip", (-1.0, 1.0)),
    tflite.ActivationFunctionType.TANH: ("Tanh", ()),
}


def to_onnx(data: bytes) -> onnx.ModelProto:
    """The first subgraph of a TFLite file as an ONNX model, inputs and outputs in NCHW.

    Raises BadModel when the bytes are no TFLite file, Unsupported when an operator has no conversion here.
    """
    if data[4:8] != b"TFL3":
        raise BadModel("This is not a TFLite model: its file identifier is missing.")
    return _Conversion(tflite.Model.GetRootAs(data, 0)).model()


class _Conversion:
    """One subgraph on its way: tensors are known by their TFLite index, ONNX values by a name made of it."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._graph = model.Subgraphs(0)
        self._constants: dict[int, Array] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, Array] = {}
        self._names: dict[int, str] = {}

    def model(self) -> onnx.ModelProto:
        graph = self._graph
        inputs = [int(index) for index in graph.InputsAsNumpy()]
        outputs = [int(index) for index in graph.OutputsAsNumpy()]
        self._names = {index: f"input_{n}" if n else "input" for n, index in enumerate(inputs)}
        self._names |= {index: f"output_{n}" if n else "output" for n, index in enumerate(outputs)}
        for position in range(graph.OperatorsLength()):
            operator = graph.Operators(position)
            name = self._operator_name(operator)
            if name not in _CONVERTERS:
                raise Unsupported(
                    f"The TFLite operator {name} (number {position} of the graph) has no conversion to ONNX; "
                    f"known are {', '.join(sorted(_CONVERTERS))}."
                )
            _CONVERTERS[name](self, operator)
        onnx_graph = helper.make_graph(
            self._nodes,
            "tflite",
            [self._value_info(index) for index in inputs],
            [self._value_info(index) for index in outputs],
            [numpy_helper.from_array(array, name) for name, array in self._initializers.items()],
        )
        return helper.make_model(onnx_graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)

    # What an operator's converter asks for

    def options(self, operator: Any, table: Any) -> Any:
        """The operator's options, read as the given flatbuffer table."""
        raw = operator.BuiltinOptions()
        options = table()
        options.Init(raw.Bytes, raw.Pos)
        return options

    def shape(self, index: int) -> tuple[int, int, int, int]:
        """(N, H, W, C) of a tensor, as the file has it."""
        shape = [int(size) for size in self._graph.Tensors(index).ShapeAsNumpy()]
        if len(shape) != 4 or min(shape) < 1:
            raise Unsupported(f"The tensor {self._title(index)} is {shape}; only fixed (N, H, W, C) converts.")
        return shape[0], shape[1], shape[2], shape[3]

    def constant(self, index: int) -> Array:
        """The values of a tensor that the file itself holds, in the file's layout, floats as float32."""
        if index not in self._constants:
            tensor = self._graph.Tensors(index)
            buffer = self._model.Buffers(tensor.Buffer())
            if not buffer.DataLength():
                raise Unsupported(f"The tensor {self._title(index)} should be constant, but is computed.")
            if tensor.Type() not in _NUMPY_TYPES:
                raise Unsupported(f"The constant {self._title(index)} has a type that does not convert yet.")
            dtype = _NUMPY_TYPES[tensor.Type()]
            array: Array = np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype)
            shape = tensor.ShapeAsNumpy() if tensor.ShapeLength() else ()
            self.keep(index, array.reshape(shape))
        return self._constants[index]

    def keep(self, index: int, array: Array) -> None:
        """Notes that a tensor is constant."""
        self._constants[index] = array.astype(np.float32) if array.dtype.kind == "f" else array

    def value(self, index: int) -> str:
        """ONNX name of a float tensor of four dimensions, constant or computed."""
        name = self._names.setdefault(index, f"t{index}")
        stored = self._model.Buffers(self._graph.Tensors(index).Buffer()).DataLength()
        if (index in self._constants or stored) and name not in self._initializers:
            self.shape(index)
            self.initializer(name, self.constant(index).transpose(0, 3, 1, 2))
        return name

    def initializer(self, name: str, array: Array) -> str:
        self._initializers[name] = np.ascontiguousarray(array)
        return name

    def add(self, op_type: str, inputs: list[str], output: int, activation: int = 0, **attributes: Any) -> None:
        """Adds a node that makes the tensor `output`, and the activation that TFLite fused into it."""
        name = self._names.setdefault(output, f"t{output}")
        if not activation:
            self._nodes.append(helper.make_node(op_type, inputs, [name], **attributes))
            return
        if activation not in _ACTIVATIONS:
            raise Unsupported(f"The fused activation number {activation} of TFLite has no conversion to ONNX yet.")
        function, limits = _ACTIVATIONS[activation]
        bounds = [self.initializer(f"limit_{limit:g}", np.array(limit, np.float32)) for limit in limits]
        self._nodes.append(helper.make_node(op_type, inputs, [name + "_linear"], **attributes))
        self._nodes.append(helper.make_node(function, [name + "_linear", *bounds], [name]))

    def _operator_name(self, operator: Any) -> str:
        code = self._model.OperatorCodes(operator.OpcodeIndex())
        if code.CustomCode():
            name: str = code.CustomCode().decode()
            return name
        # Codes under 127 may lie in the older, 8-bit field only.
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        return _OPERATOR_NAMES.get(number) or f"number {number}"

    def _title(self, index: int) -> str:
        return (self._graph.Tensors(index).Name() or b"").decode() or f"number {index}"

    def _value_info(self, index: int) -> onnx.ValueInfoProto:
        n, h, w, c = self.shape(index)
        return helper.make_tensor_value_info(self._names[index], TensorProto.FLOAT, [n, c, h, w])


def _same_pads(size: int, out: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """TensorFlow's SAME: what is missing, the smaller half before."""
    missing = max((out - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return missing // 2, missing - missing // 2


def _window(
    c: _Conversion,
    options: Any,
    source: int,
    target: int,
    kernel: tuple[int, int],
    dilation: tuple[int, int] = (1, 1),
) -> dict[str, Any]:
    """ONNX's kernel_shape, strides and pads (top, left, bottom, right) of a sliding window."""
    strides = (options.StrideH(), options.StrideW())
    pads = [(0, 0), (0, 0)]
    if options.Padding() == tflite.Padding.SAME:
        sizes = zip(c.shape(source)[1:3], c.shape(target)[1:3], kernel, strides, dilation, strict=True)
        pads = [_same_pads(*each) for each in sizes]
    (top, bottom), (left, right) = pads
    return {"kernel_shape": list(kernel), "strides": list(strides), "pads": [top, left, bottom, right]}


def _conv(c: _Conversion, operator: Any, depthwise: bool) -> None:
    table = tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions
    options = c.options(operator, table)
    source, kernel_index, *bias = (int(index) for index in operator.InputsAsNumpy())
    target = operator.Outputs(0)
    kernel = c.constant(kernel_index)  # (O, H, W, I), depthwise (1, H, W, O)
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    height, width = kernel.shape[1:3]
    attributes = _window(c, options, source, target, (height, width), dilation)
    groups = c.shape(source)[3] // (1 if depthwise else kernel.shape[3])
    turned = kernel.transpose(3, 0, 1, 2) if depthwise else kernel.transpose(0, 3, 1, 2)
    inputs = [c.value(source), c.initializer(f"w{kernel_index}", turned)]
    inputs += [c.initializer(f"b{index}", c.constant(index)) for index in bias if index >= 0]
    attributes |= {"dilations": list(dilation), "group": groups}
    c.add("Conv", inputs, target, options.FusedActivationFunction(), **attributes)


def _conv_transpose_bias(c: _Conversion, operator: Any) -> None:
    """MediaPipe's own; its options are three int32: padding (1 same, 2 valid), stride across, stride down."""
    padding, stride_w, stride_h = struct.unpack("<3i", bytes(operator.CustomOptionsAsNumpy()))
    source, kernel_index, bias_index = (int(index) for index in operator.InputsAsNumpy())
    target = operator.Outputs(0)
    kernel = c.constant(kernel_index)  # (O, H, W, I)
    size = list(kernel.shape[1:3])
    pads = [(0, 0), (0, 0)]
    if padding == 1:
        strides = (stride_h, stride_w)
        sizes = zip(c.shape(target)[1:3], c.shape(source)[1:3], size, strides, (1, 1), strict=True)
        pads = [_same_pads(*each) for each in sizes]
    (top, bottom), (left, right) = pads
    inputs = [
        c.value(source),
        c.initializer(f"w{kernel_index}", kernel.transpose(3, 0, 1, 2)),
        c.initializer(f"b{bias_index}", c.constant(bias_index)),
    ]
    c.add(
        "ConvTranspose",
        inputs,
        target,
        kernel_shape=size,
        strides=[stride_h, stride_w],
        pads=[top, left, bottom, right],
    )


def _average_pool(c: _Conversion, operator: Any) -> None:
    options = c.options(operator, tflite.Pool2DOptions)
    source, target = operator.Inputs(0), operator.Outputs(0)
    kernel = (options.FilterHeight(), options.FilterWidth())
    activation = options.FusedActivationFunction()
    if c.shape(source)[1:3] == kernel and c.shape(target)[1:3] == (1, 1):
        c.add("GlobalAveragePool", [c.value(source)], target, activation)
    else:
        window = _window(c, options, source, target, kernel)
        c.add("AveragePool", [c.value(source)], target, activation, count_include_pad=0, **window)


def _resize_bilinear(c: _Conversion, operator: Any) -> None:
    options = c.options(operator, tflite.ResizeBilinearOptions)
    source, target = operator.Inputs(0), operator.Outputs(0)
    n, height, width, channels = c.shape(target)
    grid = "align_corners" if options.AlignCorners() else "asymmetric"
    grid = "half_pixel" if options.HalfPixelCenters() else grid
    sizes = c.initializer(f"sizes_t{target}", np.array([n, channels, height, width], np.int64))
    inputs = [c.value(source), "", "", sizes]
    c.add("Resize", inputs, target, mode="linear", coordinate_transformation_mode=grid)


def _dequantize(c: _Conversion, operator: Any) -> None:
    """Only float16 -> float32 of constants: done here and now, no node is left."""
    if c.constant(operator.Inputs(0)).dtype != np.float32:
        raise Unsupported("DEQUANTIZE converts from float16 only.")
    c.keep(operator.Outputs(0), c.constant(operator.Inputs(0)))


def _binary(op_type: str, table: Any) -> "_Converter":
    def convert(c: _Conversion, operator: Any) -> None:
        inputs = [c.value(int(index)) for index in operator.InputsAsNumpy()]
        c.add(op_type, inputs, operator.Outputs(0), c.options(operator, table).FusedActivationFunction())

    return convert


def _unary(op_type: str) -> "_Converter":
    return lambda c, operator: c.add(op_type, [c.value(operator.Inputs(0))], operator.Outputs(0))


_Converter = Callable[[_Conversion, Any], None]
_CONVERTERS: dict[str, _Converter] = {
    "ADD": _binary("Add", tflite.AddOptions),
    "AVERAGE_POOL_2D": _average_pool,
    "CONV_2D": lambda c, operator: _conv(c, operator, depthwise=False),
    "Convolution2DTransposeBias": _conv_transpose_bias,
    "DEPTHWISE_CONV_2D": lambda c, operator: _conv(c, operator, depthwise=True),
    "DEQUANTIZE": _dequantize,
    "HARD_SWISH": _unary("HardSwish"),
    "LOGISTIC": _unary("Sigmoid"),
    "MUL": _binary("Mul", tflite.MulOptions),
    "RELU": _unary("Relu"),
    "RESIZE_BILINEAR": _resize_bilinear,
}
