"""What the bench's worker calls inside Pyodide: one session at a time."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from hearth.runtime import InferenceSession
from hearth.runtime.wasm import WasmExecutor

EXECUTORS: dict[bool, WasmExecutor] = {}
FEEDS: dict[str, np.ndarray] = {}
STATE: dict[str, Any] = {}


def open(model: Any, threads: int) -> dict[str, float]:
    """Makes the session; returns what that took, in ms, and the threads it has."""
    executor = EXECUTORS.setdefault(threads > 1, WasmExecutor(threads=threads > 1))
    start = time.perf_counter()
    STATE["session"] = InferenceSession(model.to_bytes(), executor)
    FEEDS.clear()
    pool = executor.pool
    return {"load": (time.perf_counter() - start) * 1e3, "threads": int(pool.threads) if pool else 1}


def feed(name: str, data: Any, shape: Any) -> None:
    """Sets one input from bytes of float32."""
    FEEDS[name] = np.frombuffer(data.to_bytes(), np.float32).reshape([int(size) for size in shape.to_py()])


def run() -> float:
    """Runs once; milliseconds."""
    start = time.perf_counter()
    STATE["outputs"] = STATE["session"].run(None, FEEDS)
    return (time.perf_counter() - start) * 1e3


def outputs() -> dict[str, np.ndarray]:
    """The last run's outputs, flat."""
    names = [output.name for output in STATE["session"].get_outputs()]
    return {name: np.ascontiguousarray(value).reshape(-1) for name, value in zip(names, STATE["outputs"], strict=True)}


def close() -> None:
    """Lets the session go."""
    for program, _ in STATE["session"]._programs:
        program.destroy()
    STATE.clear()
    FEEDS.clear()
