"""What a model may cost. A model is data from anywhere: it must not fill the memory or run without end.

Sizes are checked before an op runs, from the types of its inputs; time between ops and inside the loops that ops make.
Every refusal names the node.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np

from hearth.errors import BadModel, TooLarge
from hearth.runtime.types import TensorType, ValueType

_IN_PAGE = sys.platform == "emscripten"


@dataclass
class Limits:
    """The limits of this process. Change the fields of `LIMITS` to allow more or less."""

    tensor_bytes: int = 1 << 30 if _IN_PAGE else 2 << 30
    live_bytes: int = 3 << 30 if _IN_PAGE else 8 << 30
    """All tensors that one run holds at a time."""
    products: float = 2e11 if _IN_PAGE else 1e12
    """Multiplications of one matrix product, convolution or Einsum."""
    compile_seconds: float = 10.0
    """After this no more constants are folded; what is left is computed at run time."""
    run_seconds: float = 300.0


LIMITS = Limits()
LARGE = 16 << 20
"""Tensors from this size on make the executor count what a run holds."""

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Ends what runs inside after `seconds`, unless an earlier end is set already."""
    token = _deadline.set(min(_deadline.get(), monotonic() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def late() -> bool:
    """Whether the time is over."""
    return monotonic() > _deadline.get()


class OutOfTime(Exception):
    """The time is over in the middle of an op; the table of operators adds the node's name."""


def tick() -> None:
    """For ops that loop in Python: raises OutOfTime when the time is over."""
    if monotonic() > _deadline.get():
        raise OutOfTime


def check_time(label: str) -> None:
    """Raises TooLarge, naming the node, when the time is over."""
    if monotonic() > _deadline.get():
        raise TooLarge(
            f"{label}: the model has run longer than it may ({LIMITS.run_seconds:.0f} s); "
            "raise hearth.runtime.limits.LIMITS.run_seconds to let it."
        )


def check_types(label: str, kinds: Iterable[ValueType]) -> None:
    """Raises TooLarge where one of the tensors, as far as its shape is known, is over the limit."""
    for kind in kinds:
        if isinstance(kind, TensorType) and kind.shape is not None:
            sizes = [dim for dim in kind.shape if isinstance(dim, int)]
            if min(sizes, default=0) < 0:
                raise BadModel(f"{label} would make {kind}, which has a negative size.")
            count = math.prod(sizes)
            check_bytes(label, count * (kind.dtype.itemsize if kind.dtype is not None else 1), kind)


def check_bytes(label: str, size: int, what: object = "its result") -> None:
    """Raises TooLarge where a tensor of `size` bytes is over the limit."""
    if size > LIMITS.tensor_bytes:
        raise TooLarge(
            f"{label} would make {what} of {size / (1 << 30):,.1f} GiB; "
            f"a tensor may have {LIMITS.tensor_bytes / (1 << 30):,.1f} GiB."
        )


def check_live(label: str, values: Mapping[str, Any]) -> None:
    """Raises TooLarge when all that a run holds is over the limit. Views count once."""
    owners: dict[int, int] = {}
    for value in values.values():
        for array in value if isinstance(value, list) else (value,):
            if isinstance(array, np.ndarray):
                owner = array
                while isinstance(owner.base, np.ndarray):
                    owner = owner.base
                owners[id(owner)] = owner.nbytes
    total = sum(owners.values())
    if total > LIMITS.live_bytes:
        raise TooLarge(
            f"After {label} the model holds {total / (1 << 30):,.1f} GiB; "
            f"it may hold {LIMITS.live_bytes / (1 << 30):,.1f} GiB."
        )


Shapes = Sequence[Sequence[int] | None]


def _matmul(shapes: Shapes, result: int, arguments: Mapping[str, Any]) -> int:
    return result * (shapes[0][-1] if shapes[0] else 1)


def _gemm(shapes: Shapes, result: int, arguments: Mapping[str, Any]) -> int:
    matrix = shapes[0]
    return result * (matrix[0 if arguments.get("transA") else -1] if matrix else 1)


def _conv(shapes: Shapes, result: int, arguments: Mapping[str, Any]) -> int:
    return result * math.prod((shapes[1] or (1,))[1:])


def _conv_transpose(shapes: Shapes, result: int, arguments: Mapping[str, Any]) -> int:
    return math.prod(shapes[0] or (1,)) * math.prod((shapes[1] or (1,))[1:])


def _einsum(shapes: Shapes, result: int, arguments: Mapping[str, Any]) -> int:
    sizes: dict[str, int] = {}
    terms = str(arguments.get("equation", "")).replace(" ", "").split("->")[0].split(",")
    for term, shape in zip(terms, shapes, strict=False):
        letters = [letter for letter in term if letter.isalpha()]
        for letter, size in zip(letters, (shape or ())[-len(letters) :] if letters else (), strict=False):
            sizes[letter] = max(sizes.get(letter, 1), size)
    return max(result, math.prod(sizes.values()))


_PRODUCTS: dict[str, Callable[[Shapes, int, Mapping[str, Any]], int]] = {
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Einsum": _einsum,
}


def check_products(
    label: str, op: str, shapes: Shapes, kinds: Sequence[ValueType], arguments: Mapping[str, Any]
) -> None:
    """Raises TooLarge for a product that would take too many multiplications. All shapes are known here."""
    count = _PRODUCTS.get(op)
    kind = kinds[0] if kinds else None
    if count is None or not isinstance(kind, TensorType) or not kind.static:
        return
    products = count(shapes, math.prod(kind.static_shape), arguments)
    if products > LIMITS.products:
        raise TooLarge(f"{label} would take {products:.1e} multiplications; an op may take {LIMITS.products:.0e}.")
