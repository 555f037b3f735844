"""An ONNX runtime in Python: graph in, plan out, played by one of several executors."""

from hearth.runtime.session import InferenceSession, NodeArg

__all__ = ["InferenceSession", "NodeArg"]
