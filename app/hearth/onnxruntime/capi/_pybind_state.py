"""Another name of the extension module, under which some clients import it."""

from .onnxruntime_pybind11_state import *  # noqa: F403
