"""What holds for the whole process: version, logging, and switches that have nothing to switch here."""

from __future__ import annotations

import logging
from operator import index

from hearth import __version__ as hearth_version

VERSION = "1.32.0"
"""The release of onnxruntime whose API this is."""

LOG = logging.getLogger("hearth.onnxruntime")

_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)


def ignored(what: str) -> None:
    """Says once more that something was accepted and changes nothing."""
    LOG.debug("%s has no effect in Hearth's runtime", what)


def get_version_string() -> str:
    """The release of onnxruntime whose API this is."""
    return VERSION


def get_build_info() -> str:
    """What runs in onnxruntime's place."""
    return f"Hearth runtime {hearth_version}, answering to the API of onnxruntime {VERSION}"


def set_default_logger_severity(severity: int) -> None:
    """0 verbose, 1 info, 2 warning, 3 error, 4 fatal: the level of the logger `hearth`. RuntimeError for others."""
    if not 0 <= severity < len(_LEVELS):
        raise RuntimeError("Invalid logging severity. 0:Verbose, 1:Info, 2:Warning, 3:Error, 4:Fatal")
    logging.getLogger("hearth").setLevel(_LEVELS[severity])


def set_default_logger_callback(callback: object) -> None:
    """Accepted and ignored: what is logged goes to Python's logger `hearth`."""
    ignored("set_default_logger_callback")


def set_default_logger_verbosity(verbosity: int) -> None:
    """Accepted and ignored."""
    index(verbosity)
    ignored("set_default_logger_verbosity")


def disable_telemetry_events() -> None:
    """There is no telemetry."""
    ignored("disable_telemetry_events")


def enable_telemetry_events() -> None:
    """There is no telemetry, and this adds none."""
    ignored("enable_telemetry_events")


def preload_dlls(cuda: bool = True, cudnn: bool = True, msvc: bool = True, directory: str | None = None) -> None:
    """There are no libraries of a graphics card's maker to load."""
    ignored("preload_dlls")


def print_debug_info() -> None:
    """Prints what stands in for onnxruntime here."""
    print(get_build_info())


def set_global_thread_pool_sizes(intra_op_num_threads: int = 0, inter_op_num_threads: int = 0) -> None:
    """Accepted and ignored: the runtime takes the threads that the page has."""
    index(intra_op_num_threads)
    index(inter_op_num_threads)
    ignored("set_global_thread_pool_sizes")


def get_ep_devices() -> list[object]:
    """None: devices are found by the providers' names alone."""
    return []


def has_collective_ops() -> bool:
    """Whether several processes can share a run: no."""
    return False


def set_seed(seed: int) -> None:
    """Accepted and ignored: ops of chance that give a seed are repeatable, the others are not."""
    index(seed)
    ignored("set_seed")
