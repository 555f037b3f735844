"""The words of onnxruntime's quantisation tools for number types and for how a graph tells of them."""

from enum import Enum

__all__ = ["QuantFormat", "QuantType"]


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
