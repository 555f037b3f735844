"""Models that a person brings: looked at, used where they cut out, kept and deleted."""

from collections.abc import Callable
from pathlib import Path

import onnx
from selenium.webdriver import Chrome

from hearth.desk import models
from hearth.desk.fetch import Cache
from tests.browser import reference
from tests.browser.person import Person
from tests.photos import photo
from web.serve import SiteServer


def onnx_file(model: str, folder: Path, name: str) -> Path:
    """The authors' own file of a model in the catalogue, under another name."""
    file = folder / name
    file.write_bytes(Cache().get(models.find(model).source.pinned()).read_bytes())
    return file


def bring(person: Person, file: Path) -> str:
    """Chooses a model's file; what the dialog says of it."""
    person.script("document.querySelector('.own .verdict')?.remove()")
    person.element("own-file").send_keys(str(file))
    verdict = "return document.querySelector('.own .verdict')?.textContent"
    person.wait(lambda: person.script(verdict), "the verdict")
    return str(person.script(verdict))


def check(person: Person) -> str:
    """Asks for onnx's own checker; what it says."""
    person.script("document.querySelector('.own-check button').click()")
    answer = "return document.querySelector('.own-check p').textContent"
    person.wait(lambda: "onnx" in person.script(answer), "onnx's word")
    return str(person.script(answer))


def dialog(person: Person) -> str:
    return str(person.script("return document.querySelector('.own').textContent"))


def test_a_model_of_ones_own_cuts_out_is_kept_and_deleted(
    open_browser: Callable[..., Chrome], server: SiteServer, downloads: Path, tmp_path: Path
) -> None:
    first = open_browser()
    person = Person(first, server.url, downloads)
    file = onnx_file("u2netp", tmp_path, "my net.onnx")
    assert "cuts out" in bring(person, file)
    assert person.script("return document.querySelector('.own select').value") == "u2net"
    assert "Conv119" in dialog(person), "its operations are counted"
    person.script("document.querySelector('.own .dialog-actions button').click()")
    label = "label:has(input[value^=own-])"
    person.wait(lambda: first.find_element("css selector", label).text.startswith("my net\n4.6 MB"), "the choice")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
    made = reference.alpha(photo("astronaut").read_bytes())
    assert reference.differs(person.download(), made) <= reference.TOLERANCE, "the same as the model that ships"
    first.quit()

    person = Person(open_browser(), server.url, downloads)
    person.wait(lambda: person.driver.find_elements("css selector", label), "the model of the last visit")
    chosen = f"{label} input"
    person.wait(lambda: person.driver.find_element("css selector", chosen).is_selected(), "it to be the choice")
    person.click("own-settings")
    person.script(
        "const select = document.querySelector('.own select');"
        "for (select.value of ['half', 'bytes']) select.dispatchEvent(new Event('change', {bubbles: true}));"
    )
    person.wait(lambda: str(person.later(OWN)).endswith("-2']"), "both changes, however fast they came")
    person.script("[...document.querySelectorAll('.own button')].find((b) => b.textContent.includes('Delete')).click()")
    person.until_noticed("4.6 MB freed")
    assert person.later(OWN) == []
    left = "return document.querySelector('input[name=model]:checked')?.value"
    person.wait(lambda: person.script(left) == "u2netp", "the first of all to be the choice")


OWN = """
const name = (await caches.keys()).find((name) => name.startsWith("hearth-own-models"));
const cache = await caches.open(name);
const list = await cache.match(new URL("own/models.json", location.href));
const files = (await cache.keys()).length - 1;
const models = await list.json();
if (files !== models.length) return `${files} files for ${models.length} models`;
return models.map(({id}) => id);
"""


def test_a_model_for_something_else_is_shown_and_a_broken_one_told(
    browser: Chrome, server: SiteServer, downloads: Path, tmp_path: Path, screenshot: Callable[[Chrome, str], Path]
) -> None:
    person = Person(browser, server.url, downloads)
    verdict = bring(person, onnx_file("basic-pitch", tmp_path, "pitch.onnx"))
    assert "no picture" in verdict and "43844" in verdict
    shown = dialog(person)
    assert "tf2onnx" in shown and "ai.onnx 15" in shown and "on the processor" in shown and "Reshape67" in shown
    assert "finds nothing wrong" in check(person)
    screenshot(browser, "inspector")
    model = onnx.load(tmp_path / "pitch.onnx")
    node = model.graph.node[5]
    node.input[0] = "from nowhere"
    onnx.save(model, tmp_path / "loose.onnx")
    bring(person, tmp_path / "loose.onnx")
    said = check(person)
    assert node.name in said and "'from nowhere'" in said
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(onnx_file("u2netp", tmp_path, "whole.onnx").read_bytes()[:900_000])
    assert "damaged" in bring(person, broken)
    person.script("document.querySelector('.own .dialog-actions button').click()")
    assert not browser.find_elements("css selector", "input[value^=own-]")
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
