"""Calls of a model's own functions are replaced by the functions' nodes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import TensorProto, helper, parser

from hearth.errors import BadModel
from hearth.runtime import InferenceSession
from hearth.runtime.load import load_bytes

pytestmark = pytest.mark.desk

HEAD = '<ir_version: 10, opset_import: ["": 18, "own": 1]>'


def model(text: str) -> bytes:
    return parser.parse_model(HEAD + text).SerializeToString()


SCALED = """
<domain: "own", opset_import: ["": 18]>
Scaled <factor: float = 2.0> (x, shift) => (y)
{
    c = Constant <value_float: float = @factor> ()
    z = Mul(x, c)
    y = Add(z, shift)
}
"""


def test_attributes_and_their_defaults_reach_the_body() -> None:
    data = model(
        """
        main (float[2] x, float[2] s) => (float[2] a, float[2] b)
        {
            a = own.Scaled(x, s)
            b = own.Scaled <factor = 10.0> (a, s)
        }
        """
        + SCALED
    )
    x, s = np.array([1, 2], np.float32), np.array([0.5, 0.25], np.float32)
    a, b = InferenceSession(data, "numpy").run(None, {"x": x, "s": s})
    np.testing.assert_allclose(a, 2 * x + s)
    np.testing.assert_allclose(b, 10 * a + s)


def test_functions_call_functions_and_hold_subgraphs() -> None:
    data = model(
        """
        main (float[2] x, bool c) => (float[2] y)
        {
            y = own.Either(x, c)
        }
        <domain: "own", opset_import: ["": 18, "own": 1]>
        Either (x, c) => (y)
        {
            y = If (c) <
                then_branch = yes () => (t) { t = own.Scaled(x, x) },
                else_branch = no () => (e) { e = Neg(x) }
            >
        }
        """
        + SCALED
    )
    x = np.array([1, 2], np.float32)
    session = InferenceSession(data, "numpy")
    np.testing.assert_allclose(session.run(None, {"x": x, "c": np.array(True)})[0], 3 * x)
    np.testing.assert_allclose(session.run(None, {"x": x, "c": np.array(False)})[0], -x)


def test_an_input_handed_straight_on_is_an_output() -> None:
    data = model(
        """
        main (float[2] x) => (float[2] y)
        {
            y = own.Same(x)
        }
        <domain: "own", opset_import: ["": 18]>
        Same (x) => (x)
        {
            z = Neg(x)
        }
        """
    )
    x = np.array([1, 2], np.float32)
    np.testing.assert_array_equal(InferenceSession(data, "numpy").run(None, {"x": x})[0], x)


def test_a_function_that_calls_itself_is_refused() -> None:
    node = helper.make_node("Loop", ["x"], ["y"], domain="own")
    function = helper.make_function("own", "Loop", ["x"], ["y"], [node], [helper.make_opsetid("own", 1)])
    value = helper.make_tensor_value_info
    kind = TensorProto.FLOAT
    graph = helper.make_graph([node], "g", [value("x", kind, [1])], [value("y", kind, [1])])
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    data = helper.make_model(graph, functions=[function], opset_imports=imports, ir_version=10)
    with pytest.raises(BadModel, match="calls itself"):
        load_bytes(data.SerializeToString())


def test_functions_that_multiply_without_end_are_refused() -> None:
    imports = [helper.make_opsetid("own", 1), helper.make_opsetid("", 18)]
    functions = []
    for level in range(30):
        callee, domain = (f"F{level + 1}", "own") if level < 29 else ("Neg", "")
        nodes = [helper.make_node(callee, ["x"], [name], domain=domain) for name in ("a", "y")]
        functions.append(helper.make_function("own", f"F{level}", ["x"], ["y"], nodes, imports))
    value = helper.make_tensor_value_info
    kind = TensorProto.FLOAT
    start = helper.make_node("F0", ["x"], ["y"], domain="own")
    graph = helper.make_graph([start], "g", [value("x", kind, [1])], [value("y", kind, [1])])
    data = helper.make_model(graph, functions=functions, opset_imports=imports, ir_version=10)
    with pytest.raises(BadModel, match="more than"):
        load_bytes(data.SerializeToString())
