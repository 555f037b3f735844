"""The same calls on onnxruntime and on Hearth's module of its API: same results, same exceptions, matching words."""

from __future__ import annotations

import importlib
import threading
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import hearth.onnxruntime as ours
from tests.api.models import (
    BFLOAT16,
    FLOAT,
    INT64,
    STRING,
    add_relu,
    feeds,
    file,
    mean_beyond_the_map,
    one_node,
    product,
    run_bound,
    session,
    x,
    y,
)

real = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.desk

Call = Callable[[ModuleType], Any]


def raised(call: Call, ort: ModuleType) -> BaseException:
    with warnings.catch_warnings(), pytest.raises(Exception) as caught:
        warnings.simplefilter("ignore")
        call(ort)
    return caught.value


def run(feeds: dict[str, Any], names: Any = None) -> Call:
    return lambda ort: session(ort).run(names, feeds)


WORKS: dict[str, Call] = {
    "all outputs": run(feeds()),
    "names as bytes": run(feeds(), [b"r"]),
    "options of numpy's types": lambda ort: session(ort, sess_options=options_of_numpy(ort)).run(None, feeds()),
    "an output on a device that is not here": lambda ort: run_bound(ort, place="cuda"),
    "a domain whose version is not declared": lambda ort: session(ort, relu_of(("ai.onnx.ml", 1))).run(
        None, {"x": y()}
    ),
    "the examples of the documentation": lambda ort: [
        session(ort, example(ort, name))
        .run(None, {key: np.linspace(-1, 1, size, dtype=np.float32).reshape(shape)})[0]
        .round(5)
        for name, key, size, shape in (
            ("mul_1.onnx", "X", 6, (3, 2)),
            ("sigmoid.onnx", "x", 60, (3, 4, 5)),
            ("logreg_iris.onnx", "float_input", 6, (3, 2)),
        )
    ],
    "no names": run(feeds(), []),
    "names in their order": run(feeds(), ["r", "s"]),
    "a tuple of names": run(feeds(), ("r",)),
    "the same name twice": run(feeds(), ["r", "r"]),
    "lists of numbers": run({"x": [[1, 2, 3]], "y": [1.0, 2, 3]}),
    **{
        f"means of windows larger than the map, opset {opset}, rounded {'up' if up else 'down'}": partial(
            lambda model, ort: session(ort, model).run(None, {"x": np.full((1, 4, 5, 5), 36, np.float32)}),
            mean_beyond_the_map(opset, up),
        )
        for opset in (17, 19)
        for up in (0, 1)
    },
    "an empty batch": run(feeds(x=np.ones((0, 3), np.float32))),
    "a transposed view": run(feeds(x=np.ones((3, 2), np.float32).T)),
    "run options": lambda ort: session(ort).run(None, feeds(), run_options=ort.RunOptions()),
    "strings of numpy": lambda ort: session(ort, one_node("Identity", STRING, ["n"])).run(None, {"x": np.array(["a"])}),
    "strings as objects": lambda ort: session(ort, one_node("Identity", STRING, ["n"])).run(
        None, {"x": np.array(["a", 1], object)}
    ),
    "a sequence": lambda ort: session(ort, sequence_model()).run(None, {"x": y()}),
    "float8 as its bits": lambda ort: session(ort, casting(17)).run(None, {"x": y()}),
    "an OrtValue as a feed": lambda ort: session(ort).run(None, feeds(x=ort.OrtValue.ortvalue_from_numpy(x()))),
    "OrtValues": lambda ort: [
        value.numpy()
        for value in session(ort).run_with_ort_values(
            ["r"], {name: ort.OrtValue.ortvalue_from_numpy(value) for name, value in feeds().items()}
        )
    ],
    "a constant given another value": lambda ort: with_another_constant(ort).run(None, {"x": x()}),
    "a tensor by DLPack": lambda ort: [ort.OrtValue.from_dlpack(x()).numpy()],
    "bfloat16 by its bits": lambda ort: session(ort, casting(1, BFLOAT16)).run(
        None, {"x": ort.OrtValue.ortvalue_from_numpy_with_onnx_type(np.full(3, 16256, np.uint16), BFLOAT16)}
    ),
}


def options_of_numpy(ort: ModuleType) -> Any:
    options = ort.SessionOptions()
    options.enable_cpu_mem_arena, options.intra_op_num_threads = np.bool_(False), np.int64(1)
    return options


