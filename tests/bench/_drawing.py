"""How fast the visualizer draws and saves, in Chromium: frames a second of each scene at 1080p and 4K, export speed.

A frame is timed from the upload of its features to a pixel read back, so that the card has finished it; the median of
many counts. Where the browser tells the card's own time, that stands beside it. Export: seconds of video a second of
work, for a song of clicks, sound included, and how alike the decoded frames and the preview's are. Without a graphics
card SwiftShader draws on the processor, which says nothing about a card.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from tests.browser import visual
from tests.browser.browsers import start_chromium
from tests.browser.person import Person
from tests.browser.songs import clicks, drawn_by_the_page, save, still, until_heard, write_wav
from tests.browser.test_saving import frames_of, similarity
from web.serve import SiteServer
from web.site import build_site

SIZES = {"1080p": (1920, 1080), "4K": (3840, 2160)}
CARD = ("--use-angle=vulkan", "--enable-features=Vulkan", "--ignore-gpu-blocklist")

TIME = """
const [settings, width, height, count] = args;
const {features, looks, Renderer} = window.studio;
const renderer = new Renderer(new OffscreenCanvas(width, height), looks);
const pixel = new Uint8Array(4);
const times = [];
for (let index = 0; index < count + 2; index++) {
  const begun = performance.now();
  renderer.draw(features, settings, 1 + index * 0.15);
  renderer.gl.readPixels(0, 0, 1, 1, renderer.gl.RGBA, renderer.gl.UNSIGNED_BYTE, pixel);
  times.push(performance.now() - begun);
}
const {gl} = renderer, timer = gl.getExtension("EXT_disjoint_timer_query_webgl2"), queries = [];
for (let index = 0; timer && index < count; index++) {
  const query = gl.createQuery();
  gl.beginQuery(timer.TIME_ELAPSED_EXT, query);
  renderer.draw(features, settings, 1 + index * 0.15);
  gl.endQuery(timer.TIME_ELAPSED_EXT);
  queries.push(query);
}
const told = () => queries.every((query) => gl.getQueryParameter(query, gl.QUERY_RESULT_AVAILABLE));
while (!told()) await new Promise((resolve) => setTimeout(resolve, 10));
const median = (all) => all.sort((a, b) => a - b)[all.length >> 1];
const own = timer ? median(queries.map((query) => gl.getQueryParameter(query, gl.QUERY_RESULT) / 1e6)) : null;
const name = gl.getParameter(gl.RENDERER);
renderer.close();
return [median(times.slice(2)), own, name];
"""


def drawing_rows(frames: int, seconds: float, software: bool) -> list[dict[str, Any]]:
    """Draws `frames` frames a scene and size, then saves a video of so many seconds; none where that is 0."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name, SiteServer(build_site()) as server:
        folder = Path(name)
        driver = start_chromium(folder / "profile", folder, visual.FLAGS if software else CARD)
        try:
            person = Person(driver, f"{server.url}visualizer.html", folder)
            person.wait(lambda: person.script("return document.querySelector('#scenes .scene')"), "the page")
            for scene in visual.show(person, visual.song()):
                for size, (width, height) in SIZES.items():
                    settings = {**visual.SETTINGS, "scene": scene}
                    whole, own, card = person.later(TIME, settings, width, height, frames)
                    rows.append({"name": f"{scene}, {size}", "unit": "ms", "hearth": whole, "gpu": own, "card": card})
                    gpu = f"{own:7.2f} ms of the card's own" if own else ""
                    print(f"{scene:12} {size:6} {whole:7.2f} ms {1000 / whole:7.0f} frames/s {gpu} {card}")
            if seconds:
                rows.append(exported(person, folder, seconds))
        finally:
            driver.quit()
    return rows


def exported(person: Person, folder: Path, seconds: float) -> dict[str, Any]:
    """One video at 1080p30; twelve of its frames beside the preview's where ffmpeg can decode them."""
    person.script("window.showSaveFilePicker = undefined")
    person.choose(write_wav(folder / "song.wav", clicks(seconds)))
    until_heard(person)
    still(person)
    file = save(person, side=1080, rate=30)
    said = person.text("saving-state")
    print(f"{file.name}, {seconds:.0f} s at 1080p30, {file.stat().st_size / 1e6:.1f} MB: {said}")
    row: dict[str, Any] = {"name": "export, 1080p30", "unit": "text", "hearth": said}
    if shutil.which("ffmpeg"):
        decoded = frames_of(file, 1920, 1080)
        alike = []
        for number in range(0, len(decoded), max(1, len(decoded) // 12)):
            (shown,) = drawn_by_the_page(person, [number / 30], 1920, 1080)
            alike.append(similarity(decoded[number], shown))
        print(f"SSIM with the preview: {min(alike):.4f} at least, {sum(alike) / len(alike):.4f} on average")
        row["ssim"] = alike
    return row
