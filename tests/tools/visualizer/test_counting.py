"""Beats and notes out of what networks say, where that is made up: the answer is known."""

import numpy as np
import pytest

from hearth.tools.visualizer.analysis import Analysis, Beat, Note
from hearth.tools.visualizer.analysis.bars import count_bars
from hearth.tools.visualizer.analysis.felt import felt
from hearth.tools.visualizer.analysis.midi import TICKS, midi_file
from hearth.tools.visualizer.analysis.note_making import make_notes
from hearth.tools.visualizer.analysis.sections import find_sections
from hearth.tools.visualizer.analysis.tracking import Tracker

LIKELY, UNLIKELY = 2.5, -5.0


def tracked(beats: np.ndarray, frames: int, spoilt: int = 0) -> np.ndarray:
    chance = np.random.default_rng(2)
    evidence = np.full(frames, UNLIKELY)
    evidence[beats] = LIKELY
    evidence[chance.choice(beats, spoilt, replace=False)] = -2.0  # beats that the network missed
    evidence[chance.choice(frames, spoilt)] = 1.5  # and what it took for beats
    tracker = Tracker(50)
    for at in range(0, frames, 37):
        tracker.push(evidence[at : at + 37])
    return np.array(tracker.beats())


def test_a_beat_that_speeds_up_is_followed() -> None:
    beats = np.rint(np.cumsum(np.linspace(34, 22, 60))).astype(int)
    np.testing.assert_allclose(tracked(beats, beats[-1] + 20), beats, atol=1)


def test_beats_that_were_missed_are_filled_in() -> None:
    beats = np.arange(10, 1500, 25)
    found = tracked(beats, 1500, spoilt=12)
    assert len(np.intersect1d(found, beats)) >= len(beats) - 2 and len(found) <= len(beats) + 1


def test_a_break_ends_the_beat_and_the_music_takes_it_up_anew() -> None:
    beats = np.concatenate([np.arange(10, 500, 25), np.arange(1003, 1500, 30)])
    np.testing.assert_array_equal(tracked(beats, 1500), beats)


@pytest.mark.parametrize(("apart", "weak", "halved"), [(21, 0.2, True), (21, 0.4, False), (26, 0.2, False)])
def test_every_second_beat_counts_where_the_others_are_hardly_any_and_the_pulse_is_fast(
    apart: int, weak: float, halved: bool
) -> None:
    frames = 10 + apart * np.arange(40)
    odds = np.where(np.arange(40) % 2, 0.9, weak)
    assert felt(frames, odds, np.ones(1000), 50.0).tolist() == (frames[1::2] if halved else frames).tolist()


@pytest.mark.parametrize(("between", "halved"), [(0.1, True), (0.5, False)])
def test_doubtful_beats_between_which_nothing_sounds_are_hats(between: float, halved: bool) -> None:
    frames = 10 + 21 * np.arange(40)
    onsets = np.zeros(1000)
    onsets[frames], onsets[frames + 10] = 1.0, between
    odds = np.where(np.arange(40) % 2, 0.5, 0.7)
    assert felt(frames, odds, onsets, 50.0).tolist() == (frames[::2] if halved else frames).tolist()


def test_where_nothing_sounds_there_is_no_beat() -> None:
    assert len(tracked(np.zeros(0, int), 500)) == 0 and Tracker(50).beats() == []


@pytest.mark.parametrize("meter", [3, 4])
def test_bars_are_counted(meter: int) -> None:
    first = np.arange(48) % meter == 1
    positions = count_bars(np.where(first, 0.7, 0.1), np.where(first, 0.2, 0.8))
    assert list(positions) == [(n - 1) % meter + 1 for n in range(48)]


def keys(*played: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """What the network would say of (first, end, key)."""
    sounding, struck = np.full((200, 88), 0.05, np.float32), np.zeros((200, 88), np.float32)
    for first, end, key in played:
        sounding[first:end, key] = 0.8
        struck[first, key] = 0.9
    return sounding, struck


def test_a_key_that_is_struck_again_is_two_notes() -> None:
    sounding, struck = keys((20, 60, 40), (64, 120, 40), (30, 150, 55))
    assert [note[:3] for note in make_notes(sounding, struck)] == [(20, 60, 61), (30, 150, 76), (64, 120, 61)]


def test_a_strike_that_the_key_itself_does_not_tell_of_is_none() -> None:
    sounding, struck = keys((20, 120, 40))
    struck[70, 40] = 0.7
    assert [note[:3] for note in make_notes(sounding, struck)] == [(20, 120, 61)]


def test_an_overtone_is_no_note() -> None:
    sounding, struck = keys((20, 120, 40), (20, 120, 52))
    sounding[20:120, 52] = 0.4
    assert [note.pitch for note in make_notes(sounding, struck)] == [61]


def test_what_swells_without_a_strike_is_a_note() -> None:
    sounding, struck = keys()
    sounding[40:140, 30] = np.hanning(100) * 0.9
    assert [note.pitch for note in make_notes(sounding, struck)] == [51]


def test_midi_lies_on_the_beats() -> None:
    beats = [Beat(0.25 + 0.5 * n, n % 4 + 1) for n in range(8)]
    score = midi_file([Note(0.75, 1.25, 60, 1.0)], beats)
    notes = score[score.index(b"MTrk", 30) :]
    # From the file's beginning two beats, of which one was put before the first: 1.5 beats to the note.
    assert bytes([0x85, 0x50, 0x90, 60, 127]) in notes  # 1.5 * 480 = 720, in seven bits at a time
    assert bytes([0x83, 0x60, 0x80, 60, 0]) in notes and TICKS == 480
    assert score.count(b"\xff\x51\x03" + (500000).to_bytes(3, "big")) == 1
    assert b"\xff\x58\x04\x04\x02\x18\x08" in score


def test_parts_that_sound_alike_have_one_label() -> None:
    chance = np.random.default_rng(6)
    colours = chance.integers(60, 200, (3, 160))
    plan = [(0, 20), (1, 24), (0, 20), (2, 16)]  # which part, seconds
    rows = np.concatenate([np.tile(colours[part], (seconds * 50, 1)) for part, seconds in plan])
    rows = np.clip(rows + chance.integers(-30, 30, rows.shape), 0, 255).astype(np.uint8)
    analysis = Analysis(duration=80.0, mel=rows[:, :64], log=rows[:, 64:], curves=np.zeros((4000, 16), np.float32))
    sections = find_sections(analysis)
    np.testing.assert_allclose([part.start for part in sections], [0, 20, 44, 64], atol=1.0)
    assert [part.label for part in sections] == [0, 1, 0, 2] and sections[-1].end == 80
    even = Analysis(duration=40.0, mel=rows[:2000, :64], log=rows[:2000, 64:], curves=np.zeros((2000, 16), np.float32))
    even.mel[:] = even.mel[:1]
    even.log[:] = even.log[:1]
    assert len(find_sections(even)) == 1
