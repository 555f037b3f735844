"""A song in a real browser: played, heard, shown; what is no song; the microphone."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from selenium.webdriver import Chrome

from tests.browser.axe import barriers
from tests.browser.person import Person
from tests.browser.songs import FLAGS, LOOP, begin_and_pause, clicks, until_heard, visit, write_wav
from tests.photos import photo
from web.serve import SiteServer

FAILURES = (
    "no sound or video file that can be read",
    "This file is empty",
    "not a single sample",
    "no sound in this file",
)


@pytest.fixture
def person(open_tab: Callable[..., Chrome], server: SiteServer, downloads: Path) -> Person:
    return visit(open_tab(*FLAGS), server.url, downloads)


def until_shown(person: Person, file: Path, sentence: str) -> None:
    person.wait(lambda: person.text("name") == file.name, file.name)
    person.wait(lambda: sentence in person.text("state"), f"{file.name}: {sentence!r}")


def until_offered(person: Person, file: Path, heard: bool) -> None:
    """What is heard can be played; what is not neither that nor made a video of."""
    person.wait(lambda: person.element("play").is_displayed() == heard, f"{file.name} to be played: {heard}")
    if not heard:
        idle = lambda: not (person.text("video-hint") or person.element("save").is_enabled())  # noqa: E731
        person.wait(idle, f"{file.name} not to be offered as a video")


def bands_of(person: Person) -> list[NDArray[np.float64]]:
    """The spectrum as it was glimpsed before Python ran, and as Python heard it; (T, 64) bytes."""
    both = person.later(
        "const urls = performance.getEntriesByType('resource').map(({name}) => name);"
        "const {glimpse, features} = (await import(urls.find((url) => url.includes('/main-')))).studio();"
        "return [glimpse, features].map(({bands, frames}) => [...bands.subarray(0, frames * 64)]);"
    )
    return [np.array(bands, float).reshape(-1, 64) for bands in both]


def test_a_song_plays_and_moves_at_once_is_heard_paused_cancelled_and_saved(
    person: Person, screenshot: Callable[[Chrome, str], Path], tmp_path: Path
) -> None:
    loop = LOOP if LOOP.is_file() else write_wav(tmp_path / "loop.wav", clicks(6))
    person.script("document.getElementById('loop').click()")  # else it may be over before it is looked at
    person.choose(loop)  # while Python is still starting
    person.wait(lambda: person.script("return performance.getEntriesByName('hearth-moves').length"), "first sight")
    person.wait(lambda: person.script("return document.querySelector('.playing') !== null"), "the sound that moves it")
    until_heard(person)
    glimpsed, heard = bands_of(person)
    assert len(glimpsed) >= len(heard) - 10
    both = min(len(glimpsed), len(heard))
    alike = np.corrcoef(glimpsed[:both].ravel(), heard[:both].ravel())[0, 1]
    assert alike > 0.98, "what was seen first is what is heard"
    assert "beats a minute" in person.text("state")
    assert person.script("return document.getElementById('title').value") == loop.stem
    person.script("document.querySelector('input[name=shape][value=tall]').click()")
    person.script("document.querySelector('input[name=scene][value=roll]').click()")
    person.script("for (const key of ['a', 'ArrowRight', 'b', ' ']) document.body.dispatchEvent("
                  "new KeyboardEvent('keydown', {key, bubbles: true}))")  # fmt: skip
    begin_and_pause(person, presses=2)  # which saves once
    person.click("cancel-saving")
    person.wait(lambda: "Cancelled" in person.text("saving-state"), "the end of it")
    screenshot(person.driver, "heard")
    assert person.complaints() == []


def test_what_is_no_song_is_told_in_a_sentence(person: Person, tmp_path: Path) -> None:
    (tmp_path / "notes.mp3").write_text("These are words, no sound. " * 100)
    silent = write_wav(tmp_path / "silent.wav", np.zeros(8000), 8000)
    one = write_wav(tmp_path / "one.wav", np.array([0.5]))
    empty = write_wav(tmp_path / "empty.wav", np.zeros(0))
    (tmp_path / "nothing.mp3").touch()
    wide = write_wav(tmp_path / "wide.wav", np.stack([clicks(0.6, 192000)] * 8, axis=1), 192000)
    cases = [
        (tmp_path / "notes.mp3", "no sound or video file that can be read"),
        (tmp_path / "nothing.mp3", "This file is empty"),
        (silent, "This track is silent"),
        (one, "All of it is heard"),
        (empty, "not a single sample"),
        (wide, "All of it is heard"),
    ]
    if shutil.which("ffmpeg"):
        mute = tmp_path / "mute.webm"
        source = ["-f", "lavfi", "-i", "color=red:size=64x64:duration=0.2"]
        subprocess.run(["ffmpeg", "-v", "error", *source, str(mute)], check=True)
        cases.append((mute, "no sound in this file"))
        other = tmp_path / "other.aiff"
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(one), "-af", "apad=whole_dur=1", str(other)], check=True)
        cases.append((other, "All of it is heard"))
        damaged, cut, sound = tmp_path / "damaged.m4a", tmp_path / "cut.ogg", write_wav(tmp_path / "c.wav", clicks(6))
        for coded in (damaged, cut):
            subprocess.run(["ffmpeg", "-v", "error", "-i", str(sound), str(coded)], check=True)
        whole = damaged.read_bytes()
        hole = np.random.default_rng(2).bytes(len(whole) // 10)
        damaged.write_bytes(whole[: len(whole) // 4] + hole + whole[len(whole) // 4 + len(hole) :])
        cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
        cases += [(damaged, "missing or damaged"), (cut, "what comes before that is used")]
    for file, sentence in cases:
        person.choose(file)
        until_shown(person, file, sentence)
        until_offered(person, file, sentence not in FAILURES)
        assert file.suffix != ".aiff" or "can't play it" not in person.text("state"), "it is played as WAV"
    assert [line for line in person.complaints() if "ERR_REQUEST_RANGE" not in line and "blob:" not in line] == []


def test_the_microphone_is_seen_and_what_it_heard_is_kept(person: Person) -> None:
    person.until_ready()
    person.click("listen")
    person.wait(lambda: "Microphone" in person.text("name"), "the microphone")
    person.wait(lambda: person.text("clock") >= "0:02", "two seconds of it")
    assert barriers(person.driver) == []
    person.click("stop")
    person.wait(lambda: "recording" in person.text("name"), "the recording")
    until_heard(person)


def test_files_go_to_the_tool_that_they_are_for(person: Person, server: SiteServer) -> None:
    person.drop("astronaut.jpg", photo("astronaut").read_bytes(), "image/jpeg")
    person.wait(lambda: "/visualizer" not in person.driver.current_url, "the cutout's page")
    person.wait(lambda: person.text("name") == "astronaut.jpg", "the photo there")
    person.script("window.onbeforeunload = null")
    Person(person.driver, server.url, person.downloads)
    person.drop("song.mp3", b"no sound", "audio/mpeg")
    person.wait(lambda: "/visualizer.html" in person.driver.current_url, "the visualizer's page")
    person.wait(lambda: person.text("name") == "song.mp3", "the song there")
