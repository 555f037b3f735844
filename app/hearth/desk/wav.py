"""WAV files: PCM of 8 to 32 bits and floats, plain, extensible or RF64, also from a pipe that can't be sought in."""

import struct
from typing import IO

import numpy as np
from numpy.typing import NDArray

from hearth.errors import BadSound
from hearth.words import say

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_OPEN_ENDED = 0xFFFFFFFF
_LONGEST_CHUNK = 1 << 26  # of what is skipped before the samples, bytes
_KINDS = {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64)}


class WavReader:
    """`frames` is None where the header does not say; a file that is cut short ends where it ends."""

    def __init__(self, file: IO[bytes]) -> None:
        """Raises BadSound where the header is damaged or the encoding unknown."""
        self._file = file
        container = self._exactly(12)
        long_bytes: int | None = None
        found: tuple[int, int, int, int] | None = None
        while True:
            name, size = struct.unpack("<4sI", self._exactly(8))
            if name == b"data":
                break
            if size > _LONGEST_CHUNK:
                raise BadSound(say("sound.wav.damaged"))
            content = self._exactly(size + size % 2)
            if name == b"fmt ":
                found = _format(content)
            elif name == b"ds64" and container[:4] == b"RF64" and size >= 16:
                (long_bytes,) = struct.unpack("<Q", content[8:16])
        if found is None:
            raise BadSound(say("sound.wav.damaged"))
        self._kind, self._bits, self.channels, self.rate = found
        if (self._kind, self._bits) not in _KINDS or not self.channels or not self.rate:
            raise BadSound(say("sound.wav.unknown", format=self._kind, bits=self._bits))
        self._frame = self.channels * self._bits // 8
        length = long_bytes if long_bytes is not None else size
        unknown = length in (0, _OPEN_ENDED) and not file.seekable()
        self._left: int | None = None if unknown or length == _OPEN_ENDED else length
        self.frames = None if self._left is None else self._left // self._frame

    @staticmethod
    def knows(head: bytes) -> bool:
        """Whether a file that begins so holds samples that can be read here."""
        at = head.find(b"fmt ")
        if at < 0 or len(head) < at + 24:
            return True
        size = min(int.from_bytes(head[at + 4 : at + 8], "little"), 40)
        try:
            kind, bits, _, _ = _format(head[at + 8 : at + 8 + size])
        except BadSound:
            return True
        return (kind, bits) in _KINDS

    def read(self, frames: int) -> NDArray[np.float32]:
        wanted = frames * self._frame
        if self._left is not None:
            wanted = min(wanted, self._left)
        data = self._file.read(wanted)
        if self._left is not None:
            self._left -= len(data)
        data = data[: len(data) // self._frame * self._frame]
        return self._samples(data).reshape(-1, self.channels)

    def _samples(self, data: bytes) -> NDArray[np.float32]:
        if self._kind == _FLOAT:
            return np.frombuffer(data, f"<f{self._bits // 8}").astype(np.float32)
        if self._bits == 8:
            return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / np.float32(128)
        if self._bits == 24:
            wide = np.zeros((len(data) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            return wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)
        return np.frombuffer(data, f"<i{self._bits // 8}").astype(np.float32) / np.float32(2 ** (self._bits - 1))

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise BadSound(say("sound.wav.damaged"))
        return data


def _format(content: bytes) -> tuple[int, int, int, int]:
    """Kind, bits, channels, rate."""
    if len(content) < 16:
        raise BadSound(say("sound.wav.damaged"))
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", content[:16])
    if kind == _EXTENSIBLE and len(content) >= 26:
        (kind,) = struct.unpack("<H", content[24:26])
    return kind, bits, channels, rate
