"""Where onnxruntime defines its Python classes; some clients import them from here."""

from ..adapters import AdapterFormat
from ..binding import IOBinding
from ..compiler import ModelCompiler
from ..memory import OrtDeviceVendorId
from ..providers import normalised as check_and_normalize_provider_args
from ..session import InferenceSession
from ..sparse import SparseTensor
from ..values import OrtDevice, OrtValue, copy_tensors

Session = InferenceSession
"""The class under InferenceSession, in onnxruntime."""

__all__ = [
    "AdapterFormat",
    "IOBinding",
    "InferenceSession",
    "ModelCompiler",
    "OrtDevice",
    "OrtDeviceVendorId",
    "OrtValue",
    "Session",
    "SparseTensor",
    "check_and_normalize_provider_args",
    "copy_tensors",
]
