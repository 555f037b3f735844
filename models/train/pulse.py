"""Makes the network that hears the pulse, `pulse.onnx` of the analysis.

    python -m models.train.pulse          # in the root of the checkout; an hour on two cores

Songs that chance makes (`songs.py`) are played and heard as the analysis hears them; a temporal convolutional network
(`network.py`) learns from that where their beats and bars are. What was heard is kept in `build/train`. Needs Debian's
sonic-pi-samples, fluidsynth and fluid-soundfont-gm.

The network that ships learnt twice: 17 times from 1,000 songs that an earlier version of `songs.py` made, then from
2,200 of this one (`--songs 2200 --minutes 24 --go-on`, some 9,000 steps). A new one comes out much alike, not the same.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from hearth.desk import models
from hearth.runtime import InferenceSession
from hearth.tools.visualizer.analysis import FRAME_RATE, SAMPLE_RATE, beat_features, pulse
from hearth.tools.visualizer.analysis.resample import Resampler
from models.train import instruments, network, songs
from models.train.network import Floats, Size, Weights

ROOT = Path(__file__).parents[2]
HEARD = ROOT / "build" / "train"
PRODUCT = Path(pulse.__file__).with_name("pulse.onnx")
SEED = 3
BATCH, CROP = 12, 1000  # songs, frames
FASTEST, FORGETS = 3e-3, 1e-3  # the rate of learning at first; how much weights shrink
AVERAGE = 0.995
FRAMES = int(songs.SECONDS * FRAME_RATE)
FRESH = np.array([1.0, 1.5], np.float32)
"""What an error counts for, of beats and of bars."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=4000, metavar="N", help="to learn from (default 4000)")
    parser.add_argument(
        "--from", type=int, default=0, metavar="N", dest="first", help="only hears songs from this one on"
    )
    parser.add_argument("--channels", type=int, default=24, metavar="N", help="of the network (default 24)")
    parser.add_argument("--minutes", type=float, default=60, metavar="N", help="of learning (default 60)")
    parser.add_argument("--go-on", action="store_true", help="from what was learnt before")
    options = parser.parse_args()
    heard = [hear(number) for number in range(options.first, options.songs)]
    if options.first:
        return
    features, wanted = (np.stack([item[part] for item in heard]) for part in (0, 1))
    size = Size(pulse.FEATURES, options.channels, 2)
    begun = of_onnx(onnx.load(PRODUCT)) if options.go_on else network.begin(size, np.random.default_rng(SEED))
    onnx.save(to_onnx(learn(features, wanted, begun, options.minutes)), PRODUCT)
    print(PRODUCT)


def hear(number: int) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """What is heard of a song, (FRAMES, FEATURES), and its beats and bars, (FRAMES, 2)."""
    file = HEARD / f"{SEED}-{number}.npz"
    if not file.is_file():
        song = songs.song(SEED, number)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, features=listen(song.sound), wanted=_marks(song))
    with np.load(file) as kept:
        return kept["features"], kept["wanted"]


def listen(sound: Floats) -> NDArray[np.float16]:
    """As the stage Beats does it."""
    resampler = Resampler(instruments.RATE, SAMPLE_RATE, 1)
    mono = np.concatenate([resampler.push(sound[None])[0], resampler.end()[0]])
    spectrogram = beat_features.Spectrogram()
    bands = np.concatenate([spectrogram.push(mono), spectrogram.end()])[:FRAMES]
    none = bands[:0]
    seen = np.hstack([bands, beat_features.rise(bands, none)])
    state = np.zeros((2, 1, 150), np.float32)
    activations = _beatnet().run(["activations"], {"features": seen, "h": state, "c": state})[0]
    features = np.zeros((FRAMES, pulse.FEATURES), np.float16)
    features[: len(bands)] = pulse.PulseFeatures().push(bands, none, activations)
    return features


@cache
def _beatnet() -> InferenceSession:
    return InferenceSession(models.path("beatnet"))


def _marks(song: songs.Song) -> NDArray[np.float16]:
    """1 at the frame of a beat, a half beside it; the same for bars."""
    marks = np.zeros((FRAMES, 2), np.float16)
    for column, times in enumerate((song.beats, song.downbeats)):
        frames = np.rint(times * FRAME_RATE).astype(int)
        for offset, value in ((-1, 0.5), (1, 0.5), (0, 1.0)):
            at = frames + offset
            at = at[(at >= 0) & (at < FRAMES)]
            marks[at, column] = np.maximum(marks[at, column], np.float16(value))
    return marks


