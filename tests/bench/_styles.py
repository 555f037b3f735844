"""More rhythms than a set of `_rhythms.py` has: plain and odd ones, and ones that chance puts together."""

from __future__ import annotations

import numpy as np

from tests.bench._rhythms import Style

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
