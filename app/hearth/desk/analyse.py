"""`hearth analyse song.wav -o song.json`: hears a track and writes what it heard, or its notes, or a picture of it."""

import json
from collections.abc import Callable
from pathlib import Path

from hearth.desk import models
from hearth.desk.sound import open_sound
from hearth.runtime import InferenceSession
from hearth.tools.visualizer.analysis import Analyser, Analysis, Networks, Progress, pulse
from hearth.tools.visualizer.analysis.midi import of_analysis
from hearth.tools.visualizer.analysis.picture import picture

SHARES = {"spectrum": 0.3, "beats": 0.15, "voice": 0.1, "notes": 0.44, "sections": 0.01}
"""How much of the time each stage takes."""


def _json(analysis: Analysis) -> bytes:
    return json.dumps(analysis.plain(), separators=(",", ":")).encode()


WRITERS: dict[str, Callable[[Analysis], bytes]] = {".json": _json, ".mid": of_analysis, ".png": picture}
"""What is written, by the ending of the file that it goes to."""


def networks(executor: str | None = None) -> Networks:
    """All of them, fetched and compiled on first use. Raises HearthError where one can't be had."""
    beats, voice, notes = (
        InferenceSession(models.path(model), executor=executor) for model in ("beatnet", "silero-vad", "basic-pitch")
    )
    return Networks(beats, voice, notes, InferenceSession(pulse.network(), executor=executor))


def analyse(source: Path, heard_by: Networks, progress: Progress) -> Analysis:
    """Raises BadSound where the file can't be read as sound, OSError where it can't be read at all."""
    with open_sound(source) as sound:
        analyser = Analyser(sound.rate, sound.channels, heard_by, sound.seconds or 0.0)
        for piece in sound.pieces():
            analyser.feed(piece)
            progress("spectrum", min(1.0, analyser.seconds / sound.seconds) if sound.seconds else 0.0)
    analyser.end()
    analyser.run(progress)
    return analyser.snapshot()