def example(ort: ModuleType, name: str) -> str:
    """The path of one of the models that onnxruntime brings."""
    return str(importlib.import_module(f"{ort.__name__}.datasets").get_example(name))


def with_another_constant(ort: ModuleType) -> Any:
    """y = x + c, where options give c."""
    data = file([helper.make_node("Add", ["x", "c"], ["y"])], {"x": (FLOAT, ["n", 3])}, {"y": (FLOAT, ["n", 3])})
    model = onnx.load_from_string(data)
    model.graph.initializer.append(numpy_helper.from_array(y(), "c"))
    options = ort.SessionOptions()
    value = ort.OrtValue.ortvalue_from_numpy(y() * 3)
    options.add_initializer("c", value)
    made = session(ort, model.SerializeToString(), sess_options=options)
    made.kept = value  # onnxruntime reads its memory as long as it runs
    return made


def sequence_model() -> bytes:
    node = helper.make_node("SequenceConstruct", ["x", "x"], ["y"])
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", FLOAT, [3])],
        [helper.make_tensor_sequence_value_info("y", FLOAT, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def casting(to: int, kind: int = FLOAT) -> bytes:
    return file([helper.make_node("Cast", ["x"], ["y"], to=to)], {"x": (kind, [3])}, {"y": (to, [3])}, opset=19)


@pytest.mark.parametrize("name", WORKS)
def test_what_works_gives_the_same(name: str) -> None:
    expected, got = WORKS[name](real), WORKS[name](ours)
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        assert type(one) is type(other)
        pairs = zip(one, other, strict=True) if isinstance(other, list) else [(one, other)]
        for mine, theirs in pairs:
            assert mine.dtype == theirs.dtype
            np.testing.assert_array_equal(mine, theirs)


FAILS: dict[str, tuple[Call, str]] = {
    "no such file": (lambda ort: ort.InferenceSession("/nowhere/m.onnx"), ": 3 : NO_SUCHFILE : Load model from /now"),
    "nothing": (lambda ort: ort.InferenceSession(b""), ": 2 : INVALID_ARGUMENT : No graph was found in the protobuf."),
    "no model": (lambda ort: ort.InferenceSession(b"no model at all"), ": 7 : INVALID_PROTOBUF : "),
    "another type": (lambda ort: ort.InferenceSession(bytearray(add_relu())), "Unable to load from type '<class 'byt"),
    "options of another type": (lambda ort: ort.InferenceSession(add_relu(), 3), ""),
    "a folder": (lambda ort: session(ort, "/tmp"), ": 7 : INVALID_PROTOBUF : Load model from /tmp failed:Protobuf par"),
    "an opset that is not out": (
        lambda ort: session(ort, relu_of(("", 29))),
        "support for models stamped with official released onnx opset versions. Opset 29 is ",
    ),
    "an opset of ai.onnx.ml that is not out": (
        lambda ort: session(ort, relu_of(("", 17), ("ai.onnx.ml", 6))),
        "Current official support for domain ai.onnx.ml is till opset 5.",
    ),
    "an opset of none": (
        lambda ort: session(ort, relu_of(("", 0))),
        "No Op registered for Relu with domain_version of",
    ),
    "no opset": (lambda ort: session(ort, relu_of()), ": 1 : FAIL : "),
    "a form of file that is not out": (
        lambda ort: session(ort, relu_of(("", 17), ir_version=15)),
        "Unsupported model IR version: 15, max supported IR version: 14",
    ),
    "a place that can't be written to": (lambda ort: written_to(ort, "/nowhere/m.onnx"), "SystemError : 2"),
    "a folder to be written to": (lambda ort: written_to(ort, "/tmp"), "SystemError : 21"),
    "a provider that nobody knows": (
        lambda ort: session(ort, providers=["Abacus"], enable_fallback=0),
        "Unknown Provider Type: Abacus",
    ),
    "a missing input": (run({"x": x()}), "Required inputs (['y']) are missing from input feed (['x'])."),
    "an unknown input": (run(feeds(z=y())), ": 2 : INVALID_ARGUMENT : Invalid input name: z"),
    "missing and unknown": (run({"x": x(), "z": y()}), "Required inputs (['y']) are missing from input feed (['x', 'z"),
    "double": (
        run(feeds(x=x().astype(float))),
        ": 2 : INVALID_ARGUMENT : Unexpected input data type. Actual: (tensor(double)) , expected: (tensor(float))",
    ),
    "half": (run(feeds(x=x().astype(np.float16))), "Actual: (tensor(float16)) , expected: (tensor(float))"),
    "integers": (run(feeds(x=x().astype(np.int64))), "Actual: (tensor(int64)) , expected: (tensor(float))"),
    "booleans": (run(feeds(x=x() > 0)), "Actual: (tensor(bool)) , expected: (tensor(float))"),
    "strings": (run(feeds(x=x().astype(str))), "Actual: (tensor(string)) , expected: (tensor(float))"),
    "rank": (
        run(feeds(x=y())),
        "Invalid rank for input: x Got: 1 Expected: 2 Please fix either the inputs/outputs or the model.",
    ),
    "dimensions": (
        run(feeds(x=np.ones((2, 4), np.float32))),
        "Got invalid dimensions for input: x for the following indices\n index: 1 Got: 4 Expected: 3\n Please fix",
    ),
    "none as a feed": (run(feeds(x=None)), "Missing Input: x"),
    "words as a feed": (
        run(feeds(x="abc")),
        "Input must be a list of dictionaries or a single numpy array for input 'x'.",
    ),
    "a number as a feed": (run(feeds(x=3.0)), "Unable to handle object of type <class 'float'>"),
    "lists of several lengths": (run(feeds(x=[[1, 2], [3]])), "Could not create tensor from given input list"),
    "complex numbers": (run(feeds(x=x() * 1j)), "Numpy_type 14 can't be converted to MLDataType."),
    "a number as an input's name": (run({**feeds(), 1: y()}), ""),  # type: ignore[dict-item]
    "arrays for OrtValues": (
        lambda ort: session(ort).run_with_ort_values(None, feeds()),
        "has no attribute '_get_c_value'",
    ),
    "no feeds": (lambda ort: session(ort).run(None, None), "'NoneType' object has no attribute '"),
    "a list of feeds": (lambda ort: session(ort).run(None, [x(), y()]), "'list' object has no attribute '"),
    "an unknown output": (run(feeds(), ["w"]), ": 2 : INVALID_ARGUMENT : Invalid output name:w"),
    "a name in place of names": (run(feeds(), "r"), ""),
    "numbers as names": (run(feeds(), [0]), ""),
    "run options of another type": (lambda ort: session(ort).run(None, feeds(), 3), ""),
    "terminate": (
        lambda ort: session(ort).run(None, feeds(), stopping(ort)),
        "Exiting due to terminate flag being set",
    ),
    "a failing node": (
        lambda ort: session(ort, product()).run(None, {"x": np.ones(2, np.float32), "y": np.ones(3, np.float32)}),
        "[ONNXRuntimeError] : 1 : FAIL : Non-zero status code returned while running Mul node. Name:'mul' Status Mess",
    ),
    "an unknown op": (lambda ort: session(ort, one_node("Frob")), ": 10 : INVALID_GRAPH : This is an invalid model."),
    "a cycle": (lambda ort: session(ort, cycle()), "[ONNXRuntimeError] : 1 : FAIL : This is an invalid model."),
    "a value made twice": (lambda ort: session(ort, twice()), "[ONNXRuntimeError] : 1 : FAIL : This is an invalid mo"),
    "types that differ": (lambda ort: session(ort, mixed()), "[ONNXRuntimeError] : 1 : FAIL : "),
    "shapes that do not fit": (lambda ort: session(ort, misfit()), "[ONNXRuntimeError] : 1 : FAIL : "),
    "an op of a domain that is unknown": (
        lambda ort: session(ort, elsewhere()),
        "[ONNXRuntimeError] : 1 : FAIL : Fatal error: my.dom:Frob(-1) is not a registered function/op",
    ),
    "an unknown attribute": (lambda ort: session(ort, one_node("Relu", foo=3)), ": 10 : INVALID_GRAPH : This is an in"),
    "too many inputs": (lambda ort: session(ort, crowded()), ": 10 : INVALID_GRAPH : This is an invalid model."),
    "a value that nothing makes": (
        lambda ort: session(
            ort, file([helper.make_node("Add", ["x", "w"], ["y"])], {"x": (FLOAT, [3])}, {"y": (FLOAT, [3])})
        ),
        ": 2 : INVALID_ARGUMENT : Invalid model. Node input 'w' is not a graph input, initializer, or output",
    ),
    "an index outside": (
        lambda ort: session(ort, gathering()).run(None, {"x": y(), "at": np.array([1, -4])}),
        "indices element out of data bounds, idx=-4 must be within the inclusive range [-3,2]",
    ),
    "a library of custom ops": (
        lambda ort: ort.SessionOptions().register_custom_ops_library("/no.so"),
        ": 1 : FAIL : ",
    ),
    "an unknown entry": (
        lambda ort: ort.SessionOptions().get_session_config_entry("nope"),
        "SessionOptions does not have configuration with key: nope",
    ),
    "an entry without a key": (
        lambda ort: ort.SessionOptions().add_session_config_entry("", "1"),
        "Config key is empty",
    ),
    "a value that is no OrtValue": (lambda ort: ort.SessionOptions().add_initializer("c", x()), ""),
    "an unknown option": (lambda ort: setattr(ort.SessionOptions(), "bogus", 3), "object has no attribute 'bogus'"),
    "threads in words": (lambda ort: setattr(ort.SessionOptions(), "intra_op_num_threads", "two"), ""),
    "a level as a number": (lambda ort: setattr(ort.SessionOptions(), "graph_optimization_level", 99), ""),
    "an entry that is no string": (lambda ort: ort.SessionOptions().add_session_config_entry("a", 1), ""),
    "a severity that is none": (lambda ort: ort.set_default_logger_severity(9), "Invalid logging severity. 0:Verbose"),
    "a device that is none": (
        lambda ort: ort.OrtValue.ortvalue_from_numpy(x(), "abacus"),
        "Unsupported device type: ab",
    ),
    "a device that is not here": (
        lambda ort: ort.OrtValue.ortvalue_from_numpy(x(), "cuda"),
        "Can't allocate memory on",
    ),
    "an OrtValue of strings": (
        lambda ort: ort.OrtValue.ortvalue_from_numpy(np.array(["a"])),
        "Creation of OrtValues is currently only supported from non-string numpy arrays",
    ),
    "an OrtValue of a type that is none": (
        lambda ort: ort.OrtValue.ortvalue_from_shape_and_type([2], 99),
        "tensor type 99 is not supported",
    ),
    "binding a list": (
        lambda ort: session(ort).io_binding().bind_cpu_input("x", [1.0]),
        "Unable to create OrtValue from the given python object",
    ),
    "an update of another size": (
        lambda ort: ort.OrtValue.ortvalue_from_numpy(x()).update_inplace(y()),
        "The input size of numpy arrays does not match the size of the OrtValue.",
    ),
    "binding an unknown input": (
        lambda ort: session(ort).io_binding().bind_cpu_input("w", x()),
        "Failed to find NodeArg with name: w in the def list",
    ),
    "binding no output": (lambda ort: run_bound(ort, outputs=[]), "Error in execution: At least one output should be"),
    "binding too little": (lambda ort: run_bound(ort, inputs=["x"]), "Error in execution: "),
    "bfloat16 as a result": (
        lambda ort: session(ort, casting(BFLOAT16)).run(None, {"x": y()}),
        "No corresponding Numpy type for Tensor Type. bfloat16",
    ),
}
"""What fails: the call, and words that both messages hold."""


def stopping(ort: ModuleType) -> Any:
    options = ort.RunOptions()
    options.terminate = True
    return options


def relu_of(*opsets: tuple[str, int], ir_version: int = 8) -> bytes:
    """y = relu(x), of these versions."""
    model = onnx.load_from_string(one_node("Relu"))
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(domain, version) for domain, version in opsets)
    model.ir_version = ir_version
    return bytes(model.SerializeToString())


def written_to(ort: ModuleType, path: str) -> Any:
    options = ort.SessionOptions()
    options.optimized_model_filepath = path
    return session(ort, sess_options=options)


def elsewhere() -> bytes:
    node = helper.make_node("Frob", ["x"], ["y"], domain="my.dom")
    model = onnx.load_from_string(file([node], {"x": (FLOAT, [3])}, {"y": (FLOAT, [3])}))
    model.opset_import.append(helper.make_opsetid("my.dom", 1))
    return bytes(model.SerializeToString())


def crowded() -> bytes:
    return file([helper.make_node("Relu", ["x", "x"], ["y"])], {"x": (FLOAT, [3])}, {"y": (FLOAT, [3])})


def gathering() -> bytes:
    node = helper.make_node("Gather", ["x", "at"], ["y"])
    return file([node], {"x": (FLOAT, [3]), "at": (INT64, ["n"])}, {"y": (FLOAT, ["n"])})


def cycle() -> bytes:
    nodes = [helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Relu", ["a"], ["b"])]
    return file(nodes, {"x": (FLOAT, [3])}, {"b": (FLOAT, [3])})


def twice() -> bytes:
    nodes = [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Relu", ["x"], ["a"])]
    return file(nodes, {"x": (FLOAT, [3])}, {"a": (FLOAT, [3])})


def mixed() -> bytes:
    node = helper.make_node("Add", ["x", "y"], ["a"], name="n1")
    return file([node], {"x": (FLOAT, [3]), "y": (INT64, [3])}, {"a": (FLOAT, [3])})


def misfit() -> bytes:
    node = helper.make_node("MatMul", ["x", "y"], ["a"], name="n1")
    return file([node], {"x": (FLOAT, [3, 4]), "y": (FLOAT, [3, 4])}, {"a": (FLOAT, [3, 4])})


@pytest.mark.parametrize("name", FAILS)
def test_what_fails_raises_the_same(name: str) -> None:
    call, words = FAILS[name]
    expected, got = raised(call, real), raised(call, ours)
    assert type(got).__name__ == type(expected).__name__, got
    assert type(expected).__module__.removeprefix("onnxruntime") in type(got).__module__
    assert words in str(expected)
    assert words in str(got)


def test_the_exceptions_have_the_same_names_and_bases() -> None:
    theirs, mine = real.capi.onnxruntime_pybind11_state, ours.capi.onnxruntime_pybind11_state
    for name, kind in vars(theirs).items():
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert getattr(mine, name).__bases__ == kind.__bases__, name
    from hearth.onnxruntime.capi import _pybind_state

    assert _pybind_state.InvalidArgument is mine.InvalidArgument


def test_signatures_tell_names_shapes_and_types() -> None:
    for model in (add_relu(), product(), one_node("Identity", STRING), sequence_model()):
        for call in ("get_inputs", "get_outputs"):
            expected, got = getattr(session(real, model), call)(), getattr(session(ours, model), call)()
            assert [(item.name, item.type) for item in got] == [(item.name, item.type) for item in expected]
            if model != product():
                assert [item.shape for item in got] == [item.shape for item in expected]


@pytest.mark.parametrize("version", [None, 7])
def test_metadata_is_the_same(version: int | None) -> None:
    fields: dict[str, Any] = {} if version is None else {"model_version": version}
    model = file(
        [helper.make_node("Relu", ["x"], ["y"])],
        {"x": (FLOAT, [3])},
        {"y": (FLOAT, [3])},
        metadata={"classes": "a,b", "rate": "16000"},
        producer_name="maker",
        domain="org.example",
        doc_string="what it is",
        graph_doc="of the graph",
        **fields,
    )
    expected, got = session(real, model).get_modelmeta(), session(ours, model).get_modelmeta()
    for name in ("producer_name", "graph_name", "domain", "description", "graph_description", "version"):
        assert getattr(got, name) == getattr(expected, name), name
    assert got.custom_metadata_map == expected.custom_metadata_map == {"classes": "a,b", "rate": "16000"}


PROVIDERS: list[Any] = [
    None,
    [],
    ["CPUExecutionProvider"],
    ["CUDAExecutionProvider", "CPUExecutionProvider"],
    ["CUDAExecutionProvider"],
    ["CPUExecutionProvider", "CPUExecutionProvider"],
    [("CUDAExecutionProvider", {"device_id": 0}), ("CPUExecutionProvider", {})],
]


@pytest.mark.parametrize("providers", PROVIDERS, ids=str)
def test_providers_that_are_not_here_are_left_out_with_a_warning(providers: Any) -> None:
    told = []
    for ort in (real, ours):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            made = ort.InferenceSession(add_relu(), providers=providers)
        told.append([str(item.message).split(".Available")[0] for item in caught])
        assert "CUDAExecutionProvider" not in made.get_providers()
        assert made.get_providers()[-1] == "CPUExecutionProvider"
        assert set(made.get_provider_options()) == set(made.get_providers())
    assert told[0] == told[1]


def test_providers_of_another_form_fall_back_to_the_cpu() -> None:
    wrong: list[Any] = [{"CPUExecutionProvider"}, [3]]
    for providers in wrong:
        with pytest.warns(UserWarning, match="Falling back to CPUExecutionProvider"):
            assert ours.InferenceSession(add_relu(), providers=providers).get_providers() == ["CPUExecutionProvider"]
        with pytest.raises(ValueError, match="'providers'"):
            ours.InferenceSession(add_relu(), providers=providers, enable_fallback=0)


def test_arguments_go_by_position_and_by_name() -> None:
    for ort in (real, ours):
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
        made = ort.InferenceSession(add_relu(), options, ["CPUExecutionProvider"], [{}])
        assert made.get_session_options().intra_op_num_threads == 1
        made.set_providers(["CPUExecutionProvider"])
        made.disable_fallback()
        made.enable_fallback()
        assert made.run(["r"], feeds())[0].shape == (2, 3)


def test_options_have_the_same_defaults() -> None:
    for name in ("SessionOptions", "RunOptions"):
        expected, got = getattr(real, name)(), getattr(ours, name)()
        for option in dir(expected):
            if not option.startswith("_") and not callable(getattr(expected, option)):
                value, mine = getattr(expected, option), getattr(got, option)
                assert str(mine) == str(value), option
    for name in ("GraphOptimizationLevel", "ExecutionMode", "ExecutionOrder"):
        theirs, mine = getattr(real, name), getattr(ours, name)
        assert {key: int(item) for key, item in mine.__members__.items()} == {
            key: int(item) for key, item in theirs.__members__.items()
        }
        for item in theirs.__members__.values():
            assert str(mine(int(item))) == str(item)
            assert mine(int(item)) == int(item)


def test_a_size_of_minus_one_is_an_open_one() -> None:
    for ort in (real, ours):
        made = session(ort, one_node("Relu", FLOAT, [-1, 3]))
        assert made.get_inputs()[0].shape == [None, 3]
        assert made.run(None, {"x": x()})[0].shape == (2, 3)


def test_free_dimensions_can_be_fixed() -> None:
    for ort in (real, ours):
        options = ort.SessionOptions()
        options.add_free_dimension_override_by_name("batch", 2)
        options.add_free_dimension_override_by_name("batch", 5)  # the first one holds
        made = session(ort, sess_options=options)
        assert made.get_inputs()[0].shape == [2, 3]
        assert made.get_outputs()[0].shape == [2, 3]
        with pytest.raises(Exception, match="index: 0 Got: 5 Expected: 2"):
            made.run(None, feeds(x=np.ones((5, 3), np.float32)))


@pytest.mark.parametrize("works", [True, False])
def test_run_async_calls_back_with_results_or_the_reason(works: bool) -> None:
    given = {"x": np.ones(2, np.float32), "y": np.ones(2 if works else 3, np.float32)}
    for ort in (real, ours):
        told: list[Any] = []
        done = threading.Event()

        def note(results: Any, data: Any, error: str, told: list[Any] = told, done: Any = done) -> None:
            told.extend([results, data, error])
            done.set()

        assert session(ort, product()).run_async(["z"], given, note, "mine") is None
        assert done.wait(120)
        results, data, error = told
        assert data == "mine"
        assert bool(results) == works == (error == "")
        assert works or "Non-zero status code returned while running Mul node" in error


def test_profiling_writes_a_trace(tmp_path: Path) -> None:
    import json

    for ort in (real, ours):
        options = ort.SessionOptions()
        options.enable_profiling = True
        options.profile_file_prefix = str(tmp_path / ort.__name__)
        made = session(ort, sess_options=options)
        made.run(None, feeds())
        written = made.end_profiling()
        events = json.loads(Path(written).read_text())
        assert "model_run" in {event["name"] for event in events if "name" in event}
        assert made.get_profiling_start_time_ns() > 0
    assert session(ours).end_profiling() == session(real).end_profiling() == ""


def test_the_model_is_written_where_the_options_say(tmp_path: Path) -> None:
    for ort in (real, ours):
        options = ort.SessionOptions()
        options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
        session(ort, sess_options=options)
        assert session(ort, options.optimized_model_filepath).run(["r"], feeds())[0].shape == (2, 3)
        Path(options.optimized_model_filepath).unlink()
