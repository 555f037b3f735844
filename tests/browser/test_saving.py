"""Videos and pictures that the visualizer saves, looked at with ffmpeg and in the browser itself."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from selenium.webdriver import Chrome

from tests.browser.person import Person
from tests.browser.songs import (
    FLAGS,
    begin,
    clicks,
    drawn_by_the_page,
    prepared,
    save,
    still,
    until_heard,
    visit,
    write_wav,
)
from web.serve import SiteServer

SIDE, RATE = 216, 24
WIDTH = SIDE * 16 // 9
SMALL, SMALL_WIDTH = 90, 160  # where it is not about how fine it is

CHOSEN = """
const file = await (await (await navigator.storage.getDirectory()).getFileHandle("chosen")).getFile();
return btoa(Array.from(new Uint8Array(await file.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(""));
"""

# A moment of a video, on a canvas: base64 of its RGBA.
PLAYED = """
const video = document.createElement("video");
const bytes = Uint8Array.from(atob(args[0]), (sign) => sign.charCodeAt(0));
video.src = URL.createObjectURL(new Blob([bytes], {type: "video/webm"}));
video.muted = true;
await new Promise((resolve) => (video.onloadeddata = resolve));
video.currentTime = args[1];
await new Promise((resolve) => (video.onseeked = resolve));
const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight), context = canvas.getContext("2d");
context.drawImage(video, 0, 0);
const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
return btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
"""

pytestmark = pytest.mark.skipif(
    not shutil.which("ffmpeg"), reason="ffmpeg is not installed: what was saved is not looked at"
)


@pytest.fixture(scope="module")
def opened(open_page: Callable[..., Person]) -> Person:
    return prepared(open_page("visualizer.html", FLAGS))


@pytest.fixture
def person(opened: Person) -> Person:
    """In front of the page as it is when it is opened first, but for the song of another test."""
    opened.script("window.showSaveFilePicker = undefined")
    for file in opened.downloads.iterdir():
        file.unlink()
    return opened


def ffmpeg(*arguments: object) -> bytes:
    command = ["ffmpeg", "-v", "error", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def streams(file: Path) -> dict[str, dict[str, Any]]:
    """What ffprobe says of the picture and of the sound."""
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(file)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {stream["codec_type"]: stream for stream in told["streams"]}


def frames_of(video: Path, width: int, height: int) -> NDArray[np.uint8]:
    raw = ffmpeg("-i", video, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def similarity(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """SSIM of the light of two pictures, over 8 x 8 windows [Wang et al. 2004]."""
    a, b = (picture[..., :3].astype(float) @ np.array([0.2126, 0.7152, 0.0722]) for picture in (one, other))
    windows = [np.lib.stride_tricks.sliding_window_view(x, (8, 8))[::4, ::4] for x in (a, b)]
    means = [w.mean(axis=(-1, -2)) for w in windows]
    variances = [w.var(axis=(-1, -2)) for w in windows]
    together = (windows[0] * windows[1]).mean(axis=(-1, -2)) - means[0] * means[1]
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * means[0] * means[1] + c1) * (2 * together + c2)
    return float((top / ((means[0] ** 2 + means[1] ** 2 + c1) * (variances[0] + variances[1] + c2))).mean())


def press(person: Person, key: str) -> None:
    person.script("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))", key)


def hear(person: Person, song: Path) -> None:
    person.script("delete document.documentElement.dataset.heard")
    person.choose(song)
    until_heard(person)
    still(person)


def test_a_video_is_what_the_preview_shows_and_its_sound_is_in_time(person: Person, tmp_path: Path) -> None:
    hear(person, write_wav(tmp_path / "clicks.wav", clicks(2.5)))
    video = save(person, "mp4", SIDE, RATE)
    told = streams(video)
    picture, sound = told["video"], told["audio"]
    assert (picture["width"], picture["height"], int(picture["nb_read_frames"])) == (WIDTH, SIDE, round(2.5 * RATE))
    assert (picture["color_space"], picture["color_range"]) == ("bt709", "tv")
    assert abs(float(sound["duration"]) - 2.5) < 0.1

    decoded = frames_of(video, WIDTH, SIDE)
    numbers = [0, 3, 12, 31, 47]
    shown = drawn_by_the_page(person, [number / RATE for number in numbers], WIDTH, SIDE)
    alike = [round(similarity(decoded[number], frame), 3) for number, frame in zip(numbers, shown, strict=True)]
    assert min(alike) >= 0.98, alike
    assert max(similarity(decoded[number], shown[1]) for number in numbers[2:]) < 0.95, "other moments look otherwise"

    samples = np.abs(np.frombuffer(ffmpeg("-i", video, "-ac", 1, "-ar", 48000, "-f", "f32le", "-"), np.float32))
    light = decoded.astype(float).mean(axis=(1, 2, 3))
    jumps = np.flatnonzero(np.diff(light) > 0.3 * np.diff(light).max()) + 1
    for click in (0.25, 0.75, 1.25, 1.75):
        nearby = samples[round((click - 0.1) * 48000) : round((click + 0.1) * 48000)]
        heard = click - 0.1 + int(np.argmax(nearby > 0.3 * nearby.max())) / 48000
        seen = jumps[np.argmin(np.abs(jumps / RATE - click))] / RATE
        assert abs(heard - click) < 1 / RATE and abs(seen - heard) <= 1 / RATE, (click, heard, seen)


def test_files_hold_what_their_kind_promises_and_sound_that_fits_is_copied(
    person: Person, module_server: SiteServer, site: Path, tmp_path: Path
) -> None:
    wav = write_wav(tmp_path / "clicks.wav", clicks(1))
    sources = {"aac": tmp_path / "clicks.m4a", "mp3": tmp_path / "clicks.mp3"}
    ffmpeg("-i", wav, "-c:a", "aac", sources["aac"])
    ffmpeg("-i", wav, "-c:a", "libmp3lame", sources["mp3"])
    for codec, song in sources.items():
        hear(person, song)
        video = save(person, "mp4", SMALL, RATE)
        told = streams(video)
        assert (told["video"]["codec_name"], told["audio"]["codec_name"]) == ("h264", codec)
        packets = [ffmpeg("-i", file, "-map", "a", "-c", "copy", "-f", "data", "-") for file in (song, video)]
        assert packets[0] == packets[1], f"{codec} is passed through bit by bit"
        sound = np.abs(np.frombuffer(ffmpeg("-i", video, "-ac", 1, "-ar", 48000, "-f", "f32le", "-"), np.float32))
        heard = int(np.argmax(sound > 0.3 * sound.max())) / 48000
        assert abs(heard - 0.25) < 1 / RATE, f"{codec}: the first click is heard at {heard}"

    told = streams(save(person, "webm", SMALL, RATE))
    assert (told["video"]["codec_name"], told["audio"]["codec_name"]) == ("vp9", "opus")
    offered = person.later(
        "const {codecs} = await import(args[0]);"
        "const picture = {width: 3840, height: 2160, rate: 60, grain: 1};"
        "const sound = {codec: 'aac', channels: 2, whole: true}, kinds = ['mp4', 'webm', 'transparent'];"
        "return Promise.all(kinds.map(async (kind) => (await codecs(kind, picture, sound))?.video));",
        f"{module_server.url}assets/{next((site / 'assets').glob('formats-*.js')).name}",
    )
    assert offered == ["avc", "vp9", "vp9"], "4K at 60 frames a second"


def test_a_video_without_a_ground_is_as_opaque_as_the_preview(person: Person, tmp_path: Path) -> None:
    hear(person, write_wav(tmp_path / "clicks.wav", clicks(0.6)))
    video = save(person, "transparent", SIDE, RATE)
    raw = ffmpeg("-c:v", "libvpx-vp9", "-i", video, "-f", "rawvideo", "-pix_fmt", "rgba", "-")
    decoded = np.frombuffer(raw, np.uint8).reshape(-1, SIDE, WIDTH, 4)
    (shown,) = drawn_by_the_page(person, [8 / RATE], WIDTH, SIDE, transparent=True)
    opacity = shown[..., 3].astype(int)
    assert opacity.min() < 20 and opacity.max() == 255
    assert np.abs(decoded[8, ..., 3] - opacity).mean() < 2
    solid = opacity > 200
    assert np.abs(decoded[8, ..., :3].astype(int) - shown[..., :3])[solid].mean() < 6
    # And as the browser itself plays it.
    seen = person.later(PLAYED, base64.b64encode(video.read_bytes()).decode(), 8.5 / RATE)
    played = np.frombuffer(base64.b64decode(seen), np.uint8).reshape(SIDE, WIDTH, 4)[..., 3].astype(int)
    assert np.abs(played - opacity).mean() < 2


def test_a_video_is_written_where_the_person_wants_it_and_made_of_the_same_frames_each_time(
    person: Person, tmp_path: Path
) -> None:
    hear(person, write_wav(tmp_path / "clicks.wav", clicks(1)))
    # The picker's file lies in the page's own storage: the rest is as with a file of the person's.
    person.script(
        "window.showSaveFilePicker = async ({suggestedName}) => { window.asked = suggestedName;"
        "  return (await navigator.storage.getDirectory()).getFileHandle('chosen', {create: true}); };"
    )
    # As soon as frames are told of, it pauses: no more of them come. Then it is cancelled.
    person.script(
        "const chosen = {'video-size': '1080', 'video-rate': '60', 'video-format': 'mp4'};"
        "for (const [id, value] of Object.entries(chosen)) document.getElementById(id).value = value;"
        "const state = document.getElementById('saving-state');"
        "const watch = new MutationObserver(() => { if (!state.textContent.includes('as fast')) return;"
        "  watch.disconnect(); document.getElementById('pause-saving').click(); });"
        "watch.observe(state, {childList: true, characterData: true, subtree: true});"
        "document.getElementById('save').click()"
    )
    person.wait(lambda: person.text("pause-saving") == "Go on", "the pause")
    drawn = [-1, 0]
    while drawn[-1] != drawn[-2]:  # a frame that was begun is still drawn
        time.sleep(1.2)
        drawn.append(int(str(person.element("saving-progress").get_attribute("aria-valuenow"))))
    assert 0 < drawn[-1] < 100, drawn
    person.click("cancel-saving")
    person.wait(lambda: "Cancelled" in person.text("saving-state"), "the end of it")
    assert person.later(CHOSEN) == "", "nothing is written"
    begin(person, "mp4", SMALL, RATE)
    person.wait(lambda: "is saved" in person.text("saving-state"), "the video")
    assert person.script("return window.asked") == "clicks.mp4"
    assert not person.element("video-link").is_displayed(), "there is nothing to download"
    (tmp_path / "chosen.mp4").write_bytes(base64.b64decode(person.later(CHOSEN)))
    assert int(streams(tmp_path / "chosen.mp4")["video"]["nb_read_frames"]) == RATE

    # Without a picker they are downloaded; two of them are made of the same frames, and a picture is one of these.
    person.script("window.showSaveFilePicker = undefined")
    digests = {ffmpeg("-i", save(person, "webm", SMALL, RATE), "-map", "v", "-f", "md5", "-") for _ in range(2)}
    assert len(digests) == 1
    times = [number / RATE for number in range(0, RATE, 3)]
    one, other = (drawn_by_the_page(person, times, SMALL_WIDTH, SMALL) for _ in range(2))  # each by a new renderer
    assert np.array_equal(one, other)
    press(person, "End")
    person.click("still")
    file = person.downloaded("clicks.png")
    (frame,) = drawn_by_the_page(person, [1.0], SMALL_WIDTH, SMALL)
    assert np.array_equal(np.asarray(Image.open(file).convert("RGB")), frame[..., :3])


def test_where_nothing_encodes_the_song_is_recorded_while_it_plays(
    open_tab: Callable[..., Chrome], server: SiteServer, downloads: Path, tmp_path: Path
) -> None:
    driver = open_tab(*FLAGS)
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": "delete globalThis.VideoEncoder"})
    person = visit(driver, server.url, downloads)
    hear(person, write_wav(tmp_path / "clicks.wav", clicks(10)))  # half of it: a slow device draws few frames
    assert "records while the song plays" in person.text("video-hint")
    # Of a marked part it is only that.
    for key in ("Home", "ArrowRight", "a", "End", "b"):
        person.script(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))", key
        )
    video = save(person, "webm", SMALL, RATE)
    picture = streams(video)["video"]
    assert (picture["width"], picture["height"]) == (SMALL_WIDTH, SMALL) and int(picture["nb_read_frames"]) >= 2
    sound = np.frombuffer(ffmpeg("-i", video, "-ac", 1, "-ar", 48000, "-f", "f32le", "-"), np.float32)
    assert 1 < len(sound) / 48000 < 9 and np.abs(sound).max() > 0.1
