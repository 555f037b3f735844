"""Converted TFLite graphs give what LiteRT, TFLite's own interpreter, gives."""

from typing import Any

import flatbuffers
import numpy as np
import onnx
import onnxruntime
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray
from PIL import Image

from hearth.desk import models
from hearth.desk.fetch import Cache
from hearth.errors import BadModel, Unsupported
from models.convert import tflite
from tests.photos import NAMES, photo

Array = NDArray[Any]
RANDOM = np.random.default_rng(5)
SAME, VALID = 0, 1
NONE, RELU, RELU_N1_TO_1, RELU6, TANH = range(5)


def by_litert(data: bytes, x: Array) -> Array:
    """x and the result in NHWC. Reference kernels, but for MediaPipe's operators, which only XNNPACK has."""
    has_custom = b"Convolution2DTransposeBias" in data
    resolver = OpResolverType.AUTO if has_custom else OpResolverType.BUILTIN_REF
    interpreter = Interpreter(model_content=data, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


def by_onnx(data: bytes, x: Array) -> Array:
    """The same through the conversion and onnxruntime."""
    model = tflite.to_onnx(data)
    onnx.checker.check_model(model, full_check=True)
    assert "Transpose" not in {node.op_type for node in model.graph.node}
    session = onnxruntime.InferenceSession(model.SerializeToString())
    y = session.run(None, {"input": np.ascontiguousarray(x.transpose(0, 3, 1, 2))})[0]
    return np.asarray(y).transpose(0, 2, 3, 1)


@pytest.fixture(scope="module")
def selfie() -> bytes:
    return Cache().get(models.find("selfie").source.pinned()).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_selfie_segmentation_sees_the_same_people(selfie: bytes, name: str) -> None:
    picture = Image.open(photo(name)).convert("RGB").resize((256, 256))
    x = np.asarray(picture, np.float32)[None] / 255
    mask, expected = by_onnx(selfie, x), by_litert(selfie, x)
    np.testing.assert_allclose(mask, expected, atol=1e-4)
    if name == "astronaut":
        assert 0.3 < (expected > 0.5).mean() < 0.8, "the person fills about half of the picture"


def network(
    name: str,
    options: Any,
    shape: tuple[int, ...],
    weights: list[Array],
    output: tuple[int, ...] | None = None,
) -> bytes:
    """A TFLite file of one operator: the picture of that shape and the weights in, one picture out.

    Options in bytes are those of a custom operator, whose `output` shape must be given; others LiteRT knows.
    """
    operator_code = schema.OperatorCodeT()
    if not isinstance(options, bytes):
        operator_code.builtinCode = getattr(schema.BuiltinOperator, name)
        operator_code.deprecatedBuiltinCode = min(operator_code.builtinCode, 127)
    else:
        operator_code.builtinCode = schema.BuiltinOperator.CUSTOM
        operator_code.deprecatedBuiltinCode, operator_code.customCode = schema.BuiltinOperator.CUSTOM, name
    buffers, tensors = [schema.BufferT()], []
    types = {"float32": schema.TensorType.FLOAT32, "int32": schema.TensorType.INT32}
    for values in [None, *weights, None]:
        tensor = schema.TensorT()
        tensor.shape = list(shape if values is None else values.shape)
        tensor.type = schema.TensorType.FLOAT32 if values is None else types[values.dtype.name]
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
            tensor.buffer = len(buffers)
            buffers.append(buffer)
        tensors.append(tensor)
    operator, graph, model = schema.OperatorT(), schema.SubGraphT(), schema.ModelT()
    operator.inputs, operator.outputs = list(range(len(weights) + 1)), [len(weights) + 1]
    if isinstance(options, bytes):
        operator.customOptions = np.frombuffer(options, np.uint8)
    elif options is not None:
        operator.builtinOptions = options
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
    graph.tensors, graph.operators = tensors, [operator]
    graph.inputs, graph.outputs = [0], [len(tensors) - 1]
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [operator_code], [graph], buffers
    tensors[-1].shape = list(output or by_litert(packed(model), np.zeros(shape, np.float32)).shape)
    return packed(model)


def packed(model: Any) -> bytes:
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def agree(data: bytes, shape: tuple[int, ...]) -> None:
    x = RANDOM.normal(0, 3, shape).astype(np.float32)
    np.testing.assert_allclose(by_onnx(data, x), by_litert(data, x), rtol=1e-5, atol=1e-5)


def normal(*shape: int) -> Array:
    return RANDOM.normal(size=shape).astype(np.float32)


def window(options: Any, padding: int, stride: tuple[int, int], activation: int = NONE) -> Any:
    options.padding, options.fusedActivationFunction = padding, activation
    options.strideH, options.strideW = stride
    return options


@pytest.mark.parametrize("padding", [SAME, VALID])
@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (2, 3)])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 5)])
@pytest.mark.parametrize("size", [(8, 8), (9, 12)])
def test_convolution_pads_as_tensorflow_does(
    padding: int, stride: tuple[int, int], kernel: tuple[int, int], size: tuple[int, int]
) -> None:
    options = window(schema.Conv2DOptionsT(), padding, stride)
    options.dilationHFactor = options.dilationWFactor = 1
    shape = (1, *size, 3)
    agree(network("CONV_2D", options, shape, [normal(5, *kernel, 3), normal(5)]), shape)


