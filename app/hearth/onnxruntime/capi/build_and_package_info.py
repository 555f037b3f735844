"""What onnxruntime's build leaves behind for its clients to read."""

from .onnxruntime_validation import package_name
from .onnxruntime_validation import version as __version__

__all__ = ["__version__", "package_name"]
