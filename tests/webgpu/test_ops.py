"""Ops other than convolution against numpy: each alone, and in chains that end up in one kernel."""

from typing import Any

import numpy as np
import pytest

from hearth.errors import ExecutorFailed
from hearth.runtime.graph import Node
from tests.webgpu.conftest import Compare

RNG = np.random.default_rng(3)


def random(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def positive(*shape: int) -> np.ndarray:
    return np.abs(random(*shape)) + np.float32(0.1)


UNARY: dict[str, dict[str, Any]] = {
    "Relu": {},
    "Sigmoid": {},
    "Tanh": {},
    "HardSigmoid": {"alpha": 0.3},
    "HardSwish": {},
    "LeakyRelu": {"alpha": 0.1},
    "Elu": {},
    "Softplus": {},
    "Abs": {},
    "Neg": {},
    "Exp": {},
    "Floor": {},
    "Ceil": {},
    "Round": {},
    "Sign": {},
    "Erf": {},
}


@pytest.mark.parametrize("op", UNARY)
def test_unary(op: str, compare: Compare) -> None:
    compare([Node(op, ["x"], ["y"], UNARY[op])], {"x": 3 * random(5, 7)}, ["y"])


@pytest.mark.parametrize("op", ["Log", "Sqrt", "Reciprocal"])
def test_unary_of_positive_numbers(op: str, compare: Compare) -> None:
    compare([Node(op, ["x"], ["y"])], {"x": positive(5, 7)}, ["y"])


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (4, 1), (5,), (1, 4, 5), ()])
def test_binary_with_broadcasting(op: str, shape: tuple[int, ...], compare: Compare) -> None:
    compare([Node(op, ["a", "b"], ["y"])], {"a": random(3, 4, 5), "b": positive(*shape)}, ["y"])


@pytest.mark.parametrize("exponent", [2.0, 3.0, 0.5, -1.0, 4.0])
def test_powers(exponent: float, compare: Compare) -> None:
    x = positive(4, 5) if exponent == 0.5 else random(4, 5) + np.float32(3)
    compare([Node("Pow", ["x", "e"], ["y"])], {"x": x}, ["y"], {"e": np.array(exponent, np.float32)}, atol=1e-3)


def test_a_chain_becomes_one_kernel(compare: Compare) -> None:
    nodes = [
        Node("Mul", ["x", "half"], ["a"]),
        Node("Add", ["a", "bias"], ["b"]),
        Node("Clip", ["b", "low", "high"], ["c"]),
        Node("Sub", ["c", "x"], ["y"]),
    ]
    constants = {
        "half": np.array(0.5, np.float32),
        "bias": random(6, 1),
        "low": np.array(-0.4, np.float32),
        "high": np.array(0.9, np.float32),
    }
    program = compare(nodes, {"x": random(2, 6, 9)}, ["y"], constants)
    assert len(program.lowered.dispatches) == 1


def test_where_and_comparison(compare: Compare) -> None:
    nodes = [Node("Less", ["a", "b"], ["c"]), Node("Where", ["c", "a", "d"], ["y"])]
    compare(nodes, {"a": random(4, 6), "b": random(4, 1), "d": random(6)}, ["y"])


