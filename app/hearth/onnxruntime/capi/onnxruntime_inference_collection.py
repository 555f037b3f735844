"""Where onnxruntime defines its Python classes; some clients import them from here."""

from ..binding import IOBinding
from ..providers import normalised as check_and_normalize_provider_args
from ..session import InferenceSession
from ..sparse import SparseTensor
from ..values import OrtDevice, OrtValue

__all__ = [
    "IOBinding",
    "InferenceSession",
    "OrtDevice",
    "OrtValue",
    "SparseTensor",
    "check_and_normalize_provider_args",
]
