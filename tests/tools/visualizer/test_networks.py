"""What the networks hear: the same as with onnxruntime, and what is there to be heard."""

import asyncio

import numpy as np
import onnxruntime
import pytest

from hearth.desk import models
from hearth.desk.sound import open_sound
from hearth.runtime import InferenceSession
from hearth.tools.visualizer.analysis import Analyser, Analysis, Networks, pulse
from models.prepare import fetch_onnx
from tests.browser.songs import LOOP
from tests.sounds import speech
from tests.tools.visualizer.signals import RATE, clicks, plucked

pytestmark = pytest.mark.desk

MODELS = ("beatnet", "silero-vad", "basic-pitch")


@pytest.fixture(scope="module")
def networks() -> Networks:
    beats, voice, notes = (InferenceSession(models.path(name)) for name in MODELS)
    return Networks(beats, voice, notes, InferenceSession(pulse.network()))


def heard(sound: np.ndarray, networks: Networks, rate: int = RATE, piece: int = 10**9) -> Analysis:
    analyser = Analyser(rate, 1, networks)
    for at in range(0, len(sound), piece):
        analyser.feed(sound[at : at + piece])
        analyser.run()
    analyser.end()
    analyser.run()
    return analyser.snapshot()


def test_they_equal_onnxruntime(networks: Networks) -> None:
    files = [*map(fetch_onnx, MODELS), pulse.network()]
    peers = Networks(*map(onnxruntime.InferenceSession, files))
    sound = np.concatenate([clicks(np.arange(0.2, 2.5, 0.4).tolist(), 2.5), plucked([48, 64, 67], 0.1, 2, 2.5)])
    sound = np.concatenate([sound, np.repeat(speech(2), 3)[:RATE]])  # too low, as a voice: that does not matter
    ours, theirs = heard(sound, networks), heard(sound, peers)
    for name in ("beat", "downbeat", "voice"):
        assert theirs.curve(name).max() > 0.02, "the network stays cold; nothing would be compared"
        np.testing.assert_allclose(ours.curve(name), theirs.curve(name), atol=1e-3)
    assert theirs.keys.max() > 200
    assert np.abs(ours.keys.astype(int) - theirs.keys).max() <= 1
    assert [note[:3] for note in ours.notes] == [note[:3] for note in theirs.notes]


@pytest.mark.parametrize("tempo", [84, 120, 150])
def test_clicks_are_beats(networks: Networks, tempo: int) -> None:
    at = np.arange(0.5, 24, 60 / tempo)
    analysis = heard(clicks(at.tolist(), 24.5), Networks(networks.beats, pulse=networks.pulse))
    assert analysis.tempo == pytest.approx(tempo, rel=0.02)
    times = np.array([beat.time for beat in analysis.beats])
    assert len(times) >= 0.85 * len(at)
    assert np.abs(times[:, None] - at).min(axis=1).max() < 0.04
    counts = analysis.curve("beats")
    inside = counts[(counts >= 0)]
    assert (np.diff(inside) >= 0).all() and inside[-1] == pytest.approx(len(times) - 1, abs=0.1)


LOOPS = {"amen": 136.9, "breakbeat": 126, "compus": 148, "electric": 97, "garzul": 120, "mehackit1": 97, "mika": 120}
"""Loops of Debian's sonic-pi-samples and their tempo, by their length and the beats in it."""


@pytest.mark.skipif(not LOOP.is_file(), reason="sonic-pi-samples is not installed")
def test_the_tempo_of_real_loops_is_found_and_not_its_half(networks: Networks) -> None:
    found = {}
    for name in LOOPS:
        with open_sound(LOOP.with_name(f"loop_{name}.flac")) as sound:
            mono = np.concatenate(list(sound.pieces())).mean(axis=1)
            looped = np.resize(mono, 20 * sound.rate)
            found[name] = heard(looped, Networks(networks.beats, pulse=networks.pulse), sound.rate).tempo
    assert found == pytest.approx(LOOPS, rel=0.04)


def test_a_chord_is_its_notes(networks: Networks) -> None:
    chords = {0.5: [48, 60, 64, 67], 1.5: [53, 57, 60, 65], 2.5: [55, 59, 62, 67]}
    sound = np.sum([plucked(keys, at, 0.95, 4) for at, keys in chords.items()], axis=0)
    notes = heard(sound, Networks(notes=networks.notes)).notes
    for at, keys in chords.items():
        found = {note.pitch for note in notes if abs(note.start - at) < 0.05}
        assert len(found & set(keys)) >= 3 and len(found - set(keys)) <= 1, (at, found)
    assert len(notes) <= 14


def test_an_event_loop_gets_its_turn_and_the_same_is_heard(networks: Networks) -> None:
    sound = clicks([0.3, 0.8, 1.3, 1.8], 3)
    analyser = Analyser(RATE, 1, networks)
    analyser.feed(sound)
    analyser.end()
    turns = 0

    async def others() -> None:
        nonlocal turns
        while not analyser.snapshot().complete:
            turns += 1
            await asyncio.sleep(0)

    async def both() -> None:
        await asyncio.gather(analyser.run_async(), others())

    asyncio.run(both())
    assert turns > 3
    np.testing.assert_array_equal(analyser.snapshot().curves, heard(sound, networks).curves)


def test_somebody_who_reads_has_a_voice_and_a_chord_has_none(networks: Networks) -> None:
    voices = Networks(voice=networks.voice)
    reading = heard(speech(6), voices, 16000)
    assert sum(span.end - span.start for span in reading.voice) > 3
    assert heard(plucked([48, 60, 64, 67], 0.2, 3, 4), voices).voice == []


def test_pieces_of_sound_give_what_the_whole_gives(networks: Networks) -> None:
    sound = clicks(np.arange(0.3, 5.8, 0.5).tolist(), 6) + plucked([45, 57, 61], 1.0, 4, 6)
    whole, pieces = heard(sound, networks), heard(sound, networks, piece=30000)
    np.testing.assert_allclose(pieces.curves, whole.curves, rtol=1e-3, atol=2e-3)
    assert pieces.beats == whole.beats
    assert [note.pitch for note in pieces.notes] == [note.pitch for note in whole.notes]
    np.testing.assert_array_equal(pieces.keys // 4, whole.keys // 4)
