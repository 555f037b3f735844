"""Where bars begin: the most likely way to count the beats, in three or in four, by a hidden Markov model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

METERS = (4, 3, 2, 6, 5, 7)
_PRIOR = np.log([0.66, 0.22, 0.02, 0.03, 0.02, 0.02])
_OTHER_METER, _LOST_COUNT = np.log(1e-3), np.log(1e-5)
"""A change of meter at a bar's end; a bar that is cut short."""

_RARE, _COMMON = 0.1, np.log(0.2)
"""How much of a meter's rarity, against those that are common, each of its bars has to make up for."""

_BEGINS = np.log(0.9)
"""That a track's first beat is a bar's first: many begin so, and drums alone may tell nothing more."""

_SURE = 0.15
"""How much the network's word on a single beat counts: bars that sound alike err alike."""


def count_bars(downbeat: NDArray[np.float64], beat: NDArray[np.float64]) -> Sequence[int]:
    """The position in its bar of each beat, 1 for the first.

    `downbeat` and `beat` (B,): how likely the network takes each one for a bar's beginning, and for another beat.
    """
    if not len(downbeat):
        return []
    share = np.clip(downbeat / np.maximum(downbeat + beat, 1e-6), 0.02, 0.98)
    begins, goes_on = _SURE * np.log(share), _SURE * np.log(1 - share)
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
    later = np.log1p(-np.exp(_BEGINS))
    score = np.array([_PRIOR[m] + (later - np.log(METERS[m] - 1) if position else _BEGINS) for m, position in states])
    back = np.zeros((len(share), count), np.intp)
    for number in range(len(share)):
        if number:
            ways = score[:, None] + moves
            back[number] = ways.argmax(axis=0)
            score = ways[back[number], np.arange(count)]
        score = score + np.where(first, begins[number], goes_on[number])
    state = int(score.argmax())
    path = [state]
    for number in range(len(share) - 1, 0, -1):
        state = int(back[number, state])
        path.append(state)
    return [states[state][1] + 1 for state in reversed(path)]
