"""The page in another language: every word, numbers as the browser writes them, and from right to left."""

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser import pseudo
from tests.browser.axe import barriers
from tests.browser.looks import REST, SIZES, resize
from tests.browser.person import Person
from tests.photos import photo
from web.serve import SiteServer
from web.site import build_site

# What is shown, or said to screen readers, in letters that are not within the brackets of the language for tests.
NOT_TRANSLATED = """
const bare = (text) => {
  for (let before = ""; before !== text; ) { before = text; text = text.replace(/\\[[^[\\]]*\\]/g, " "); }
  return text.replace(/[\\u2068\\u2069]|#[0-9a-f]{6}/g, "").match(/[A-Za-z]{3,}/g) ?? [];
};
const allowed = new Set(arguments[0]), found = [];
const check = (text) => { if (bare(text).some((word) => !allowed.has(word))) found.push(text.trim()); };
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  if (!node.parentElement.closest("script, style, noscript, [hidden], [data-raw]")) check(node.data);
}
for (const name of ["aria-label", "aria-valuetext", "title", "placeholder", "alt"]) {
  for (const element of document.body.querySelectorAll(`[${name}]`)) check(element.getAttribute(name));
}
check(document.title);
return found;
"""
NAMES = ["Hearth", "astronaut", "cutout", "png", "PNG", "WebP", "JPEG", "AVIF"]


def speak(driver: Chrome, languages: str) -> None:
    """Lets the browser ask for these languages."""
    agent = driver.execute_script("return navigator.userAgent")
    driver.execute_cdp_cmd("Emulation.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": languages})


@pytest.fixture(scope="module")
def pseudo_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("languages")
    return build_site(folder / "site", pseudo.write_words(folder / "words"))


@pytest.mark.parametrize("page", ["index.html", "visualizer.html"])
def test_every_word_is_translated_and_pages_from_right_to_left_hold_together(
    browser: Chrome, pseudo_site: Path, downloads: Path, page: str, screenshot: Callable[[Chrome, str], Path]
) -> None:
    speak(browser, f"{pseudo.TAG}-EG")
    with SiteServer(pseudo_site) as server:
        person = Person(browser, server.url + page, downloads)
        person.until_ready()
        if page == "index.html":
            person.take("selfie")
            person.choose(photo("astronaut"))
            assert person.until_ended() == "done", person.sentence()
        assert person.script("return [document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
        for width, height in SIZES:
            resize(browser, width, height)
            person.later(REST)
            screenshot(browser, str(width))
            assert person.script("return document.documentElement.scrollWidth") <= width
            assert barriers(browser) == []
        for tab in browser.find_elements("css selector", "#tabs [role=tab]"):
            tab.click()
            assert person.script(NOT_TRANSLATED, NAMES) == []
        assert person.script(NOT_TRANSLATED, NAMES) == []


def test_german_is_spoken_to_those_who_ask_for_it_with_numbers_as_they_write_them(
    browser: Chrome, server: SiteServer, downloads: Path
) -> None:
    speak(browser, "fr-FR,de-AT,en")
    person = Person(browser, server.url, downloads)
    person.wait(lambda: "4,6 MB" in person.text("stored"), "the size")
    assert person.script("return document.documentElement.lang") == "de"
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done"
    assert person.sentence().startswith("Fertig in ")


def test_numbers_follow_the_browser_even_where_there_are_no_words_in_its_language(
    browser: Chrome, server: SiteServer, downloads: Path
) -> None:
    speak(browser, "fr-FR")
    person = Person(browser, server.url, downloads)
    person.wait(lambda: "4,6 MB of models" in person.text("stored"), "the size")
    assert person.script("return document.documentElement.lang") == "en"
