"""A temporal convolutional network and its gradient in numpy: dilated convolutions whose reach doubles, layer by layer.

[Bai, Kolter, Koltun, "An empirical evaluation of generic convolutional and recurrent networks for sequence modeling",
2018; for beats: Davies, Böck, "Temporal convolutional networks for musical audio beat tracking", EUSIPCO 2019]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Weights = dict[str, Floats]

FIRST = 5  # frames that the first convolution reads
REACH = 3  # frames, dilated, that the others read
LAYERS = 9


@dataclass(frozen=True)
class Size:
    """`inputs` numbers a frame come in, `outputs` go out; `channels` in between."""

    inputs: int
    channels: int
    outputs: int


def begin(size: Size, chance: np.random.Generator) -> Weights:
    """Weights to learn from [He et al. 2015]; a layer adds little at first."""

    def drawn(rows: int, columns: int, gain: float = 1.0) -> Floats:
        return (chance.normal(0, gain * np.sqrt(2 / rows), (rows, columns))).astype(np.float32)

    channels = size.channels
    weights = {"in": drawn(FIRST * size.inputs, channels), "in_bias": np.zeros(channels, np.float32)}
    for layer in range(LAYERS):
        weights[f"wide{layer}"] = drawn(REACH * channels, channels)
        weights[f"wide_bias{layer}"] = np.zeros(channels, np.float32)
        weights[f"mix{layer}"] = drawn(channels, channels, 0.3)
        weights[f"mix_bias{layer}"] = np.zeros(channels, np.float32)
    weights["out"] = drawn(channels, size.outputs)
    weights["out_bias"] = np.full(size.outputs, -3, np.float32)
    return weights


def forward(weights: Weights, features: Floats) -> tuple[Floats, list[Floats]]:
    """Logits (N, T, outputs) of features (N, T, inputs), and what `backward` needs."""
    seen = _around(features, FIRST, 1)
    now = np.maximum(seen @ weights["in"] + weights["in_bias"], 0)
    kept = [seen, now]
    for layer in range(LAYERS):
        seen = _around(now, REACH, 2**layer)
        inner = np.maximum(seen @ weights[f"wide{layer}"] + weights[f"wide_bias{layer}"], 0)
        now = now + inner @ weights[f"mix{layer}"] + weights[f"mix_bias{layer}"]
        kept += [seen, inner]
    last = np.maximum(now, 0)
    return last @ weights["out"] + weights["out_bias"], [*kept, last]


def backward(weights: Weights, kept: list[Floats], slope: Floats) -> Weights:
    """The loss's gradient for each weight; `slope` is that for the logits."""
    last = kept[-1]
    found = {"out": _outer(last, slope), "out_bias": slope.sum((0, 1))}
    down: Floats = (slope @ weights["out"].T) * (last > 0)
    for layer in range(LAYERS - 1, -1, -1):
        seen, inner = kept[2 + 2 * layer : 4 + 2 * layer]
        found[f"mix{layer}"], found[f"mix_bias{layer}"] = _outer(inner, down), down.sum((0, 1))
        at_inner: Floats = (down @ weights[f"mix{layer}"].T) * (inner > 0)
        found[f"wide{layer}"], found[f"wide_bias{layer}"] = _outer(seen, at_inner), at_inner.sum((0, 1))
        down = down + _gathered(at_inner @ weights[f"wide{layer}"].T, REACH, 2**layer)
    seen, first = kept[:2]
    down = down * (first > 0)
    found["in"], found["in_bias"] = _outer(seen, down), down.sum((0, 1))
    return found


def _around(values: Floats, count: int, apart: int) -> Floats:
    """Beside each frame those around it, zeros outside: (N, T, count * C)."""
    length, reach = values.shape[1], count // 2 * apart
    padded = np.pad(values, ((0, 0), (reach, reach), (0, 0)))
    return np.concatenate([padded[:, at * apart : at * apart + length] for at in range(count)], axis=2)


def _gathered(slopes: Floats, count: int, apart: int) -> Floats:
    """The gradient of `_around`."""
    length, reach = slopes.shape[1], count // 2 * apart
    parts = np.split(slopes, count, axis=2)
    total = np.zeros((slopes.shape[0], length + 2 * reach, parts[0].shape[2]), np.float32)
    for at, part in enumerate(parts):
        total[:, at * apart : at * apart + length] += part
    return total[:, reach : reach + length]


def _outer(left: Floats, right: Floats) -> Floats:
    return left.reshape(-1, left.shape[2]).T @ right.reshape(-1, right.shape[2])
