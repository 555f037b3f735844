"""Runs the tests of the ONNX conformance suite on an executor. Needs the suite's zip, but not the package onnx."""

from __future__ import annotations

import json
import re
import tomllib
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from hearth.errors import BadModel, Unsupported
from hearth.runtime import InferenceSession
from hearth.runtime.load import value_info
from hearth.runtime.onnx_schema import ONNX
from hearth.runtime.ops.storage import decode as widen
from hearth.runtime.protobuf import Field, Message, Schema, decode
from hearth.runtime.tensors import tensor_array
from hearth.runtime.types import OptionalType, SequenceType, TensorType, ValueType, dtype_name, is_storage

HERE = Path(__file__).parent

VALUES: Schema = {
    **ONNX,
    "Sequence": {
        2: Field("elem_type", "int"),
        3: Field("tensor_values", "Tensor", True),
        5: Field("sequence_values", "Sequence", True),
        7: Field("optional_values", "Optional", True),
    },
    "Optional": {
        2: Field("elem_type", "int"),
        3: Field("tensor_value", "Tensor"),
        5: Field("sequence_value", "Sequence"),
        7: Field("optional_value", "Optional"),
    },
}
"""Schema of the messages in the suite's data files. Source: onnx-data.proto."""


@dataclass
class Case:
    """One test: a model, and data sets of serialised inputs and expected outputs."""

    name: str
    suite: str
    model: bytes = b""
    data: dict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    rtol: float = 1e-3
    atol: float = 1e-7


@dataclass(frozen=True)
class Result:
    """`outcome` is pass (right, and wholly on the executor), partly (right, but numpy runs the ops that `reason`
    names), wrong (other values), error (an exception) or unsupported."""

    test: str
    executor: str
    outcome: str
    reason: str = ""


def read_suite(path: Path) -> dict[str, Case]:
    """Every test of the zip by `suite/name`."""
    cases: dict[str, Case] = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.namelist():
            suite, name, rest = entry.split("/", 2)
            case = cases.setdefault(f"{suite}/{name}", Case(name, suite))
            content = archive.read(entry)
            if rest == "model.onnx":
                case.model = content
            elif rest == "tolerance.json":
                tolerance = json.loads(content)
                case.rtol, case.atol = tolerance["rtol"], tolerance["atol"]
            else:
                number, file = rest.split("/")
                case.data[number][file] = content
    return cases


def known_misses(executor: str) -> dict[str, str]:
    """Test -> reason, for the tests that an executor is known not to pass, or not to run wholly."""
    lists = tomllib.loads(HERE.joinpath("known_misses.toml").read_text("utf-8"))
    if executor in lists:
        return cast(dict[str, str], lists[executor])
    by_reason = tomllib.loads(_partly(executor).read_text("utf-8"))
    return {test: reason for reason, tests in by_reason.items() for test in tests}


def write_misses(results: Iterable[Result]) -> list[Path]:
    """Notes what the fast executors do not pass wholly, by reason; numpy's list is written by hand."""
    by_reason: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    chance = known_misses("chance")
    for result in results:
        if result.executor != "numpy" and result.outcome != "pass" and result.test not in chance:
            reason = result.reason if result.outcome == "partly" else f"{result.outcome}: {result.reason}"
            by_reason[result.executor][reason].append(result.test)
    for executor, reasons in by_reason.items():
        lines = [f"# Tests that do not run wholly on {executor}; `build.py bench conformance --note` writes this anew."]
        for reason, tests in sorted(reasons.items()):
            lines += ["", f"{json.dumps(reason)} = [", *(f"  {json.dumps(test)}," for test in sorted(tests)), "]"]
        _partly(executor).write_text("\n".join(lines) + "\n", "utf-8")
    return [_partly(executor) for executor in by_reason]


def _partly(executor: str) -> Path:
    return HERE / f"partly_{executor}.toml"


def _sequence(message: Message) -> list[Any]:
    tensors = cast(list[Message], message.get("tensor_values", []))
    sequences = cast(list[Message], message.get("sequence_values", []))
    optionals = cast(list[Message], message.get("optional_values", []))
    return (
        [tensor_array(tensor) for tensor in tensors]
        + [_sequence(item) for item in sequences]
        + [_optional(item) for item in optionals]
    )


def _optional(message: Message) -> Any:
    if "tensor_value" in message:
        return tensor_array(cast(Message, message["tensor_value"]))
    if "sequence_value" in message:
        return _sequence(cast(Message, message["sequence_value"]))
    return None


def read_value(data: bytes, kind: ValueType) -> Any:
    """A serialised tensor, sequence or optional as the runtime's value."""
    view = memoryview(data)
    if isinstance(kind, SequenceType):
        return _sequence(decode(view, "Sequence", VALUES))
    if isinstance(kind, OptionalType):
        return _optional(decode(view, "Optional", VALUES))
    return tensor_array(decode(view, "Tensor", VALUES))


