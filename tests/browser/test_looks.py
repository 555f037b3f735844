"""The page in all its states, sizes and colours: pictures to look at, and what can be measured of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser import looks, pictures
from tests.browser.axe import barriers
from tests.browser.looks import FAINT_TEXT, HARD_TO_PRESS, resize
from tests.browser.person import Person
from tests.photos import photo
from web.serve import SiteServer


@pytest.fixture(scope="module")
def opened(open_page: Callable[..., Person]) -> Person:
    person = open_page()
    person.until_offline_ready()
    return person


@pytest.fixture
def person(opened: Person) -> Person:
    """In front of the page, with no photos on it."""
    opened.clear()
    resize(opened.driver, 1280, 900)
    return opened


@pytest.fixture
def look(person: Person, screenshot: Callable[[Chrome, str], Path]) -> Callable[[str], None]:
    return lambda name: looks.look(person, screenshot, name)


def test_the_first_screen(person: Person, look: Callable[[str], None]) -> None:
    look("welcome")


def test_the_measures_see_what_is_wrong(browser: Chrome, server: SiteServer, downloads: Path) -> None:
    person = Person(browser, server.url, downloads)
    person.script("document.getElementById('headline').style.color = 'rgb(190 185 180)'")
    person.script("document.querySelector('.lead').style.color = 'rgb(140 130 120)'")
    person.script("document.querySelector('button.primary').textContent = ''")
    assert [line.split(" ")[0] for line in person.script(FAINT_TEXT)][:2] == ["Drop", "Hearth"]
    assert "primary" in person.script(HARD_TO_PRESS)[0]
    assert {line.split(":")[0] for line in barriers(person.driver)} == {"button-name", "color-contrast"}


def test_a_photo_at_work_and_done(person: Person, module_server: SiteServer, look: Callable[[str], None]) -> None:
    module_server.bytes_per_second = 1e6  # so that the work lasts as long as it is looked at
    person.take("u2net")
    person.choose(photo("chelsea"))
    person.wait(lambda: "MB" in person.sentence(), "the work")
    look("working")
    assert person.state() == "working"
    person.click("stop")
    assert person.until_ended() == "stopped"
    module_server.bytes_per_second = None
    person.take("u2netp")
    person.retry()
    assert person.until_ended() == "done", person.sentence()
    look("done")
    for tab in person.driver.find_elements("css selector", "#tabs [role=tab]"):
        tab.click()
        assert barriers(person.driver) == [], tab.text


def test_a_queue_with_a_failure(person: Person, look: Callable[[str], None], tmp_path: Path) -> None:
    (tmp_path / "holiday-2019.jpg").write_bytes(pictures.truncated_jpeg())
    person.take("selfie")
    person.choose(photo("astronaut"), tmp_path / "holiday-2019.jpg", photo("coffee"), photo("rocket"))
    person.until_all_ended()
    look("queue")
    person.select(1)
    look("failed")
    person.click("delete-models")
    person.until_noticed("freed")
    look("notice")


def test_a_long_queue_keeps_its_button_and_shows_the_photo_chosen(
    person: Person, screenshot: Callable[[Chrome, str], Path], tmp_path: Path
) -> None:
    resize(person.driver, 390, 844)
    files = [tmp_path / f"note-{number}\u202egpj.png" for number in range(14)]
    for file in files:
        file.write_text("no picture")
    person.take("selfie")
    person.choose(*files)
    person.until_all_ended()
    inside = (
        "const {left, right} = document.querySelector(arguments[0]).getBoundingClientRect();"
        "return left >= 0 && right <= innerWidth"
    )
    chosen = "#strip [aria-current=true]"
    assert person.script(inside, ".add")
    person.script("[...document.querySelectorAll('#strip button')].at(-1).click()")
    person.wait(lambda: person.script(inside, chosen), "the last photo in sight")
    person.wait(lambda: person.script("const s = document.getElementById('strip'); return s.scrollLeft > 400"), "it")
    assert person.driver.find_element("css selector", f"{chosen} .caption").text == "note-13gpj.png"
    assert person.text("name") == "note-13gpj.png"
    screenshot(person.driver, "long-queue-390")
    person.script("document.querySelector('#strip button').click()")
    person.wait(lambda: person.script(inside, chosen), "the first photo in sight")
    whole = (
        "const ring = 6, {left, top} = document.querySelector(arguments[0]).getBoundingClientRect();"
        "const box = document.getElementById('strip').getBoundingClientRect();"
        "return left - box.left >= ring && top - box.top >= ring"
    )
    person.wait(lambda: person.script(whole, chosen), "room for the whole ring around it")
