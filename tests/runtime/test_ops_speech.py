"""Moonshine, a speech recogniser of encoder and decoder with a cache, matches onnxruntime step by step."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

import onnxruntime as ort

from hearth.runtime import InferenceSession
from hearth.runtime.types import Dim

pytestmark = pytest.mark.desk

STEPS = 5


def reference(path: str) -> ort.InferenceSession:
    """Without its optimiser: with it onnxruntime computes the 8-bit weights' products in 8 bits, which is 0.1 off."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def sound() -> np.ndarray:
    """One second that rises and falls about as a voice does."""
    time = np.arange(16000) / 16000
    wave = np.sin(2 * np.pi * 200 * time) * np.sin(2 * np.pi * 3 * time) * 0.3
    return (wave + np.random.default_rng(0).normal(0, 0.02, time.size)).astype(np.float32)[None]


def size(dim: Dim) -> int:
    assert isinstance(dim, int)
    return dim


def test_encoder_and_decoder_match_onnxruntime() -> None:
    from models.prepare import fetch_onnx

    paths = [str(fetch_onnx(f"moonshine-{part}")) for part in ("encoder", "decoder")]
    encoder, decoder = (InferenceSession(path, "numpy") for path in paths)
    encoder_reference, decoder_reference = (reference(path) for path in paths)
    wave = sound()
    feeds = {"input_values": wave, "attention_mask": np.ones(wave.shape, np.int64)}
    states = encoder_reference.run(None, feeds)[0]
    np.testing.assert_allclose(encoder.run(None, feeds)[0], states, rtol=0, atol=1e-4)

    names = [output.name for output in decoder_reference.get_outputs()]
    cache = {
        item.name: np.zeros((1, size(item.shape[1]), 0, size(item.shape[3])), np.float32)
        for item in decoder.get_inputs()
        if item.name.startswith("past")
    }
    token = np.array([[1]], np.int64)
    for step in range(STEPS):
        feeds = {
            "encoder_attention_mask": np.ones(states.shape[:2], np.int64),
            "input_ids": token,
            "encoder_hidden_states": states,
            "use_cache_branch": np.array([step > 0]),
            **cache,
        }
        expected = decoder_reference.run(None, feeds)
        got = decoder.run(None, feeds)
        for one, other in zip(got, expected, strict=True):
            assert one.shape == other.shape
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)
        for name, value in zip(names[1:], got[1:], strict=True):
            if step == 0 or ".decoder." in name:
                cache[name.replace("present", "past_key_values")] = value
        token = expected[0][:, -1:].argmax(-1)
        assert (got[0][:, -1:].argmax(-1) == token).all()
