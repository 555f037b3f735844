"""What an adapter offers, as far as lowering asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Limits:
    """WebGPU's limits under their own names; the defaults are what every adapter has."""

    maxStorageBuffersPerShaderStage: int = 8  # noqa: N815
    maxComputeWorkgroupStorageSize: int = 16384  # noqa: N815
    maxComputeInvocationsPerWorkgroup: int = 256  # noqa: N815
    maxComputeWorkgroupSizeX: int = 256  # noqa: N815
    maxComputeWorkgroupsPerDimension: int = 65535  # noqa: N815
    maxStorageBufferBindingSize: int = 134217728  # noqa: N815
    maxBufferSize: int = 268435456  # noqa: N815
    minStorageBufferOffsetAlignment: int = 256  # noqa: N815
    halves: bool = False
    """Whether kernels can compute with float16: the feature `shader-f16`."""

    @staticmethod
    def read(offered: Mapping[str, int], features: Collection[str] = ()) -> Limits:
        """From an adapter's own table."""
        known = {item.name: int(offered[item.name]) for item in fields(Limits) if item.name in offered}
        return Limits(**known, halves="shader-f16" in features)

    @property
    def invocations(self) -> int:
        """The most invocations that a workgroup laid along x can have."""
        return min(self.maxComputeInvocationsPerWorkgroup, self.maxComputeWorkgroupSizeX)
