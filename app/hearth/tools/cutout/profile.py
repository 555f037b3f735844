"""Embedded ICC profiles: which of them fit a photo and are whole."""

import struct

_HEADER, _TAG = 128, 12  # bytes
_MOST_TAGS = 200


def is_whole(icc: bytes) -> bool:
    """Whether a profile has its signature and all its tags lie within it (ICC.1:2022, 7.2 and 7.3)."""
    if len(icc) < _HEADER + 4 or icc[36:40] != b"acsp":
        return False
    (count,) = struct.unpack_from(">I", icc, _HEADER)
    if count > _MOST_TAGS or _HEADER + 4 + _TAG * count > len(icc):
        return False
    tags = (struct.unpack_from(">II", icc, _HEADER + 4 + _TAG * n + 4) for n in range(count))
    return all(offset + length <= len(icc) for offset, length in tags)


def space_of(icc: bytes) -> bytes:
    """The colours that it is for: b"RGB ", b"CMYK", b"GRAY" and so on (ICC.1:2022, 7.2.6)."""
    return icc[16:20]
