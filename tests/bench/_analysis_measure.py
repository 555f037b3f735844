"""Times the analysis of a track stage by stage, in whatever Python it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hearth.runtime import InferenceSession
from hearth.runtime.wasm import WasmExecutor
from hearth.tools.visualizer.analysis import Analyser, Networks, pulse

RATE = 44100


def song(seconds: float) -> np.ndarray:
    """(n, 2): a beat of noise at 120 a minute, and chords of ten overtones that change with every bar."""
    chance = np.random.default_rng(4)
    bar = np.arange(2 * RATE) / RATE
    bars = []
    for _ in range(int(np.ceil(seconds / 2))):
        keys = 45 + chance.choice(24, 4, replace=False)
        tones = [
            np.sin(2 * np.pi * 440 * 2 ** ((key - 69) / 12) * n * bar) / n**1.5 * np.exp(-bar * n / 3)
            for key in keys
            for n in range(1, 11)
        ]
        hits = chance.standard_normal(len(bar)) * np.exp(-(bar % 0.5) * 60)
        bars.append(0.04 * np.sum(tones, axis=0) + 0.3 * hits)
    mono = np.concatenate(bars)[: round(seconds * RATE)].astype(np.float32)
    return np.stack([mono, np.roll(mono, 300)], axis=1)


def measure(models: Sequence[bytes], seconds: float, clock: Callable[[], float] = time.process_time) -> dict[str, Any]:
    """Seconds of each stage, on one thread; `models`: those of Networks that are fetched, in its order.

    The clock tells the processor's time, so that other programs on the machine do not count.
    """
    networks = Networks(*(InferenceSession(model, WasmExecutor(threads=False)) for model in [*models, pulse.network()]))
    sound = song(seconds)
    taken: dict[str, float] = {}
    for _ in range(2):  # the first time compiles the plans
        analyser = Analyser(RATE, 2, networks)
        start = clock()
        for at in range(0, len(sound), RATE):
            analyser.feed(sound[at : at + RATE])
        analyser.end()
        before = clock()
        taken = {"spectrum": before - start}

        def note(stage: str, _: float) -> None:
            nonlocal before
            now = clock()
            taken[stage] = taken.get(stage, 0.0) + now - before  # noqa: B023
            before = now

        analyser.run(note)
        start = clock()
        heard = analyser.snapshot()
        taken["snapshot"] = clock() - start
    return {"taken": taken, "beats": len(heard.beats), "notes": len(heard.notes)}
