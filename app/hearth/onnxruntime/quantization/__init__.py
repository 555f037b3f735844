"""The names of onnxruntime's quantisation tools, for packages that import them beside the session.

Quantised models run here; making them is work for a desk, and calling a tool says so.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, NoReturn

__all__ = [
    "CalibrationDataReader",
    "CalibrationMethod",
    "QuantFormat",
    "QuantType",
    "quant_pre_process",
    "quantize",
    "quantize_dynamic",
    "quantize_static",
]


class QuantType(Enum):
    QInt8 = 0
    QUInt8 = 1
    QFLOAT8E4M3FN = 2
    QInt16 = 3
    QUInt16 = 4
    QInt4 = 5
    QUInt4 = 6


class QuantFormat(Enum):
    QOperator = 0
    QDQ = 1


class CalibrationMethod(Enum):
    MinMax = 0
    Entropy = 1
    Percentile = 2
    Distribution = 3


class CalibrationDataReader:
    """What callers derive from to hand over samples."""

    def get_next(self) -> dict[str, Any] | None:
        raise NotImplementedError

    def __iter__(self) -> CalibrationDataReader:
        return self

    def __next__(self) -> dict[str, Any]:
        sample = self.get_next()
        if sample is None:
            raise StopIteration
        return sample


def _for_a_desk(*_: Any, **__: Any) -> NoReturn:
    raise NotImplementedError("Models are not quantised here: do it with onnxruntime on a desk, and run the result.")


quantize = quantize_static = quantize_dynamic = quant_pre_process = _for_a_desk
