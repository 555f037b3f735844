"""Sound files on a desk, read piece by piece: WAV always, other kinds by soundfile or ffmpeg where they are there.

with open_sound(path) as sound:
    for piece in sound.pieces(): ...    # (n, channels) float32, full scale 1
"""

import contextlib
import importlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hearth.desk.wav import WavReader
from hearth.errors import BadSound
from hearth.words import Words, say

PIECE_SECONDS = 10.0
_HEAD = 1 << 16
_LONGEST_CONTENTS = 1 << 26  # bytes
_PROTECTED = (b"drms", b"enca", b"encv", b"sinf")  # boxes of encrypted tracks in MP4
_PICTURES = {
    b"\xff\xd8\xff": "sound.kind.picture",
    b"\x89PNG": "sound.kind.picture",
    b"%PDF": "sound.kind.pdf",
    b"PK\x03\x04": "sound.kind.archive",
}
_MIDI = b"MThd"


class _Reader(Protocol):
    """A file that is open: what `Sound` needs of it."""

    rate: int
    channels: int
    frames: int | None

    def read(self, frames: int) -> NDArray[np.float32]:
        """The next (n, channels); fewer than asked for at the end."""
        ...


@dataclass
class Sound:
    """An open file. `seconds` is None where it is not known before the end."""

    rate: int
    channels: int
    seconds: float | None
    _reader: _Reader

    def pieces(self) -> Iterator[NDArray[np.float32]]:
        """Yields (n, channels) float32 until the end."""
        step = max(1, round(PIECE_SECONDS * self.rate))
        while len(piece := self._reader.read(step)):
            yield piece


@contextlib.contextmanager
def open_sound(path: Path) -> Iterator[Sound]:
    """Raises BadSound with what is wrong, OSError where the file can't be read."""
    if path.is_dir():
        raise BadSound(say("sound.folder", folder=str(path)))
    with path.open("rb") as file:
        head = file.read(_HEAD)
        _refuse(head)
        if head[4:8] == b"ftyp" and any(mark in _contents(file) for mark in _PROTECTED):
            raise BadSound(say("sound.protected"))
        file.seek(0)
        if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE" and WavReader.knows(head):
            yield _sound(WavReader(file))
            return
    with _by_soundfile(path) as sound:
        if sound is not None:
            yield sound
            return
    if ffmpeg := shutil.which("ffmpeg"):
        with _by_ffmpeg(ffmpeg, path) as sound:
            yield sound
        return
    raise BadSound(say("sound.only-wav"))


def _refuse(head: bytes) -> None:
    """Raises BadSound for what is plainly no sound."""
    if not head:
        raise BadSound(say("sound.empty"))
    for start, what in _PICTURES.items():
        if head.startswith(start):
            raise BadSound(say("sound.other-kind", kind=say(what)))
    if head.startswith(_MIDI):
        raise BadSound(say("sound.midi"))


def _contents(file: IO[bytes]) -> bytes:
    """The box of an MP4 file that says what is in it, wherever it lies; empty where there is none."""
    at = 0
    while len(head := _at(file, at, 16)) >= 8:
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if kind == b"moov":
            return _at(file, at, min(size, _LONGEST_CONTENTS))
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8:  # to the end of the file, or damaged
            break
        at += size
    return b""


def _at(file: IO[bytes], place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)


def _sound(reader: _Reader) -> Sound:
    seconds = None if reader.frames is None else reader.frames / reader.rate
    return Sound(reader.rate, reader.channels, seconds, reader)


class _SoundFile:
    def __init__(self, file: Any) -> None:
        self.rate, self.channels, self.frames = file.samplerate, file.channels, file.frames
        self._file = file

    def read(self, frames: int) -> NDArray[np.float32]:
        piece: NDArray[np.float32] = self._file.read(frames, dtype="float32", always_2d=True)
        return piece


@contextlib.contextmanager
def _by_soundfile(path: Path) -> Iterator[Sound | None]:
    """None where the package is not there or does not know this kind of file."""
    try:
        soundfile = importlib.import_module("soundfile")
        file = soundfile.SoundFile(path)
    except (ImportError, OSError):  # of the second kind: its library is missing
        yield None
        return
    except RuntimeError:  # soundfile.LibsndfileError: not its kind
        yield None
        return
    with file:
        yield _sound(_SoundFile(file))


@contextlib.contextmanager
def _by_ffmpeg(ffmpeg: str, path: Path) -> Iterator[Sound]:
    """ffmpeg's own decoding of the first audio track, as a WAV file that comes through a pipe."""
    command = [ffmpeg, "-nostdin", "-v", "error", "-i", f"file:{path}", "-map", "0:a:0", "-c:a", "pcm_f32le"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([*command, "-f", "wav", "-"], stdout=subprocess.PIPE, stderr=said)
        assert process.stdout is not None
        try:
            head = process.stdout.peek(1)  # type: ignore[attr-defined]
            if not head:
                process.wait()
                said.seek(0)
                raise BadSound(_reason(said.read().decode("utf-8", "replace")))
            yield _sound(WavReader(process.stdout))
        finally:
            process.kill()
            process.stdout.close()
            process.wait()


def _reason(said: str) -> Words:
    """A sentence for what ffmpeg said."""
    if "matches no streams" in said:
        return say("sound.no-track")
    if ("Decoder" in said and "not found" in said) or "Unknown decoder" in said:
        return say("sound.unknown-codec")
    return say("sound.unreadable")
