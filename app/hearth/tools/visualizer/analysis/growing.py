"""An array that grows at its end, as sound comes in."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Growing:
    """Rows are appended; `rows` is a view of those that are there, good until the next append.

    One that forgets is read by `part`, as its rows no longer begin with the first.
    """

    def __init__(self, row: tuple[int, ...], dtype: DTypeLike, fill: float = 0) -> None:
        self._room: NDArray[Any] = np.full((0, *row), fill, dtype)
        self._fill = fill
        self._count = 0
        self._forgotten = 0

    def __len__(self) -> int:
        """Rows that were appended, the forgotten ones among them."""
        return self._count

    @property
    def rows(self) -> NDArray[Any]:
        return self._room[: self._count - self._forgotten]

    def part(self, first: int, end: int) -> NDArray[Any]:
        """Rows from `first` to before `end`, counted from the first ever appended, as far as they are there."""
        return self.rows[max(0, first - self._forgotten) : max(0, end - self._forgotten)]

    def append(self, rows: NDArray[Any]) -> None:
        """Adds rows at the end."""
        first = self._count - self._forgotten
        self.extend_to(self._count + len(rows))
        self._room[first : first + len(rows)] = rows

    def extend_to(self, count: int) -> None:
        """Makes it at least so long; new rows hold the fill value."""
        held = count - self._forgotten
        if held > len(self._room):
            self._resize(max(held, len(self._room) * 5 // 4))
        self._count = max(self._count, count)

    def reserve(self, count: int) -> None:
        """Makes room for so many rows at once: growing in steps takes twice the memory for a moment."""
        if count > len(self._room):
            self._resize(count)

    def forget(self, first: int) -> None:
        """Rows before this one are not read again; their room is used anew."""
        gone = min(first, self._count) - self._forgotten
        if gone <= len(self._room) // 2:
            return
        kept = self.rows[gone:].copy()
        self._room[: len(kept)] = kept
        self._room[len(kept) :] = self._fill
        self._forgotten += gone

    def _resize(self, length: int) -> None:
        room = np.full((length, *self._room.shape[1:]), self._fill, self._room.dtype)
        held = self._count - self._forgotten
        room[:held] = self._room[:held]
        self._room = room
