"""The analysis of a track: `Analyser(rate, channels, networks)` makes an `Analysis`."""

from hearth.tools.visualizer.analysis.analyser import Analyser, Networks, Progress
from hearth.tools.visualizer.analysis.result import (
    CURVES,
    DECIBELS,
    FRAME_RATE,
    LOWEST_KEY,
    LOWEST_LUFS,
    SAMPLE_RATE,
    STAGES,
    Analysis,
    Beat,
    Loudness,
    Note,
    Onset,
    Section,
    Span,
)

__all__ = [
    "CURVES",
    "DECIBELS",
    "FRAME_RATE",
    "LOWEST_KEY",
    "LOWEST_LUFS",
    "SAMPLE_RATE",
    "STAGES",
    "Analyser",
    "Analysis",
    "Beat",
    "Loudness",
    "Networks",
    "Note",
    "Onset",
    "Progress",
    "Section",
    "Span",
]
