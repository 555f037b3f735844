"""What each channel of a sound counts for, by how many there are, in the order of WAV files.

1 centre; 2 left, right; 3 + centre; 4 left, right, two surround; 5 left, right, centre, two surround; 6 (5.1) left,
right, centre, bass, two surround; 7 (6.1) left, right, centre, bass, back, two sides; 8 (7.1) left, right, centre,
bass, two back, two sides. The channels of more than 8 go left and right in turns.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_HALF = np.sqrt(0.5)
_LEFT, _RIGHT, _CENTRE, _NOTHING = (1.0, 0.0), (0.0, 1.0), (_HALF, _HALF), (0.0, 0.0)
_LEFT_BEHIND, _RIGHT_BEHIND, _BEHIND = (_HALF, 0.0), (0.0, _HALF), (0.5, 0.5)

_TO_STEREO = {
    1: [(1.0, 1.0)],
    2: [_LEFT, _RIGHT],
    3: [_LEFT, _RIGHT, _CENTRE],
    4: [_LEFT, _RIGHT, _LEFT_BEHIND, _RIGHT_BEHIND],
    5: [_LEFT, _RIGHT, _CENTRE, _LEFT_BEHIND, _RIGHT_BEHIND],
    6: [_LEFT, _RIGHT, _CENTRE, _NOTHING, _LEFT_BEHIND, _RIGHT_BEHIND],
    7: [_LEFT, _RIGHT, _CENTRE, _NOTHING, _BEHIND, _LEFT_BEHIND, _RIGHT_BEHIND],
    8: [_LEFT, _RIGHT, _CENTRE, _NOTHING, _LEFT_BEHIND, _RIGHT_BEHIND, _LEFT_BEHIND, _RIGHT_BEHIND],
}
_SIDE = 1.41
_LOUDNESS = {
    4: [1, 1, _SIDE, _SIDE],
    5: [1, 1, 1, _SIDE, _SIDE],
    6: [1, 1, 1, 0, _SIDE, _SIDE],
    7: [1, 1, 1, 0, 1, _SIDE, _SIDE],
    8: [1, 1, 1, 0, 1, 1, _SIDE, _SIDE],
}


def to_stereo(channels: int) -> Floats:
    """(2, channels): gains of each channel for left and right [ITU-R BS.775-4, annex 4]."""
    turns = [_LEFT if channel % 2 == 0 else _RIGHT for channel in range(channels)]
    return np.array(_TO_STEREO.get(channels, turns), np.float32).T.copy()


def loudness_gains(channels: int) -> Floats:
    """(channels,): what each one's energy counts for [ITU-R BS.1770-5, table 3]."""
    return np.array(_LOUDNESS.get(channels, [1] * channels), np.float32)
