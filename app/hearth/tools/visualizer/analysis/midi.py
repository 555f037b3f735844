"""Notes as a Standard MIDI File: format 1, a track of tempo and one of notes, on the grid of the beats that were heard.

[MIDI Manufacturers Association, "Standard MIDI Files 1.0"]
"""

import struct
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hearth.tools.visualizer.analysis.result import Analysis, Beat, Note

TICKS = 480
"""To a beat."""

PLAIN_TEMPO = 120.0  # beats a minute where no beat was heard
_NAME, _TEMPO, _METER, _END = 0x03, 0x51, 0x58, 0x2F
_LONGEST_BEAT = 0xFFFFFF  # microseconds, as a file can tell them

Event = tuple[int, int, bytes]
"""Tick, rank among those of the same tick, bytes."""


def midi_file(notes: Sequence[Note], beats: Sequence[Beat] = (), program: int = 0) -> bytes:
    """A file that plays the notes when they were heard. `program`: the General MIDI instrument, 0 a piano."""
    grid = _Grid(beats)
    played: list[Event] = [(0, 0, bytes([0xC0, program]))]
    for note in notes:
        start, end = grid.tick(note.start), grid.tick(note.end)
        velocity = int(np.clip(round(20 + 107 * note.strength), 1, 127))
        played.append((start, 2, bytes([0x90, note.pitch, velocity])))
        played.append((max(end, start + 1), 1, bytes([0x80, note.pitch, 0])))
    tracks = [_track(grid.events()), _track(played)]
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), TICKS) + b"".join(tracks)


def of_analysis(analysis: Analysis) -> bytes:
    """The notes of a track, with its tempo and bars."""
    return midi_file(analysis.notes, analysis.beats)


class _Grid:
    """Ticks of seconds. Beats are TICKS apart from the first bar on; before the first and after the last one the tempo
    is that of the nearest."""

    def __init__(self, beats: Sequence[Beat]) -> None:
        times = np.array([beat.time for beat in beats])
        self._beats = list(beats) if len(times) > 1 else []
        if not self._beats:
            times = np.array([0.0, 60 / PLAIN_TEMPO])
        # Beats before the first one that was heard, so that the file begins with the track.
        first = times[1] - times[0]
        self._lead = int(np.ceil(times[0] / first - 1e-9)) if self._beats else 0
        ahead = times[0] - first * np.arange(self._lead, 0, -1)
        self._times = np.concatenate([ahead, times])
        self._offset = -self._raw(0.0)

    def _raw(self, seconds: float) -> float:
        times = self._times
        if seconds <= times[0]:
            return float((seconds - times[0]) / (times[1] - times[0])) * TICKS
        if seconds >= times[-1]:
            return (len(times) - 1 + float((seconds - times[-1]) / (times[-1] - times[-2]))) * TICKS
        return float(np.interp(seconds, times, np.arange(len(times)))) * TICKS

    def tick(self, seconds: float) -> int:
        return max(0, round(self._raw(seconds) + self._offset))

    def events(self) -> list[Event]:
        """Tempo at each beat where it changes, and the meter of each bar where that does."""
        made: list[Event] = [(0, 0, _meta(_NAME, b"Hearth"))]
        last = -1
        for time, length in zip(self._times[:-1], np.diff(self._times), strict=True):
            beat = min(round(float(length) * 1e6), _LONGEST_BEAT)
            if beat != last:
                made.append((self.tick(float(time)), 1, _meta(_TEMPO, beat.to_bytes(3, "big"))))
                last = beat
        meter = 0
        starts = [number for number, beat in enumerate(self._beats) if beat.position == 1]
        for first, end in pairwise(starts):
            if end - first != meter:
                meter = end - first
                made.append((self.tick(self._beats[first].time), 0, _meta(_METER, bytes([min(meter, 255), 2, 24, 8]))))
        return made


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + _length(len(data)) + data


def _length(number: int) -> bytes:
    """A number in groups of seven bits, the highest first; all but the last have the eighth bit set."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def _track(events: Sequence[Event]) -> bytes:
    data, now = bytearray(), 0
    for tick, _, content in sorted(events):
        data += _length(tick - now) + content
        now = tick
    data += _length(0) + _meta(_END, b"")
    return b"MTrk" + struct.pack(">I", len(data)) + bytes(data)
