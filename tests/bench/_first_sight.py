"""How soon a dropped song moves the picture: from the choice of the file to the first frame drawn of its sound.

Once in a page whose Python has just begun to start, once in one where it runs. Chromium without a graphics card.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.bench._analysis_measure import song
from tests.browser import visual
from tests.browser.browsers import start_chromium
from tests.browser.person import Person
from tests.browser.songs import write_wav
from web.serve import SiteServer
from web.site import build_site

GOAL = 2.0  # seconds
NOTE_DROP = """
document.getElementById("file").addEventListener("change", () => performance.mark("bench-drop"), {capture: true});
"""


def first_sight_rows(times: int) -> list[dict[str, Any]]:
    """Each kind of page is opened `times` times, with the caches of the visits before."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name, SiteServer(build_site()) as server:
        folder = Path(name)
        file = write_wav(folder / "song.wav", song(60))
        driver = start_chromium(folder / "profile", folder, visual.FLAGS)
        try:
            for kind in ("Python still starting", "Python there"):
                taken = []
                for _ in range(times):
                    person = Person(driver, f"{server.url}visualizer.html", folder)
                    if kind == "Python there":
                        person.until_ready()
                    taken.append(_drop_to_motion(person, file))
                median = statistics.median(taken)
                rows.append({"name": f"first moving picture, {kind}", "unit": "s", "hearth": median, "all": taken})
                print(f"drop to the first moving picture, {kind}: {median:.2f} s (goal {GOAL}) of {taken}")
        finally:
            driver.quit()
    return rows


def _drop_to_motion(person: Person, file: Path) -> float:
    """Seconds."""
    person.wait(lambda: person.script("return document.querySelector('#scenes .scene')"), "the page")
    person.script(NOTE_DROP)
    person.choose(file)
    person.wait(lambda: person.script("return performance.getEntriesByName('hearth-moves').length"), "motion", 60)
    return round((person.mark("hearth-moves") - person.mark("bench-drop")) / 1000, 3)
