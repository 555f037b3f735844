"""Networks that are compared on the GPU with numpy, not timed against anybody: sound, speech, eight bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import numpy as np

from hearth.desk import models as catalogue
from hearth.runtime import InferenceSession, model_file
from hearth.runtime.deciding import deciding_inputs
from hearth.runtime.graph import Graph
from hearth.runtime.load import load_bytes
from hearth.runtime.passes import fix_inputs, in_floats, optimise
from hearth.runtime.types import TensorType
from tests.bench._quantised_models import Made, convolutions, whole_net
from tests.sounds import speech

Feeds = dict[str, np.ndarray]
Checked = tuple[Graph, Feeds]
"""A graph whose shapes are all known, and what it is fed."""

SECONDS = 4.0


def settled(graph: Graph, feeds: Mapping[str, Any]) -> Checked:
    """The graph for these feeds: their shapes fixed, and the values that decide shapes or branches."""
    graph = graph.copy()
    left = dict(feeds)
    for name in deciding_inputs(graph):
        value = np.asarray(left.pop(name))
        del graph.inputs[name]
        graph.constants[name], graph.types[name] = value, TensorType(value.dtype, value.shape)
    fix_inputs(graph, {name: value.shape for name, value in left.items()})
    optimise(graph)
    return in_floats(graph), {name: value for name, value in left.items() if name in graph.inputs}


def silero() -> Checked:
    wave = speech(2)[: 3 * 512 + 64]
    windows = np.stack([wave[512 * at : 512 * at + 576] for at in range(3)])
    graph = model_file.loads(catalogue.path("silero-vad").read_bytes())
    state = np.zeros((1, 1, 128), np.float32)
    return settled(graph, {"input": windows, "h": state, "c": state})


@cache
def _onnx(part: str) -> Graph:
    from models.prepare import fetch_onnx

    return load_bytes(fetch_onnx(f"moonshine-{part}").read_bytes())


def _sound(seconds: float) -> Feeds:
    wave = speech(seconds)[None]
    return {"input_values": wave, "attention_mask": np.ones(wave.shape, np.int64)}


def encoder(seconds: float = SECONDS) -> Checked:
    return settled(_onnx("encoder"), _sound(seconds))


def decoder(step: int, seconds: float = SECONDS) -> Checked:
    """The step so many tokens after the first one, with what the cache holds then."""
    graph = _onnx("decoder")
    states = InferenceSession(_onnx("encoder"), "numpy").run(None, _sound(seconds))[0]
    session = InferenceSession(graph, "numpy")
    names = [output.name for output in session.get_outputs()]
    past = [item for item in session.get_inputs() if item.name.startswith("past")]
    heads, size = 8, 36
    feeds: Feeds = {item.name: np.zeros((1, heads, 0, size), np.float32) for item in past}
    feeds |= {"encoder_attention_mask": np.ones(states.shape[:2], np.int64), "encoder_hidden_states": states}
    token = 1
    for done in range(step + 1):
        feeds |= {"input_ids": np.array([[token]]), "use_cache_branch": np.array([done > 0])}
        if done == step:
            break
        results = session.run(None, feeds)
        for name, value in zip(names[1:], results[1:], strict=True):
            if done == 0 or ".decoder." in name:
                feeds[name.replace("present", "past_key_values")] = value
        token = int(results[0][0, -1].argmax())
    return settled(graph, feeds)


def quantised(made: Callable[[], Made]) -> Checked:
    data, x = made()
    graph = load_bytes(data)
    return settled(graph, {next(iter(graph.inputs)): x})


CHECKED: dict[str, Callable[[], Checked]] = {
    "silero-vad": silero,
    "moonshine-encoder": encoder,
    "moonshine-decoder, first token": partial(decoder, 0),
    "moonshine-decoder, fifth token": partial(decoder, 4),
    "u2netp of ConvInteger": partial(quantised, partial(whole_net, False)),
    "four QLinearConv": partial(quantised, partial(convolutions, 64, 64, 3, 1, 56)),
}
