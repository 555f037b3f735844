"""The visualizer's page in its states, sizes and colours; by keyboard, by the device's keys, on the whole screen."""

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.looks import look, resize
from tests.browser.person import Person
from tests.browser.songs import FLAGS, begin_and_pause, clicks, still, until_heard, visit, write_wav
from web.serve import SiteServer

PHONE_LIGHT, DESK_DARK = ((390, 844), "light"), ((1440, 900), "dark")
PHONE_DARK, DESK_LIGHT = ((390, 844), "dark"), ((1440, 900), "light")

# Remembers what the page tells the device of its keys, before it does.
SESSION = """
window.deviceKeys = {};
const set = MediaSession.prototype.setActionHandler;
MediaSession.prototype.setActionHandler = function (name, act) {
  window.deviceKeys[name] = act;
  set.call(this, name, act);
};
"""


@pytest.fixture
def person(open_tab: Callable[..., Chrome], server: SiteServer, downloads: Path) -> Person:
    driver = open_tab(*FLAGS)
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SESSION})
    return visit(driver, server.url, downloads)


def test_every_state_is_readable_and_within_reach(
    person: Person, screenshot: Callable[[Chrome, str], Path], tmp_path: Path
) -> None:
    person.until_ready()
    look(person, screenshot, "empty", [PHONE_LIGHT, PHONE_DARK, DESK_LIGHT, DESK_DARK])
    person.choose(write_wav(tmp_path / "A song with a name that is longer than a phone is wide.wav", clicks(3)))
    until_heard(person)
    still(person)
    person.script("document.getElementById('finish').open = true")
    look(person, screenshot, "song", [PHONE_LIGHT, PHONE_DARK, DESK_LIGHT, DESK_DARK])
    begin_and_pause(person)
    look(person, screenshot, "saving", [PHONE_LIGHT, DESK_DARK])
    person.click("cancel-saving")
    person.wait(lambda: "Cancelled" in person.text("saving-state"), "the end of it")
    (tmp_path / "words.mp3").write_text("These are words, no sound. " * 100)
    person.choose(tmp_path / "words.mp3")
    person.wait(lambda: "no sound or video file" in person.text("state"), "the sentence")
    look(person, screenshot, "failed", [PHONE_DARK, DESK_LIGHT])


def test_all_of_it_works_by_keyboard_by_the_devices_keys_and_on_the_whole_screen(
    person: Person, tmp_path: Path
) -> None:
    resize(person.driver, 390, 844)
    person.choose(write_wav(tmp_path / "song.wav", clicks(20)))
    person.wait(lambda: person.script("return document.querySelector('.playing') !== null"), "the sound")
    press(person, " ")
    person.wait(lambda: person.script("return document.querySelector('.playing') === null"), "the pause")
    person.wait(lambda: person.text("length") == "/ 0:20", "the length")
    for key, time in ((Keys.HOME, "0:00"), (Keys.ARROW_RIGHT, "0:05"), (Keys.ARROW_LEFT, "0:00"), (Keys.END, "0:20")):
        press(person, key)
        person.wait(lambda time=time: person.text("clock") == time, f"{key!r}: {time}")  # type: ignore[misc]
    person.script("window.deviceKeys.seekto({seekTime: 2})")
    person.wait(lambda: person.text("clock") == "0:02", "the device's key")
    assert person.script("return navigator.mediaSession.metadata.title") == "song"

    # A part is repeated: it begins again.
    press(person, "a")
    person.script("window.deviceKeys.seekforward({seekOffset: 0.5})")
    press(person, "b")
    assert person.text("ends") == "0:02–0:02"
    person.script("window.deviceKeys.play()")
    person.wait(lambda: person.script("return document.querySelector('.playing') !== null"), "the part to play")
    person.later("return new Promise((resolve) => setTimeout(resolve, 1200))")
    assert person.text("clock") == "0:02"
    person.script("window.deviceKeys.pause()")
    press(person, "l")
    assert person.script("return document.getElementById('loop').ariaPressed") == "false"

    # Scenes are a group of radio buttons; a finger finds what it needs without reaching past the screen.
    person.script("document.querySelector('input[name=scene]:checked').focus()")
    press(person, Keys.ARROW_RIGHT)
    assert person.script("return document.querySelector('input[name=scene]:checked').value") == "roll"
    assert person.script(
        "return [...document.querySelectorAll('.controls button, .scene, .palette, #save')].every((one) => {"
        "  const {width, height, left, right} = one.getBoundingClientRect();"
        "  return !one.checkVisibility() || (Math.min(width, height) >= 36 && left >= 0 && right <= innerWidth); })"
    )
    press(person, "f")
    person.wait(lambda: person.script("return document.fullscreenElement?.id") == "stage", "the whole screen")
    press(person, "f")
    person.wait(lambda: person.script("return document.fullscreenElement") is None, "the page again")


def press(person: Person, key: str) -> None:
    ActionChains(person.driver).send_keys(key).perform()
