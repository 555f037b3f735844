"""Where values lie, as onnxruntime describes it: memory infos, allocators, devices. What is said of arenas and
allocators is accepted and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from .options import Named
from .process import ignored


class OrtAllocatorType(Named):
    INVALID = -1
    ORT_DEVICE_ALLOCATOR = 0
    ORT_ARENA_ALLOCATOR = 1


class OrtMemType(Named):
    CPU_INPUT = -2
    CPU_OUTPUT = -1
    CPU = -1
    DEFAULT = 0


class OrtDeviceMemoryType(Named):
    DEFAULT = 0
    HOST_ACCESSIBLE = 5


class OrtMemoryInfoDeviceType(Named):
    CPU = 0
    GPU = 1
    FPGA = 2
    NPU = 3


class OrtHardwareDeviceType(Named):
    CPU = 0
    GPU = 1
    NPU = 2


class OrtExecutionProviderDevicePolicy(Named):
    DEFAULT = 0
    PREFER_CPU = 1
    PREFER_NPU = 2
    PREFER_GPU = 3
    MAX_PERFORMANCE = 4
    MAX_EFFICIENCY = 5
    MIN_OVERALL_POWER = 6


class OrtDeviceVendorId(IntEnum):
    """PCI's numbers."""

    NONE = 0
    AMD = 0x1002
    NVIDIA = 0x10DE
    ARM = 0x13B5
    MICROSOFT = 0x1414
    HUAWEI = 0x19E5
    QUALCOMM = 0x5143
    INTEL = 0x8086


_ALLOCATORS = (
    *("Cpu", "Cuda", "CudaPinned", "DML", "Hip", "HipPinned", "OpenVINO_GPU", "OpenVINO_RT_NPU", "QnnHtpShared"),
    *("WebGPU_Buf", "WebGPU_Buffer", "WebNN_Tensor"),
)


@dataclass(frozen=True)
class OrtMemoryInfo:
    """A memory by the name of its allocator."""

    name: str
    allocator_type: OrtAllocatorType
    device_id: int = 0
    mem_type: OrtMemType = OrtMemType.DEFAULT
    device_mem_type: OrtDeviceMemoryType = OrtDeviceMemoryType.DEFAULT
    device_vendor_id: int = 0

    def __post_init__(self) -> None:
        """RuntimeError for an allocator's name that onnxruntime does not know."""
        if self.device_vendor_id == 0 and self.name not in _ALLOCATORS:
            raise RuntimeError("Specified device is not supported. Try CreateMemoryInfo_V2.")

    @staticmethod
    def create_v2(
        name: str,
        device_type: OrtMemoryInfoDeviceType,
        vendor_id: int,
        device_id: int,
        device_mem_type: OrtDeviceMemoryType,
        alignment: int,
        allocator_type: OrtAllocatorType,
    ) -> OrtMemoryInfo:
        return OrtMemoryInfo(name, allocator_type, device_id, OrtMemType.DEFAULT, device_mem_type, vendor_id)


CPU_MEMORY = OrtMemoryInfo("Cpu", OrtAllocatorType.ORT_ARENA_ALLOCATOR)


class OrtArenaCfg:
    """How an arena would grow; kept, and of no effect. RuntimeError for a key that is none of its fields."""

    def __init__(self, *config: Any) -> None:
        self.max_mem = 0
        self.arena_extend_strategy = -1
        self.initial_chunk_size_bytes = -1
        self.max_dead_bytes_per_chunk = -1
        self.initial_growth_chunk_size_bytes = -1
        self.max_power_of_two_extend_bytes = -1
        named = config[0] if len(config) == 1 and isinstance(config[0], dict) else dict(zip(vars(self), config))  # noqa: B905
        for key, value in named.items():
            if key not in vars(self):
                raise RuntimeError(f"Invalid OrtArenaCfg option: {key}")
            setattr(self, key, int(value))


def create_and_register_allocator(mem_info: OrtMemoryInfo, arena_cfg: OrtArenaCfg | None = None) -> None:
    """Accepted and ignored."""
    ignored("create_and_register_allocator")


def create_and_register_allocator_v2(
    provider_type: str,
    mem_info: OrtMemoryInfo,
    options: dict[str, str] | None = None,
    arena_cfg: OrtArenaCfg | None = None,
) -> None:
    """Accepted and ignored."""
    ignored("create_and_register_allocator_v2")
