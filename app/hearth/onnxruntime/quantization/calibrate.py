"""How callers of onnxruntime's quantisation tools hand over samples."""

from __future__ import annotations

from enum import Enum
from typing import Any

__all__ = ["CalibrationDataReader", "CalibrationMethod"]


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
