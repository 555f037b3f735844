"""The finished file leaves the page: copied, shared, dragged out; and it is always the one that is seen."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains

from tests.browser.person import Person
from tests.photos import photo
from web.serve import SiteServer

# The one thing that is not there in a headless browser: the system's sheet of programs to share with.
SHEET = (
    "navigator.canShare = ({files}) => files.length === 1;"
    "navigator.share = async ({files}) => { window.shared = files; };"
)

BYTES = "[...new Uint8Array(await file.arrayBuffer())]"


def pixels(file: Path | bytes) -> NDArray[np.float64]:
    """(H, W, 4), colours times alpha: a clipboard may keep them so."""
    with Image.open(file if isinstance(file, Path) else io.BytesIO(file)) as image:
        rgba = np.asarray(image.convert("RGBA")).astype(float)
    rgba[:, :, :3] *= rgba[:, :, 3:] / 255
    return rgba


@pytest.fixture
def person(browser: Chrome, server: SiteServer, downloads: Path) -> Person:
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": SHEET})
    browser.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
    grants = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": server.url.rstrip("/")}
    browser.execute_cdp_cmd("Browser.grantPermissions", grants)
    person = Person(browser, server.url, downloads)
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
    return person


def copied(person: Person) -> bytes:
    """What another program would paste."""
    person.script("document.getElementById('notice-text').textContent = ''")
    person.click("copy")
    person.wait(lambda: "Copied" in person.text("notice-text"), "the word that it is copied")
    code = (
        "const [item] = await navigator.clipboard.read(), blob = await item.getType('image/png');"
        "let text = ''; for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);"
        "return btoa(text)"
    )
    return base64.b64decode(person.later(code))


def test_the_file_is_copied_shared_and_dragged_out_as_it_is_seen(person: Person) -> None:
    made = pixels(person.download())
    assert np.abs(pixels(copied(person)) - made).max() <= 2, "the clipboard has the cutout, with its transparency"

    person.click("tab-save")
    person.click("share")
    person.wait(lambda: person.script("return window.shared !== undefined"), "the shared file")
    shared = person.later(f"const [file] = window.shared; return [file.name, file.type, {BYTES}]")
    assert shared[:2] == ["astronaut-cutout.png", "image/png"]
    assert bytes(shared[2]) == person.download().read_bytes()

    # Right after a change, before its file is written: not the old one.
    background = "document.getElementById('background-kind-colour').click();"
    person.script(f"{background} window.shared = undefined; document.getElementById('share').click()")
    person.wait(lambda: person.script("return window.shared !== undefined"), "the shared file")
    again = bytes(person.later(f"const [file] = window.shared; return {BYTES}"))
    assert (pixels(again)[:, :, 3] == 255).all(), "on the colour that was chosen"
    person.script("document.getElementById('notice-text').textContent = ''")
    person.script("document.getElementById('undo').click(); document.getElementById('copy').click()")
    person.wait(lambda: "Copied" in person.text("notice-text"), "the word that it is copied")
    assert np.abs(pixels(copied(person)) - made).max() <= 2, "undone, and so is what is copied"

    # What the page gives a drag: an address for programs that download, the file itself for those that take files.
    person.script(
        "addEventListener('dragstart', ({dataTransfer}) => {"
        "  const file = [...dataTransfer.items].find(({kind}) => kind === 'file')?.getAsFile();"
        "  const address = dataTransfer.getData('DownloadURL');"
        "  window.dragged = {address, effect: dataTransfer.effectAllowed, file}; });"
    )
    chain = ActionChains(person.driver).move_to_element(person.element("download")).click_and_hold()
    chain.move_by_offset(-30, -10).move_to_element(person.element("stage")).release().perform()
    person.wait(lambda: person.script("return window.dragged !== undefined"), "the drag")
    kind, name, blob = person.script("return window.dragged.address").split(":", 2)
    assert (kind, name) == ("image/png", "astronaut-cutout.png")
    assert blob == person.element("download").get_attribute("href")
    assert person.script("return [dragged.effect, dragged.file.name]") == ["copy", name]
    dragged = bytes(person.later(f"const {{file}} = window.dragged; return {BYTES}"))
    assert np.abs(pixels(dragged) - made).max() == 0
    assert person.states() == ["done"], "let go over the page itself it is not taken for another photo"
    assert person.complaints() == []
