"""The kernels of programs that are known before there is a GPU, as a file: a page compiles them while weights come.

`web/gpu.js` takes the first tier that its device reaches. Where what is lowered there differs after all (a tuned
kernel, other limits), those kernels are compiled later, as all are without such a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict

from hearth.errors import Unsupported
from hearth.runtime.webgpu.limits import Limits

DECIDING = ("maxComputeWorkgroupStorageSize", "maxComputeInvocationsPerWorkgroup", "maxBufferSize")
"""The limits on which the choice of kernels depends."""


def _tier(storage: int, invocations: int, megabytes: int) -> Limits:
    return Limits(
        maxComputeWorkgroupStorageSize=storage,
        maxComputeInvocationsPerWorkgroup=invocations,
        maxComputeWorkgroupSizeX=invocations,
        maxStorageBufferBindingSize=(megabytes << 20) - 4,
        maxBufferSize=megabytes << 20,
    )


TIERS = (
    _tier(49152, 1024, 2048),
    _tier(32768, 1024, 2048),
    _tier(32768, 1024, 1024),
    _tier(32768, 256, 1024),
    Limits(),
)
"""What browsers offer, the most first; the last is what every GPU has."""


def kernels_file(shaders_for: Callable[[Limits], Iterable[str]]) -> bytes:
    """The file for programs whose shaders, in the order in which they are to be compiled, `shaders_for` gives.

    JSON: `kernels`, the WGSL of all tiers; `tiers`, each with the least `limits` and the numbers of its `kernels`.
    """
    numbers: dict[str, int] = {}
    tiers = []
    for limits in TIERS:
        try:
            kernels = [numbers.setdefault(text, len(numbers)) for text in dict.fromkeys(shaders_for(limits))]
        except Unsupported:
            kernels = []  # such a GPU has no use for the program
        least = {name: value for name, value in asdict(limits).items() if name in DECIDING}
        tiers.append({"limits": least, "kernels": kernels})
    return json.dumps({"tiers": tiers, "kernels": list(numbers)}).encode()
