"""How fast the visualizer draws and saves, in Chromium: each scene at 1080p and 4K, export speed.

A frame is timed from the upload of its features to a pixel read back, so that the card has finished it; the median of
many counts. Where the browser tells the card's own time, that stands beside it. Export: seconds of video a second of
work, for a song of clicks, sound included, and how alike the decoded frames and the preview's are.

Without a graphics card SwiftShader draws on the processor, whose time says nothing about a card. So a few small frames
are drawn there, and what they cost is counted: the time of a pixel, in multiply-adds that the same renderer does in it.
That is the most that a card has to do for one: what it does beside its sums, such as reading textures, is sums here.
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
SMALL = {"480x270": (480, 270)}  # on the processor
SMALL_FRAMES, SMALL_SECONDS, SMALL_SIDE = 3, 2.0, 360
CARD = ("--use-angle=vulkan", "--enable-features=Vulkan", "--ignore-gpu-blocklist")
SOFTWARE = ("SwiftShader", "llvmpipe", "softpipe", "Basic Render")
NAME = """
const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
const told = gl?.getExtension("WEBGL_debug_renderer_info");
return gl ? gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER) : "";
"""

ADDS = 4 * 256  # of a pixel of what is drawn to measure the renderer
MEASURE = """
const [width, height, adds] = args;
const gl = new OffscreenCanvas(width, height).getContext("webgl2");
const shader = (kind, text) => {
  const made = gl.createShader(kind);
  gl.shaderSource(made, text);
  gl.compileShader(made);
  return made;
};
const program = gl.createProgram();
gl.attachShader(program, shader(gl.VERTEX_SHADER, `#version 300 es
void main() { gl_Position = vec4(gl_VertexID == 1 ? 3. : -1., gl_VertexID == 2 ? 3. : -1., 0., 1.); }`));
gl.attachShader(program, shader(gl.FRAGMENT_SHADER, `#version 300 es
precision highp float; uniform float by; out vec4 light;
void main() {
  float a = gl_FragCoord.x, b = gl_FragCoord.y, c = a + b, d = a - b;
  for (int i = 0; i < ${adds / 4}; i++) { a = a * by + b; b = b * by + c; c = c * by + d; d = d * by + a; }
  light = vec4(a, b, c, d);
}`));
gl.linkProgram(program);
gl.useProgram(program);
gl.uniform1f(gl.getUniformLocation(program, "by"), 0.5);
const times = [];
for (let index = 0; index < 7; index++) {
  const begun = performance.now();
  gl.drawArrays(gl.TRIANGLES, 0, 3);
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  times.push(performance.now() - begun);
}
return adds * width * height / (times.sort((a, b) => a - b)[3] / 1000);
"""
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
const debug = gl.getExtension("WEBGL_debug_renderer_info");
const name = gl.getParameter(debug ? debug.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
renderer.close();
return [median(times.slice(2)), own, name];
"""


def drawing_rows(frames: int, seconds: float, software: bool) -> list[dict[str, Any]]:
    """Draws `frames` frames a scene and size, then saves a video of so many seconds; none where that is 0."""
    with tempfile.TemporaryDirectory() as name, SiteServer(build_site()) as server:
        folder = Path(name)
        if not software:
            driver = start_chromium(folder / "card", folder, CARD)
            try:
                card = str(driver.execute_script(NAME))
            finally:
                driver.quit()
            software = not card or any(name in card for name in SOFTWARE)
        driver = start_chromium(folder / "profile", folder, visual.FLAGS if software else CARD)
        try:
            person = Person(driver, f"{server.url}visualizer.html", folder)
            person.wait(lambda: person.script("return document.querySelector('#scenes .scene')"), "the page")
            rows = _counted(person) if software else _timed(person, frames)
            if seconds:
                shorter = (min(seconds, SMALL_SECONDS), SMALL_SIDE)
                rows.append(exported(person, folder, *(shorter if software else (seconds, 1080))))
        finally:
            driver.quit()
    return rows


def _timed(person: Person, frames: int) -> list[dict[str, Any]]:
    """On a graphics card: milliseconds a frame."""
    rows = []
    for scene in visual.show(person, visual.song()):
        for size, (width, height) in SIZES.items():
            whole, own, card = person.later(TIME, {**visual.SETTINGS, "scene": scene}, width, height, frames)
            rows.append({"name": f"{scene}, {size}", "unit": "ms", "hearth": whole, "gpu": own, "card": card})
            gpu = f"{own:7.2f} ms of the card's own" if own else ""
            print(f"{scene:12} {size:6} {whole:7.2f} ms {1000 / whole:7.0f} frames/s {gpu} {card}", flush=True)
    return rows


def _counted(person: Person) -> list[dict[str, Any]]:
    """On the processor: what a pixel costs. The renderer is measured before and after each scene: others work too."""
    print("no graphics card: the cost is counted")
    rows = []
    for scene in visual.show(person, visual.song()):
        for size, (width, height) in SMALL.items():
            before = person.later(MEASURE, width, height, ADDS)
            whole, _, card = person.later(TIME, {**visual.SETTINGS, "scene": scene}, width, height, SMALL_FRAMES)
            rate = (before + person.later(MEASURE, width, height, ADDS)) / 2
            cost = whole / 1000 * rate / (width * height)
            unit = "multiply-adds a pixel at most"
            rows.append({"name": f"{scene}, {size}", "unit": unit, "hearth": cost, "ms": whole, "card": card})
            print(f"{scene:12} {size:8} {cost:6.0f} multiply-adds a pixel; here {whole:.0f} ms, {card}", flush=True)
    return rows


def exported(person: Person, folder: Path, seconds: float, side: int) -> dict[str, Any]:
    """One video of 30 frames a second; twelve of them beside the preview's where ffmpeg can decode them."""
    width, height = side * 16 // 9, side
    person.script("window.showSaveFilePicker = undefined")
    person.choose(write_wav(folder / "song.wav", clicks(seconds)))
    until_heard(person)
    still(person)
    file = save(person, side=side, rate=30)
    said = person.text("saving-state")
    print(f"{file.name}, {seconds:.0f} s at {side}p30, {file.stat().st_size / 1e6:.1f} MB: {said}")
    row: dict[str, Any] = {"name": f"export, {side}p30", "unit": "text", "hearth": said}
    if shutil.which("ffmpeg"):
        decoded = frames_of(file, width, height)
        alike = []
        for number in range(0, len(decoded), max(1, len(decoded) // 12)):
            (shown,) = drawn_by_the_page(person, [number / 30], width, height)
            alike.append(similarity(decoded[number], shown))
        print(f"SSIM with the preview: {min(alike):.4f} at least, {sum(alike) / len(alike):.4f} on average")
        row["ssim"] = alike
    return row
