"""Writing PNG files of full-size photos, a strip of rows at a time, so that it can report and be stopped.

What makes it quick: one filter for the whole picture and a way to deflate that suits the picture, both found by a trial
on a few rows. Filtered photos hardly repeat themselves: looking for no
more than runs takes a tenth of the time of zlib's usual level and ends at about the same size; smooth pictures and
drawings do repeat, and for them the search pays. Where there are kernels, runs are looked for by one of them, in a
quarter of zlib's time. Format: W3C, Portable Network Graphics, third edition.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hearth.tools.cutout.kernels import Kernels, kernels

Rows = Callable[[int, int], NDArray[np.uint8]]
"""rows(top, bottom) hands out a piece of the picture, (bottom - top, W, channels)."""

_STRIP_BYTES = 1 << 20
_BANDS, _BAND_ROWS = 5, 6  # of the trial
_LARGE_PIXELS = 2_000_000  # from here on time counts in full

_NONE, _SUB, _UP, _AVERAGE, _PAETH = 0, 1, 2, 3, 4
# In array arithmetic the last one takes thirty times as long as Sub, to save 3 %: it is for kernels.


class Deflate(Protocol):
    """A zlib stream in the making, as from `zlib.compressobj`."""

    def compress(self, data: memoryview, /) -> bytes: ...

    def flush(self) -> bytes: ...


class _Effort(NamedTuple):
    """A way to deflate, and how much smaller its result must be for large photos to be worth the wait."""

    level: int
    strategy: int
    wait: float

    def stream(self) -> Deflate:
        if self.strategy == zlib.Z_RLE and (kernel := kernels()):
            return _Runs(kernel)
        return zlib.compressobj(self.level, zlib.DEFLATED, zlib.MAX_WBITS, 9, self.strategy)


class _Runs:
    """A zlib stream (RFC 1950) whose blocks a kernel makes."""

    def __init__(self, kernel: Kernels) -> None:
        self.kernel = kernel
        self.scratch = kernel.scratch("deflate_runs")
        self.sum = zlib.adler32(b"")
        self.begun = b"\x78\x01"

    def compress(self, data: memoryview, /) -> bytes:
        self.sum = zlib.adler32(data, self.sum)
        out = np.empty(2 * data.nbytes + 1024, np.uint8)
        length = self.kernel("deflate_runs", np.asarray(data), data.nbytes, out, self.scratch)
        begun, self.begun = self.begun, b""
        return begun + out[:length].tobytes()

    def flush(self) -> bytes:
        return self.begun + b"\x03\x00" + struct.pack(">I", self.sum)  # an empty block, the last one


_RUNS = _Effort(1, zlib.Z_RLE, 0.0)
_QUICK = _Effort(1, zlib.Z_DEFAULT_STRATEGY, 0.0)
_FAIR = _Effort(4, zlib.Z_FILTERED, 0.1)
_LONG = _Effort(6, zlib.Z_DEFAULT_STRATEGY, 0.25)
_HOPELESS = 1.06  # the result of a short search, as a part of the best, from which no longer one is tried


def encode(
    rows: Rows,
    width: int,
    height: int,
    channels: Literal[1, 4],
    icc: bytes | None = None,
    deflate: Deflate | None = None,
) -> Iterator[tuple[float, bytes]]:
    """Yields the file in pieces: the fraction that is done and the bytes that come next.

    Writes 8-bit grey (1 channel) or RGBA (4), with an ICC profile if there is one. `deflate` replaces the
    compressor; what it makes must be one zlib stream.
    """
    colour_type = {1: 0, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    yield 0.0, b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    if icc is not None:
        yield 0.0, _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc))
    effort, kind = _best_way(rows, width, height, channels)
    stream = deflate or effort.stream()
    step = max(1, _STRIP_BYTES // (width * channels))
    above = np.zeros((1, width * channels), np.uint8)
    for top in range(0, height, step):
        bottom = min(top + step, height)
        strip = rows(top, bottom).reshape(bottom - top, width * channels)
        filtered = _filtered(strip, above, channels, kind)
        above = strip[-1:]
        packed = stream.compress(filtered.data)
        yield bottom / height, _chunk(b"IDAT", packed) if packed else b""
    yield 1.0, _chunk(b"IDAT", stream.flush()) + _chunk(b"IEND", b"")


def _best_way(rows: Rows, width: int, height: int, channels: int) -> tuple[_Effort, int]:
    """How to deflate and which filter to use, by a trial on a few rows from all over the picture."""
    bands = []
    for part in range(_BANDS):
        top = height * (2 * part + 1) // (2 * _BANDS)
        band = rows(max(top - 1, 0), min(top + _BAND_ROWS, height)).reshape(-1, width * channels)
        bands.append((band[:1], band[1:] if len(band) > 1 else band))

    impatience = min(width * height / _LARGE_PIXELS, 1.0)

    def cost(effort: _Effort, kind: int) -> float:
        filtered = np.concatenate([_filtered(band, above, channels, kind) for above, band in bands])
        stream = effort.stream()
        return (len(stream.compress(filtered.data)) + len(stream.flush())) * (1 + effort.wait * impatience)

    kinds = (_SUB, _UP, _AVERAGE, _PAETH) if kernels() else (_SUB, _UP, _AVERAGE)
    costs = {(effort, kind): cost(effort, kind) for effort in (_RUNS, _QUICK) for kind in kinds}
    searched = min(kinds, key=lambda kind: costs[_QUICK, kind])
    best = min(costs, key=costs.__getitem__)
    if costs[_QUICK, searched] > _HOPELESS * costs[best]:
        return best  # next to nothing repeats itself
    costs |= {way: cost(*way) for way in [(_FAIR, searched), (_LONG, _NONE)]}
    return min(costs, key=costs.__getitem__)


def _filtered(strip: NDArray[np.uint8], above: NDArray[np.uint8], channels: int, kind: int) -> NDArray[np.uint8]:
    """Rows ready for the compressor, (n, 1 + bytes a row), each led by its filter type.

    `above` is the row before the strip, (1, bytes a row).
    """
    out = np.empty((len(strip), 1 + strip.shape[1]), np.uint8)
    if kernel := kernels():
        rows, before = np.ascontiguousarray(strip), np.ascontiguousarray(above)
        kernel("png_filter", rows, before, out, *strip.shape, channels, kind)
        return out
    over = np.concatenate([above, strip[:-1]])
    out[:, 0] = kind
    out[:, 1:] = _residual(kind, strip, over, channels)
    return out


def _residual(kind: int, x: NDArray[np.uint8], above: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """What a filter leaves of rows `x`, modulo 256."""
    if kind == _NONE:
        return x
    if kind == _UP:
        return x - above
    left = np.zeros_like(x)
    left[:, channels:] = x[:, :-channels]
    if kind == _SUB:
        return x - left
    # Rounded down, and without a carry between bytes: so that four of them can be computed as one integer.
    if channels == 4:
        a, b = left.view(np.uint32), above.view(np.uint32)
        mean = (a & b) + (((a ^ b) & np.uint32(0xFEFEFEFE)) >> np.uint32(1))
        return x - mean.view(np.uint8)
    return x - ((left & above) + ((left ^ above) >> np.uint8(1)))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
