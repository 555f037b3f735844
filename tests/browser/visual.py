"""Frames of the visualizer drawn in a test, with the modules of the built site itself."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.tools.visualizer.analysis import FRAME_RATE, Analyser, Analysis, Beat, Note
from hearth.tools.visualizer.moves import moves
from tests.browser.person import Person

# WebGL without a graphics card; sound may begin without a click.
FLAGS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--autoplay-policy=no-user-gesture-required")
RATE = 44100

SETTINGS: dict[str, Any] = {
    "scene": "rings", "parameters": {}, "palette": "hearth", "title": "Two words", "artist": "Somebody", "cover": None,
    "shape": "wide", "bloom": 0.5, "grain": 0.25, "vignette": 0.5, "aberration": 0.25,
    "guard": True, "calm": False, "transparent": False, "seed": 0.5,
}  # fmt: skip

OPEN = """
const urls = performance.getEntriesByType("resource").map(({name}) => name);
const found = (name) => urls.find((url) => url.includes(`/${name}-`));
const [{Features}, {Renderer}] = await Promise.all([import(found("features")), import(found("renderer"))]);
const looks = await (await fetch(found("looks"))).json();
const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer;
const [facts, arrays] = args;
const features = new Features();
features.take({...facts, ...Object.fromEntries(Object.entries(arrays).map(([name, text]) => [name, bytes(text)]))});
window.studio = {features, looks, renderers: new Map(), Renderer};
return looks.scenes.map(({id}) => id);
"""

DRAW = """
const [settings, times, width, height] = args;
const {features, looks, renderers, Renderer} = window.studio;
const key = `${width}x${height}`;
if (!renderers.has(key)) renderers.set(key, new Renderer(new OffscreenCanvas(width, height), looks));
const renderer = renderers.get(key);
const all = [];
for (const time of times) {
  renderer.draw(features, settings, time);
  const pixels = renderer.pixels();
  let text = "";
  for (let at = 0; at < pixels.length; at += 8192) text += String.fromCharCode(...pixels.subarray(at, at + 8192));
  all.push(btoa(text));
}
return all;
"""

Frames = NDArray[np.uint8]


def song(seconds: float = 8.0, seed: int = 3) -> Analysis:
    """Chords, a beat at 120 a minute, some noise; with the notes and beats that networks would hear in it."""
    chance = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE)) / RATE
    sound = 0.02 * chance.standard_normal(len(at))
    notes = []
    for index in range(int(seconds * 2)):
        begin, pitch = index / 2, int(48 + chance.integers(0, 30))
        held = np.clip(at - begin, 0, None)
        sound += 0.2 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * at) * np.exp(-3 * held) * (at >= begin)
        sound += 0.5 * np.sin(2 * np.pi * 60 * at) * np.exp(-20 * held) * (at >= begin)
        notes.append(Note(begin, min(begin + 0.4, seconds), pitch, 0.8))
    analysis = heard(sound)
    analysis.notes = notes
    analysis.beats = [Beat(index / 2, index % 4 + 1) for index in range(int(seconds * 2))]
    return analysis


def heard(sound: NDArray[np.floating]) -> Analysis:
    """Mono at RATE, without networks."""
    analyser = Analyser(RATE, 1)
    analyser.feed(sound.astype(np.float32))
    analyser.end()
    analyser.run()
    return analyser.snapshot()


def show(person: Person, analysis: Analysis, guarded: bool = True) -> list[str]:
    """Gives the page what is to be drawn; the scenes there are."""
    made = moves(analysis, guarded=guarded)
    facts = {
        "id": 1, "from": 0, "frames": analysis.frames, "sampleFrom": 0, "sampleCount": len(made.samples),
        "duration": analysis.frames / FRAME_RATE, "complete": True, "covered": 0, "range": made.heard,
        "loudest": made.loudest, "sections": [], "loudness": 0,
    }  # fmt: skip
    names = ("bands", "tones", "curves", "samples", "notes", "onsets", "beats")
    arrays = {name: base64.b64encode(np.ascontiguousarray(getattr(made, name)).tobytes()).decode() for name in names}
    scenes = person.later(OPEN, facts, arrays)
    assert isinstance(scenes, list), scenes
    return scenes


def draw(person: Person, times: list[float], width: int, height: int, **changed: object) -> Frames:
    """(N, height, width, 4) RGBA of the frames at these times, from the top."""
    drawn = person.later(DRAW, {**SETTINGS, **changed}, times, width, height)
    assert isinstance(drawn, list), drawn
    frames = [np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)[::-1] for text in drawn]
    return np.stack(frames)


def png(frame: Frames) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(frame[..., :3])).save(out, "png", optimize=True)
    return out.getvalue()


def flashes_a_second(frames: Frames, rate: int, blocks: int = 4) -> int:
    """The most general flashes within a second, in the worst quarter of the picture, as WCAG 2.2 defines them.

    A flash is a pair of opposing changes in relative luminance by 0.1 or more, the darker being below 0.8. `frames`
    (N, H, W, 4) are looked at in blocks x blocks parts.
    """
    linear = np.where(
        frames[..., :3] <= 0.04045 * 255,
        frames[..., :3] / 255 / 12.92,
        ((frames[..., :3] / 255 + 0.055) / 1.055) ** 2.4,
    )
    light = linear @ np.array([0.2126, 0.7152, 0.0722])
    count, height, width = light.shape
    parts = light[:, : height // blocks * blocks, : width // blocks * blocks]
    parts = parts.reshape(count, blocks, height // blocks, blocks, width // blocks).mean(axis=(2, 4)).reshape(count, -1)
    worst = 0
    for curve in parts.T:
        turns = _turns(curve)
        worst = max(worst, max((sum(1 for t in turns if start <= t < start + rate) for start in turns), default=0) // 2)
    return worst


def _turns(curve: NDArray[np.floating]) -> list[int]:
    """Frames at which a change by 0.1 or more, against the one before, is complete."""
    turns: list[int] = []
    low = high = curve[0]
    direction = 0
    for frame, value in enumerate(curve):
        low, high = min(low, value), max(high, value)
        if direction <= 0 and value - low >= 0.1 and low < 0.8:
            turns.append(frame)
            direction, high = 1, value
        elif direction >= 0 and high - value >= 0.1 and value < 0.8:
            turns.append(frame)
            direction, low = -1, value
        if direction == 1:
            low = value if value >= high else low
        if direction == -1:
            high = value if value <= low else high
    return turns
