"""What the bench's worker calls inside Pyodide: one session at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from hearth.runtime import InferenceSession
from hearth.runtime.wasm import WasmExecutor, executor
from hearth.runtime.wasm.builder import Lowered
from hearth.runtime.wasm.library import Library
from hearth.runtime.wasm.player import Player

FEWEST_STEPS = 10
EXECUTORS: dict[bool, WasmExecutor] = {}
FEEDS: dict[str, np.ndarray] = {}
STATE: dict[str, Any] = {}


def open(model: Any, threads: int, shapes: Any) -> dict[str, float]:
    """Makes the session for inputs of these shapes; returns what that and its packing took, in ms, and its threads."""
    kernels = EXECUTORS.setdefault(threads > 1, WasmExecutor(threads=threads > 1))
    start = time.perf_counter()
    with packing_timed():
        STATE["session"] = InferenceSession(model.to_bytes(), kernels, shapes.to_py())
    FEEDS.clear()
    pool = kernels.pool
    load = (time.perf_counter() - start) * 1e3
    return {"load": load, "packing": STATE["packing"], "threads": int(pool.threads) if pool else 1}


@contextmanager
def packing_timed() -> Iterator[None]:
    """Notes how long constants are packed, in ms."""
    plain = executor._player

    def timed(lowered: Lowered, kernels: Library, threads: Any) -> Player:
        start = time.perf_counter()
        made = plain(lowered, kernels, threads)
        STATE["packing"] = (time.perf_counter() - start) * 1e3
        return made

    executor._player = timed
    yield
    executor._player = plain


def feed(name: str, data: Any, shape: Any) -> None:
    """Sets one input from bytes of float32."""
    FEEDS[name] = np.frombuffer(data.to_bytes(), np.float32).reshape([int(size) for size in shape.to_py()])


def run() -> float:
    """Runs once; milliseconds."""
    start = time.perf_counter()
    STATE["outputs"] = STATE["session"].run(None, FEEDS)
    return (time.perf_counter() - start) * 1e3


def per_step() -> float | None:
    """Microseconds that Python takes for a step on average: a run less the time inside the kernels.

    None for nets of so few steps that copying in and out is all there is to see.
    """
    ((program, plan),) = STATE["session"]._programs
    if len(plan.steps) < FEWEST_STEPS:
        return None
    player, best = program.idle[0], float("inf")
    play, inside = player.play, 0.0

    def timed(first: int, end: int) -> None:
        nonlocal inside
        start = time.perf_counter()
        play(first, end)
        inside += time.perf_counter() - start

    player.play = timed
    for _ in range(5):
        inside, start = 0.0, time.perf_counter()
        STATE["session"].run(None, FEEDS)
        best = min(best, time.perf_counter() - start - inside)
    del player.play
    return best * 1e6 / len(plan.steps)


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
