"""Finished pictures and many photos, in a real browser: what is shown is saved, and what was closed comes back."""

import base64
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver.common.by import By

from tests.browser import pictures
from tests.browser.person import Person
from tests.browser.test_trouble import closing_asks
from tests.photos import photo
from web.serve import SiteServer

HISTORIES = """
const database = await new Promise((done) => {
  const request = indexedDB.open("hearth-cutout /");
  request.onsuccess = () => done(request.result);
});
const count = database.transaction("histories").objectStore("histories").count();
await new Promise((done) => (count.onsuccess = done));
database.close();
return count.result;
"""


class Studio(Person):
    """A person who uses panels and queue."""

    def press(self, element: str) -> None:
        """A tab, an option or a switch, wherever it is scrolled to."""
        self.script("document.getElementById(arguments[0]).click()", element)

    def title(self, element: str) -> str:
        return str(self.element(element).get_attribute("title"))

    def slide(self, element: str, value: float) -> None:
        self.script(
            "const slider = document.getElementById(arguments[0]); slider.value = arguments[1];"
            "for (const kind of ['input', 'change']) slider.dispatchEvent(new Event(kind));",
            element,
            value,
        )

    def pick(self, element: str, value: str) -> None:
        self.script(
            "const list = document.getElementById(arguments[0]); list.value = arguments[1];"
            "list.dispatchEvent(new Event('change'));",
            element,
            value,
        )

    def opened(self) -> Image.Image:
        """The downloaded file, decoded."""
        with Image.open(self.download()) as image:
            image.load()
            return image

    def canvas(self) -> Image.Image:
        """The picture as the canvas shows it, without what lies around it."""
        data = self.script(
            "const canvas = document.getElementById('canvas'), style = getComputedStyle(canvas.parentElement);"
            "const value = (side) => parseFloat(style.getPropertyValue('--' + side));"
            "const part = ['left', 'top', 'width', 'height'].map(value);"
            "const copy = Object.assign(document.createElement('canvas'), {width: part[2], height: part[3]});"
            "copy.getContext('2d').drawImage(canvas, ...part, 0, 0, part[2], part[3]);"
            "return copy.toDataURL('image/png')"
        )
        return Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))).convert("RGB")


@pytest.fixture(scope="module")
def opened(open_page: Callable[..., Studio]) -> Studio:
    return open_page(kind=Studio)


@pytest.fixture
def person(opened: Studio) -> Studio:
    """In front of the page, with no photos on it."""
    opened.clear()
    opened.take("selfie")
    opened.complaints()
    return opened


def test_the_file_is_the_picture_that_is_shown_in_every_format(person: Studio) -> None:
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
    person.press("background-kind-gradient")
    person.press("shadow-kind-drop")
    person.slide("background-wrap", 0.5)
    person.slide("frame-straighten", 4)
    person.pick("frame-aspect", "4:5")
    person.press("frame-crop")
    person.script("const c = document.getElementById('compare'); c.value = 0; c.dispatchEvent(new Event('input'))")
    image = person.opened()
    assert image.mode == "RGBA" and (np.asarray(image)[:, :, 3] == 255).all(), "a background leaves no hole"
    assert image.width / image.height == pytest.approx(0.8, abs=0.002)
    person.wait(lambda: person.canvas().size[0] / person.canvas().size[1] == pytest.approx(0.8, abs=0.02), "the frame")

    def one_picture() -> bool:
        shown = person.canvas()
        saved = image.convert("RGB").resize(shown.size, Image.Resampling.BOX)
        apart = np.abs(np.asarray(shown, float) - np.asarray(saved)).mean(2)[4:-4, 4:-4]
        return bool(apart.mean() < 2.5 and np.quantile(apart, 0.95) < 12)

    person.wait(one_picture, "preview and file to be one picture")

    person.press("save-format-jpeg")
    jpeg = person.opened()
    assert (jpeg.format, jpeg.size) == ("JPEG", image.size)
    assert np.abs(np.asarray(jpeg, float) - np.asarray(image)[:, :, :3]).mean() < 3
    person.press("background-kind-none")
    person.press("shadow-kind-none")
    white = person.opened()
    assert np.asarray(white)[5, -5].min() > 250 and "white" in person.text("note")
    person.press("save-format-webp")
    person.press("save-show-mask")
    mask = person.opened()
    assert mask.format == "WEBP" and person.download().name == "astronaut-mask.webp"
    assert np.asarray(mask.convert("L"))[5, -5] < 5
    assert person.complaints() == []


