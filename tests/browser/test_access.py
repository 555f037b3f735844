"""Nobody is kept out: every panel, dialog and control, by keyboard, on a phone, in the dark, from right to left."""

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.action_chains import ActionChains

from tests.browser import pictures
from tests.browser.axe import barriers
from tests.browser.looks import FAINT_TEXT, HARD_TO_PRESS, REST, resize
from tests.browser.person import Person
from tests.photos import photo

VIEWS = [(1440, 900, "light", "ltr"), (390, 844, "dark", "rtl")]

# What reaches beyond the screen's sides and can't be scrolled to.
OUTSIDE = """
const scrolls = (element) =>
  element && (["auto", "scroll"].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
const hidden = ".visually-hidden, .skip, svg, .hearth, .veil";
return [...document.querySelectorAll("body *")].flatMap((element) => {
  if (!element.checkVisibility() || element.closest(hidden) || scrolls(element)) return [];
  const {left, right, width} = element.getBoundingClientRect();
  const outside = width > 1 && (left < -1 || right > innerWidth + 1);
  return outside ? [`${element.outerHTML.slice(0, 90)} ${left} to ${right}`] : [];
});
"""

MOVING = "return document.getAnimations().filter(({playState}) => playState === 'running').length"


@pytest.fixture(scope="module")
def person(open_page: Callable[..., Person], tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Someone with a cutout and a photo that failed."""
    person = open_page()
    person.take("selfie")
    broken = tmp_path_factory.mktemp("photos") / "broken.jpg"
    broken.write_bytes(pictures.truncated_jpeg())
    person.choose(photo("astronaut"), broken)
    assert person.until_all_ended() == ["done", "failed"]
    return person


def emulate(person: Person, **features: str) -> None:
    plain = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    person.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": plain})


def press(person: Person, *keys: str) -> None:
    ActionChains(person.driver).send_keys(*keys).perform()


@pytest.fixture
def inspect(person: Person, screenshot: Callable[[Chrome, str], Path]) -> Callable[[str], None]:
    """Looks for what keeps somebody out, on a desktop and on a phone."""

    def look(name: str) -> None:
        for width, height, scheme, direction in VIEWS:
            resize(person.driver, width, height)
            emulate(person, prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
            person.script("document.documentElement.dir = arguments[0]", direction)
            person.later(REST)
            screenshot(person.driver, f"{name}-{width}")
            for found in (barriers(person.driver), *map(person.script, (FAINT_TEXT, HARD_TO_PRESS, OUTSIDE))):
                assert found == [], f"{name} at {width}, {scheme}, {direction}"
        person.script("document.documentElement.dir = 'ltr'")
        resize(person.driver, 1280, 900)

    return look


def test_panels_and_the_queue_keep_nobody_out(person: Person, inspect: Callable[[str], None]) -> None:
    person.select(0)
    for tab in ("edges", "brush", "background", "frame", "save"):
        person.script("document.getElementById(arguments[0]).click()", f"tab-{tab}")
        inspect(tab)
    person.script("document.getElementById('tab-background').click()")
    for kind in ("gradient", "picture", "blur", "colour"):
        person.script("document.getElementById(arguments[0]).click()", f"background-kind-{kind}")
        assert barriers(person.driver) == [], kind
    person.click("queue-choose")
    person.driver.find_elements("css selector", "#strip button")[0].click()
    inspect("chosen")
    assert person.script(MOVING) == 0, "nothing moves where less motion is asked for"

    emulate(person, forced_colors="active")
    assert barriers(person.driver) == []
    outline = "return getComputedStyle(document.querySelector(arguments[0])).outlineStyle"
    for chosen in ("[role=tab][aria-selected=true]", "label:has(input[name=model]:checked)"):
        assert person.script(outline, chosen) == "solid", chosen
    emulate(person, forced_colors="none")
    person.click("queue-choose")


def test_dialogs_hold_the_keyboard_and_give_it_back(
    person: Person, inspect: Callable[[str], None], tmp_path: Path
) -> None:
    person.select(0)
    inside = "const at = document.activeElement; return at === document.body || at.closest('dialog') !== null"
    opened = "return document.querySelector('dialog[open]') !== null"

    def focused() -> str:
        return str(person.script("return document.activeElement.id"))

    for opener in ("queue-remove", "clear-everything"):
        person.script("document.getElementById(arguments[0]).focus()", opener)
        press(person, Keys.ENTER)
        person.wait(lambda: person.script(opened), "the question")
        held = "return document.activeElement.closest('dialog') !== null"
        person.wait(lambda held=held: person.script(held), "it to have the keyboard")  # type: ignore[misc]
        for _ in range(5):
            press(person, Keys.TAB)
            assert person.script(inside), "and keeps it"
        inspect(opener)
        press(person, Keys.ESCAPE)
        person.wait(lambda: not person.script(opened), "the page again")
        person.wait(lambda opener=opener: focused() == opener, "the keyboard where it was")  # type: ignore[misc]
    assert person.states() == ["done", "failed"], "nothing was removed"

    (tmp_path / "broken.onnx").write_bytes(b"\x08\x08 no model")
    person.script("document.getElementById('own-add').focus()")
    person.element("own-file").send_keys(str(tmp_path / "broken.onnx"))
    person.wait(lambda: person.script("return document.querySelector('.own .verdict') !== null"), "the verdict")
    inspect("own-model")
    press(person, Keys.ESCAPE)
    person.wait(lambda: not person.script(opened), "the page again")
    person.wait(lambda: focused() == "own-add", "the keyboard where it was")
    person.select(1)
    inspect("failed")
