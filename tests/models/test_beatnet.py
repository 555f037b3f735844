"""The converted network does what BeatNet's equations say, read independently of ONNX."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from hearth.desk import models
from hearth.desk.fetch import Cache
from hearth.errors import BadModel
from models.convert import beatnet, torch_state

Array = NDArray[Any]


@pytest.fixture(scope="module")
def state() -> bytes:
    return Cache().get(models.find("beatnet").source.pinned()).read_bytes()


@pytest.fixture(scope="module")
def session(state: bytes) -> onnxruntime.InferenceSession:
    model = beatnet.to_onnx(state)
    onnx.checker.check_model(model, full_check=True)
    return onnxruntime.InferenceSession(model.SerializeToString())


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def by_the_equations(weights: dict[str, Array], features: Array) -> Array:
    """Frame by frame in float64: probabilities of beat, downbeat, neither."""
    w = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
    h, c = np.zeros((2, 150)), np.zeros((2, 150))
    frames = []
    for frame in features.astype(np.float64):
        windows = np.lib.stride_tricks.sliding_window_view(frame, 10)
        conv = np.maximum(w["conv1.weight"][:, 0] @ windows.T + w["conv1.bias"][:, None], 0)
        pooled = conv[:, :262].reshape(2, 131, 2).max(axis=2)
        x = w["linear0.weight"] @ pooled.ravel() + w["linear0.bias"]
        for layer in range(2):
            gates = w[f"lstm.weight_ih_l{layer}"] @ x + w[f"lstm.bias_ih_l{layer}"]
            gates += w[f"lstm.weight_hh_l{layer}"] @ h[layer] + w[f"lstm.bias_hh_l{layer}"]
            i, f, g, o = gates.reshape(4, 150)  # the order in which PyTorch documents them
            c[layer] = sigmoid(f) * c[layer] + sigmoid(i) * np.tanh(g)
            x = h[layer] = sigmoid(o) * np.tanh(c[layer])
        logits = w["linear.weight"] @ x + w["linear.bias"]
        frames.append(np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum())
    return np.array(frames)


def pulses(count: int) -> Array:
    """Features with a rise twice a second, as drums at 120 beats a minute would give."""
    features = np.random.default_rng(7).uniform(0, 0.2, (count, 272)).astype(np.float32)
    features[::25] += 1
    return features


def zero_state() -> Array:
    return np.zeros((2, 1, 150), np.float32)


def test_it_equals_the_equations(state: bytes, session: onnxruntime.InferenceSession) -> None:
    features = pulses(300)
    feeds = {"features": features, "h": zero_state(), "c": zero_state()}
    activations = session.run(["activations"], feeds)[0]
    expected = by_the_equations(torch_state.read(state), features)
    assert np.ptp(expected[:, 0]) > 0.05, "the features leave the network cold; nothing would be compared"
    np.testing.assert_allclose(activations, expected, atol=1e-5)


def test_sound_may_come_in_pieces(session: onnxruntime.InferenceSession) -> None:
    features = pulses(120)
    whole = session.run(["activations"], {"features": features, "h": zero_state(), "c": zero_state()})[0]
    first, h, c = session.run(None, {"features": features[:50], "h": zero_state(), "c": zero_state()})
    second = session.run(["activations"], {"features": features[50:], "h": h, "c": c})[0]
    np.testing.assert_allclose(np.concatenate([first, second]), whole, atol=1e-6)


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_state, "read", lambda _: {"conv1.weight": np.zeros((2, 1, 9))})
    with pytest.raises(BadModel, match="not BeatNet's weights"):
        beatnet.to_onnx(b"")
