"""Songs for the visualizer in a browser: short sounds with known answers, and what a person does with them."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from selenium.webdriver import Chrome

from tests.browser import visual
from tests.browser.person import Person

LOOP = Path("/usr/share/sonic-pi/samples/loop_amen_full.flac")  # CC0, of Debian's package sonic-pi-samples
FLAGS = (*visual.FLAGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


def visit(driver: Chrome, site: str, downloads: Path) -> Person:
    """Opens the visualizer's page."""
    return prepared(Person(driver, f"{site}visualizer.html", downloads))


def prepared(person: Person) -> Person:
    """On the visualizer's page files are saved without a dialog of the system's, which nobody here could answer."""
    person.wait(lambda: person.script("return document.querySelector('#scenes .scene')"), "the page")
    person.script("window.showSaveFilePicker = undefined")
    return person


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


def until_heard(person: Person) -> None:
    person.wait(lambda: person.script("return document.documentElement.dataset.heard") == "true", "the analysis")


def still(person: Person) -> None:
    """Stops the song, so that drawing it does not slow down what comes next."""
    person.script("if (document.querySelector('.playing')) document.getElementById('play').click()")


def begin(person: Person, format: str, side: int, rate: int) -> None:
    """Chooses what kind of video is to be saved, and presses the button. The shorter side may be of any size."""
    person.script(
        "const size = document.getElementById('video-size'); size.append(new Option('', arguments[1]));"
        "for (const [id, value] of Object.entries({'video-size': arguments[1], 'video-rate': arguments[2],"
        "  'video-format': arguments[0]})) document.getElementById(id).value = value;"
        "document.getElementById('saving-state').textContent = '';",
        format,
        str(side),
        str(rate),
    )
    person.wait(lambda: person.element("save").is_enabled(), "the button")
    person.click("save")


def begin_and_pause(person: Person, presses: int = 1) -> None:
    """Presses the button, and pauses in the page once that can be done: seen from here, that may be too late."""
    person.wait(lambda: person.element("save").is_enabled(), "the button")
    person.script(
        "const pause = document.getElementById('pause-saving'), save = document.getElementById('save');"
        "const watch = new MutationObserver(() => {"
        "  if (pause.hidden) return; watch.disconnect(); pause.click(); });"
        "watch.observe(pause, {attributes: true, attributeFilter: ['hidden']});"
        "for (let n = 0; n < arguments[0]; n++) save.click()",
        presses,
    )
    person.wait(lambda: person.text("pause-saving") == "Go on", "the pause")


def save(person: Person, format: str = "mp4", side: int = 144, rate: int = 24) -> Path:
    """Saves a video; the file."""
    begin(person, format, side, rate)
    person.wait(lambda: "is saved" in person.text("saving-state"), "the video")
    target = person.downloaded(str(person.element("video-link").get_attribute("download")))
    return target.rename(target.with_stem(f"{target.stem}-{format}"))


def drawn_by_the_page(person: Person, times: list[float], width: int, height: int, **changed: object) -> visual.Frames:
    """With what the page itself heard and what is set there."""
    person.later(
        "const urls = performance.getEntriesByType('resource').map(({name}) => name);"
        "const found = (name) => urls.find((url) => url.includes(`/${name}-`));"
        "const {Renderer} = await import(found('renderer')), {studio} = await import(found('main'));"
        "window.studio = {...studio(), renderers: new Map(), Renderer};"
    )
    settings = person.script("return window.studio.settings")
    return visual.draw(person, times, width, height, **{**settings, **changed})
