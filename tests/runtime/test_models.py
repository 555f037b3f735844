"""Whole models give onnxruntime's results on every executor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hearth.runtime import InferenceSession

ort = pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.desk

Feeds = dict[str, np.ndarray]


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def picture_feeds(name: str, size: int) -> Feeds:
    """A soft blob on noise, normalised about as the nets expect it."""
    y, x = np.mgrid[0:size, 0:size] / size
    blob = np.exp(-((x - 0.5) ** 2 + (y - 0.5) ** 2) * 20)
    picture = np.stack([blob, blob**2, 1 - blob]) + rng().normal(0, 0.05, (3, size, size))
    return {name: picture[None].astype(np.float32)}


def voice_feeds() -> Feeds:
    state = np.zeros((1, 1, 128), np.float32)
    return {"input": rng().normal(0, 0.1, (6, 576)).astype(np.float32), "h": state, "c": state}


def chord_feeds() -> Feeds:
    time = np.arange(43844) / 22050
    wave = sum(np.sin(2 * np.pi * f * time) / 4 for f in (82.4, 246.9, 370.0, 587.3)) * np.exp(-time)
    # A noise floor, as any recording has: the net takes logarithms of powers, and where they are nearly zero
    # onnxruntime itself is 5e-4 away from the result in double precision.
    wave += rng().normal(0, 1e-2, len(time))
    return {"serving_default_input_2:0": wave.astype(np.float32)[None, :, None]}


def beat_feeds() -> Feeds:
    state = np.zeros((2, 1, 150), np.float32)
    return {"features": rng().random((20, 272)).astype(np.float32), "h": state, "c": state}


CASES: dict[str, tuple[Callable[[], Feeds], float]] = {
    "u2netp": (lambda: picture_feeds("input.1", 320), 1e-4),
    "u2net": (lambda: picture_feeds("input.1", 320), 1e-4),
    "selfie": (lambda: picture_feeds("", 256), 1e-4),
    "silero-vad": (voice_feeds, 1e-4),
    "basic-pitch": (chord_feeds, 1e-4),
    "beatnet": (beat_feeds, 1e-4),
}
"""Model -> (its feeds, the largest absolute difference allowed)."""


@pytest.mark.parametrize("executor", ["numpy", "wasm"])
@pytest.mark.parametrize("model", CASES)
def test_a_model_matches_onnxruntime(model: str, executor: str) -> None:
    from models.prepare import fetch_onnx

    make, tolerance = CASES[model]
    path = fetch_onnx(model)
    reference = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    feeds = make()
    names = [item.name for item in reference.get_inputs()]
    feeds = dict(zip(names, feeds.values(), strict=True))
    expected = reference.run(None, feeds)
    got = InferenceSession(path, executor).run(None, feeds)
    for one, other in zip(got, expected, strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
        assert np.abs(one - other).max() <= tolerance
