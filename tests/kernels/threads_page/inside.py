"""One model on one thread and on the pool, inside Pyodide."""

from __future__ import annotations

from typing import Any

import numpy as np

from hearth.runtime import InferenceSession
from hearth.runtime.wasm import WasmExecutor
from hearth.runtime.wasm.threads import SharedPlayer

SESSIONS: list[InferenceSession] = []


def prepare() -> None:
    """Makes both sessions: constants are packed."""
    SESSIONS.extend(InferenceSession("model.onnx", WasmExecutor(threads=threads)) for threads in (False, True))


def compare() -> dict[str, Any]:
    """Runs alone once and on the pool twice; tells how far the results are apart and who played."""
    x = np.random.default_rng(3).standard_normal((1, 16, 61, 67)).astype(np.float32)
    alone, pooled = SESSIONS
    pool = pooled.executor.pool  # type: ignore[attr-defined]
    (wanted,) = alone.run(None, {"x": x})
    before = int(pool.threads)
    apart = [float(np.abs(pooled.run(None, {"x": x})[0] - wanted).max()) for _ in range(2)]
    ((program, _),) = pooled._programs
    return {
        "apart": max(apart),
        "threads": [before, int(pool.threads)],
        "shared": isinstance(program.idle[0], SharedPlayer),  # type: ignore[attr-defined]
        "largest": float(np.abs(wanted).max()),
    }
