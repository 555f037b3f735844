"""The numpy executor: what every op means, and the last resort."""

from hearth.runtime.numpy.executor import NumpyExecutor

__all__ = ["NumpyExecutor"]
