"""Short pieces of the project's own with known notes, and how Debian's fluidsynth plays them.

Some are written out below; `composed(seed, number)` makes others by rule and chance, for sets that nobody has listened
to.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearth.desk.sound import open_sound
from hearth.tools.visualizer.analysis import Note
from hearth.tools.visualizer.analysis.midi import midi_file

RATE = 44100
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
PIANO, NYLON_GUITAR, STEEL_GUITAR = 0, 24, 25
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True)
class Piece:
    """`program` is an instrument of General MIDI; `beats` in seconds, where they are asked for."""

    name: str
    program: int
    notes: tuple[Note, ...]
    beats: tuple[float, ...] = ()


def missing() -> list[str]:
    """Debian packages that playing them needs and that are not there."""
    needed = {"fluidsynth": shutil.which("fluidsynth"), "fluid-soundfont-gm": SOUND_FONT.is_file()}
    return [package for package, there in needed.items() if not there]


def render(piece: Piece) -> NDArray[np.float32]:
    """The piece as fluidsynth plays it: (n, 2) at RATE."""
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "piece.mid"), Path(folder, "piece.wav")
        score.write_bytes(midi_file(piece.notes, program=piece.program))
        command = ["fluidsynth", "-n", "-i", "-q", "-g", "0.6", "-r", str(RATE), "-F", str(sound), str(SOUND_FONT)]
        subprocess.run([*command, str(score)], check=True, capture_output=True)
        with open_sound(sound) as file:
            return np.concatenate(list(file.pieces()))


def _pitch(name: str) -> int:
    """`C4` is 60; `#` and `b` come after the letter."""
    shift = {"#": 1, "b": -1}.get(name[1], 0)
    return 12 * (int(name[-1]) + 1) + _STEPS[name[0]] + shift


def _voice(text: str, tempo: float, strength: float) -> Iterator[Note]:
    """Tokens `C4:1`, chords `C4+E4+G4:2`, rests `-:1`; lengths in beats, that of the token before where left out."""
    at, length = 0.0, 1.0
    for token in text.split():
        names, _, given = token.partition(":")
        length = float(given) if given else length
        if names != "-":
            for name in names.split("+"):
                yield Note(0.3 + at * 60 / tempo, 0.3 + (at + 0.95 * length) * 60 / tempo, _pitch(name), strength)
        at += length


def _piece(name: str, program: int, tempo: float, *voices: str) -> Piece:
    notes = [note for number, text in enumerate(voices) for note in _voice(text, tempo, 0.75 - 0.12 * number)]
    return Piece(name, program, tuple(sorted(notes)))


def _arpeggio(chords: str, pattern: str, length: float) -> str:
    """Each chord's notes in the order of the pattern's digits."""
    tokens = []
    for chord in chords.split():
        names = chord.split("+")
        tokens += [f"{names[int(digit)]}:{length}" for digit in pattern]
    return " ".join(tokens)


WRITTEN = (
    _piece(
        "chorale, piano",
        PIANO,
        72,
        "G4:1 A4 B4 C5 B4:2 A4 G4:1 F#4 G4 A4 B4:4 D5:1 C5 B4 A4 G4 A4 F#4 D4 G4:4",
        "D4:1 D4 D4 E4 D4:2 D4 D4:1 D4 D4 D4 D4:4 G4:1 G4 G4 E4 E4 E4 D4 C4 B3:4",
        "B3:1 A3 G3 G3 G3:2 F#3 B3:1 A3 B3 C4 B3:4 B3:1 C4 D4 C4 B3 C4 A3 F#3 D3:4",
        "G2:1 F#2 G2 C3 G2:2 D3 G2:1 D3 G2 F#2 G2:4 G2:1 E2 D2 A2 E3 A2 D3 D2 G2:4",
    ),
    _piece(
        "broken chords under a tune, piano",
        PIANO,
        100,
        "E5:2 D5:1 C5 A4:2 C5 D5:1.5 E5:.5 F5:1 D5 E5:4 G5:2 F5:1 E5 D5:2 A4 B4:1 C5 D5 B4 C5:4",
        _arpeggio("C3+G3+E4 A2+E3+C4 D3+A3+F4 C3+G3+E4 E3+G3+C4 D3+A3+F4 G2+D3+B3 C3+G3+E4", "01210121", 0.5),
    ),
    _piece(
        "two voices in canon, piano",
        PIANO,
        92,
        "A4:.5 B4 C5 D5 E5:1 C5 D5:.5 C5 B4 A4 G#4:1 E4 A4:.5 C5 B4 D5 C5 E5 D5 F5 E5:1 D5:.5 C5 B4:1 G#4 A4:3",
        "-:4 A3:.5 B3 C4 D4 E4:1 C4 D4:.5 C4 B3 A3 G#3:1 E3 A3:.5 C4 B3 D4 C4:1 B3:.5 E3 A2:3",
    ),
    _piece(
        "stride, piano",
        PIANO,
        112,
        "-:.5 E5 G5 E5 A5:1 G5:.5 E5 D5 C5 D5 E5 C5:1 A4 -:.5 D5 F5 D5 A5:1 F5:.5 D5 C5 B4 C5 D5 E5:2",
        "C2:1 G3+C4+E4 G2 G3+C4+E4 A2 A3+C4+E4 E2 A3+C4+E4 D2 A3+D4+F4 A2 A3+D4+F4 G2 G3+B3+F4 C2 G3+C4+E4",
    ),
    _piece(
        "picked, nylon guitar",
        NYLON_GUITAR,
        96,
        "E4:2 G4 F#4:1 E4 D4:2 E4 B4 A4:1 G4 F#4:2",
        _arpeggio("E2+B2+G3+B3 C3+G3+C4+E4 G2+D3+G3+B3 D3+A3+D4+F#4", "01232321", 0.5)
        + " "
        + _arpeggio("E2+B2+G3+B3 C3+E3+G3+C4 A2+E3+A3+C4 B2+F#3+A3+B3", "01232321", 0.5),
    ),
    _piece(
        "chords and bass, steel guitar",
        STEEL_GUITAR,
        88,
        " ".join(f"-:1 {chord}:1 -:1 {chord}:1" for chord in ("G3+B3+D4+G4", "E3+G3+B3+E4", "C4+E4+G4", "D4+F#4+A4")),
        "G2:2 D3 E2 B2 C3 G2 D3 A2",
    ),
    _piece(
        "tune with open strings, nylon guitar",
        NYLON_GUITAR,
        104,
        "A3:1 C4:.5 E4 A4:1 G4:.5 E4 F4:1 D4 E4:2 C4:.5 D4 E4 G4 F4:1 A4 G#4 B4 A4:3",
        "A2:4 D3:2 E3 A2:4 D3:2 E2 A2:3",
    ),
    _piece(
        "slow chords, piano",
        PIANO,
        60,
        "E4+G4+B4+D5:4 A4+C5+E5:4 F4+A4+C5+E5:4 D4+G4+B4:4",
        "C3:4 F2 D3 G2",
    ),
)

_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 1, 4), (0, 3, 4, 0), (5, 3, 0, 4), (0, 2, 3, 4))
TEXTURES = ("chords", "arpeggio", "tune and bass", "two voices", "strummed", "tune and chords")


def composed(seed: int, number: int) -> Piece:
    """A piece of some twenty seconds: `number` picks the texture and instrument, chance the rest."""
    chance = np.random.default_rng([seed, number])
    texture = TEXTURES[number % len(TEXTURES)]
    program = PIANO if number % 2 == 0 else int(chance.choice([NYLON_GUITAR, STEEL_GUITAR]))
    if texture == "strummed":
        program = STEEL_GUITAR
    scale = _SCALES[str(chance.choice(list(_SCALES)))]
    home = int(chance.integers(40, 52)) if program == PIANO else int(chance.integers(40, 48))
    tempo = chance.uniform(70, 125)
    beat = 60 / tempo
    notes: list[Note] = []

    def degree(step: int) -> int:
        return home + 12 * (step // 7) + scale[step % 7]

    def play(at: float, length: float, pitch: int, strength: float) -> None:
        start = 0.3 + at * beat + float(chance.normal(0, 0.004))
        notes.append(Note(max(0, start), start + 0.95 * length * beat, pitch, strength + float(chance.normal(0, 0.04))))

    steps = int(chance.integers(9, 14))
    progression = _PROGRESSIONS[int(chance.integers(len(_PROGRESSIONS)))]
    for bar in range(8):
        root = progression[bar % 4]
        chord = [root + 7 * (1 if texture != "arpeggio" else 0) + third for third in (0, 2, 4)]
        at = 4.0 * bar
        if texture in ("chords", "tune and chords"):
            for half in (0, 2):
                for third in chord:
                    play(at + half, 2, degree(third), 0.6)
        if texture == "arpeggio":
            for number_of, index in enumerate((0, 2, 4, 7, 9, 7, 4, 2)):
                play(at + number_of / 2, 0.5 if index else 4, degree(root + index), 0.65)
        if texture == "strummed":
            play(at, 2, degree(root), 0.7)
            for place in (1, 2.5, 3):
                for order, third in enumerate([*chord, chord[0] + 7]):
                    play(at + place + 0.012 * order / beat, 0.5, degree(third), 0.6)
        if texture in ("tune and bass", "tune and chords", "chords"):
            play(at, 4, degree(root), 0.65)
        if texture == "two voices":
            for place in range(4):
                play(at + place, 1, degree(root + int(chance.choice([0, 2, 4, 7]))), 0.6)
        if texture in ("tune and bass", "two voices", "tune and chords"):
            place = 0.0
            while place < 4:
                length = float(chance.choice([0.5, 1.0, 1.5]))
                steps = int(np.clip(steps + chance.integers(-2, 3), 9 if texture != "tune and chords" else 14, 20))
                play(at + place, min(length, 4 - place), degree(steps + 2), 0.75)
                place += length
    beats = tuple(0.3 + place * beat for place in range(32))
    return Piece(
        f"{texture}, {'piano' if program == PIANO else 'guitar'}, {tempo:.0f} BPM", program, _tidy(notes), beats
    )


def _tidy(notes: list[Note]) -> tuple[Note, ...]:
    """One key at a time: a note ends where its key is struck again; twice at once is once."""
    kept: list[Note] = []
    for note in sorted(notes, key=lambda item: (item.pitch, item.start)):
        if kept and kept[-1].pitch == note.pitch and note.start < kept[-1].end:
            if note.start - kept[-1].start < 0.1:
                continue
            kept[-1] = kept[-1]._replace(end=note.start - 0.01)
        kept.append(note)
    return tuple(sorted(kept))
