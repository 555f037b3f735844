"""After the first visit everything works without the server; new versions are offered; hosts may be bare."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser import reference
from tests.browser.person import Person
from tests.photos import photo
from web.serve import SiteServer


def test_with_the_server_gone_a_photo_becomes_the_same_cutout(
    open_browser: Callable[..., Chrome], server: SiteServer, downloads: Path
) -> None:
    first = open_browser()
    person = Person(first, server.url, downloads)
    person.until_offline_ready()
    first.quit()
    server.stop()
    person = Person(open_browser(), server.url, downloads)
    person.choose(photo("rocket"))
    assert person.until_ended() == "done", person.sentence()
    file = person.download()
    assert file.name == "rocket-cutout.png"
    assert reference.differs(file, reference.alpha(photo("rocket").read_bytes())) <= reference.TOLERANCE


@pytest.fixture(scope="module")
def opened(open_page: Callable[..., Person]) -> Person:
    """Someone in front of a page that works offline."""
    person = open_page()
    person.until_offline_ready()
    return person


@pytest.fixture
def person(opened: Person) -> Person:
    """The same, with no photos on it."""
    opened.clear()
    return opened


def test_a_model_that_was_never_fetched_is_missed_in_a_sentence(person: Person, module_server: SiteServer) -> None:
    module_server.stop()
    person.take("u2net")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "failed"
    assert "model could not be fetched" in person.sentence()
    module_server.start()
    person.take("selfie")
    person.retry()
    assert person.until_ended() == "done", person.sentence()


def test_a_bare_host_under_a_sub_path_becomes_isolated_by_one_reload(
    site: Path, browser: Chrome, downloads: Path
) -> None:
    seen = "if (origin !== 'null') sessionStorage.seen = [sessionStorage.seen, crossOriginIsolated].join(' ');"
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": seen})
    with SiteServer(site, headers=False, prefix="/tools/hearth/") as server:
        person = Person(browser, server.url, downloads)
        person.wait(lambda: person.script("return crossOriginIsolated"), "the isolation")
        person.until_ready()
        person.take("selfie")
        person.choose(photo("astronaut"))
        assert person.until_ended() == "done", person.sentence()
        assert all(path.startswith("/tools/hearth/") for path in server.requests if path != "/favicon.ico")
        assert person.script("return performance.getEntriesByType('navigation')[0].type") == "reload"
        assert person.script("return sessionStorage.seen") == " false true"
        assert [line for line in person.complaints() if "favicon" not in line] == []


def test_a_bare_host_does_not_reload_what_was_begun(site: Path, browser: Chrome, downloads: Path) -> None:
    late = (
        "const register = ServiceWorkerContainer.prototype.register;"
        "ServiceWorkerContainer.prototype.register = async function (...all) {"
        "  await new Promise((begin) => { window.begin = begin; }); return register.apply(this, all); };"
    )
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": late})
    with SiteServer(site, headers=False) as server:
        person = Person(browser, server.url, downloads)
        person.take("selfie")
        person.choose(photo("astronaut"))
        person.wait(lambda: person.script("return window.begin !== undefined"), "the service worker to be wanted")
        person.script("window.begin()")  # it comes when it likes, but not before something was begun
        assert person.until_ended() == "done", person.sentence()
        person.until_offline_ready()
        person.wait(lambda: person.script("return navigator.serviceWorker.controller !== null"), "the service worker")
        assert person.state() == "done"
        assert person.script("return performance.getEntriesByType('navigation')[0].type") == "navigate"


@pytest.fixture
def two_versions(site: Path, tmp_path: Path) -> tuple[Path, Callable[[], None]]:
    """A copy of the site, and what turns it into its next version, with another headline."""
    copy = tmp_path / "site"
    shutil.copytree(site, copy)

    def renew() -> None:
        for packed in [*copy.rglob("*.br"), *copy.rglob("*.gz")]:
            packed.unlink()
        page = (copy / "index.html").read_text().replace("Keep the subject.", "Keep the best of it.")
        (copy / "index.html").write_text(page)
        worker = (copy / "sw.js").read_text()
        (name,) = re.findall(r"assets/precache-\w+\.json", worker)
        precache = json.loads((copy / name).read_text())
        for file in precache["files"]:
            if file["url"] == "./":
                file |= {"bytes": len(page.encode()), "sha256": hashlib.sha256(page.encode()).hexdigest()}
        (copy / "assets/precache-next.json").write_text(json.dumps(precache))
        (copy / "sw.js").write_text(worker.replace(name, "assets/precache-next.json"))

    return copy, renew


def test_a_new_version_is_offered_not_forced(
    two_versions: tuple[Path, Callable[[], None]], browser: Chrome, downloads: Path
) -> None:
    site, renew = two_versions
    with SiteServer(site) as server:
        person = Person(browser, server.url, downloads)
        person.until_offline_ready()
        renew()
        browser.refresh()
        person.until_noticed("new version")
        assert "Keep the subject." in person.text("headline"), "the old version stays until the person says so"
        person.wait(lambda: len(cache_names(person, "hearth-site")) == 2, "both versions")
        person.click("notice-action")
        person.wait(lambda: "Keep the best of it." in person.text("headline"), "the new version")
        person.wait(lambda: len(cache_names(person, "hearth-site")) == 1, "the old version to go")
        person.until_ready()


def cache_names(person: Person, kind: str) -> list[str]:
    names: list[str] = person.later("return (await caches.keys())")
    return [name for name in names if name.startswith(kind)]


def test_the_word_that_it_works_offline_goes_when_the_chosen_model_is_not_there(person: Person) -> None:
    person.take("u2netp")
    person.until_offline_ready()
    person.take("u2net")
    person.wait(lambda: not person.element("offline").is_displayed(), "the word to go: this model is not stored")
    person.take("u2netp")
    person.until_offline_ready()
    person.click("delete-models")
    person.wait(lambda: not person.element("offline").is_displayed(), "the word to go: no model is stored")


def test_a_photo_shared_by_another_app_is_taken(person: Person, module_server: SiteServer) -> None:
    person.take("selfie")
    person.script(
        "const form = Object.assign(document.createElement('form'), {method: 'POST', action: 'share',"
        "  enctype: 'multipart/form-data'});"
        "const field = Object.assign(document.createElement('input'), {type: 'file', name: 'files'});"
        "const transfer = new DataTransfer();"
        "transfer.items.add(new File([new Uint8Array(arguments[0])], 'über uns.png', {type: 'image/png'}));"
        "field.files = transfer.files; form.append(field); document.body.append(form); form.submit();",
        list(photo("astronaut").read_bytes()),
    )
    person.wait(lambda: person.text("name") == "über uns.png", "the shared photo")
    assert person.until_ended() == "done", person.sentence()
    assert person.driver.current_url == module_server.url, "shared once, not again with every reload"


def test_an_app_that_shares_no_file_is_answered(person: Person, module_server: SiteServer) -> None:
    person.script(
        "const form = Object.assign(document.createElement('form'), {method: 'POST', action: 'share',"
        "  enctype: 'multipart/form-data'});"
        "document.body.append(form); form.submit();"
    )
    person.until_noticed("no photo in that")
    assert person.driver.current_url == module_server.url
