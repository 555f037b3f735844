"""What songs with known beats are played on: single strokes and notes, each recorded once.

Drums are those of Debian's sonic-pi-samples and the kits of its fluid-soundfont-gm; basses, chords and tunes are played
by its fluidsynth.
"""

from __future__ import annotations

import struct
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hearth.desk.sound import open_sound

RATE = 44100
SAMPLES = Path("/usr/share/sonic-pi/samples")
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
Sound = NDArray[np.float32]

_SAMPLES = {
    "kick": """bd_808 bd_ada bd_boom bd_fat bd_gas bd_haus bd_klub bd_mehackit bd_pure bd_sone bd_tek bd_zome bd_zum
        drum_bass_hard drum_bass_soft drum_heavy_kick elec_hollow_kick elec_soft_kick""",
    "snare": """drum_snare_hard drum_snare_soft sn_dolf sn_dub sn_generic sn_zome elec_snare elec_hi_snare
        elec_mid_snare elec_lo_snare elec_filt_snare perc_snap perc_snap2""",
    "hat": """drum_cymbal_closed drum_cymbal_pedal elec_tick elec_blip elec_ping elec_flip glitch_perc1 tabla_te1""",
    "open hat": "drum_cymbal_open elec_cymbal",
    "ride": "drum_cymbal_soft drum_cymbal_closed",
    "crash": "drum_splash_hard drum_splash_soft drum_cymbal_hard drum_cymbal_soft",
    "tom": """drum_tom_hi_hard drum_tom_hi_soft drum_tom_lo_hard drum_tom_lo_soft drum_tom_mid_hard drum_tom_mid_soft
        elec_hollow_kick tabla_ghe1 tabla_tun1""",
    "percussion": """drum_cowbell elec_wood elec_triangle elec_bong elec_blip2 elec_pop elec_twip elec_bell perc_bell
        tabla_na tabla_ke1 tabla_tas1 perc_till""",
}
_KEYS = {
    "kick": [35, 36] * 3,
    "snare": [38, 40, 37, 39] * 2,
    "hat": [42, 44, 70, 69] * 2,
    "open hat": [46, 46],
    "ride": [51, 53, 59],
    "crash": [49, 57, 52, 55],
    "tom": [41, 43, 45, 47, 48, 50],
    "percussion": [54, 56, 60, 61, 62, 63, 64, 67, 68, 75, 76, 77, 80],
}
DRUMS: Mapping[str, Sequence[str | int]] = {part: [*names.split(), *_KEYS[part]] for part, names in _SAMPLES.items()}
"""What a part may be played on: names of samples, and keys of General MIDI's drums."""

KITS = (0, 8, 16, 24, 25, 32, 40)
"""Programs of General MIDI's drums."""

BASSES = (32, 33, 34, 35, 36, 38, 39, 58)
CHORDS = (0, 1, 4, 5, 6, 7, 16, 19, 21, 24, 25, 26, 27, 28, 29, 48, 50, 52, 61, 81, 88, 90)
TUNES = (0, 4, 11, 12, 13, 22, 24, 40, 56, 64, 65, 68, 71, 73, 75, 80, 81)
"""Programs of General MIDI."""

NOTE_SECONDS, APART = 1.6, 3.0


def drum(name: str | int, kit: int) -> Sound:
    """A stroke in mono, from where it is heard on, its peak at 1."""
    return _sample(name) if isinstance(name, str) else _strokes(kit)[name]


def note(program: int, key: int) -> Sound:
    """A note in mono that is held for NOTE_SECONDS; `key` is a MIDI number from 28 to 88."""
    return _notes(program)[min(max(key, 28), 88)]


@cache
def _sample(name: str) -> Sound:
    with open_sound(SAMPLES / f"{name}.flac") as sound:
        return _begun(np.concatenate(list(sound.pieces())).mean(axis=1))


@cache
def _strokes(kit: int) -> Mapping[int, Sound]:
    keys = sorted({key for names in DRUMS.values() for key in names if isinstance(key, int)})
    return dict(zip(keys, _played(0x99, kit, keys), strict=True))


@cache
def _notes(program: int) -> Mapping[int, Sound]:
    every = range(28, 89, 3)
    recorded = dict(zip(every, _played(0x90, program, list(every)), strict=True))
    return {key: _shifted(recorded[(key - 28 + 1) // 3 * 3 + 28], key - ((key - 28 + 1) // 3 * 3 + 28))
            for key in range(28, 89)}  # fmt: skip


def _shifted(sound: Sound, semitones: int) -> Sound:
    places = np.arange(0, len(sound) - 1, 2 ** (semitones / 12))
    return np.interp(places, np.arange(len(sound)), sound).astype(np.float32)


def _begun(mono: Sound) -> Sound:
    mono = mono / max(1e-6, float(np.abs(mono).max()))
    start = int(np.argmax(np.abs(mono) > 0.1))
    return mono[max(0, start - 20) : start + 2 * RATE].astype(np.float32)


def _played(channel: int, program: int, keys: Sequence[int]) -> list[Sound]:
    """Each key by fluidsynth, one after another; `channel` is the byte of a note's beginning."""
    ticks = 960  # a second, at 120 beats a minute
    events = bytes([0, 0xC0 | channel & 15, program])
    for key in keys:
        events += bytes([0, channel, key, 110]) + _length(int(NOTE_SECONDS * ticks)) + bytes([channel, key, 0])
        events += _length(int((APART - NOTE_SECONDS) * ticks)) + bytes([0xB0 | channel & 15, 123, 0])
    events += bytes([0, 0xFF, 0x2F, 0])
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, ticks // 2) + b"MTrk" + struct.pack(">I", len(events))
    with tempfile.TemporaryDirectory() as folder:
        score, out = Path(folder, "score.mid"), Path(folder, "sound.wav")
        score.write_bytes(header + events)
        command = ["fluidsynth", "-n", "-i", "-q", "-g", "0.6", "-R", "0", "-C", "0", "-r", str(RATE), "-F", str(out)]
        subprocess.run([*command, str(SOUND_FONT), str(score)], check=True, capture_output=True)
        with open_sound(out) as file:
            mono = np.concatenate(list(file.pieces())).mean(axis=1)
    step = int(APART * RATE)
    return [_begun(mono[number * step : (number + 1) * step]) for number in range(len(keys))]


def _length(number: int) -> bytes:
    return bytes([number >> 7 | 0x80, number & 0x7F])
