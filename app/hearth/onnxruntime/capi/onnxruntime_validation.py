"""onnxruntime checks its own installation here; there is nothing to check."""

from ..process import get_version_string

__all__ = ["check_distro_info", "package_name", "version"]

package_name = "onnxruntime"
version = get_version_string()


def check_distro_info() -> None:
    """Every system that runs Python will do."""
