"""A picture of a track: its spectrogram with beats, bars and notes, and its waveform above."""

import io
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from hearth.tools.visualizer.analysis.result import DECIBELS, FRAME_RATE, Analysis

WIDEST, NARROWEST = 4000, 640  # pixels
BAND = 5  # pixels of height for each semitone of the spectrogram
WAVE, RULER = 72, 24  # pixels of height of the waveform above and of the clock below
LOWEST_PITCH = 24  # C1, the lowest band of the logarithmic spectrum
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800)  # seconds between marks of the clock
MARK_PIXELS = 64

BACKGROUND, TEXT, WAVEFORM = (14, 14, 18), (190, 190, 200), (120, 190, 220)
BEAT, DOWNBEAT, NOTE = (255, 255, 255, 60), (255, 190, 80, 190), (120, 255, 190, 120)
_COLOURS = [(0, 0, 4), (40, 11, 84), (101, 21, 110), (159, 42, 99), (212, 72, 66), (245, 125, 21), (252, 255, 164)]


def picture(analysis: Analysis) -> bytes:
    """A PNG file: time to the right, eight octaves upwards; white lines are beats, amber ones begin bars, green are
    notes."""
    frames = max(1, analysis.frames)
    width = int(np.clip(frames, NARROWEST, WIDEST))
    log, extremes = analysis.log, analysis.extremes
    if not analysis.frames:
        log, extremes = np.zeros((1, log.shape[1]), np.uint8), np.zeros((1, 2), np.int8)
    height = log.shape[1] * BAND
    column = np.arange(width + 1) * frames / width
    rows = np.stack([_part(log, a, b).max(axis=0) for a, b in pairwise(column)])
    image = Image.new("RGB", (width, WAVE + height + RULER), BACKGROUND)
    colours = _palette()[rows.T[::-1]]
    image.paste(Image.fromarray(colours.repeat(BAND, axis=0)), (0, WAVE))
    draw = ImageDraw.Draw(image, "RGBA")
    for x, (a, b) in enumerate(pairwise(column)):
        part = _part(extremes, a, b)
        draw.line([(x, _wave_y(int(part[:, 1].max()))), (x, _wave_y(int(part[:, 0].min())))], WAVEFORM)
    scale = width * FRAME_RATE / frames
    for note in analysis.notes:
        y = WAVE + height - (note.pitch - LOWEST_PITCH) * BAND
        if WAVE < y <= WAVE + height:
            draw.rectangle(
                [note.start * scale, y - BAND + 1, max(note.start * scale + 1, note.end * scale), y - 1], NOTE
            )
    for beat in analysis.beats:
        at = beat.time * scale
        draw.line([(at, WAVE), (at, WAVE + height)], DOWNBEAT if beat.position == 1 else BEAT)
    _clock(draw, width, WAVE + height, scale)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _part(rows: NDArray[Any], first: float, end: float) -> NDArray[Any]:
    start = min(int(first), len(rows) - 1)
    return rows[start : max(int(np.ceil(end)), start + 1)]


def _wave_y(value: int) -> float:
    return WAVE / 2 - value / 127 * (WAVE / 2 - 2)


def _palette() -> NDArray[np.uint8]:
    """A colour for each level of the spectrogram; what is 20 dB above its floor is dark still."""
    level = np.clip((np.arange(256) / 255 * DECIBELS - 20) / (DECIBELS - 20), 0, 1)
    stops = np.linspace(0, 1, len(_COLOURS))
    channels = [np.interp(level, stops, [colour[channel] for colour in _COLOURS]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def _clock(draw: ImageDraw.ImageDraw, width: int, top: int, scale: float) -> None:
    step = next((step for step in STEPS if step * scale >= MARK_PIXELS), STEPS[-1])
    for second in range(0, int(width / scale) + 1, step):
        draw.line([(second * scale, top), (second * scale, top + 5)], TEXT)
        draw.text((second * scale + 3, top + 7), f"{second // 60}:{second % 60:02}", TEXT)
