"""Large constants that stay in their file until they are used, and are read anew each time.

In a page memory that Python took once is never given back: what is read whole to be packed elsewhere would lie there
for good.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Source(Protocol):
    """A file that can be read piece by piece, for as long as a model is used."""

    def __len__(self) -> int:
        """Its size in bytes."""
        ...

    def read(self, start: int, end: int) -> bytes | memoryview:
        """Bytes start..end. Raises HearthError where the file is gone."""
        ...


@dataclass(frozen=True)
class InMemory:
    """A file that is in memory already: what is read of it are views."""

    data: memoryview

    def __len__(self) -> int:
        return len(self.data)

    def read(self, start: int, end: int) -> memoryview:
        return self.data[start:end]


@dataclass(frozen=True)
class Unread:
    """A constant in a file, from byte `start` on; it tells of itself what an array does."""

    source: Source
    start: int
    dtype: np.dtype
    shape: tuple[int, ...]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def read(self, count: int | None = None) -> np.ndarray:
        """All of it, or its first `count` numbers flat."""
        shape = self.shape if count is None else (min(count, self.size),)
        size = math.prod(shape) * self.dtype.itemsize
        return np.frombuffer(self.source.read(self.start, self.start + size), self.dtype).reshape(shape)


Constant = np.ndarray | Unread


def at_hand(constant: Constant) -> np.ndarray:
    """The array itself."""
    return constant.read() if isinstance(constant, Unread) else constant