MOVES: dict[str, tuple[str, tuple[int, ...], dict[str, Any], list[np.ndarray]]] = {
    "transpose": ("Transpose", (2, 3, 4, 5), {"perm": [0, 3, 1, 2]}, []),
    "transpose all": ("Transpose", (3, 4, 5), {}, []),
    "reshape": ("Reshape", (2, 3, 4), {}, [np.array([4, -1])]),
    "flatten": ("Flatten", (2, 3, 4), {"axis": 2}, []),
    "squeeze": ("Squeeze", (2, 1, 4), {}, [np.array([1])]),
    "unsqueeze": ("Unsqueeze", (2, 4), {}, [np.array([0, 2])]),
    "expand": ("Expand", (3, 1), {}, [np.array([2, 3, 4])]),
    "slice": ("Slice", (5, 6, 7), {}, [np.array([1, -5]), np.array([4, 2**62]), np.array([0, 2]), np.array([1, 2])]),
    "slice backwards": ("Slice", (4, 6), {}, [np.array([-1]), np.array([-(2**62)]), np.array([1]), np.array([-2])]),
    "pad": ("Pad", (2, 3, 4), {}, [np.array([0, 1, 2, 0, 0, 1]), np.array(0.5, np.float32)]),
    "pad by reflection": ("Pad", (2, 5), {"mode": "reflect"}, [np.array([0, 3, 0, 2])]),
    "pad by the edge": ("Pad", (2, 5), {"mode": "edge"}, [np.array([1, 3, 0, 2])]),
    "crop": ("Pad", (4, 5), {}, [np.array([-1, 0, 0, -2])]),
    "gather": ("Gather", (4, 5, 3), {"axis": 1}, [np.array([[0, -1], [2, 2]])]),
    "gather one": ("Gather", (4, 5), {"axis": 0}, [np.array(2)]),
    "tile": ("Tile", (2, 3), {}, [np.array([2, 3])]),
    "depth to space": ("DepthToSpace", (1, 8, 2, 3), {"blocksize": 2}, []),
    "depth to space, columns first": ("DepthToSpace", (1, 8, 2, 3), {"blocksize": 2, "mode": "CRD"}, []),
}


@pytest.mark.parametrize("name", MOVES)
def test_movement(name: str, compare: Compare) -> None:
    op, shape, attributes, arrays = MOVES[name]
    constants = {f"c{number}": array for number, array in enumerate(arrays)}
    nodes = [Node("Relu", ["x"], ["r"]), Node(op, ["r", *constants], ["y"], attributes)]
    compare(nodes, {"x": random(*shape)}, ["y"], constants)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concat_of_many(axis: int, compare: Compare) -> None:
    names = [f"x{number}" for number in range(12)]
    shapes = [(2, 3, 4)] * 12
    compare(
        [Node("Concat", names, ["y"], {"axis": axis})],
        {name: random(*shape) for name, shape in zip(names, shapes, strict=True)},
        ["y"],
    )


def test_split_and_join_anew(compare: Compare) -> None:
    nodes = [Node("Split", ["x", "sizes"], ["a", "b"], {"axis": 1}), Node("Concat", ["b", "a"], ["y"], {"axis": 1})]
    compare(nodes, {"x": random(2, 5, 3)}, ["y"], {"sizes": np.array([2, 3])})


@pytest.mark.parametrize(
    "op", ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare"]
)
@pytest.mark.parametrize("axes", [[1], [0, 2], [-1], None])
def test_reductions(op: str, axes: list[int] | None, compare: Compare) -> None:
    if op == "ReduceSum":
        constants = {} if axes is None else {"axes": np.array(axes)}
        node = Node(op, ["x", *constants], ["y"], {"keepdims": 0})
    else:
        constants = {}
        node = Node(op, ["x"], ["y"], {"keepdims": 1} if axes is None else {"axes": axes})
    compare([node], {"x": positive(4, 5, 30) if op == "ReduceProd" else random(4, 5, 30)}, ["y"], constants, atol=1e-3)


def test_a_long_reduction(compare: Compare) -> None:
    compare([Node("ReduceMax", ["x"], ["y"], {"keepdims": 0})], {"x": random(1, 9001)}, ["y"])


@pytest.mark.parametrize(("op", "axis"), [("Softmax", -1), ("Softmax", 1), ("LogSoftmax", -1)])
def test_softmax(op: str, axis: int, compare: Compare) -> None:
    compare([Node(op, ["x"], ["y"], {"axis": axis})], {"x": 5 * random(3, 10, 7)}, ["y"])


