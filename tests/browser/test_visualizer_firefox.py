"""The visualizer in Firefox: a song is played, heard and saved."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import firefox_window
from tests.browser.browsers import install
from tests.browser.firefox_window import Firefox
from tests.browser.songs import clicks, write_wav
from web.serve import SiteServer

SIGHT = """
const { length } = performance.getEntriesByName("hearth-moves");
// On a busy machine the song may be over before anything is drawn of it.
if (!length && !document.querySelector(".playing")) document.getElementById("play").click();
return length;
"""


def needed() -> list[str]:
    """Debian packages that are not there."""
    return firefox_window.missing() + ([] if shutil.which("ffprobe") else ["ffmpeg"])


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Firefox]:
    if missing := needed():
        install(*missing)
    if missing := needed():
        pytest.skip(f"needs, on Debian: apt-get install {' '.join(missing)}")
    window = Firefox(tmp_path)
    yield window
    window.quit()


def text(window: Firefox, element: str) -> str:
    return str(window.script("return document.getElementById(args[0]).textContent", element))


def test_a_song_is_played_heard_and_saved_in_firefox(window: Firefox, server: SiteServer, tmp_path: Path) -> None:
    window.open(f"{server.url}visualizer.html")
    window.wait(lambda: window.script("return document.querySelector('#scenes .scene') !== null"), "the page")
    window.choose("file", write_wav(tmp_path / "clicks.wav", clicks(2)))
    window.wait(lambda: window.script(SIGHT), "first sight")
    window.wait(lambda: text(window, "clock") >= "0:01", "a second of it, played")
    window.wait(lambda: window.script("return document.documentElement.dataset.heard") == "true", "the analysis")
    # From here on the service worker answers, beside threads that sleep.
    window.wait(lambda: window.script("return navigator.serviceWorker.controller?.state") == "activated", "the worker")
    window.script(
        "const size = document.getElementById('video-size'); size.append(new Option('', '90')); size.value = '90';"
        "document.getElementById('video-format').value = 'webm'; document.getElementById('save').click();"
    )
    window.wait(lambda: "is saved" in text(window, "saving-state"), "the video")
    video = window.downloads / "clicks.webm"
    window.wait(lambda: video.is_file() and video.stat().st_size, "the file")
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(video)]
    picture, sound = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"]
    assert (picture["codec_name"], picture["width"], picture["height"]) == ("vp9", 160, 90)
    assert int(picture["nb_read_frames"]) == 60 and sound["codec_name"] == "opus"
    assert window.complaints == []
