"""Where bars begin: the most likely way to count the beats, in three or in four, by a hidden Markov model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

METERS = (4, 3, 2, 6, 5, 7)
_PRIOR = np.log([0.66, 0.22, 0.02, 0.03, 0.02, 0.02])
_OTHER_METER, _LOST_COUNT = np.log(1e-3), np.log(1e-5)
"""A change of meter at a bar's end; a bar that is cut short."""

_RARE, _COMMON = 0.3, np.log(0.2)
"""How much of a meter's rarity, against those that are common, each of its bars has to make up for."""

_SURE = 0.5
"""How much the network's word on a single beat counts: neighbours hear much of the same sound."""

_ACCENT, _MIDDLE = 0.3, 0.5
"""What a low accent (a bass drum, a bass) counts for, by standard deviations; of that, the middle of four beats."""


def count_bars(downbeat: NDArray[np.float64], beat: NDArray[np.float64], low: NDArray[np.float64]) -> Sequence[int]:
    """The position in its bar of each beat, 1 for the first; all (B,).

    `downbeat` and `beat`: what the network says at each beat; `low`: how much sets in among the low notes there.
    """
    if not len(downbeat):
        return []
    share = np.clip(downbeat / np.maximum(downbeat + beat, 1e-6), 0.02, 0.98)
    begins, goes_on = _SURE * np.log(share), _SURE * np.log(1 - share)
    accent = _ACCENT * (low - low.mean()) / (low.std() + 0.01)
    states = [(meter, position) for meter in range(len(METERS)) for position in range(METERS[meter])]
    count = len(states)
    moves = np.full((count, count), -np.inf)
    for a, (meter, position) in enumerate(states):
        for b, (to, at) in enumerate(states):
            if to == meter and at == (position + 1) % METERS[meter]:
                moves[a, b] = _RARE * min(0.0, _PRIOR[to] - _COMMON) if at == 0 else 0.0
            elif at == 0 and position == METERS[meter] - 1:
                moves[a, b] = _OTHER_METER + _PRIOR[to]
            elif at == 0:
                moves[a, b] = _LOST_COUNT + _PRIOR[to]
    first = np.array([position == 0 for _, position in states])
    accented = np.array([_accented(METERS[meter], position) for meter, position in states])
    score = np.array([_PRIOR[meter] - np.log(METERS[meter]) for meter, _ in states])
    back = np.zeros((len(share), count), np.intp)
    for number in range(len(share)):
        if number:
            ways = score[:, None] + moves
            back[number] = ways.argmax(axis=0)
            score = ways[back[number], np.arange(count)]
        score = score + np.where(first, begins[number], goes_on[number]) + accent[number] * accented
    state = int(score.argmax())
    path = [state]
    for number in range(len(share) - 1, 0, -1):
        state = int(back[number, state])
        path.append(state)
    return [states[state][1] + 1 for state in reversed(path)]


def _accented(meter: int, position: int) -> float:
    """How much more low accents are expected here than in the bar's mean."""
    accents = [1.0 if at == 0 else _MIDDLE if (meter, at) == (4, 2) else -1.0 for at in range(meter)]
    return accents[position] - sum(accents) / meter