def learn(features: NDArray[np.float16], wanted: NDArray[np.float16], weights: Weights, minutes: float) -> Weights:
    """By Adam [Kingma, Ba 2015] with a rate that falls as a cosine; an average of the last steps' weights."""
    chance = np.random.default_rng(SEED + len(features))
    average = {name: value.copy() for name, value in weights.items()}
    mean, square = ({name: np.zeros_like(value) for name, value in weights.items()} for _ in range(2))
    started = time.monotonic()
    for step, batch in enumerate(_batches(len(features), chance), 1):
        part = (time.monotonic() - started) / 60 / minutes
        if part >= 1:
            break
        places = chance.integers(0, FRAMES - CROP + 1, len(batch))
        seen, marks = (
            np.stack([array[song, at : at + CROP] for song, at in zip(batch, places, strict=True)]).astype(np.float32)
            for array in (features, wanted)
        )
        spoil(seen, marks, chance)
        odds, kept = network.forward(weights, seen)
        slope = (1 / (1 + np.exp(-odds)) - marks) * FRESH * np.float32(100 / marks[..., 0].size)
        slopes = network.backward(weights, kept, slope.astype(np.float32))
        norm = float(np.sqrt(sum(float((value**2).sum()) for value in slopes.values())))
        rate = FASTEST * min(1.0, step / 100) * (0.5 + 0.5 * np.cos(np.pi * part) + 0.002)
        for name, value in slopes.items():
            value = value * min(1.0, 5 / norm)
            mean[name] = 0.9 * mean[name] + 0.1 * value
            square[name] = 0.99 * square[name] + 0.01 * value**2
            way = mean[name] / (1 - 0.9**step) / (np.sqrt(square[name] / (1 - 0.99**step)) + 1e-6)
            kept_back = FORGETS * weights[name] if value.ndim == 2 else 0
            weights[name] = (weights[name] - rate * (way + kept_back)).astype(np.float32)
            average[name] = AVERAGE * average[name] + (1 - AVERAGE) * weights[name]
        if step % 100 == 0:
            loss = np.maximum(odds, 0) - odds * marks + np.log1p(np.exp(-np.abs(odds)))
            print(f"{step} steps, {100 * part:.0f} % of the time, loss {float(loss.mean()):.4f}", flush=True)
    return average


def _batches(count: int, chance: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    while True:
        order = chance.permutation(count)
        yield from (order[at : at + BATCH] for at in range(0, count - BATCH + 1, BATCH))


def spoil(seen: Floats, marks: Floats, chance: np.random.Generator) -> None:
    """Makes features (N, T, FEATURES) what they might be elsewhere: parts softer, missing, noisy; BeatNet unsure or
    silent; the end of the track, and of its marks (N, T, 2), earlier."""
    batch, length, width = seen.shape
    parts = width - 2
    seen[..., :parts] *= np.exp(chance.normal(0, 0.25, (batch, 1, parts)))
    missing = 0.25 * (chance.uniform(size=(batch, 1, 1)) < 0.3)
    seen[..., :parts] *= chance.uniform(size=(batch, 1, parts)) >= missing
    noise = np.abs(chance.standard_normal((batch, length, parts), np.float32))
    seen[..., :parts] += noise * chance.choice([0, 0.02, 0.06], (batch, 1, 1))
    seen[..., parts:] += chance.normal(0, 0.15, (batch, 1, 2))
    seen[..., parts:] *= chance.uniform(size=(batch, 1, 1)) > 0.12
    for song in range(batch):
        if chance.uniform() < 0.2:
            end = length - int(chance.integers(length // 2))
            seen[song, end:], marks[song, end:] = 0, 0


def to_onnx(weights: Weights) -> onnx.ModelProto:
    """The network over pulse.WINDOW frames."""
    constants: dict[str, Floats] = {}
    nodes = [helper.make_node("Transpose", ["features"], ["seen"], perm=[0, 2, 1])]

    def conv(source: str, name: str, count: int, apart: int, weight: Floats, bias: Floats) -> None:
        inputs = len(weight) // count
        constants[f"{name}_weight"] = np.ascontiguousarray(weight.reshape(count, inputs, -1).transpose(2, 1, 0))
        constants[f"{name}_bias"] = bias
        reach = count // 2 * apart
        nodes.append(
            helper.make_node(
                "Conv",
                [source, f"{name}_weight", f"{name}_bias"],
                [name],
                kernel_shape=[count],
                dilations=[apart],
                pads=[reach, reach],
            )
        )

    conv("seen", "first", network.FIRST, 1, weights["in"], weights["in_bias"])
    nodes.append(helper.make_node("Relu", ["first"], ["now0"]))
    for layer in range(network.LAYERS):
        wide = f"wide{layer}"
        conv(f"now{layer}", wide, network.REACH, 2**layer, weights[wide], weights[f"wide_bias{layer}"])
        nodes.append(helper.make_node("Relu", [wide], [f"inner{layer}"]))
        conv(f"inner{layer}", f"mix{layer}", 1, 1, weights[f"mix{layer}"], weights[f"mix_bias{layer}"])
        nodes.append(helper.make_node("Add", [f"now{layer}", f"mix{layer}"], [f"now{layer + 1}"]))
    nodes.append(helper.make_node("Relu", [f"now{network.LAYERS}"], ["last"]))
    conv("last", "both", 1, 1, weights["out"], weights["out_bias"])
    nodes.append(helper.make_node("Transpose", ["both"], ["odds"], perm=[0, 2, 1]))
    graph = helper.make_graph(
        nodes,
        "pulse",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, pulse.WINDOW, pulse.FEATURES])],
        [helper.make_tensor_value_info("odds", TensorProto.FLOAT, [1, pulse.WINDOW, 2])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def of_onnx(model: onnx.ModelProto) -> Weights:
    """The weights that `to_onnx` was given."""
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    weights: Weights = {}
    for name, array in found.items():
        layer = name.rpartition("_")[0]
        key = {"first": "in", "both": "out"}.get(layer, layer)
        if name.endswith("_weight"):
            weights[key] = array.transpose(2, 1, 0).reshape(-1, array.shape[0])
        else:
            weights[key + "_bias" if key in ("in", "out") else key[:-1] + "_bias" + key[-1]] = array
    return weights


if __name__ == "__main__":
    main()
