"""Drums with known beats: patterns played with swing and changing tempo on the samples of Debian's sonic-pi-samples.

`rhythm(seed, number)` always gives the same one; every seed is another set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearth.desk.sound import open_sound

RATE = 44100
SECONDS = 30.0
SAMPLES = Path("/usr/share/sonic-pi/samples")

KITS: dict[str, tuple[str, ...]] = {
    "K": ("bd_ada", "bd_boom", "bd_fat", "bd_haus", "bd_klub", "bd_pure", "bd_tek", "bd_808", "drum_heavy_kick"),
    "S": ("drum_snare_hard", "drum_snare_soft", "sn_dub", "sn_dolf", "sn_generic", "elec_hi_snare", "elec_mid_snare"),
    "g": ("drum_snare_soft", "elec_lo_snare"),
    "h": ("drum_cymbal_closed", "drum_cymbal_pedal", "elec_tick"),
    "o": ("drum_cymbal_open", "elec_cymbal"),
    "r": ("drum_cymbal_soft", "drum_cymbal_closed"),
    "c": ("drum_splash_hard", "drum_cymbal_hard"),
    "t": ("drum_tom_lo_hard", "drum_tom_lo_soft"),
    "m": ("drum_tom_mid_hard", "drum_tom_mid_soft"),
    "T": ("drum_tom_hi_hard", "drum_tom_hi_soft"),
    "p": ("drum_cowbell", "elec_wood", "perc_snap", "elec_triangle", "perc_bell"),
}
"""Letter of a pattern -> recordings that play it."""

LOUDNESS = {
    "K": 1.0,
    "S": 0.8,
    "g": 0.25,
    "h": 0.4,
    "o": 0.4,
    "r": 0.45,
    "c": 0.5,
    "t": 0.7,
    "m": 0.7,
    "T": 0.7,
    "p": 0.4,
}


@dataclass(frozen=True)
class Style:
    """Voices of one bar, a character a step; `steps` to a beat. `tempo`: from, to, in beats a minute."""

    beats: int
    steps: int
    tempo: tuple[float, float]
    voices: tuple[str, ...]
    swings: bool = False


STYLES: dict[str, Style] = {
    "rock": Style(4, 4, (85, 150), ("h.h.h.h.h.h.h.h.", "K.......K.K.....", "....S.......S...")),
    "disco": Style(4, 4, (105, 135), ("..o...o...o...o.", "K...K...K...K...", "....S.......S...")),
    "house": Style(4, 4, (115, 132), ("..h...h...h...h.", "K...K...K...K...", "....S.......S...", "p..p..p...p.p...")),
    "funk": Style(4, 4, (88, 116), ("hhhhhhhhhhhhhhhh", "K..K..K...K..K..", "....S..g.g..S..g"), True),
    "hip hop": Style(4, 4, (78, 100), ("h.h.h.h.h.h.h.h.", "K..K......KK....", "....S.......S..g"), True),
    "break": Style(4, 4, (90, 140), ("h.h.h.h.h.h.h.h.", "K.K.......KK....", "....S..g.g..S..g")),
    "motown": Style(4, 4, (105, 140), ("h.h.h.h.h.h.h.h.", "K..K..K.K..K..K.", "S...S...S...S...")),
    "shuffle": Style(4, 2, (90, 140), ("hhhhhhhh", "K...K..K", "..S...S."), True),
    "jazz": Style(4, 2, (110, 170), ("r.rrr.rr", "..h...h.", "K.......", ".....g.."), True),
    "bossa": Style(4, 4, (100, 140), ("h.h.h.h.h.h.h.h.", "K..KK..KK..KK..K", "p..p..p...p..p..")),
    "samba": Style(4, 4, (90, 120), ("hhhhhhhhhhhhhhhh", "K..KK..KK..KK..K", "....t.......t...", "p.pp.p.pp.pp.p.p")),
    "train": Style(4, 4, (90, 130), ("ggggSgggggggSggg", "K...K...K...K...", "..h...h...h...h.")),
    "one drop": Style(
        4, 4, (70, 100), ("h.h.h.h.h.h.h.h.", "........K.......", "........S.......", "p.....p...p.....")
    ),
    "toms": Style(4, 4, (90, 140), ("t.ttm.t.t.ttT.m.", "K...K...K...K...", "............S...")),
    "march": Style(4, 4, (95, 130), ("S.ggS.g.S.ggS.SS", "K...K...K...K...", "c...............")),
    "waltz": Style(3, 2, (90, 160), ("h.h.h.", "K.....", "..S.S.")),
    "jazz waltz": Style(3, 2, (100, 160), ("r.rrr.", "..h...", "K...K.", "....g."), True),
    "ballad": Style(4, 4, (65, 85), ("h.h.h.h.h.h.h.h.", "K.....K.K.......", "....S.......S...")),
    "latin": Style(4, 4, (90, 120), ("p.pp.p.pp.pp.p.p", "K..K..K.K..K..K.", "....m.......TT..", "h...h...h...h...")),
    "trance": Style(4, 4, (128, 142), ("..o...o...o...o.", "K...K...K...K...", "....S.......S...", "hhhhhhhhhhhhhhhh")),
    "punk": Style(4, 2, (150, 185), ("hhhhhhhh", "K...K.K.", "..S...S.")),
    "drum and bass": Style(4, 4, (160, 176), ("h.h.h.h.h.h.h.h.", "K.........K.....", "....S..g.g..S...")),
}
FASTEST = ("punk", "drum and bass")
"""Styles so fast that people count them in two ways; a set of their own."""

SET = len(STYLES) - len(FASTEST)
"""Rhythms in a set."""

CURVES = ("steady", "drift", "faster", "slower", "step", "human")


@dataclass(frozen=True)
class Rhythm:
    """`sound` mono at RATE; `beats` and `downbeats` in seconds."""

    name: str
    sound: NDArray[np.float32]
    beats: NDArray[np.float64]
    downbeats: NDArray[np.float64]


@cache
def _sample(name: str) -> NDArray[np.float32]:
    """A recording in mono, from where it is heard on, its peak at 1."""
    with open_sound(SAMPLES / f"{name}.flac") as sound:
        assert sound.rate == RATE
        mono = np.concatenate(list(sound.pieces())).mean(axis=1)
    mono = mono / np.abs(mono).max()
    start = int(np.argmax(np.abs(mono) > 0.1))
    return mono[max(0, start - 20) : start + 2 * RATE].astype(np.float32)


def _tempo(curve: str, chance: np.random.Generator, beats: int) -> NDArray[np.float64]:
    """A factor of the tempo for each beat."""
    at = np.linspace(0, 1, beats)
    amount = chance.uniform(0.08, 0.2)
    if curve == "drift":
        return 1 + amount / 2 * np.sin(2 * np.pi * (chance.uniform(0.7, 2) * at + chance.uniform()))
    if curve == "faster":
        return 1 + amount * at
    if curve == "slower":
        return 1 + amount * (1 - at)
    if curve == "step":
        return np.where(at < chance.uniform(0.35, 0.65), 1.0, 1 + amount * chance.choice([-1, 1]))
    if curve == "human":
        return np.exp(np.clip(np.cumsum(chance.normal(0, 0.008, beats)), -0.15, 0.15))
    return np.ones(beats)


def rhythm(seed: int, number: int, styles: Mapping[str, Style] = STYLES) -> Rhythm:
    """One of a set: `number` picks style and curve, chance the rest."""
    chance = np.random.default_rng([seed, number])
    name = list(styles)[number % len(styles)]
    style = styles[name]
    curve = CURVES[(number + seed) % len(CURVES)]
    base = chance.uniform(*style.tempo)
    count = int(SECONDS * base / 60 * 1.3) + 8
    lengths = 60 / (base * _tempo(curve, chance, count))
    times = chance.uniform(0.1, 0.8) + np.concatenate([[0.0], np.cumsum(lengths)])
    swing = chance.uniform(0.54, 0.68) if style.swings else 0.5
    kit = {letter: _sample(str(chance.choice(names))) for letter, names in KITS.items()}
    sound = np.zeros(int(SECONDS * RATE) + 3 * RATE, np.float32)
    used = int(np.searchsorted(times, SECONDS - 0.1))
    for beat in range(used):
        bar, place = divmod(beat, style.beats)
        fill = bar % 4 == 3 and place == style.beats - 1 and chance.uniform() < 0.7
        for voice in style.voices:
            for step in range(style.steps):
                letter = voice[place * style.steps + step]
                if letter == "." or (fill and letter not in "Kh"):
                    continue
                _hit(sound, kit[letter], letter, _when(times, beat, step, style, swing), chance)
        if fill:
            for step in range(style.steps):
                letter = "STmt"[step % 4]
                _hit(sound, kit[letter], letter, _when(times, beat, step, style, swing), chance)
        if place == 0 and bar % 8 == 0:
            _hit(sound, kit["c"], "c", times[beat], chance)
    sound = sound[: int(SECONDS * RATE)]
    beats = times[:used]
    title = f"{name}, {base:.0f} BPM, {curve}" + (f", swing {swing:.2f}" if style.swings else "")
    return Rhythm(title, sound / np.abs(sound).max() * np.float32(0.8), beats, beats[:: style.beats])


def _when(times: NDArray[np.float64], beat: int, step: int, style: Style, swing: float) -> float:
    """A step's time: every second one comes late by the swing."""
    pair = 2 / style.steps
    part = step // 2 * pair + (swing * pair if step % 2 else 0)
    return float(times[beat] + part * (times[beat + 1] - times[beat]))


def _hit(
    sound: NDArray[np.float32], sample: NDArray[np.float32], letter: str, when: float, chance: np.random.Generator
) -> None:
    start = round(max(0.0, when + chance.normal(0, 0.004)) * RATE)
    gain = LOUDNESS[letter] * chance.uniform(0.75, 1.0)
    end = min(len(sound), start + len(sample))
    sound[start:end] += np.float32(gain) * sample[: end - start]
