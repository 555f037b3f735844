"""A song from the drop to the video, in a real browser; what comes out is looked at with ffmpeg."""

import json
import shutil
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from selenium.webdriver import Chrome

from tests.browser import visual
from tests.browser.person import Person
from tests.photos import photo
from web.serve import SiteServer

LOOP = Path("/usr/share/sonic-pi/samples/loop_amen_full.flac")  # CC0, of Debian's package sonic-pi-samples
SIDE, RATE = 144, 24
needs_ffmpeg = pytest.mark.skipif(
    not shutil.which("ffmpeg"), reason="ffmpeg is not installed: what was saved is not looked at"
)


def write_wav(file: Path, sound: NDArray[np.floating], rate: int = 44100, width: int = 2) -> Path:
    """`sound`: (n,) or (n, channels), -1..1."""
    samples = np.atleast_2d(sound.T).T
    with wave.open(str(file), "wb") as out:
        out.setparams((samples.shape[1], width, rate, 0, "NONE", ""))
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return file


def clicks(seconds: float, rate: int = 44100) -> NDArray[np.float64]:
    """Short bursts, two a second, the first after a quarter of one."""
    at = np.arange(round(seconds * rate))
    since = (at - rate // 4) % (rate // 2) / rate
    noise = np.random.default_rng(5).uniform(-1, 1, len(at))
    return np.where(at >= rate // 4, noise * np.exp(-since * 60), 0) * 0.8


@pytest.fixture
def person(open_browser: Callable[..., Chrome], server: SiteServer, downloads: Path) -> Person:
    flags = (*visual.FLAGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    person = Person(open_browser(*flags), f"{server.url}visualizer.html", downloads)
    person.script("window.showSaveFilePicker = undefined")  # a dialog of the system's, which nobody here could answer
    person.wait(lambda: person.script("return document.querySelector('#scenes .scene')"), "the page")
    return person


def until_heard(person: Person) -> None:
    person.wait(lambda: person.script("return document.documentElement.dataset.heard") == "true", "the analysis", 90)


def save(person: Person, format: str = "mp4", side: int = SIDE, rate: int = RATE) -> Path:
    """Saves a video; the file."""
    person.script(
        "const size = document.getElementById('video-size'); size.append(new Option('', arguments[1]));"
        "for (const [id, value] of Object.entries({'video-size': arguments[1], 'video-rate': arguments[2],"
        "  'video-format': arguments[0]})) document.getElementById(id).value = value;",
        format,
        str(side),
        str(rate),
    )
    person.click("save")
    person.wait(lambda: "is saved" in person.text("saving-state"), "the video", 300)
    target = person.downloads / str(person.element("video-link").get_attribute("download"))
    person.wait(target.is_file, f"{target.name}", 20)
    return target


def frames_of(video: Path, width: int, height: int) -> NDArray[np.uint8]:
    command = ["ffmpeg", "-v", "error", "-i", str(video), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def similarity(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """SSIM of the light of two pictures, over 8 x 8 windows [Wang et al. 2004]."""
    a, b = (picture[..., :3].astype(float) @ np.array([0.299, 0.587, 0.114]) for picture in (one, other))
    windows = [np.lib.stride_tricks.sliding_window_view(x, (8, 8))[::4, ::4] for x in (a, b)]
    means = [w.mean(axis=(-1, -2)) for w in windows]
    variances = [w.var(axis=(-1, -2)) for w in windows]
    together = (windows[0] * windows[1]).mean(axis=(-1, -2)) - means[0] * means[1]
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * means[0] * means[1] + c1) * (2 * together + c2)
    return float((top / ((means[0] ** 2 + means[1] ** 2 + c1) * (variances[0] + variances[1] + c2))).mean())


def until_shown(person: Person, file: Path, sentence: str) -> None:
    person.wait(lambda: person.text("name") == file.name, file.name)
    person.wait(lambda: sentence in person.text("state"), f"{file.name}: {sentence!r}", 40)


@needs_ffmpeg
def test_a_video_is_what_the_preview_shows_and_its_sound_is_in_time(person: Person, tmp_path: Path) -> None:
    person.choose(write_wav(tmp_path / "clicks.wav", clicks(2.5)))
    until_heard(person)
    person.script("if (document.querySelector('.playing')) document.getElementById('play').click()")
    video = save(person)
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type,codec_name,width,height,nb_frames,duration",
         "-of", "json", str(video)], check=True, capture_output=True,
    )  # fmt: skip
    streams = {stream["codec_type"]: stream for stream in json.loads(told.stdout)["streams"]}
    picture, sound = streams["video"], streams["audio"]
    width = SIDE * 16 // 9
    assert (picture["width"], picture["height"], int(picture["nb_frames"])) == (width, SIDE, round(2.5 * RATE))
    assert abs(float(sound["duration"]) - 2.5) < 0.1

    decoded = frames_of(video, width, SIDE)
    numbers = [3, 12, 31, 47]
    shown = drawn_by_the_page(person, [number / RATE for number in numbers], width, SIDE)
    alike = [round(similarity(decoded[number], frame), 3) for number, frame in zip(numbers, shown, strict=True)]
    # In so small a video every line is an edge: 1080p comes nearer.
    assert min(alike) >= 0.95 and np.median(alike) >= 0.975, alike
    assert max(similarity(decoded[number], shown[0]) for number in numbers[1:]) < 0.95, "other moments look otherwise"

    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(video), "-ac", "1", "-ar", "48000", "-f", "f32le", "-"],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    samples = np.abs(np.frombuffer(raw, np.float32))
    light = decoded.astype(float).mean(axis=(1, 2, 3))
    jumps = np.flatnonzero(np.diff(light) > 0.3 * np.diff(light).max()) + 1
    for click in (0.25, 0.75, 1.25, 1.75):
        nearby = samples[round((click - 0.1) * 48000) : round((click + 0.1) * 48000)]
        heard = click - 0.1 + int(np.argmax(nearby > 0.3 * nearby.max())) / 48000
        seen = jumps[np.argmin(np.abs(jumps / RATE - click))] / RATE
        assert abs(heard - click) < 1 / RATE and abs(seen - heard) <= 1 / RATE, (click, heard, seen)


def drawn_by_the_page(person: Person, times: list[float], width: int, height: int) -> visual.Frames:
    """With what the page itself heard and what is set there."""
    person.later(
        "const urls = performance.getEntriesByType('resource').map(({name}) => name);"
        "const found = (name) => urls.find((url) => url.includes(`/${name}-`));"
        "const {Renderer} = await import(found('renderer')), {studio} = await import(found('main'));"
        "window.studio = {...studio(), renderers: new Map(), Renderer};"
    )
    return visual.draw(person, times, width, height, **person.script("return window.studio.settings"))


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
    person.choose(loop)  # while Python is still starting
    person.wait(lambda: person.script("return performance.getEntriesByName('hearth-moves').length"), "first sight")
    assert person.script("return document.querySelector('.playing') !== null"), "the sound moves it"
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
    person.script("document.getElementById('save').click(); document.getElementById('pause-saving').click()")
    assert person.text("pause-saving") == "Go on"
    person.click("cancel-saving")
    person.wait(lambda: "Cancelled" in person.text("saving-state"), "the end of it", 30)
    screenshot(person.driver, "heard")
    assert person.complaints() == []


def test_what_is_no_song_is_told_in_a_sentence(person: Person, tmp_path: Path) -> None:
    (tmp_path / "notes.mp3").write_text("These are words, no sound. " * 100)
    silent = write_wav(tmp_path / "silent.wav", np.zeros(8000), 8000)
    one = write_wav(tmp_path / "one.wav", np.array([0.5]))
    empty = write_wav(tmp_path / "empty.wav", np.zeros(0))
    wide = write_wav(tmp_path / "wide.wav", np.stack([clicks(0.6, 192000)] * 8, axis=1), 192000)
    cases = [
        (tmp_path / "notes.mp3", "no sound or video file that can be read"),
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
    for file, sentence in cases:
        person.choose(file)
        until_shown(person, file, sentence)
    assert [line for line in person.complaints() if "ERR_REQUEST_RANGE" not in line and "blob:" not in line] == []


def test_the_microphone_is_seen_and_what_it_heard_is_kept(person: Person) -> None:
    person.until_ready()
    person.click("listen")
    person.wait(lambda: "Microphone" in person.text("name"), "the microphone")
    person.wait(lambda: person.text("clock") >= "0:02", "two seconds of it")
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
