"""From how sure a network is that keys sound and are struck, to notes [Bittner et al., ICASSP 2022, section 2.3].

Notes begin where a key is struck and go on while it sounds; what sounds surely and is left over then makes notes of its
own, the surest first, as Melodia follows the surest melody [Salamon, Gómez, 2012]. Two things go beyond that: a strike
has to be heard in the key's own sound too, since loud neighbours make the network believe that a sounding key is struck
again; and what sounds much weaker than a key an octave or another overtone below it is that key's overtone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hearth.tools.visualizer.analysis.result import LOWEST_KEY

STRUCK, SOUNDS = 0.5, 0.3
"""From where on a key counts as struck, and as sounding."""

ATTACK = 0.9
"""How sure a strike has to be, together with how much surer the key sounds after it than before."""

BEFORE, AFTER, LASTING = 4, 5, 10  # frames over which a strike is compared

OVERTONES = (12, 19, 24, 28)  # semitones above a key
OVERTONE_OF, OVERTONE_PART = 0.4, 0.6
"""How sure the lower key has to sound, and what part of that its overtones reach at most."""

SURELY = 0.5
"""The mean from which on what was never struck is a note."""

LONGEST_GAP = 11  # frames in which a note may fall silent and go on
SHORTEST = 11  # frames; what is shorter is no note

Floats = NDArray[np.float32]


class MadeNote(NamedTuple):
    """`first` and `end` are frames; `pitch` a MIDI number; `strength` 0..1."""

    first: int
    end: int
    pitch: int
    strength: float


def make_notes(sounding: Floats, struck: Floats) -> list[MadeNote]:
    """Both (T, 88). The notes in the order in which they begin."""
    if len(sounding) < 3:
        return []
    left = sounding.copy()
    made: list[MadeNote] = []
    # The last first, so that a key that is struck again ends the note before.
    for first, key in _strikes(sounding, struck)[::-1]:
        end = _end(left[:, key], first)
        if end - first > SHORTEST:
            made.append(_note(sounding, first, end, key))
            _use(left, first, end, key)
    for first, end, key in _left_over(left):
        note = _note(sounding, first, end, key)
        if note.strength >= SURELY and not _is_overtone(sounding, first, key):
            made.append(note)
    return sorted(made)


def _strikes(sounding: Floats, struck: Floats) -> list[tuple[int, int]]:
    """(frame, key) of each, in the order of time."""
    either = np.maximum(struck, _rises(sounding, float(struck.max())))
    middle = either[1:-1]
    peak = (middle > either[:-2]) & (middle >= either[2:]) & (middle >= STRUCK)
    found = ((int(frame) + 1, int(key)) for frame, key in np.argwhere(peak))
    return [
        (frame, key)
        for frame, key in found
        if _attack(sounding[:, key], struck[:, key], frame) >= ATTACK and not _is_overtone(sounding, frame, key)
    ]


def _attack(sounding: Floats, struck: Floats, frame: int) -> float:
    after = sounding[frame + 1 : frame + 1 + AFTER]
    lowest = sounding[max(0, frame - BEFORE) : frame + 1].min()
    return float(struck[max(0, frame - 1) : frame + 2].max() + (after.mean() if len(after) else 0.0) - lowest)


def _is_overtone(sounding: Floats, frame: int, key: int) -> bool:
    own = float(sounding[frame + 1 : frame + 1 + AFTER, key].mean()) if frame + 1 < len(sounding) else 0.0
    below = [key - step for step in OVERTONES if key >= step]
    lower = float(sounding[frame : frame + LASTING, below].mean(axis=0).max()) if below else 0.0
    return lower > OVERTONE_OF and own < OVERTONE_PART * lower


def _rises(sounding: Floats, highest: float) -> Floats:
    """How steeply each key begins to sound, over one frame and over two, scaled as the strikes are."""
    rise = np.full_like(sounding, np.inf)
    for back in (1, 2):
        before = np.pad(sounding, ((back, 0), (0, 0)))[: len(sounding)]
        rise = np.minimum(rise, sounding - before)
    rise = np.maximum(rise, 0)
    rise[:2] = 0
    return rise * np.float32(highest / max(float(rise.max()), 1e-6))


def _end(column: Floats, first: int) -> int:
    """Where a note that begins at `first` falls silent for longer than a gap."""
    silent = column[first + 1 :] < SOUNDS
    # Frames since it sounded last.
    order = np.arange(1, len(silent) + 1)
    since = order - np.maximum.accumulate(np.where(silent, 0, order))
    over = np.flatnonzero(since >= LONGEST_GAP)
    length = int(over[0]) + 1 if len(over) else len(silent)
    return first + 1 + length - int(since[length - 1]) if length else first + 1


def _note(sounding: Floats, first: int, end: int, key: int) -> MadeNote:
    return MadeNote(first, end, key + LOWEST_KEY, float(sounding[first:end, key].mean()))


def _use(left: Floats, first: int, end: int, key: int) -> None:
    """What a note explains, semitones beside it included, makes no other."""
    left[first:end, max(0, key - 1) : key + 2] = 0


def _left_over(left: Floats) -> list[tuple[int, int, int]]:
    """(first, end, key) of what sounds and was not struck; uses it up."""
    found: list[tuple[int, int, int]] = []
    while True:
        top, key = divmod(int(left.argmax()), left.shape[1])
        if left[top, key] <= SOUNDS:
            return found
        end = _end(left[:, key], top)
        first = len(left) - _end(left[::-1, key], len(left) - 1 - top)
        _use(left, first, end, key)
        if end - first > SHORTEST:
            found.append((first, end, key))
