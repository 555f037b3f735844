"""Songs that chance makes, whose beats and bars are known: drums of any kind, with and without a band, at any tempo.

No pattern is written down here: parts are drawn step by step from what is usual at each place of a bar, so that
rhythms that people write are new to who learns from these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.train import instruments
from models.train.instruments import RATE

SECONDS = 30.0
Array = NDArray[np.float64]
Chance = np.random.Generator


@dataclass(frozen=True)
class Song:
    """`sound` (n,) mono at RATE; `beats` and `downbeats` in seconds."""

    sound: NDArray[np.float32]
    beats: Array
    downbeats: Array
    about: str = ""


@dataclass
class Meter:
    """`beats` to a bar, `steps` to a beat (2 eighths, 3 triplets, 4 sixteenths)."""

    beats: int
    steps: int
    swing: float = 0.5
    half_time: bool = False
    one_drop: bool = False  # kick and snare on the third beat alone
    tempo: float = 120.0  # beats a minute
    times: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def length(self) -> int:
        """Steps of a bar."""
        return self.beats * self.steps

    def when(self, beat: int, step: float) -> float:
        """Seconds; every second eighth or sixteenth comes late by the swing."""
        whole = int(step)
        late = 2 * self.swing - 1 if self.steps != 3 and whole % 2 else 0.0
        place = (whole + late) / self.steps
        length = self.times[beat + 1] - self.times[beat]
        return float(self.times[beat] + place * length)


def song(seed: int, number: int) -> Song:
    """Always the same one for the same numbers."""
    chance = np.random.default_rng([seed, number, 20])
    meter = _meter(chance)
    count = int(SECONDS * meter.tempo / 60 * 1.8) + 12
    curve, factors = _tempo(chance, count)
    start = chance.uniform(0.0, 1.2)
    meter.times = start + np.concatenate([[0.0], np.cumsum(60 / (meter.tempo * factors))])
    used = int(np.searchsorted(meter.times, SECONDS - 0.1))
    sound = np.zeros(int(SECONDS * RATE) + 3 * RATE, np.float32)
    first = int(chance.integers(meter.beats)) if chance.uniform() < 0.25 else 0  # of the bar, where the song begins
    bars = [range(max(0, at), min(used, at + meter.beats)) for at in range(-first, used, meter.beats)]
    kind = chance.choice(["drums", "band", "no drums", "clicks"], p=[0.5, 0.3, 0.12, 0.08])
    if kind == "clicks":
        _clicks(sound, meter, used, first, chance)
    if kind in ("drums", "band"):
        _drums(sound, meter, bars, first, chance)
    if kind in ("band", "no drums"):
        band = np.zeros_like(sound)
        _band(band, meter, bars, first, chance, kind == "no drums")
        if np.abs(band).max() > 0 and np.abs(sound).max() > 0:
            sound /= np.abs(sound).max()
            band *= np.float32(chance.uniform(0.25, 1.2) / np.abs(band).max())
        sound += band
    sound = _recorded(sound[: int(SECONDS * RATE)], chance)
    beats = meter.times[:used]
    about = f"{kind} {meter.beats}x{meter.steps} {meter.tempo:.0f} {curve} swing {meter.swing:.2f}"
    about += " half-time" * meter.half_time + " one drop" * meter.one_drop
    return Song(sound, beats, beats[(np.arange(used) + first) % meter.beats == 0], about)


def _meter(chance: Chance) -> Meter:
    kind = chance.choice(["4", "3", "6/8", "12/8", "odd"], p=[0.72, 0.14, 0.05, 0.06, 0.03])
    if kind == "3":
        steps = int(chance.choice([2, 4], p=[0.75, 0.25]))
        swing = chance.uniform(0.54, 0.68) if chance.uniform() < 0.35 else 0.5
        return Meter(3, steps, swing, tempo=_between(chance, 75, 195 if steps == 2 else 125))
    if kind == "6/8":
        return Meter(2, 3, tempo=_between(chance, 45, 95))
    if kind == "12/8":
        return Meter(4, 3, tempo=_between(chance, 50, 120))
    steps = int(chance.choice([2, 4], p=[0.45, 0.55]))
    swing = chance.uniform(0.54, 0.68) if chance.uniform() < 0.35 else 0.5
    beats = 4 if kind == "4" else int(chance.choice([5, 7]))
    half = kind == "4" and chance.uniform() < 0.08
    if half:
        return Meter(4, int(chance.choice([2, 4])), swing, True, tempo=_between(chance, 105, 180))
    if kind == "4" and chance.uniform() < 0.05:
        return Meter(4, 4, swing, one_drop=True, tempo=_between(chance, 60, 110))
    fast = chance.uniform() < 0.15
    tempo = _between(chance, 150, 200) if fast else _between(chance, 52, 185 if steps == 2 else 160)
    return Meter(beats, steps, swing, tempo=tempo)


def _between(chance: Chance, low: float, high: float) -> float:
    return float(np.exp(chance.uniform(np.log(low), np.log(high))))


def _tempo(chance: Chance, beats: int) -> tuple[str, Array]:
    """How tempo changes: a name and a factor for each beat."""
    curve = str(chance.choice(["steady", "drift", "faster", "slower", "step", "human", "steps"],
                              p=[0.3, 0.15, 0.12, 0.12, 0.12, 0.13, 0.06]))  # fmt: skip
    at = np.linspace(0, 1, beats)
    amount = float(chance.uniform(0.05, 0.35))
    if curve == "drift":
        return curve, 1 + amount / 2 * np.sin(2 * np.pi * (chance.uniform(0.7, 4) * at + chance.uniform()))
    if curve == "faster":
        return curve, 1 + amount * at
    if curve == "slower":
        return curve, 1 - amount / (1 + amount) * at
    if curve == "step":
        change = float(np.exp(chance.choice([-1, 1]) * chance.uniform(0.06, 0.5)))
        return curve, np.where(at < chance.uniform(0.15, 0.5), 1.0, change)
    if curve == "steps":
        edges = np.sort(chance.uniform(0.05, 0.6, 3))
        factors = np.exp(chance.uniform(-0.25, 0.25, 4))
        return curve, factors[np.searchsorted(edges, at)]
    if curve == "human":
        return curve, np.exp(np.clip(np.cumsum(chance.normal(0, chance.uniform(0.003, 0.012), beats)), -0.2, 0.2))
    return curve, np.ones(beats)


def _clicks(sound: Any, meter: Meter, used: int, first: int, chance: Chance) -> None:
    """A metronome, accented or not; a stroke a beat."""
    names = list(instruments.DRUMS)
    plain, accent = (_pick(str(chance.choice(names)), chance) for _ in range(2))
    accented = chance.uniform() < 0.5
    for beat in range(used):
        begins = (beat + first) % meter.beats == 0
        _hit(sound, accent if accented and begins else plain, meter.times[beat], 1.0 if begins else 0.7, 0.002, chance)


def _drums(sound: Any, meter: Meter, bars: list[range], first: int, chance: Chance) -> None:
    hands = float(abs(chance.normal(0, 0.005)))  # how evenly they play: seconds, a standard deviation
    parts = [_kick(meter, chance), _snare(meter, chance), _time(meter, chance)]
    for _ in range(int(chance.choice([0, 1, 2], p=[0.6, 0.3, 0.1]))):
        parts.append(_more(meter, chance))
    if chance.uniform() < 0.25:
        parts.pop(int(chance.integers(len(parts))))
    if chance.uniform() < 0.06:
        parts = parts[:1]
    enters = [int(chance.integers(0, 5)) if chance.uniform() < 0.2 else 0 for _ in parts]
    enters[int(chance.integers(len(parts)))] = 0
    crash = _pick("crash", chance) if chance.uniform() < 0.55 else None
    every = int(chance.choice([4, 8, 16]))
    fills = chance.uniform() < 0.6
    toms = [_pick(str(chance.choice(["tom", "tom", "snare"])), chance) for _ in range(4)]
    breaks = {int(chance.integers(3, 12))} if chance.uniform() < 0.12 else set()
    loose = float(chance.choice([0.0, 0.05, 0.12], p=[0.5, 0.3, 0.2]))
    for number, bar in enumerate(bars):
        filled = fills and number % 4 == 3 and chance.uniform() < 0.7
        fill_from = meter.length - meter.steps * int(chance.choice([1, 1, 2])) if filled else meter.length
        for beat in bar:
            place = (beat + first) % meter.beats
            for step in range(meter.steps):
                at = place * meter.steps + step
                when = meter.when(beat, step)
                if at >= fill_from:
                    if chance.uniform() < 0.8:
                        _hit(sound, toms[at % 4], when, float(chance.uniform(0.5, 0.9)), hands, chance)
                    continue
                if number in breaks:
                    continue
                for (sample, pattern), enter in zip(parts, enters, strict=True):
                    gain = pattern[(number * meter.length + at) % len(pattern)]
                    if number >= enter and gain and chance.uniform() >= loose * (at != 0):
                        _hit(sound, sample, when, float(gain), hands, chance)
                    elif loose and chance.uniform() < loose / 8:
                        _hit(sound, sample, when, float(chance.uniform(0.15, 0.4)), hands, chance)
        if (
            crash is not None
            and number % every == 0
            and first + bar.start >= 0
            and (bar.start + first) % meter.beats == 0
        ):
            _hit(sound, crash, float(meter.times[bar.start]), 0.6, hands, chance)


Part = tuple[Any, Array]
"""A stroke and how loud it is at each step of one bar, or of several."""


def _pick(part: str, chance: Chance) -> Any:
    names = list(instruments.DRUMS[part])
    return instruments.drum(names[int(chance.integers(len(names)))], int(chance.choice(instruments.KITS)))


def _kick(meter: Meter, chance: Chance) -> Part:
    bars, steps, length = int(chance.choice([1, 1, 2])), meter.steps, meter.length
    pattern = np.zeros(bars * length)
    kind = chance.choice(["drawn", "floor", "first", "two", "broken", "threes"], p=[0.47, 0.18, 0.08, 0.12, 0.09, 0.06])
    if kind in ("broken", "threes") and (meter.beats, steps) != (4, 4):
        kind = "drawn"
    if meter.one_drop:
        pattern[2 * steps :: length] = 1.0
        return _pick("kick", chance), pattern
    if meter.half_time:
        kind = "drawn" if chance.uniform() < 0.5 else "first"
    busy = chance.uniform(0.03, 0.3)
    for at in range(len(pattern)):
        beat, step = at % length // steps, at % steps
        if kind == "floor":
            likely = 1.0 if step == 0 else 0.02
        elif kind == "first":
            likely = 1.0 if at % length == 0 else 0.0
        elif kind == "broken":
            likely = {0: 1.0, 2: 0.4, 8: 0.1, 10: 0.9, 11: 0.2, 14: 0.15}.get(at % length, 0.02)
        elif kind == "threes":  # three, three and two sixteenths
            likely = {0: 1.0, 3: 0.9, 6: 0.9, 4: 0.1}.get(at % 8, 0.03)
        elif kind == "two":
            likely = 1.0 if step == 0 and beat in (0, 2 if meter.beats != 3 else 0) else busy / 3
        else:
            strong = {0: 0.96, 2: 0.55 if meter.beats == 4 else 0.2}.get(beat, 0.12) if step == 0 else 0.0
            likely = strong if step == 0 else busy * (1.6 if step * 2 == steps else 1.0)
        pattern[at] = (1.0 if step == 0 else 0.85) * (chance.uniform() < likely)
    return _pick("kick", chance), pattern * float(chance.uniform(0.7, 1.1))


def _snare(meter: Meter, chance: Chance) -> Part:
    steps, length = meter.steps, meter.length
    pattern = np.zeros(length)
    sample = _pick("snare" if chance.uniform() < 0.9 else "open hat", chance)
    kind = chance.choice(["back", "every", "drawn", "none", "march"], p=[0.74, 0.06, 0.1, 0.06, 0.04])
    if meter.half_time or meter.one_drop:
        pattern[2 * steps] = 1.0
    elif kind == "back" and meter.beats in (2, 4):
        pattern[steps * (meter.beats // 2 - 1 if meter.beats == 4 else 1) :: 2 * steps] = 1.0
    elif kind == "back" and meter.beats == 3:
        chosen = chance.choice(["both", "second", "third"], p=[0.6, 0.2, 0.2])
        pattern[steps] = chosen != "third"
        pattern[2 * steps] = chosen != "second"
    elif kind == "back":
        pattern[steps :: 2 * steps] = 1.0
    elif kind == "every":
        pattern[::steps] = 1.0
    elif kind == "drawn":
        pattern[:] = chance.uniform(size=length) < np.where(np.arange(length) % steps == 0, 0.35, 0.12)
    elif kind == "march":
        pattern[:] = np.where(np.arange(length) % steps == 0, 1.0, 0.35 * (chance.uniform(size=length) < 0.6))
    if kind == "back" and chance.uniform() < 0.3:
        ghosts = (chance.uniform(size=length) < 0.2) & (pattern == 0)
        pattern[ghosts] = chance.uniform(0.15, 0.35)
    return sample, pattern * float(chance.uniform(0.6, 1.0))


def _time(meter: Meter, chance: Chance) -> Part:
    """Hats or a ride that keep time."""
    steps, length = meter.steps, meter.length
    places = np.arange(length)
    kind = chance.choice(["all", "eighths", "beats", "off", "ride", "drawn", "none"],
                         p=[0.3, 0.3, 0.08, 0.12, 0.08, 0.08, 0.04])  # fmt: skip
    fast = meter.tempo > 140
    if steps == 4 and fast and kind == "all":
        kind = "eighths"
    pattern = np.zeros(length)
    if kind == "all":
        pattern[:] = 1.0
    elif kind == "eighths":
        pattern[:: 2 if steps == 4 else 1] = 1.0
    elif kind == "beats":
        pattern[::steps] = 1.0
    elif kind == "off":
        pattern[places % steps == (steps // 2 if steps != 3 else 2)] = 1.0
    elif kind == "ride":
        pattern[::steps] = 1.0
        pattern[(places // steps % 2 == 1) & (places % steps == steps - 1)] = 1.0
    elif kind == "drawn":
        pattern[:] = chance.uniform(size=length) < np.where(places % steps == 0, 0.7, 0.45)
    accents = np.where(places % steps == 0, 1.0, chance.uniform(0.45, 1.0))
    sample = _pick({"ride": "ride", "off": str(chance.choice(["open hat", "hat"]))}.get(str(kind), "hat"), chance)
    return sample, pattern * accents * float(chance.uniform(0.2, 0.6))


def _more(meter: Meter, chance: Chance) -> Part:
    """A figure of some percussion, over one bar or two; evenly spread at times, as in claves."""
    length = meter.length * int(chance.choice([1, 2]))
    sample = _pick(str(chance.choice(["percussion", "percussion", "tom", "hat", "snare"])), chance)
    if chance.uniform() < 0.5:
        hits = int(chance.integers(2, max(3, length // 2 + 1)))
        pattern = (np.arange(length) * hits % length < hits).astype(float)
        pattern = np.roll(pattern, int(chance.integers(length)) if chance.uniform() < 0.3 else 0)
    else:
        pattern = (chance.uniform(size=length) < chance.uniform(0.1, 0.4)).astype(float)
    return sample, pattern * float(chance.uniform(0.2, 0.6))


_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10), (0, 2, 4, 5, 7, 9, 10))
_PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 1, 4), (0, 3, 4, 0), (5, 3, 0, 4), (0, 2, 3, 4), (0, 0, 3, 4), (0, 6, 5, 4))


def _band(sound: Any, meter: Meter, bars: list[range], first: int, chance: Chance, alone: bool) -> None:
    """A bass, chords and a tune, or some of them."""
    scale = _SCALES[int(chance.integers(len(_SCALES)))]
    home = int(chance.integers(33, 45))
    progression = _PROGRESSIONS[int(chance.integers(len(_PROGRESSIONS)))]
    lasts = int(chance.choice([1, 1, 1, 2]))  # bars to a chord
    hands = float(abs(chance.normal(0, 0.006)))

    def key(degree: int) -> int:
        return home + 12 * (degree // 7) + scale[degree % 7]

    length = meter.length
    plays = {
        "bass": chance.uniform() < 0.85,
        "chords": chance.uniform() < (0.9 if alone else 0.7),
        "tune": chance.uniform() < 0.5,
    }
    if not any(plays.values()):
        plays["chords"] = True
    rhythms = {}
    for voice, least in (("bass", 0.25), ("chords", 0.15), ("tune", 0.35)):
        places = np.arange(length) % meter.steps
        likely = np.where(places == 0, chance.uniform(least, 0.9), chance.uniform(0, least))
        likely[0] = 0.97 if voice != "tune" else 0.6
        kind = chance.uniform()
        if voice == "chords" and kind < 0.25:
            likely[:] = np.arange(length) == 0  # held
        elif voice == "chords" and kind < 0.4:
            likely = np.where(np.arange(length) % (max(1, meter.steps // 2) if meter.steps != 3 else 1) == 0, 1.0, 0)
        elif voice == "chords" and kind < 0.5 and not alone:
            likely = np.where(places == meter.steps // 2, 1.0, 0)  # off the beat
        elif voice == "bass" and kind < 0.2:
            likely = np.where(places == 0, 1.0, 0)
        rhythms[voice] = chance.uniform(size=length) < likely
    arpeggio = chance.uniform() < 0.3
    programs = {
        "bass": int(chance.choice(instruments.BASSES)),
        "chords": int(chance.choice(instruments.CHORDS)),
        "tune": int(chance.choice(instruments.TUNES)),
    }
    octave, tune = int(chance.choice([7, 7, 14])), 14
    for number, bar in enumerate(bars):
        root = progression[number // lasts % len(progression)]
        if chance.uniform() < 0.15:
            rhythms["tune"] = chance.uniform(size=length) < np.where(np.arange(length) % meter.steps == 0, 0.6, 0.25)
        for beat in bar:
            place = (beat + first) % meter.beats
            for step in range(meter.steps):
                at = place * meter.steps + step
                when = meter.when(beat, step)
                lengths = (meter.times[beat + 1] - meter.times[beat]) / meter.steps
                if plays["bass"] and rhythms["bass"][at]:
                    degree = root + (0 if at == 0 else int(chance.choice([0, 0, 4, 7, 2])))
                    _note(
                        sound, programs["bass"], key(degree), when, lengths * chance.uniform(1, 4), 0.8, hands, chance
                    )
                if plays["chords"] and rhythms["chords"][at]:
                    thirds = (0, 2, 4) if not arpeggio else (int(chance.choice([0, 2, 4, 7])),)
                    held = lengths * (length - at if rhythms["chords"].sum() <= 2 else chance.uniform(1, 4))
                    for third in thirds:
                        degree = root + octave + third
                        _note(sound, programs["chords"], key(degree), when, held, 0.4, hands, chance)
                if plays["tune"] and rhythms["tune"][at]:
                    tune = int(np.clip(tune + chance.integers(-2, 3), 10, 22))
                    _note(sound, programs["tune"], key(tune), when, lengths * chance.uniform(1, 4), 0.5, hands, chance)


def _note(
    sound: Any, program: int, key: int, when: float, length: float, gain: float, hands: float, chance: Chance
) -> None:
    played = instruments.note(program, key)[: int(min(length, instruments.NOTE_SECONDS) * RATE)].copy()
    fade = min(len(played), 900)
    if fade:
        played[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    _hit(sound, played, when, gain, hands, chance)


def _hit(sound: Any, sample: Any, when: float, gain: float, hands: float, chance: Chance) -> None:
    start = round(max(0.0, when + float(chance.normal(0, hands))) * RATE)
    end = min(len(sound), start + len(sample))
    if end > start:
        sound[start:end] += np.float32(gain * chance.uniform(0.75, 1.0)) * sample[: end - start]


def _recorded(sound: Any, chance: Chance) -> NDArray[np.float32]:
    """As some equipment would have it: louder and softer, brighter and darker, with a hiss, driven, squeezed."""
    sound = sound / max(1e-6, float(np.abs(sound).max()))
    if chance.uniform() < 0.3:
        drive = float(chance.uniform(1.5, 6))
        sound = np.tanh(drive * sound) / np.tanh(drive)
    if chance.uniform() < 0.35:
        spectrum = np.fft.rfft(sound)
        octaves = np.log2(np.maximum(np.fft.rfftfreq(len(sound), 1 / RATE), 20) / 1000)
        decibels = float(chance.normal(0, 2.5)) * octaves
        if chance.uniform() < 0.4:
            decibels = np.where(octaves > chance.uniform(1, 4), decibels - 40, decibels)
        sound = np.fft.irfft(spectrum * 10 ** (np.clip(decibels, -50, 15) / 20), len(sound))
        sound = sound / max(1e-6, float(np.abs(sound).max()))
    if chance.uniform() < 0.3:
        sound = sound + chance.normal(0, 10 ** chance.uniform(-4, -1.6), len(sound))
    return (sound * chance.uniform(0.15, 0.95)).astype(np.float32)
