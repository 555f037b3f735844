"""Which moments may let light jump, so that nobody is hurt by flashes.

Flashes over three a second can bring on seizures [WCAG 2.2, success criterion 2.3.1]. With the guard on, moments at
which light jumps are at least `APART` seconds from each other, and what follows the level of the sound falls so slowly
(`FALL_GUARDED`) that light can't go up and down by a tenth more often than that.
"""

from bisect import bisect
from collections.abc import Sequence

APART = 0.35
FALL_GUARDED = 0.6
FALL_FREE = 2.5
"""How much of the full height a level loses in a second."""


def allowed(moments: Sequence[tuple[float, float]], kept: Sequence[float] = ()) -> list[bool]:
    """For each (time, strength) whether light may jump there: stronger ones go first, none is near one in `kept`."""
    taken = sorted(kept)
    verdicts = [False] * len(moments)
    for index in sorted(range(len(moments)), key=lambda i: (-moments[i][1], moments[i][0])):
        time = moments[index][0]
        place = bisect(taken, time)
        before = taken[place - 1] if place else -APART
        after = taken[place] if place < len(taken) else time + APART
        if time - before >= APART and after - time >= APART:
            taken.insert(place, time)
            verdicts[index] = True
    return verdicts
