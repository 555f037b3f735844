"""One model on one thread and on the pool, inside Pyodide."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from hearth.runtime import InferenceSession
from hearth.runtime.wasm import WasmExecutor
from hearth.runtime.wasm.threads import SharedPlayer

SESSIONS: list[InferenceSession] = []
PATIENCE = 120  # seconds until a worker has to have taken a unit


def prepare() -> None:
    """Makes both sessions: constants are packed."""
    SESSIONS.extend(InferenceSession("model.onnx", WasmExecutor(threads=threads)) for threads in (False, True))


def compare(until_alone: bool) -> dict[str, Any]:
    """Runs alone once and on the pool; tells how far the results are apart and who played.

    `until_alone` goes on until the pool has lost its workers, and once more: on a busy machine the leader may well
    have taken every unit before another thread gets a core.
    """
    x = np.random.default_rng(3).standard_normal((1, 16, 61, 67)).astype(np.float32)
    alone, pooled = SESSIONS
    pool = pooled.executor.pool  # type: ignore[attr-defined]
    (wanted,) = alone.run(None, {"x": x})
    before = int(pool.threads)
    apart: list[float] = []

    def run() -> None:
        apart.append(float(np.abs(pooled.run(None, {"x": x})[0] - wanted).max()))

    end = time.monotonic() + PATIENCE
    run()
    while until_alone and pool.threads > 1 and time.monotonic() < end:
        run()
    run()
    ((program, _),) = pooled._programs
    return {
        "apart": max(apart),
        "threads": [before, int(pool.threads)],
        "shared": isinstance(program.idle[0], SharedPlayer),  # type: ignore[attr-defined]
        "largest": float(np.abs(wanted).max()),
    }
