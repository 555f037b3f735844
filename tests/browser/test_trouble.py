"""What may break around the page: storage, the list of models, the worker. Photos are worked on, or told why not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver import Chrome

from tests.browser.person import Person
from tests.photos import photo
from web.serve import SiteServer


@pytest.fixture
def person(browser: Chrome, server: SiteServer, downloads: Path) -> Person:
    return Person(browser, server.url, downloads)


@pytest.fixture(scope="module")
def opened(open_page: Callable[..., Person]) -> Person:
    """On a page that works offline, which is said too, whenever it comes."""
    person = open_page()
    person.until_offline_ready()
    return person


def break_worker(person: Person, message: str, times: int) -> None:
    """Lets the worker die when the page sends it a message of this type, so many times."""
    person.script(
        "const [kind, most] = arguments, post = Worker.prototype.postMessage;"
        "let left = most;"
        "Worker.prototype.postMessage = function (message, transfer) {"
        "  if (message.type === kind && left-- > 0)"
        "    this.dispatchEvent(new ErrorEvent('error', {message: 'out of memory'}));"
        "  return post.call(this, message, transfer); };",
        message,
        times,
    )


def test_where_storage_is_blocked_the_page_works_and_keeps_nothing(
    open_browser: Callable[..., Chrome], server: SiteServer, downloads: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "blocked" / "Default" / "Preferences"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}))
    person = Person(open_browser(profile="blocked"), server.url, downloads)
    assert "SecurityError" in str(person.later("try { await caches.keys() } catch (error) { return error.name }"))
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
    assert person.download().is_file()
    person.wait(lambda: "No models are stored" in person.text("stored"), "the word that nothing is stored")
    assert not [line for line in person.complaints() if "Uncaught" in line]


def test_a_device_that_runs_out_of_room_at_the_last_step_is_told_and_the_photo_is_done(
    browser: Chrome, server: SiteServer, downloads: Path
) -> None:
    code = (
        "const put = Cache.prototype.put, seen = new Set();"
        "Cache.prototype.put = async function (url, response) {"
        "  if (seen.has(String(url))) throw new DOMException('full', 'QuotaExceededError');"
        "  seen.add(String(url)); return put.call(this, url, response); };"
    )
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": code})
    person = Person(browser, server.url, downloads)
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
    person.until_noticed("no room")


def test_whatever_goes_wrong_with_a_model_the_photo_is_told(
    browser: Chrome, server: SiteServer, downloads: Path
) -> None:
    code = "Cache.prototype.put = async () => { throw new DOMException('the disk is broken', 'UnknownError'); };"
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": code})
    person = Person(browser, server.url, downloads)
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "failed"
    assert "the disk is broken" in person.sentence()


def test_the_list_of_models_is_asked_for_again_and_missed_in_a_sentence(
    browser: Chrome, server: SiteServer, downloads: Path
) -> None:
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*models.json"]})
    person = Person(browser, server.url, downloads)
    person.choose(photo("astronaut"))
    assert person.until_ended() == "failed"
    assert "list of models could not be fetched" in person.sentence()
    person.until_noticed("list of models could not be fetched")
    assert person.element("remove").is_displayed() and not person.element("stop").is_displayed()
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    person.click("reload")
    began = ["waiting"], ["working"], ["done"]
    person.wait(lambda: person.states() in began, "the photo to be there again")
    assert person.until_ended() == "done", person.sentence()


def test_a_worker_that_dies_again_and_again_leaves_what_is_done_and_fails_what_waits(person: Person) -> None:
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
    break_worker(person, "add", 9)
    person.choose(photo("chelsea"))
    person.select(1)
    assert person.until_ended() == "failed"
    assert "Reload" in person.sentence() and "newer browser" not in person.sentence()
    assert person.element("reload").is_displayed() and not person.element("stop").is_displayed()
    person.click("remove")
    assert person.states() == ["done"]
    assert person.download().is_file()


def test_a_photo_whose_worker_died_says_that_it_starts_again(person: Person) -> None:
    person.wait(lambda: person.driver.find_elements("css selector", "input[value=selfie]"), "the choice of models")
    break_worker(person, "choose", 1)
    person.when_said("Finding", "document.querySelector('input[value=selfie]').click()")
    person.when_said("Starting again…", "window.barless = document.getElementById('progress').hidden")
    person.choose(photo("chelsea"))
    assert person.until_ended() == "failed"
    assert person.script("return window.barless"), "it is said, and there is no bar"
    assert "start again in the middle" in person.sentence()


def closing_asks(person: Person) -> bool:
    return bool(person.script("return !dispatchEvent(new Event('beforeunload', {cancelable: true}))"))


def test_where_nothing_can_be_kept_the_page_asks_before_it_is_closed(
    browser: Chrome, server: SiteServer, downloads: Path
) -> None:
    without = {"source": "Object.defineProperty(globalThis, 'indexedDB', {value: undefined})"}
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", without)
    person = Person(browser, server.url, downloads)
    assert not closing_asks(person)
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert closing_asks(person), "a photo waits"
    assert person.until_ended() == "done", person.sentence()
    assert closing_asks(person), "the cutout was not saved yet"
    person.download()
    assert not closing_asks(person)


def test_a_screen_reader_hears_each_sentence_once_and_of_a_removal(opened: Person) -> None:
    person = opened
    person.clear()
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
    person.wait(lambda: "ready to download" in person.text("live"), "the word that it is done")
    person.script("document.getElementById('live').textContent = ''")
    person.take("u2netp")
    person.wait(lambda: person.element("redo").is_displayed(), "a view with nothing new to say")
    assert person.text("live") == ""
    person.click("remove")
    person.wait(lambda: person.text("live") == "astronaut.png removed.", "the word that it is gone")


def test_a_photo_stopped_while_it_waits_to_be_decoded_holds_up_no_other(opened: Person, tmp_path: Path) -> None:
    person = opened
    person.clear()
    jpeg = tmp_path / "astronaut.jpg"  # that the browser decodes
    Image.open(photo("astronaut")).save(jpeg)
    person.take("selfie")
    person.until_ready()
    hold = "navigator.locks.request('hearth-decode', () => new Promise((end) => { window.letGo = end; }))"
    person.later(f"{hold}; while (!window.letGo) await new Promise((go) => setTimeout(go, 5))")
    person.choose(jpeg)
    person.wait(lambda: person.states() == ["working"], "the work to begin")
    person.click("stop")
    assert person.until_ended() == "stopped"
    person.script("letGo()")
    person.choose(jpeg)
    assert person.until_all_ended() == ["stopped", "done"], person.sentence()


def test_a_package_of_another_content_than_was_built_is_not_run(
    site: Path, browser: Chrome, downloads: Path, tmp_path: Path
) -> None:
    changed = shutil.copytree(site, tmp_path / "changed", ignore=shutil.ignore_patterns("models"))
    for file in changed.glob("assets/pyodide-*/pillow-*.whl*"):
        content = file.read_bytes()
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with SiteServer(changed) as server:
        person = Person(browser, server.url, downloads)
        person.wait(lambda: "could not start" in person.text("engine"), "the word that it cannot start")