def difference(found: Any, expected: Any, rtol: float, atol: float) -> str:
    """What sets a value apart from the expected one, by the suite's rules; empty where nothing does."""
    if expected is None or found is None:
        return "" if found is expected else f"{found} instead of {expected}"
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return f"{found} instead of a sequence of {len(expected)}"
        pairs = zip(found, expected, strict=True)
        return next(filter(None, (difference(a, b, rtol, atol) for a, b in pairs)), "")
    if not isinstance(found, np.ndarray):
        return f"a {type(found).__name__} instead of a tensor"
    if found.shape != expected.shape:
        return f"shape {found.shape} instead of {expected.shape}"
    if found.dtype != expected.dtype:
        return f"{dtype_name(found.dtype)} instead of {dtype_name(expected.dtype)}"
    if expected.dtype == object:
        return "" if np.array_equal(found, expected) else f"{found.tolist()} instead of {expected.tolist()}"
    if dtype_name(expected.dtype) == "bfloat16":
        rtol = max(rtol, 2**-6)
    found, expected = widen(found), widen(expected)
    close = np.isclose(found, expected, rtol, atol, equal_nan=True)
    if close.all():
        return ""
    at = tuple(int(index) for index in np.argwhere(~close)[0])
    return f"{int((~close).sum())} of {close.size} values differ; at {at} {found[at]} instead of {expected[at]}"


def run_case(case: Case, executor: str) -> Result:
    """Loads the model and runs every data set."""
    try:
        session = InferenceSession(case.model, executor=executor)
        for files in case.data.values():
            feeds = {
                name: read_value(files[f"input_{at}.pb"], kind)
                for at, (name, kind) in enumerate(session.graph.inputs.items())
            }
            values = session.run(None, feeds)
            for at, (value, kind) in enumerate(zip(values, session.graph.outputs.values(), strict=True)):
                expected = read_value(files[f"output_{at}.pb"], kind)
                reason = difference(value, expected, case.rtol, case.atol)
                if reason:
                    return Result(case.name, executor, "wrong", f"output {at}: {reason}")
    except Unsupported as error:
        return Result(case.name, executor, "unsupported", _lacking(case) or str(error))
    except Exception as error:  # A test run reports every kind of failure and goes on with the next test.
        prefix = "" if isinstance(error, BadModel) else f"{type(error).__name__}: "
        return Result(case.name, executor, "error", f"{prefix}{error}")
    elsewhere = sorted({node.op for node, place in session.places() if place != executor})
    if elsewhere:
        return Result(case.name, executor, "partly", f"numpy runs {', '.join(elsewhere)}")
    return Result(case.name, executor, "pass")


def describe(case: Case, cases: Mapping[str, Case]) -> tuple[str, str]:
    """(category, op) of a test. One on the expanded body of a function counts for the function's op."""
    original = cases.get(f"{case.suite}/{re.sub('_expanded.*$', '', case.name)}", case)
    return _category(decode(memoryview(case.model), "Model", ONNX)), _first_op(original)


def _first_op(case: Case) -> str:
    model = decode(memoryview(case.model), "Model", ONNX)
    ops = [str(node["op_type"]) for node in _nodes(cast(Message, model["graph"]))]
    return next((op for op in ops if op not in ("Constant", "SequenceConstruct")), ops[0])


def _lacking(case: Case) -> str:
    """Why a fast executor has no use for a model; empty where numpy can't run it either."""
    try:
        ops = {node.op for node in InferenceSession(case.model, "numpy").graph.nodes}
    except Unsupported:
        return ""
    return f"too little of it has kernels: {', '.join(sorted(ops)) or 'constants alone'}"


def _nodes(graph: Message) -> Iterator[Message]:
    yield from cast(list[Message], graph.get("node", []))


def _category(model: Message) -> str:
    """The row of the summary that a test falls into: by its ops, else by the types it touches."""
    graph = cast(Message, model["graph"])
    nodes = list(_nodes(graph))
    ops = {str(node["op_type"]) for node in nodes}
    infos = [*cast(list[Message], graph.get("input", [])), *cast(list[Message], graph.get("output", []))]
    kinds = [value_info(info)[1] for info in infos]
    if any(str(node.get("domain", "")) == "ai.onnx.preview.training" for node in nodes):
        return "training"
    tensors = [kind for kind in kinds if isinstance(kind, TensorType)]
    if (
        len(tensors) < len(kinds)
        or any(kind.dtype == object for kind in tensors)
        or any("Sequence" in op or "Optional" in op for op in ops)
        or any(str(node.get("domain", "")) == "ai.onnx.ml" for node in nodes)
    ):
        return "sequence, optional, string, ml"
    if ops & {"If", "Loop", "Scan"} and "_expanded" not in str(graph.get("name", "")):
        return "control flow"
    if any(kind.dtype is not None and (is_storage(kind.dtype) or kind.dtype == np.float16) for kind in tensors):
        return "f16, bf16, f8, 4-bit"
    return "float, integer, bool"