def test_normalisations(compare: Compare) -> None:
    nodes = [
        Node("InstanceNormalization", ["x", "s", "t"], ["a"]),
        Node("LayerNormalization", ["a", "u", "v"], ["b"]),
        Node("BatchNormalization", ["b", "s", "t", "m", "w"], ["y"]),
    ]
    constants = {name: positive(4) for name in "stmw"} | {"u": random(6), "v": random(6)}
    compare(nodes, {"x": random(2, 4, 5, 6)}, ["y"], constants, atol=1e-3)


@pytest.mark.parametrize(
    ("a", "b"),
    [((5, 7), (7, 6)), ((1, 40), (40, 33)), ((70, 20), (20, 50)), ((2, 3, 9, 8), (3, 8, 10)), ((4, 6), (2, 6, 5))],
)
def test_matmul(a: tuple[int, ...], b: tuple[int, ...], compare: Compare) -> None:
    compare([Node("MatMul", ["a", "b"], ["y"]), Node("Relu", ["y"], ["z"])], {"a": random(*a), "b": random(*b)}, ["z"])


@pytest.mark.parametrize("transposed", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_gemm(transposed: tuple[int, int], compare: Compare) -> None:
    a = random(5, 9) if transposed[0] else random(9, 5)
    b = random(7, 5) if transposed[1] else random(5, 7)
    node = Node("Gemm", ["a", "b", "c"], ["y"], {"transA": transposed[0], "transB": transposed[1], "alpha": 0.5})
    compare([node, Node("Tanh", ["y"], ["z"])], {"a": a}, ["z"], {"b": b, "c": random(7)})


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize(
    "how",
    [
        {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
        {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1},
        {"kernel_shape": [3, 2]},
    ],
)
def test_pooling(op: str, how: dict[str, Any], compare: Compare) -> None:
    compare([Node(op, ["x"], ["y"], how)], {"x": random(2, 3, 9, 8)}, ["y"])


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pooling(op: str, compare: Compare) -> None:
    compare([Node(op, ["x"], ["y"])], {"x": random(2, 3, 9, 8)}, ["y"])


@pytest.mark.parametrize("mode", ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"])
@pytest.mark.parametrize("scale", [(2.0, 2.0), (1.5, 0.5)])
def test_linear_resizing(mode: str, scale: tuple[float, float], compare: Compare) -> None:
    node = Node("Resize", ["x", "", "s"], ["y"], {"mode": "linear", "coordinate_transformation_mode": mode})
    compare([node], {"x": random(1, 2, 4, 6)}, ["y"], {"s": np.array([1, 1, *scale], np.float32)})


@pytest.mark.parametrize("mode", ["half_pixel", "align_corners"])
def test_cubic_resizing(mode: str, compare: Compare) -> None:
    node = Node("Resize", ["x", "", "s"], ["y"], {"mode": "cubic", "coordinate_transformation_mode": mode})
    compare([node], {"x": random(1, 2, 5, 6)}, ["y"], {"s": np.array([1, 1, 2.5, 0.5], np.float32)})


@pytest.mark.parametrize("rounding", ["round_prefer_floor", "floor", "ceil", "round_prefer_ceil"])
def test_nearest_resizing(rounding: str, compare: Compare) -> None:
    how: dict[str, Any] = {"mode": "nearest", "nearest_mode": rounding, "coordinate_transformation_mode": "asymmetric"}
    compare(
        [Node("Resize", ["x", "", "", "s"], ["y"], how)],
        {"x": random(1, 2, 4, 6)},
        ["y"],
        {"s": np.array([1, 2, 10, 9])},
    )


def test_what_has_no_kernel_runs_on_the_cpu_in_between(compare: Compare) -> None:
    nodes = [
        Node("Relu", ["x"], ["a"]),
        Node("CumSum", ["a", "axis"], ["b"]),
        Node("Sigmoid", ["b"], ["c"]),
        Node("MatMul", ["c", "m"], ["y"]),
    ]
    constants = {"axis": np.array(1), "m": random(6, 3)}
    program = compare(nodes, {"x": random(4, 6)}, ["y", "b"], constants, whole=False)
    assert [segment.steps for segment in program.lowered.segments] == [(1,), ()]


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(("op", "gates"), [("RNN", 1), ("GRU", 3), ("LSTM", 4)])
def test_recurrent_layers(op: str, gates: int, direction: str, compare: Compare) -> None:
    steps, batch, width, hidden = 5, 2, 7, 70  # more units than a workgroup has threads for one gate
    ways = 2 if direction == "bidirectional" else 1
    how: dict[str, Any] = {"hidden_size": hidden, "direction": direction}
    if op == "GRU":
        how["linear_before_reset"] = int(direction == "reverse")
    constants = {
        "w": random(ways, gates * hidden, width) / 4,
        "r": random(ways, gates * hidden, hidden) / 8,
        "b": random(ways, 2 * gates * hidden),
        "h": random(ways, batch, hidden),
    }
    lasts = ["yh", "yc"][: 1 + (op == "LSTM")]
    given = ["x", "w", "r", "b", "", "h", *(["h"] if op == "LSTM" else [])]
    compare([Node(op, given, ["y", *lasts], how)], {"x": random(steps, batch, width)}, ["y", *lasts], constants)


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Div", "Mod", "Max", "BitwiseXor", "Less"])
@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.uint32])
def test_integers_wrap_around(op: str, kind: type, compare: Compare) -> None:
    info = np.iinfo(kind)
    ends: np.ndarray = np.array([info.min, info.min + 1, 0, 1, 3, 100, info.max - 1, info.max], kind)
    feeds = {"a": np.repeat(ends, 8).reshape(8, 8), "b": np.array([1, 2, 3, 5, 7, 100, info.max, info.max - 1], kind)}
    compare([Node(op, ["a", "b"], ["y"])], feeds, ["y"])


def test_integers_that_need_more_than_32_bits_are_refused(compare: Compare) -> None:
    with pytest.raises(ExecutorFailed, match="larger"):
        compare([Node("Transpose", ["a"], ["y"])], {"a": np.array([[1, 2**40]])}, ["y"])


@pytest.mark.parametrize("to", [1, 2, 6, 9, 10])
def test_casts(to: int, compare: Compare) -> None:
    x = np.array([-1.5, -0.4, 0, 0.3, 1.7, 99.9], np.float32) if to != 2 else np.array([0, 0.4, 1.7, 99.9], np.float32)
    compare([Node("Cast", ["x"], ["y"], {"to": to})], {"x": x}, ["y"])


@pytest.mark.parametrize(("rows", "axis"), [(1, 1), (1, None), (9, 1)])
def test_a_product_with_weights_in_eight_bits(rows: int, axis: int | None, compare: Compare) -> None:
    weights = RNG.integers(-128, 128, (50, 33)).astype(np.int8)
    scale = positive(33) / 100 if axis else np.float32(0.02)
    zero = RNG.integers(-5, 5, 33).astype(np.int8) if axis else np.int8(3)
    nodes = [
        Node("DequantizeLinear", ["q", "s", "z"], ["w"], {"axis": axis or 0}),
        Node("MatMul", ["x", "w"], ["y"]),
        Node("QuantizeLinear", ["y", "s2", "z2"], ["n"]),
    ]
    constants = {"q": weights, "s": np.asarray(scale), "z": np.asarray(zero), "s2": np.array(0.1, np.float32)}
    constants |= {"z2": np.array(128, np.uint8)}
    feeds = {"x": random(rows, 50), "q": constants.pop("q")}
    compare(nodes, feeds, ["y", "n"], constants, atol=1e-3)


def test_a_table_in_eight_bits_stays_so(compare: Compare) -> None:
    table = RNG.integers(-128, 128, (9, 6)).astype(np.int8)
    nodes = [Node("Gather", ["t", "i"], ["g"]), Node("DequantizeLinear", ["g", "s"], ["y"])]
    program = compare(nodes, {"i": np.array([[3, -1], [0, 8]])}, ["y"], {"t": table, "s": np.array(0.5, np.float32)})
    assert program.lowered.constants["t"].range.bytes == 56


@pytest.mark.parametrize("op", ["ArgMax", "ArgMin", "Trilu", "LpNormalization", "ReduceLogSumExp", "SpaceToDepth"])
def test_choices_and_norms(op: str, compare: Compare) -> None:
    how: dict[str, dict[str, Any]] = {
        "SpaceToDepth": {"blocksize": 2},
        "ArgMax": {"axis": 2},
        "ReduceLogSumExp": {"axes": [1]},
    }
    compare([Node(op, ["x"], ["y"], how.get(op, {}))], {"x": random(2, 4, 6, 4)}, ["y"])


def test_places_given_as_values(compare: Compare) -> None:
    places = np.array([[[0, -1], [2, 1]]])
    nodes = [Node("GatherElements", ["x", "i"], ["a"], {"axis": 1}), Node("GatherND", ["x", "i"], ["b"])]
    compare(nodes, {"x": random(3, 4, 2), "i": places}, ["a", "b"])


def test_a_convolution_with_computed_weights(compare: Compare) -> None:
    nodes = [Node("Tanh", ["w"], ["t"]), Node("Conv", ["x", "t", "b"], ["y"], {"pads": [1, 1, 1, 1]})]
    compare(nodes, {"x": random(1, 6, 8, 8), "w": random(8, 6, 3, 3), "b": random(8)}, ["y"])


def test_integer_inputs_choose_rows(compare: Compare) -> None:
    compare(
        [Node("Gather", ["table", "ids"], ["y"]), Node("Relu", ["y"], ["z"])],
        {"ids": np.array([[3, 0], [5, 5]])},
        ["z"],
        {"table": random(6, 4)},
    )


@pytest.mark.parametrize("how", ["none", "add", "max"])
def test_updates_are_put_into_place_in_their_order(how: str, compare: Compare) -> None:
    given: dict[str, Any] = {"reduction": how}
    elements = np.array([[0, -1, 0], [2, 2, -3]])  # the same place twice in a column and in a row
    nodes = [
        Node("ScatterElements", ["x", "i", "u"], ["a"], {"axis": 0, **given}),
        Node("ScatterElements", ["x", "i", "u"], ["b"], {"axis": 1, **given}),
        Node("ScatterND", ["x", "j", "v"], ["c"], given),
        Node("ScatterND", ["x", "k", "w"], ["d"], given),
    ]
    places = {"i": elements, "j": np.array([[2], [-3], [2]]), "k": np.array([[0, 1], [2, -1], [0, -4]])}
    feeds = {"x": random(3, 5), "u": random(2, 3), "v": random(3, 5), "w": random(3)}
    compare(nodes, feeds, ["a", "b", "c", "d"], places)


def test_what_is_no_number_is_found(compare: Compare) -> None:
    x = np.array([[1, np.nan, np.inf, -np.inf, 0, 3e38]], np.float32)
    nodes = [
        Node("IsNaN", ["x"], ["n"]),
        Node("IsInf", ["x"], ["i"]),
        Node("IsInf", ["x"], ["p"], {"detect_negative": 0}),
        Node("Where", ["n", "zero", "x"], ["y"]),
        Node("Clip", ["y", "low", "high"], ["z"]),
    ]
    limits = {"zero": np.zeros(1, np.float32), "low": np.float32(-9), "high": np.float32(9)}
    compare(nodes, {"x": x}, ["n", "i", "p", "z"], {name: np.asarray(value) for name, value in limits.items()})
