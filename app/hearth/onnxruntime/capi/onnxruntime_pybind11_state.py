"""The names of onnxruntime's extension module: its exceptions are defined here, the rest comes from its own files."""

from hearth.runtime.metadata import ModelMetadata
from hearth.runtime.session import NodeArg

from ..memory import (
    OrtAllocatorType,
    OrtArenaCfg,
    OrtDeviceMemoryType,
    OrtExecutionProviderDevicePolicy,
    OrtHardwareDeviceType,
    OrtMemoryInfo,
    OrtMemoryInfoDeviceType,
    OrtMemType,
    create_and_register_allocator,
    create_and_register_allocator_v2,
)
from ..options import ExecutionMode, ExecutionOrder, GraphOptimizationLevel, RunOptions, SessionOptions
from ..process import (
    disable_telemetry_events,
    enable_telemetry_events,
    get_build_info,
    get_ep_devices,
    get_version_string,
    has_collective_ops,
    set_default_logger_callback,
    set_default_logger_severity,
    set_default_logger_verbosity,
    set_global_thread_pool_sizes,
    set_seed,
)
from ..providers import get_all_providers, get_available_providers, get_device
from ..sparse import OrtSparseFormat, SparseTensor
from ..values import OrtDevice, OrtValue, OrtValueVector, copy_tensors

__all__ = [
    "DeviceReset",
    "EPFail",
    "EngineError",
    "ExecutionMode",
    "ExecutionOrder",
    "Fail",
    "GraphOptimizationLevel",
    "InvalidArgument",
    "InvalidGraph",
    "InvalidProtobuf",
    "ModelLoadCanceled",
    "ModelLoaded",
    "ModelMetadata",
    "ModelRequiresCompilation",
    "NoModel",
    "NoSuchFile",
    "NodeArg",
    "NotFound",
    "NotImplemented",
    "OrtAllocatorType",
    "OrtArenaCfg",
    "OrtDevice",
    "OrtDeviceMemoryType",
    "OrtExecutionProviderDevicePolicy",
    "OrtHardwareDeviceType",
    "OrtMemType",
    "OrtMemoryInfo",
    "OrtMemoryInfoDeviceType",
    "OrtSparseFormat",
    "OrtValue",
    "OrtValueVector",
    "RunOptions",
    "RuntimeException",
    "SessionOptions",
    "SparseTensor",
    "copy_tensors",
    "create_and_register_allocator",
    "create_and_register_allocator_v2",
    "disable_telemetry_events",
    "enable_telemetry_events",
    "get_all_providers",
    "get_available_providers",
    "get_build_info",
    "get_device",
    "get_ep_devices",
    "get_version_string",
    "has_collective_ops",
    "set_default_logger_callback",
    "set_default_logger_severity",
    "set_default_logger_verbosity",
    "set_global_thread_pool_sizes",
    "set_seed",
]


class Fail(Exception):
    """1: what has no code of its own."""


class InvalidArgument(Exception):
    """2: a feed, an option or a model's field does not fit."""


class NoSuchFile(Exception):
    """3: the model file is not there."""


class NoModel(Exception):
    """4: nothing is loaded."""


class EngineError(Exception):
    """5: an engine under the runtime failed."""


class RuntimeException(Exception):
    """6: the run broke off, for want of memory among others."""


class InvalidProtobuf(Exception):
    """7: the bytes are no model."""


class ModelLoaded(Exception):
    """8: a model is loaded already."""


class NotImplemented(Exception):
    """9: the model is right, but an op of it is missing here."""


class InvalidGraph(Exception):
    """10: the model breaks ONNX's rules."""


class EPFail(Exception):
    """11: an execution provider failed."""


class ModelLoadCanceled(Exception):
    """12: loading was stopped."""


class ModelRequiresCompilation(Exception):
    """13: not used here."""


class NotFound(Exception):
    """14: not used here."""


class DeviceReset(Exception):
    """15: the device was reset."""