@pytest.mark.parametrize("activation", [RELU, RELU_N1_TO_1, RELU6])
def test_fused_activation_is_kept(activation: int) -> None:
    options = window(schema.Conv2DOptionsT(), SAME, (1, 1), activation)
    options.dilationHFactor = options.dilationWFactor = 2
    agree(network("CONV_2D", options, (1, 7, 7, 2), [normal(4, 3, 3, 2), normal(4)]), (1, 7, 7, 2))


@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_convolution_keeps_channels_apart(multiplier: int) -> None:
    options = window(schema.DepthwiseConv2DOptionsT(), SAME, (2, 2), RELU)
    options.depthMultiplier, options.dilationHFactor, options.dilationWFactor = multiplier, 1, 1
    weights = [normal(1, 5, 5, 4 * multiplier), normal(4 * multiplier)]
    agree(network("DEPTHWISE_CONV_2D", options, (1, 10, 11, 4), weights), (1, 10, 11, 4))


@pytest.mark.parametrize("filter_size", [(9, 9), (3, 3), (2, 4)])
@pytest.mark.parametrize("padding", [SAME, VALID])
def test_average_leaves_padding_out(filter_size: tuple[int, int], padding: int) -> None:
    options = window(schema.Pool2DOptionsT(), padding, (2, 2))
    options.filterHeight, options.filterWidth = filter_size
    agree(network("AVERAGE_POOL_2D", options, (1, 9, 9, 3), []), (1, 9, 9, 3))


@pytest.mark.parametrize("grid", ["halfPixelCenters", "alignCorners", "neither"])
@pytest.mark.parametrize("size", [(16, 16), (11, 5)])
def test_resize_takes_the_same_grid(grid: str, size: tuple[int, int]) -> None:
    options = schema.ResizeBilinearOptionsT()
    options.halfPixelCenters, options.alignCorners = grid == "halfPixelCenters", grid == "alignCorners"
    agree(network("RESIZE_BILINEAR", options, (1, 8, 7, 2), [np.array(size, np.int32)]), (1, 8, 7, 2))


@pytest.mark.parametrize(("kernel", "padding", "size"), [((2, 2), 1, (10, 12)), ((3, 3), 1, (10, 12)),
                                                         ((3, 3), 2, (11, 13))])  # fmt: skip
def test_transposed_convolution_of_mediapipe(kernel: tuple[int, int], padding: int, size: tuple[int, int]) -> None:
    options = np.array([padding, 2, 2], "<i4").tobytes()
    shape, weights = (1, 5, 6, 3), [normal(2, *kernel, 3), normal(2)]
    agree(network("Convolution2DTransposeBias", options, shape, weights, (1, *size, 2)), shape)


@pytest.mark.parametrize("name", ["HARD_SWISH", "LOGISTIC", "RELU"])
def test_pointwise_functions(name: str) -> None:
    agree(network(name, None, (1, 4, 5, 3), []), (1, 4, 5, 3))


def test_products_with_a_picture_that_the_file_holds_are_turned_with_it() -> None:
    agree(network("MUL", schema.MulOptionsT(), (1, 4, 5, 3), [normal(1, 4, 5, 3)]), (1, 4, 5, 3))
    agree(network("ADD", schema.AddOptionsT(), (1, 4, 5, 3), [normal(1, 1, 1, 3)]), (1, 4, 5, 3))


def test_an_unknown_operator_is_named() -> None:
    data = network("FLOOR", None, (1, 4, 4, 1), [])
    with pytest.raises(Unsupported, match=r"FLOOR \(number 0 of the graph\)"):
        tflite.to_onnx(data)


def test_another_file_is_refused() -> None:
    with pytest.raises(BadModel, match="not a TFLite model"):
        tflite.to_onnx(b"\x08\x07\x12\x07pytorch")
