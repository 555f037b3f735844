"""An array that grows at its end, as sound comes in."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Growing:
    """Rows are appended; `rows` is a view of those that are there, good until the next append."""

    def __init__(self, row: tuple[int, ...], dtype: DTypeLike, fill: float = 0) -> None:
        self._room: NDArray[Any] = np.full((0, *row), fill, dtype)
        self._fill = fill
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> NDArray[Any]:
        return self._room[: self._count]

    def append(self, rows: NDArray[Any]) -> None:
        """Adds rows at the end."""
        first = self._count
        self.extend_to(first + len(rows))
        self._room[first : self._count] = rows

    def extend_to(self, count: int) -> None:
        """Makes it at least so long; new rows hold the fill value."""
        if count > len(self._room):
            room = np.full((max(count, len(self._room) * 3 // 2), *self._room.shape[1:]), self._fill, self._room.dtype)
            room[: self._count] = self._room[: self._count]
            self._room = room
        self._count = max(self._count, count)
