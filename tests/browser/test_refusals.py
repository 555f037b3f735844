"""What goes wrong is said in a sentence beside the photo, and the page goes on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver import Chrome

from tests.browser import pictures, reference
from tests.browser.person import Person
from tests.photos import photo
from web.serve import SiteServer


@pytest.fixture(scope="module")
def opened(open_page: Callable[..., Person]) -> Person:
    return open_page()


@pytest.fixture
def person(opened: Person) -> Person:
    """In front of the page, with no photos on it."""
    opened.clear()
    opened.take("u2netp")
    opened.complaints()
    return opened


def test_each_bad_file_gets_its_sentence_and_the_good_one_its_cutout(person: Person, tmp_path: Path) -> None:
    files: dict[str, bytes] = {
        "letter.jpg": b"%PDF-1.7 dear",
        "notes.png": b"just some words, no picture at all",
        "empty.jpg": b"",
        "half.jpg": pictures.truncated_jpeg(),
        "huge.png": pictures.huge_png(),
        "broken.avif": pictures.avif()[:400],
        "huge.avif": pictures.huge_avif(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    person.take("selfie")
    person.choose(*(tmp_path / name for name in files), photo("astronaut"))
    assert person.until_all_ended() == ["failed"] * len(files) + ["done"]
    sentences = {}
    for number, name in enumerate(files):
        person.select(number)
        sentences[name] = person.sentence()
        assert not person.element("download").is_displayed()
    assert "PDF" in sentences["letter.jpg"]
    assert "not a photo" in sentences["notes.png"]
    assert "empty" in sentences["empty.jpg"]
    assert "damaged or incomplete" in sentences["half.jpg"]
    assert "50 megapixels" in sentences["huge.png"]
    assert "50 megapixels" in sentences["huge.avif"]
    assert "cannot be decoded" in sentences["broken.avif"]
    person.select(len(files))
    assert person.element("download").is_displayed()
    assert person.complaints() == []


def test_a_drop_without_files_is_answered(person: Person) -> None:
    person.script(
        "const transfer = new DataTransfer(); transfer.setData('text/plain', 'hello');"
        "dispatchEvent(new DragEvent('drop', {cancelable: true, dataTransfer: transfer}));"
    )
    person.until_noticed("no photo")


def test_a_fetch_slipped_into_the_page_gets_nowhere(person: Person) -> None:
    for attempt, scheme in (
        ("fetch('http://127.0.0.1:9/?photo')", "http"),
        ("new WebSocket('ws://127.0.0.1:9/')", "ws"),
    ):
        blocked = person.later(
            "return new Promise((resolve) => {"
            "  addEventListener('securitypolicyviolation', ({blockedURI, effectiveDirective}) =>"
            "    blockedURI.startsWith(args[0]) && resolve(effectiveDirective));"
            f"  try {{ Promise.resolve({attempt}).catch(() => 0); }} catch {{}}"
            "  setTimeout(resolve, 30000, 'not blocked'); })",
            scheme,
        )
        assert blocked == "connect-src", attempt


def stop_and_try_again(person: Person, folder: Path) -> None:
    large = folder / "cat.png"  # what follows the network takes a while too, so that no stop comes too late
    Image.open(photo("chelsea")).resize((2400, 1600)).save(large, compress_level=1)
    person.when_said("Finding", "document.getElementById('stop').click()")
    person.choose(large, photo("astronaut"))
    assert person.until_ended() == "stopped", person.sentence()
    person.select(1)
    assert person.until_ended() == "done", person.sentence()
    person.select(0)
    person.take("selfie")
    person.retry()
    assert person.until_ended() == "done", person.sentence()
    assert reference.differs(person.download(), reference.alpha(large.read_bytes(), "selfie")) <= 2


def test_a_photo_is_stopped_while_the_network_runs_and_the_queue_goes_on(person: Person, tmp_path: Path) -> None:
    stop_and_try_again(person, tmp_path)


def test_it_is_stopped_where_nothing_is_shared_between_threads_too(
    site: Path, browser: Chrome, downloads: Path, tmp_path: Path
) -> None:
    with SiteServer(site, headers=False) as server:
        stop_and_try_again(Person(browser, server.url, downloads), tmp_path)


def test_a_worker_that_dies_is_started_again_with_the_queue(person: Person) -> None:
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done"
    person.script(
        "const post = Worker.prototype.postMessage;"
        "Worker.prototype.postMessage = function (message, transfer) {"
        "  if (message.type === 'add') { Worker.prototype.postMessage = post;"
        "    this.dispatchEvent(new ErrorEvent('error', {message: 'out of memory'})); }"
        "  return post.call(this, message, transfer); };"
    )
    person.choose(photo("astronaut"))
    person.select(1)
    assert person.until_ended() == "done", person.sentence()
    person.select(0)
    assert person.state() == "done"
    assert person.download().is_file()
