"""Parts of a track: where its sound changes for long [Foote, "Automatic audio segmentation using a measure of audio
novelty", ICME 2000]."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis.result import FRAME_RATE, Analysis, Section

STEP_SECONDS = 0.5
MOST_STEPS = 2400  # longer tracks get longer steps
KERNEL_SECONDS = 12.0  # on either side of a boundary
SHORTEST_SECONDS = 8.0
ALIKE = 0.6  # correlation from which two parts have the same label


def find_sections(analysis: Analysis) -> list[Section]:
    """At least one part where there is any sound, in order, without gaps."""
    duration = analysis.duration
    if duration <= 0:
        return []
    step = max(STEP_SECONDS, duration / MOST_STEPS)
    features = _features(analysis, step)
    half = round(KERNEL_SECONDS / step)
    bounds = _peaks(_novelty(features, half), round(SHORTEST_SECONDS / step))
    marks = [0, *bounds, len(features)]
    means: list[NDArray[np.float64]] = []
    parts = []
    for first, end in pairwise(marks):
        mean = features[first:end].mean(axis=0)
        mean = mean / max(float(np.linalg.norm(mean)), 1e-9)
        alike = [float(mean @ other) for other in means]
        label = int(np.argmax(alike)) if alike and max(alike) >= ALIKE else len(means)
        if label == len(means):
            means.append(mean)
        parts.append(Section(first * step, min(end * step, duration), label))
    if parts:
        parts[-1] = parts[-1]._replace(end=duration)
    return parts


def _features(analysis: Analysis, step: float) -> NDArray[np.float64]:
    """(S, F) of unit length: timbre and harmony of each step, less the track's mean."""
    frames = round(step * FRAME_RATE)
    count = max(1, analysis.frames // frames)
    used = min(analysis.frames, count * frames)
    mel = _means(analysis.mel[:used], count)
    log = _means(analysis.log[:used], count)
    chroma = log.reshape(count, -1, 12)[:, 1:6].mean(axis=1)
    chroma -= chroma.mean(axis=1, keepdims=True)
    blocks = []
    for block in (mel.astype(np.float64), chroma.astype(np.float64)):
        centred = block - block.mean(axis=0)
        blocks.append(centred / max(float(np.sqrt((centred**2).sum(axis=1).mean())), 1e-3))
    features = np.hstack(blocks)
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)


def _means(spectrum: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
    """(count, F), 0..1: the mean over each of so many steps."""
    sums = spectrum.reshape(count, -1, spectrum.shape[1]).sum(axis=1, dtype=np.uint32)
    return (sums / np.float32(255 * len(spectrum) / count)).astype(np.float32)


def _novelty(features: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    """(S,): how unlike the time before a step is to the time after it, each like itself; 0 at the edges."""
    count = len(features)
    novelty = np.zeros(count)
    taper = np.exp(-0.5 * ((np.arange(half) + 0.5) / half * 2) ** 2)
    for at in range(2, count - 1):
        reach = min(half, at, count - at)
        before, after = features[at - reach : at], features[at : at + reach]
        weights = taper[:reach] / taper[:reach].sum()
        ahead, behind = weights @ after, weights[::-1] @ before
        novelty[at] = ((ahead - behind) ** 2).sum() * min(1.0, reach / (half / 2))
    return novelty


def _peaks(novelty: NDArray[np.float64], apart: int) -> list[int]:
    """Clear peaks, at least so many steps apart and from the edges, the clearest first."""
    least = max(0.25, float(np.median(novelty) * 1.5))
    chosen: list[int] = []
    for at in np.argsort(-novelty):
        if novelty[at] < least:
            break
        near_edge = at < apart or at > len(novelty) - apart
        if not near_edge and all(abs(int(at) - other) >= apart for other in chosen):
            chosen.append(int(at))
    return sorted(chosen)
