"""Models arrive in parts, are checked, kept, repaired and deleted."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.person import Person
from tests.photos import photo
from web.serve import SiteServer


@pytest.fixture
def slow(site: Path) -> Iterator[SiteServer]:
    """A server as quick as a slow network; set `bytes_per_second` to None for a quick one."""
    with SiteServer(site) as server:
        yield server


def stored(person: Person) -> dict[str, int]:
    """Number of parts in each of the page's model caches."""
    return person.later(
        "const found = {whole: 0, partial: 0};"
        "for (const name of await caches.keys()) if (name.startsWith('hearth-models'))"
        "  found[name.includes('partial') ? 'partial' : 'whole'] = (await (await caches.open(name)).keys()).length;"
        "return found;"
    )


def asked_for(server: SiteServer, model: str) -> list[str]:
    return [path for path in server.requests if f"/models/{model}-" in path]


def test_a_large_model_shows_its_bytes_and_goes_on_in_the_part_it_stopped_in(
    open_browser: Callable[..., Chrome], slow: SiteServer, downloads: Path
) -> None:
    first = open_browser()
    person = Person(first, slow.url, downloads)
    person.until_offline_ready()
    slow.bytes_per_second = 12e6
    person.take("u2net")
    person.choose(photo("astronaut"))
    person.wait(lambda: "MB" in person.sentence() and "Fetching" in person.sentence(), "the bytes")
    person.wait(lambda: stored(person)["partial"] >= 2, "two parts")
    slow.bytes_per_second = 1e5  # no other part may come before, nor until it is counted what is kept
    first.quit()  # the tab is closed half-way
    before = len(set(asked_for(slow, "u2net")))
    slow.requests.clear()

    second = open_browser()
    person = Person(second, slow.url, downloads)
    kept = stored(person)["partial"]
    assert kept >= 2
    slow.bytes_per_second = None
    person.choose(photo("astronaut"))
    person.wait(lambda: stored(person)["partial"] == 0 and stored(person)["whole"] > 2, "the whole model")
    again = set(asked_for(slow, "u2net"))
    assert len(again) == stored(person)["whole"] - 1 - kept, "only what was missing is fetched"
    assert before >= kept
    person.script("document.getElementById('stop').click()")  # where the network is not done by now
    person.until_ended()


@pytest.fixture(scope="module")
def person(open_page: Callable[..., Person]) -> Person:
    """Someone in front of a page whose server is `module_server`."""
    person = open_page()
    person.until_offline_ready()
    return person


def test_a_server_that_drops_the_connection_is_told_and_tried_again(person: Person, module_server: SiteServer) -> None:
    slow = module_server
    person.clear()
    slow.bytes_per_second = 2e6
    person.take("u2net")
    person.choose(photo("astronaut"))
    person.wait(lambda: "MB" in person.sentence(), "the bytes")
    slow.stop()
    assert person.until_ended() == "failed"
    assert "could not be fetched" in person.sentence()
    slow.bytes_per_second = None
    slow.start()
    person.take("selfie")
    person.retry()
    assert person.until_ended() == "done", person.sentence()


def test_stopping_ends_the_download(person: Person, module_server: SiteServer) -> None:
    slow = module_server
    person.clear()
    slow.bytes_per_second = 1e6  # a part takes eight seconds
    person.take("u2net")
    person.choose(photo("astronaut"))
    person.wait(lambda: "MB" in person.sentence(), "the bytes")
    person.click("stop")
    assert person.until_ended() == "stopped"
    count = len(asked_for(slow, "u2net"))
    slow.bytes_per_second = None
    threading.Event().wait(2)  # in which the next part would begin
    assert len(asked_for(slow, "u2net")) == count


def test_a_damaged_model_is_noticed_and_fetched_again(browser: Chrome, server: SiteServer, downloads: Path) -> None:
    person = Person(browser, server.url, downloads)
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done"
    person.later(
        "const name = (await caches.keys()).find((name) => name.startsWith('hearth-models /'));"
        "const cache = await caches.open(name);"
        "for (const request of await cache.keys()) {"
        "  const bytes = new Uint8Array(await (await cache.match(request)).arrayBuffer());"
        "  bytes[bytes.length >> 1] ^= 1;"
        "  await cache.put(request, new Response(bytes));"
        "}"
    )
    server.requests.clear()
    browser.refresh()
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
    person.until_noticed("damaged")
    assert len(asked_for(server, "selfie")) == 1
    browser.refresh()
    person.until_ready()
    assert len(asked_for(server, "selfie")) == 1, "the repaired one is kept"


def test_two_tabs_fetch_a_model_once(browser: Chrome, slow: SiteServer, downloads: Path) -> None:
    person = Person(browser, slow.url, downloads)
    person.take("selfie")
    person.until_offline_ready()
    person.click("delete-models")
    person.wait(lambda: stored(person) == {"whole": 0, "partial": 0}, "the models to be gone")
    slow.requests.clear()
    slow.bytes_per_second = 400e3
    tabs = [browser.current_window_handle]
    browser.switch_to.new_window("tab")
    tabs.append(browser.current_window_handle)
    browser.get(slow.url)
    for tab in tabs:
        browser.switch_to.window(tab)
        person.choose(photo("astronaut"))
    for tab in tabs:
        browser.switch_to.window(tab)
        assert person.until_ended() == "done", person.sentence()
    assert len(asked_for(slow, "selfie")) == 1


def test_models_are_deleted_by_a_button_that_says_what_it_freed(
    browser: Chrome, server: SiteServer, downloads: Path
) -> None:
    person = Person(browser, server.url, downloads)
    person.until_offline_ready()
    person.wait(lambda: "4.6 MB" in person.text("stored"), "the size that is stored")
    person.click("delete-models")
    person.until_noticed("4.6 MB freed")
    assert stored(person) == {"whole": 0, "partial": 0}
    person.wait(lambda: not person.element("delete-models").is_displayed(), "the button to go")


def test_a_device_without_room_is_told_and_the_photo_is_done(
    browser: Chrome, server: SiteServer, downloads: Path
) -> None:
    browser.get(server.url)
    browser.execute_cdp_cmd("Storage.overrideQuotaForOrigin", {"origin": server.url.rstrip("/"), "quotaSize": 1000})
    person = Person(browser, server.url, downloads)
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
    person.until_noticed("no room")


def test_deleting_models_leaves_the_one_that_is_being_fetched(
    browser: Chrome, slow: SiteServer, downloads: Path
) -> None:
    person = Person(browser, slow.url, downloads)
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done"
    person.until_offline_ready()
    person.later(
        "for (const name of await caches.keys()) if (name.startsWith('hearth-models')) {"
        "  const cache = await caches.open(name);"
        "  for (const request of await cache.keys()) if (request.url.includes('u2netp')) await cache.delete(request); }"
    )
    browser.refresh()
    person.until_ready()
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done"
    slow.requests.clear()
    slow.bytes_per_second = 200e3  # it is on its way until it was looked for
    person.take("u2netp")
    person.wait(lambda: person.element("redo").is_displayed(), "the offer")
    person.click("redo")
    person.wait(lambda: "MB" in person.sentence(), "the download")
    assert stored(person)["whole"] == 1, "the other model"
    person.click("delete-models")
    person.until_noticed("being fetched now was kept")
    assert stored(person) == {"whole": 0, "partial": 0}
    slow.bytes_per_second = None
    assert person.until_ended() == "done", person.sentence()
    person.wait(lambda: stored(person) == {"whole": 1, "partial": 0}, "the model that was on its way")
    assert len(asked_for(slow, "u2netp")) == 1
