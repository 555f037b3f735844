"""The editor while a person paints and moves a slider on 12 megapixels: from one frame to the next, in Chromium.

Where there is no graphics card Chromium draws on the processor (SwiftShader), and the times are of that.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.bench.cutout import SIZES, file_of

MOVES = 60  # of the pointer, a stroke
COUNT = """
window.uploaded = 0; window.frames = [];
const plain = WebGL2RenderingContext.prototype.texSubImage2D;
WebGL2RenderingContext.prototype.texSubImage2D = function (...given) {
  const data = given.at(-1); window.uploaded += data.byteLength ?? 0; return plain.apply(this, given); };
let last = 0;
const tick = (now) => {
  if (window.watching && last) frames.push(now - last);
  last = now; requestAnimationFrame(tick); };
requestAnimationFrame(tick);
"""


def main(argv: Sequence[str]) -> int:
    """Prints a table; returns 0. `--json FILE` writes one object a line of it."""
    parser = argparse.ArgumentParser(prog="bench editor", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--size", choices=SIZES, default="12 MP")
    options = parser.parse_args(argv)
    rows = measured(options.size)
    for row in rows:
        print(f"{row['name']:44} {row['hearth']:9.1f} {row['unit']}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def measured(size: str) -> list[dict[str, Any]]:
    from tests.browser.browsers import start_chromium
    from tests.browser.person import Person
    from web.serve import SiteServer
    from web.site import build_site

    with tempfile.TemporaryDirectory() as folder, SiteServer(build_site()) as server:
        path = Path(folder) / "photo.jpg"
        path.write_bytes(file_of(*SIZES[size]))
        driver = start_chromium(Path(folder) / "profile", Path(folder), ("--window-size=1440,1000",))
        try:
            person = Person(driver, server.url, Path(folder))
            person.take("selfie")
            person.choose(path)
            person.until_ended()
            person.wait(lambda: person.element("compare").is_enabled(), "the canvas")
            person.later("return new Promise((done) => setTimeout(done, 2500))")
            person.script(COUNT)
            return [row for name in ("all of it", "single pixels") for row in at_zoom(person, name, size)]
        finally:
            with suppress(OSError):
                driver.quit()


def at_zoom(person: Any, name: str, size: str) -> list[dict[str, Any]]:
    person.click("tab-brush")
    person.script("document.getElementById('canvas').focus()")
    chain(person).send_keys("0" if name == "all of it" else "1").perform()
    rows = []
    for smart in (False, True):
        if person.element("brush-smart").is_selected() != smart:
            person.click("brush-smart")
        watch(person)
        stroke = chain(person).move_to_element_with_offset(person.element("canvas"), -200, -60).click_and_hold()
        for step in range(MOVES):
            stroke.move_by_offset(6, 4 if step % 8 < 4 else -4)
        stroke.release().perform()
        kind = "a smart stroke" if smart else "a stroke"
        rows += told(person, f"{size}, {name}: {kind}")
    person.click("tab-edges")
    person.script("document.getElementById('edge-feather').focus()")
    watch(person)
    chain(person).send_keys(*["\ue014"] * 20).perform()
    rows += told(person, f"{size}, {name}: the feather moves")
    person.click("reset")
    return rows


def chain(person: Any) -> Any:
    from selenium.webdriver.common.action_chains import ActionChains

    return ActionChains(person.driver, duration=16)


def watch(person: Any) -> None:
    person.script("frames.length = 0; uploaded = 0; watching = true")


def told(person: Any, name: str) -> list[dict[str, Any]]:
    frames = person.script("watching = false; return frames")
    uploaded = person.script("return uploaded")
    worst = sorted(frames)[int(0.95 * (len(frames) - 1))]
    return [
        {"name": f"{name}, a frame", "unit": "ms", "hearth": round(statistics.median(frames), 2)},
        {"name": f"{name}, 95 of 100 within", "unit": "ms", "hearth": round(worst, 2)},
        {"name": f"{name}, sent to the card", "unit": "kB", "hearth": uploaded / 1e3},
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
