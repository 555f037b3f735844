"""The names of onnxruntime's quantisation tools, for packages that import them beside the session.

Quantised models run here; making them is work for a desk, and calling a tool says so.
"""

from .calibrate import CalibrationDataReader, CalibrationMethod
from .quant_utils import QuantFormat, QuantType
from .quantize import quantize, quantize_dynamic, quantize_static
from .shape_inference import quant_pre_process

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
