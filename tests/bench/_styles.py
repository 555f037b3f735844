"""More rhythms than a set of `_rhythms.py` has: plain and odd ones, ones that chance puts together; bass and chords."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis import Note
from tests.bench._pieces import Piece, render
from tests.bench._rhythms import Rhythm, Style

OTHERS: dict[str, Style] = {
    "four": Style(4, 2, (70, 180), ("hhhhhhhh", "K...K...", "..S...S.")),
    "four, sixteenths": Style(4, 4, (60, 150), ("hhhhhhhhhhhhhhhh", "K.......K.......", "....S.......S...")),
    "floor": Style(4, 4, (100, 150), ("K...K...K...K...", "..h...h...h...h.")),
    "kick alone": Style(4, 4, (60, 180), ("K...K...K...K...",)),
    "kick and snare": Style(4, 4, (70, 170), ("K.......K.......", "....S.......S...")),
    "half-time": Style(4, 4, (110, 160), ("h.h.h.h.h.h.h.h.", "K...............", "........S.......")),
    "six eight": Style(2, 3, (50, 80), ("hhhhhh", "K.....", "...S..")),
    "twelve eight": Style(4, 3, (50, 100), ("hhhhhhhhhhhh", "K.....K.....", "...S.....S..")),
    "quick waltz": Style(3, 2, (80, 180), ("h.hhhh", "K.....", "..S.S.")),
    "off-beat hats": Style(4, 2, (90, 160), (".h.h.h.h", "K...K...", "..S...S.")),
    "reggae": Style(4, 4, (70, 110), ("..h...h...h...h.", "........K.......", "........S.......", "..p...p...p...p.")),
    "swing": Style(4, 2, (90, 200), ("r.rrr.rr", "..h...h.", "K...K..."), True),
    "plain shuffle": Style(4, 2, (80, 150), ("hhhhhhhh", "K...K...", "..S...S."), True),
    "slow hip hop": Style(4, 4, (70, 100), ("h.h.h.h.h.h.h.h.", "K.....K...K.....", "....S.......S..."), True),
    "son": Style(4, 4, (80, 120), ("p..p..p...p.p...", "K.......K.......", "h.h.h.h.h.h.h.h.")),
    "jungle": Style(4, 4, (155, 180), ("h.h.h.h.h.h.h.h.", "K.........K.....", "....S.......S...")),
    "two step": Style(4, 4, (120, 136), ("h.hhh.hhh.hhh.hh", "K.........K.....", "....S.......S...")),
    "tresillo": Style(4, 4, (85, 110), ("K..K..K.K..K..K.", "....S.......S...", "hhhhhhhhhhhhhhhh")),
}

CLICKS: dict[str, Style] = {
    "cowbell": Style(4, 1, (60, 190), ("pppp",)),
    "hats": Style(4, 1, (60, 190), ("hhhh",)),
    "snare": Style(4, 1, (60, 190), ("SSSS",)),
    "accented": Style(4, 1, (60, 190), ("Sppp",)),
    "to and fro": Style(4, 1, (60, 190), ("K.K.", ".S.S")),
    "in three": Style(3, 1, (80, 190), ("Kpp",)),
    "divided": Style(4, 2, (60, 160), ("p.p.p.p.", "hhhhhhhh")),
}

_HATS = (
    *("h.h.h.h.h.h.h.h.",) * 2, "hhhhhhhhhhhhhhhh", "..h...h...h...h.", "..o...o...o...o.", "h...h...h...h...",
    "r...r.rrr...r.rr", "................", "h.hhh.hhh.hhh.hh",
)  # fmt: skip
_KICKS = (
    "K.......K.......", "K.......K.K.....", "K...K...K...K...", "K.....K.K.......", "K..K..K...K.....",
    "K.........K.....", "K.K.....K.K.....", "K......KK.......", "K..K....K..K....", "K.......K..K..K.",
)  # fmt: skip
_SNARES = (
    *("....S.......S...",) * 3, "....S..g.g..S...", "....S.......S..g", "S...S...S...S...", "....c.......c...",
    "................", "........S.......",
)  # fmt: skip
_MORE = ("p..p..p...p.p...", "..p...p...p...p.", "p...p...p...p...", "p.pp.p.pp.pp.p.p", "....t.......tT..")


def chance_style(seed: int, number: int) -> Style:
    """Voices that chance puts together, in four, three or six eight."""
    chance = np.random.default_rng([seed, number, 5])

    def pick(*voices: str) -> str:
        return voices[int(chance.integers(len(voices)))]

    if chance.uniform() < 0.18:
        hats, kick = pick("hhhhhh", "h.h.h.", "h.hhhh", "r.rr.r"), pick("K.....", "K...K.", "K....K")
        snare = pick("..S.S.", "....S.", "..S...")
        return Style(3, 2, (80, 190), (hats, kick, snare), bool(chance.uniform() < 0.3))
    if chance.uniform() < 0.12:
        return Style(2, 3, (50, 90), (pick("hhhhhh", "h.hh.h"), pick("K.....", "K....K"), "...S.."))
    voices = [pick(*_HATS), pick(*_KICKS), pick(*_SNARES)]
    if chance.uniform() < 0.25:
        voices.append(pick(*_MORE))
    return Style(4, 4, (60, 135 if voices[0].count("h") > 11 else 180), tuple(voices), bool(chance.uniform() < 0.35))


def with_bass(rhythm: Rhythm, seed: int) -> NDArray[np.float32]:
    """The rhythm's sound with a bass and chords that fluidsynth plays along its beats."""
    chance = np.random.default_rng([seed, 77])
    root, times = int(chance.integers(36, 48)), rhythm.beats
    firsts = set(rhythm.downbeats.tolist())
    bass: list[Note] = []
    chords: list[Note] = []
    bar = -1
    for start, end in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
        bar += start in firsts
        key, length = root + (0, 5, 7, 3)[bar % 4], end - start
        if start in firsts or chance.uniform() < 0.6:
            bass.append(Note(start, start + 0.8 * length, key, 0.8))
        if chance.uniform() < 0.4:
            bass.append(Note(start + length / 2, end - 0.05 * length, key + int(chance.choice([0, 7, 12])), 0.6))
        if start in firsts or chance.uniform() < 0.25:
            third = 3 if bar % 2 else 4
            chords += [Note(start, start + 1.8 * length, key + 12 + step, 0.5) for step in (0, third, 7)]
    mixed = rhythm.sound.copy()
    for program, notes in ((33, bass), (int(chance.choice([0, 4, 16, 25, 48])), chords)):
        played = render(Piece("", program, tuple(sorted(notes)))).mean(axis=1)[: len(mixed)]
        mixed[: len(played)] += 0.4 * played / np.abs(played).max()
    return mixed / np.abs(mixed).max() * np.float32(0.8)
