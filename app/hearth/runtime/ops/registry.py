"""The table of operators: what each ONNX op means (in numpy) and how the types of its outputs follow.

An op is a function over arrays, registered by name and by the opset version since which it reads so:

    @op("Relu", rule=same)
    def relu(x): ...

Inputs are positional (None where absent), attributes are keywords with ONNX's names and defaults. A function with
the keyword `n_outputs` is told how many outputs its node names; one with `memory` gets a dictionary of its own, to keep
what it makes of its attributes from run to run. It returns an array, or a tuple of outputs.

Most functions never see storage dtypes (bfloat16, float8, int4 ...): the table hands them float32 or int8 and narrows
what comes back. An op that must see them registers with `storage=True`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hearth.errors import BadIndex, BadModel, HearthError, TooLarge, Unsupported
from hearth.runtime.graph import Node
from hearth.runtime.limits import OutOfTime, check_time
from hearth.runtime.ops.storage import decode, encode, wide_dtype
from hearth.runtime.types import Dim, TensorType, ValueType

WHOLE_NUMBERS = "hearth_whole_numbers"
"""An attribute of a product whose two sides are whole numbers of 8 bits and a sign, carried as floats."""

IGNORED = frozenset({"consumed_inputs", WHOLE_NUMBERS})
"""Attributes that change no result. The first opsets say how memory may be reused."""

MISFITS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What numpy and Python raise where the inputs or attributes that a model gives an op do not fit it."""

Meaning = Callable[..., Any]
Rule = Callable[..., "ValueType | Sequence[ValueType]"]


@dataclass(frozen=True)
class Operand:
    """What a shape rule sees of an input: its type, and its value where that is constant."""

    dtype: np.dtype | None
    shape: tuple[Dim, ...] | None
    value: np.ndarray | None = None

    @property
    def type(self) -> TensorType:
        return TensorType(self.dtype, self.shape)

    def ints(self) -> list[int] | None:
        """The constant value as a list of integers, if there is one."""
        return None if self.value is None else [int(item) for item in self.value.reshape(-1)]


@dataclass(frozen=True)
class Operator:
    """One entry of the table.

    `rule`: types of the outputs from Operands, called just as `meaning` is. None: the compiler runs `meaning` on zeros
    of the inputs' shapes, so it must be cheap and its shapes must not depend on data, but for the inputs listed in
    `shape_from`, whose values have to be known. `data_dependent`: no shape can be told before the op has run.
    `most_inputs`: how many `meaning` takes. `storage`: `meaning` takes arrays of storage dtypes as they are.
    """

    name: str
    domain: str
    since: int
    meaning: Meaning
    rule: Rule | None
    shape_from: tuple[int, ...]
    data_dependent: bool
    storage: bool
    most_inputs: float
    keywords: frozenset[str]
    required: frozenset[str]

    def arguments(self, node: Node) -> dict[str, Any]:
        """The keywords for `meaning` and `rule` that a node's attributes make."""
        unknown = node.attributes.keys() - self.keywords - IGNORED
        if unknown:
            raise Unsupported(f"{node.label} has the attribute '{min(unknown)}', which this runtime does not know.")
        given = max((at + 1 for at, name in enumerate(node.inputs) if name), default=0)
        if given > self.most_inputs:
            raise BadModel(f"{node.label} has {given} inputs, but takes at most {self.most_inputs:.0f}.")
        missing = self.required - node.attributes.keys() - {"n_outputs", "memory"}
        if missing:
            raise BadModel(f"{node.label} lacks the attribute '{min(missing)}'.")
        arguments: dict[str, Any] = {k: v for k, v in node.attributes.items() if k in self.keywords}
        if "n_outputs" in self.keywords:
            arguments["n_outputs"] = len(node.outputs)
        if "memory" in self.keywords:
            arguments["memory"] = {}
        return arguments

    def run(self, inputs: Sequence[Any], arguments: Mapping[str, Any], label: str) -> tuple[Any, ...]:
        """Runs the op; errors of numpy come back as a BadModel that names the node and the shapes."""
        try:
            if not self.storage:
                for value in inputs:
                    if isinstance(value, np.ndarray) and value.dtype.names:
                        return self._widened(inputs, arguments, value.dtype)
            result = self.meaning(*inputs, **arguments)
        except HearthError:
            raise
        except OutOfTime:
            check_time(label)
            raise
        except MISFITS as error:
            kind = BadIndex if isinstance(error, IndexError) else BadModel
            shapes = ", ".join(str(getattr(value, "shape", type(value).__name__)) for value in inputs)
            raise kind(f"{label} can't run on inputs of shapes {shapes}: {error}.") from error
        except MemoryError as error:
            raise TooLarge(f"{label} needs more memory than there is: {error}.") from error
        return result if isinstance(result, tuple) else (result,)

    def _widened(self, inputs: Sequence[Any], arguments: Mapping[str, Any], narrow: np.dtype) -> tuple[Any, ...]:
        """Computes in the dtype that numpy has for `narrow`; results of that dtype become `narrow` again."""
        wide = wide_dtype(narrow)
        result = self.meaning(
            *(decode(value) if isinstance(value, np.ndarray) else value for value in inputs), **arguments
        )
        results = result if isinstance(result, tuple) else (result,)
        return tuple(encode(item, narrow) if getattr(item, "dtype", None) == wide else item for item in results)


_TABLE: dict[tuple[str, str], list[Operator]] = {}


def op(
    name: str,
    since: int = 1,
    *,
    domain: str = "",
    rule: Rule | None = None,
    shape_from: tuple[int, ...] = (),
    data_dependent: bool = False,
    storage: bool = False,
) -> Callable[[Meaning], Meaning]:
    """Registers a function as the meaning of an op from opset `since` on."""

    def register(meaning: Meaning) -> Meaning:
        parameters = inspect.signature(meaning).parameters.values()
        places = [p.kind for p in parameters]
        open_ended = inspect.Parameter.VAR_POSITIONAL in places
        keywords = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
        entry = Operator(
            name,
            domain,
            since,
            meaning,
            rule,
            shape_from,
            data_dependent,
            storage,
            math.inf if open_ended else places.count(inspect.Parameter.POSITIONAL_OR_KEYWORD),
            frozenset(p.name for p in keywords),
            frozenset(p.name for p in keywords if p.default is p.empty),
        )
        versions = _TABLE.setdefault((domain, name), [])
        versions.append(entry)
        versions.sort(key=lambda item: item.since)
        return meaning

    return register


def find(node: Node) -> Operator:
    """The operator by which a node is to be read; Unsupported where the table has none."""
    versions = _TABLE.get((node.domain, node.op))
    if versions is None:
        where = f" of the domain {node.domain}" if node.domain else ""
        raise Unsupported(f"The model uses the op {node.op}{where} ({node.label}), which this runtime does not have.")
    for entry in reversed(versions):
        if entry.since <= node.opset:
            return entry
    raise Unsupported(
        f"{node.label} is of opset {node.opset}; this runtime reads {node.op} from opset {versions[0].since} on."
    )


def has(domain: str, name: str) -> bool:
    """Whether the table has an op of this name, of any version."""
    return (domain, name) in _TABLE


def names() -> list[tuple[str, str]]:
    """(domain, name) of every op in the table, sorted."""
    return sorted(_TABLE)