def test_a_folder_goes_in_and_an_archive_and_a_folder_come_out(person: Studio, tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    (folder / "été").mkdir(parents=True)
    small = pictures.saved(pictures.astronaut(), "png")
    for name in ("me.png", "été/me.png", "été/you.png"):
        (folder / name).write_bytes(small)
    (folder / "notes.txt").write_text("hello")
    person.until_ready()
    for _ in range(3):  # in a row, as fast as can be: it pauses, goes on, and pauses
        person.press("queue-pause")
    assert person.text("queue-pause") == "Go on"
    person.element("folder").send_keys(str(folder))
    person.until_noticed("one file was left out")
    assert "2 waiting" in person.text("counts") or "3 waiting" in person.text("counts")
    person.press("queue-pause")
    assert person.until_all_ended() == ["done"] * 3
    assert "3 done" in person.text("counts")

    # The places that a person would choose, in the browser's own file system: no dialog can be answered from here.
    person.script(
        "const root = () => navigator.storage.getDirectory();"
        "window.showSaveFilePicker = async () => (await root()).getFileHandle('cutouts.zip', {create: true});"
        "window.showDirectoryPicker = async () => (await root()).getDirectoryHandle('out', {create: true});"
    )
    person.press("queue-archive")
    person.until_noticed("3 files saved")
    data = person.later(
        "const file = await (await (await navigator.storage.getDirectory()).getFileHandle('cutouts.zip')).getFile();"
        "return [...new Uint8Array(await file.arrayBuffer())]"
    )
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        assert archive.testzip() is None
        wanted = ["holiday/me-cutout.png", "holiday/été/me-cutout.png", "holiday/été/you-cutout.png"]
        assert sorted(archive.namelist()) == sorted(wanted)
        image = Image.open(io.BytesIO(archive.read(wanted[1])))
        assert (image.mode, image.size) == ("RGBA", (320, 320))
    person.script("document.getElementById('notice-text').textContent = ''")
    person.press("queue-folder")
    person.until_noticed("3 files saved")
    names = person.later(
        "const names = [], walk = async (dir, path) => { for await (const [name, handle] of dir.entries())"
        " if (handle.kind === 'file') names.push(path + name); else await walk(handle, `${path}${name}/`); };"
        "await walk(await (await navigator.storage.getDirectory()).getDirectoryHandle('out'), ''); return names.sort()"
    )
    assert names == sorted(wanted)

    person.press("notice-close")  # it lies over the models
    person.take("u2netp")
    person.wait(lambda: person.text("queue-redo") == "Redo 3 with Quick", "the offer to make all anew")
    person.press("queue-redo")
    person.wait(lambda: not person.element("queue-redo").is_displayed(), "all of them to be made anew")
    assert person.until_all_ended() == ["done"] * 3
    assert person.complaints() == []


def test_a_closed_tab_comes_back_with_edits_and_history_until_everything_is_cleared(
    person: Studio, module_server: SiteServer
) -> None:
    driver = person.driver
    person.choose(photo("astronaut"))
    person.drop("second.png", pictures.saved(pictures.astronaut(), "png"))
    assert person.until_all_ended() == ["done", "done"]
    person.select(0)
    person.press("background-kind-colour")
    person.script(
        "const field = document.getElementById('background-colour');"
        "field.value = '#00ff00'; field.dispatchEvent(new Event('input'))"
    )
    assert np.asarray(person.opened())[3, -3].tolist() == [0, 255, 0, 255]
    person.wait(lambda: person.later("return (await navigator.locks.query()).held.length > 0"), "the session")
    person.wait(lambda: person.later(HISTORIES) == 1, "the history to be stored")
    person.later("await new Promise((resolve) => setTimeout(resolve, 600))")  # both edits, if they came far apart
    person.wait(lambda: not closing_asks(person), "all of it to be kept")
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    second = driver.current_window_handle
    driver.switch_to.window(first)
    driver.close()
    driver.switch_to.window(second)
    driver.get(f"{module_server.url}NOTICE.txt")  # no page of the tool, but of its origin
    person.wait(lambda: person.later("return (await navigator.locks.query()).held.length") == 0, "the tab to be gone")
    driver.get(module_server.url)
    person.wait(lambda: person.states() == ["done", "done"], "what was closed")
    person.until_ready()
    person.wait(lambda: "Undo" in person.title("undo"), "the history")
    assert np.asarray(person.opened())[3, -3].tolist() == [0, 255, 0, 255], "the file is there without being made again"
    person.press("undo")
    person.press("undo")
    person.wait(lambda: "Nothing" in person.title("undo"), "the beginning")
    assert np.asarray(person.opened())[3, -3].tolist() == [0, 0, 0, 0]

    person.press("clear-everything")
    person.wait(lambda: driver.find_elements(By.CSS_SELECTOR, "dialog[open] li"), "the question")
    asked = driver.find_element(By.CSS_SELECTOR, "dialog[open]").text
    assert "2 photos" in asked and "Models" in asked and "MB" in asked
    person.press("erase")
    person.wait(lambda: driver.find_elements(By.ID, "erased"), "the end")
    assert "Nothing of Hearth is left" in person.text("erased")
    left = person.later(
        "return [await indexedDB.databases(), await caches.keys(), Object.keys(localStorage),"
        " Object.keys(sessionStorage), await navigator.serviceWorker.getRegistrations()].map((some) => some.length)"
    )
    assert left == [0, 0, 0, 0, 0]
    driver.get(module_server.url)
    assert person.states() == [], "there is nothing to come back"
