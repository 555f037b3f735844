"""The measurements themselves, in whatever Python they run; each is the best of several."""

from __future__ import annotations

import time
from typing import Any

import numpy as np


def measure(ort: Any, tiny: bytes, large: bytes) -> dict[str, float]:
    """Name -> microseconds."""
    providers = ["CPUExecutionProvider"]
    session = ort.InferenceSession(tiny, providers=providers)
    feeds = {"x": np.ones((2, 3), np.float32), "y": np.ones(3, np.float32)}
    runs = []
    for _ in range(15):
        start = time.perf_counter()
        for _ in range(100):
            session.run(None, feeds)
        runs.append((time.perf_counter() - start) / 100)
    loads = []
    for _ in range(5):
        start = time.perf_counter()
        ort.InferenceSession(large, providers=providers)
        loads.append(time.perf_counter() - start)
    return {"tiny run": min(runs) * 1e6, "u2netp load": min(loads) * 1e6, "u2netp first load": loads[0] * 1e6}
