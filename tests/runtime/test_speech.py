"""Models of speech match onnxruntime: Moonshine, a recogniser of encoder and decoder with a cache, and Silero's
detector of voices with its two networks in one file, one in each branch of an If."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

import onnxruntime as ort

from hearth.desk import models
from hearth.desk.fetch import Cache, Member, Pinned
from hearth.runtime import InferenceSession
from tests.sounds import speech

pytestmark = pytest.mark.desk

BEGIN, END = 1, 2
VOCABULARY = (249974, "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d")
VOICE_DETECTOR = (2327524, "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3")


def reference(path: str) -> ort.InferenceSession:
    """Without its optimiser: with it onnxruntime computes the 8-bit weights' products in 8 bits, which is 0.1 off."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def greedy(encoder: Any, decoder: Any, wave: np.ndarray, most: int = 40) -> tuple[list[int], list[np.ndarray]]:
    """Token by token, each the likeliest: the tokens, and the scores at every step."""
    mask = np.ones(wave.shape, np.int64)
    states = encoder.run(None, {"input_values": wave, "attention_mask": mask})[0]
    names = [output.name for output in decoder.get_outputs()]
    cache = {
        item.name: np.zeros((1, item.shape[1], 0, item.shape[3]), np.float32)
        for item in decoder.get_inputs()
        if item.name.startswith("past")
    }
    tokens, scores = [BEGIN], [states]
    while len(tokens) < most and tokens[-1] != END:
        feeds = {
            "encoder_attention_mask": np.ones(states.shape[:2], np.int64),
            "input_ids": np.array([[tokens[-1]]]),
            "encoder_hidden_states": states,
            "use_cache_branch": np.array([len(tokens) > 1]),
            **cache,
        }
        results = decoder.run(None, feeds)
        for name, value in zip(names[1:], results[1:], strict=True):
            if len(tokens) == 1 or ".decoder." in name:
                cache[name.replace("present", "past_key_values")] = value
        tokens.append(int(results[0][0, -1].argmax()))
        scores.append(results[0])
    return tokens, scores


def text(tokens: Sequence[int]) -> str:
    """What tokens say, by the recogniser's vocabulary: entries of a length, 7 bits a byte, and that many bytes."""
    data = Cache().get(member("moonshine-encoder", "moonshine_voice/assets/tiny-en/tokenizer.bin", *VOCABULARY))
    raw, at, words = data.read_bytes(), 0, []
    while at < len(raw):
        size, shift = 0, 0
        while True:
            size |= (raw[at] & 127) << shift
            at, shift, last = at + 1, shift + 7, raw[at] < 128
            if last:
                break
        words.append(raw[at : at + size])
        at += size
    return b"".join(words[token] for token in tokens[1:-1]).decode().replace("▁", " ").strip()


def member(model: str, path: str, size: int, sha256: str) -> Pinned:
    """Another file of the package that a model of the catalogue comes in."""
    archive = models.find(model).source.pinned_archive()
    return Pinned(path.rpartition("/")[2], sha256, size, (Member(archive, path),))


@pytest.mark.parametrize("executor", ["numpy", "wasm"])
def test_a_spoken_sentence_is_read_as_onnxruntime_reads_it(executor: str) -> None:
    from models.prepare import fetch_onnx

    paths = [str(fetch_onnx(f"moonshine-{part}")) for part in ("encoder", "decoder")]
    wave = speech(5)[None]
    expected, their_scores = greedy(reference(paths[0]), reference(paths[1]), wave)
    tokens, scores = greedy(InferenceSession(paths[0], executor), InferenceSession(paths[1], executor), wave)
    assert tokens == expected
    assert text(tokens) == "It was the best of times, it was the worst of times."
    for one, other in zip(scores, their_scores, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("executor", ["numpy", "wasm"])
def test_a_detector_with_a_network_in_each_branch_runs_the_one_that_is_asked_for(executor: str) -> None:
    path = Cache().get(member("silero-vad", "silero_vad/data/silero_vad.onnx", *VOICE_DETECTOR))
    session, theirs = InferenceSession(path, executor), ort.InferenceSession(path)
    wave = speech(2)
    for rate, size, before in ((16000, 512, 64), (8000, 256, 32)):
        state = expected_state = np.zeros((2, 1, 128), np.float32)
        samples = wave[:: 16000 // rate]
        spoken = 0.0
        for start in range(before, len(samples) - size, size):
            piece = {"input": samples[None, start - before : start + size], "sr": np.array(rate)}
            voice, state = session.run(None, {**piece, "state": state})
            expected, expected_state = theirs.run(None, {**piece, "state": expected_state})
            np.testing.assert_allclose(voice, expected, rtol=0, atol=1e-4)
            np.testing.assert_allclose(state, expected_state, rtol=0, atol=1e-4)
            spoken = max(spoken, float(voice.max()))
        assert spoken > 0.9
    if executor == "wasm":
        assert {place for _, place in session.places()} == {"wasm"}, "the branch that is taken runs on the kernels"
