"""How well the analysis hears: beats of drums whose beats are known, notes of pieces whose notes are known.

Beats: 20 rhythms of 30 s with swing and changing tempo, on the drum samples of Debian's sonic-pi-samples; a beat counts
within 70 ms. Notes: pieces of the project's own for piano and guitar, played by Debian's fluidsynth with
fluid-soundfont-gm; a note counts when its key is right and its beginning within 50 ms. Of each there are the set that
the analysis was made with and sets that it was not; `--seed N` makes another one. A further set has plain, odd and
chance's own styles, of which some can be counted in more than one way (six eight, half-time, reggae). Nothing is left
out: the first beats count as the others do. The network for the pulse learnt from other songs
(`models/train/songs.py`), in which no rhythm of these is written down; seeds 101, 102, 701 and 702 were looked at while
the tracker was tuned.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hearth.desk import models
from hearth.runtime import InferenceSession
from hearth.tools.visualizer.analysis import Analyser, Analysis, Networks, pulse
from tests.bench import _pieces as pieces
from tests.bench import _rhythms as rhythms
from tests.bench._scores import f_measure, matches, note_f_measure
from tests.bench._styles import OTHERS, chance_style

KNOWN_SEED, NEW_SEEDS = 1, (901, 902)
CHANCES = 18  # rhythms of a set whose voices chance puts together
COMPOSED = 12  # pieces of a set that chance makes
BEAT_GOAL, NOTE_GOAL = 0.95, 0.8
BEAT_SECONDS, NOTE_SECONDS = 0.07, 0.05
FAST_BARS = 3  # how often each of the fastest styles is tried


def main(argv: Sequence[str]) -> int:
    """Prints tables; 1 where a set's mean is below its goal, 2 where packages are missing."""
    parser = argparse.ArgumentParser(prog="bench hearing", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a set")
    parser.add_argument("--seed", type=int, nargs="+", default=NEW_SEEDS, metavar="N", help="sets that are new")
    parser.add_argument("--only", choices=["beats", "notes"])
    options = parser.parse_args(argv)
    missing = [] if options.only == "notes" or rhythms.SAMPLES.is_dir() else ["sonic-pi-samples"]
    missing += [] if options.only == "beats" else pieces.missing()
    if missing:
        print(f"This bench needs sounds of Debian: apt-get install {' '.join(missing)}", file=sys.stderr)
        return 2
    rows: list[dict[str, Any]] = []
    if options.only != "notes":
        rows += _beats([KNOWN_SEED, *options.seed])
    if options.only != "beats":
        rows += _notes(options.seed)
    print()
    for row in rows:
        goal = f"  goal {row['goal']}" if row["goal"] else ""
        print(
            f"{row['name']:44} mean F {row['hearth']:.3f}  median {row['median']:.3f}  least {row['least']:.3f}{goal}"
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if all(row["hearth"] >= (row["goal"] or 0) for row in rows) else 1


def listen(sound: Any, networks: Networks) -> Analysis:
    analyser = Analyser(rhythms.RATE, 1 if sound.ndim == 1 else sound.shape[1], networks)
    analyser.feed(sound)
    analyser.end()
    analyser.run()
    return analyser.snapshot()


def _beats(seeds: Sequence[int]) -> list[dict[str, Any]]:
    networks = Networks(beats=InferenceSession(models.path("beatnet")), pulse=InferenceSession(pulse.network()))
    rows, downbeats = [], []
    for seed in seeds:
        scores = []
        for number in range(rhythms.SET):
            beat, downbeat = _beat_scores(rhythms.rhythm(seed, number), networks)
            scores.append(beat)
            downbeats.append(downbeat)
        what = "the known set" if seed == KNOWN_SEED else "new"
        rows.append(_row(f"beats, seed {seed}, {what}", scores, BEAT_GOAL))
    numbers = range(rhythms.SET, len(rhythms.STYLES))
    fast = [
        _beat_scores(rhythms.rhythm(seed + 1000 * turn, n), networks)[0]
        for seed in seeds
        for n in numbers
        for turn in range(FAST_BARS)
    ]
    rows.append(_row(f"beats, {' and '.join(rhythms.FASTEST)}", fast, None))
    seed = seeds[-1] + 800
    odd = [rhythms.rhythm(seed, number, OTHERS) for number in range(len(OTHERS))]
    odd += [rhythms.rhythm(seed, number, {"chance's": chance_style(seed, number)}) for number in range(CHANCES)]
    rows.append(_row(f"beats, odd styles and chance's, seed {seed}", [_beat_scores(r, networks)[0] for r in odd], None))
    rows.append(_row("downbeats, all of the sets", downbeats, None))
    return rows


def _beat_scores(rhythm: rhythms.Rhythm, networks: Networks) -> tuple[float, float]:
    heard = listen(rhythm.sound, networks)
    beats, bars = [beat.time for beat in heard.beats], heard.downbeats
    beat = f_measure(matches(beats, rhythm.beats, BEAT_SECONDS), len(beats), len(rhythm.beats))
    bar = f_measure(matches(bars, rhythm.downbeats, BEAT_SECONDS), len(bars), len(rhythm.downbeats))
    print(f"{rhythm.name:50} beats {beat:.3f}  downbeats {bar:.3f}  heard {heard.tempo:.0f} BPM", flush=True)
    return beat, bar


def _notes(seeds: Sequence[int]) -> list[dict[str, Any]]:
    networks = Networks(notes=InferenceSession(models.path("basic-pitch")))
    sets = {"notes, pieces written down": list(pieces.WRITTEN)}
    sets[f"notes, composed, seed {KNOWN_SEED}, the known set"] = _composed(KNOWN_SEED)
    sets |= {f"notes, composed, seed {seed}, new": _composed(seed) for seed in seeds}
    rows = []
    for name, of_set in sets.items():
        scores = []
        for piece in of_set:
            heard = listen(pieces.render(piece), networks)
            scores.append(note_f_measure(heard.notes, piece.notes, NOTE_SECONDS))
            print(f"{piece.name:50} notes {scores[-1]:.3f}  {len(heard.notes)} of {len(piece.notes)}", flush=True)
        rows.append(_row(name, scores, NOTE_GOAL))
    return rows


def _composed(seed: int) -> list[pieces.Piece]:
    return [pieces.composed(seed, number) for number in range(COMPOSED)]


def _row(name: str, scores: Sequence[float], goal: float | None) -> dict[str, Any]:
    median, least = float(np.median(scores)), float(min(scores))
    return {"name": name, "unit": "F", "hearth": float(np.mean(scores)), "median": median, "least": least, "goal": goal}
