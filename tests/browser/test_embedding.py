"""`hearth.js` in pages of others: the README's example, from another path and from another origin; the element."""

import base64
import io
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.action_chains import ActionChains

from tests.browser import reference
from tests.browser.person import Person
from tests.photos import photo
from web.serve import SiteServer

README = Path(__file__).parents[2] / "README.md"


def write_page(folder: Path, address: str) -> None:
    """The README's example as a page, its script in a file of its own, so that a strict policy lets it run."""
    (example,) = re.findall(r"```html\n(.*?)```", README.read_text(), re.S)
    (script,) = re.findall(r'<script type="module">(.*)</script>', example, re.S)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "example.js").write_text(script.replace("https://your.site/", address) + "\nwindow.ready = true;")
    page = example.replace(script, "").replace('type="module"', 'type="module" src="example.js"')
    (folder / "index.html").write_text(f"<!doctype html><html lang='en'><title>A blog</title>{page}")
    shutil.copy(photo("astronaut"), folder / "photo.jpg")


@pytest.fixture(params=["another path", "another origin"])
def blog(request: pytest.FixtureRequest, site: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Addresses of a page that embeds the tool, and of the module."""
    root = tmp_path / "root"
    if request.param == "another path":
        shutil.copytree(site, root / "tools", copy_function=os.link)
        with SiteServer(root) as server:
            address = f"{server.url}tools/"
            write_page(root / "blog", address)
            yield f"{server.url}blog/", address
    else:
        allow = {"Access-Control-Allow-Origin": "*"}
        with SiteServer(site, more=allow) as host, SiteServer(root, headers=False) as server:
            write_page(root, host.url)
            yield server.url, host.url


def picture(person: Person, code: str, address: str) -> Image.Image:
    """The picture in the Blob that a piece of code returns; `hearth` is the module there."""
    text = person.later(
        "const hearth = await import(args[0]);"
        "const blob = await (async () => {" + code + "})();"
        "const bytes = new Uint8Array(await blob.arrayBuffer());"
        "return blob.type + ' ' + btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));",
        address + "hearth.js",
    )
    kind, _, data = text.partition(" ")
    assert kind.startswith("image/"), text
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert image.get_format_mimetype() == kind
    return image


def test_the_example_of_the_readme_cuts_out_and_other_calls_do_as_they_say(
    browser: Chrome, blog: tuple[str, str], downloads: Path
) -> None:
    page, address = blog
    person = Person(browser, page, downloads)
    person.wait(lambda: person.script("return window.ready"), "the example")
    drawn = (
        "const image = document.getElementById('photo'); await image.decode();"
        "const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);"
        "canvas.getContext('2d').drawImage(image, 0, 0); return canvas.convertToBlob();"
    )
    shown = picture(person, drawn, address)
    expected = reference.alpha(photo("astronaut").read_bytes(), "selfie")
    assert np.abs(np.asarray(shown)[:, :, 3].astype(int) - expected).max() <= reference.TOLERANCE

    mask = picture(person, "return hearth.segmentForeground('photo.jpg', {model: 'people'})", address)
    assert (mask.mode, np.abs(np.asarray(mask).astype(int) - expected).max() <= reference.TOLERANCE) == ("L", True)
    bare = person.later(
        "const {default: removeBackground, alphamask, applySegmentationMask} = await import(args[0]);"
        "const config = {publicPath: '/assets/', device: 'gpu', model: 'people', output: {format: 'image/x-alpha8'}};"
        "const keys = []; config.progress = (...news) => keys.push(news);"
        "const bare = await removeBackground('photo.jpg', config);"
        "const mask = await alphamask('photo.jpg', {model: 'people'});"
        "const again = await applySegmentationMask('photo.jpg', mask, {output: {format: 'image/x-rgba8'}});"
        "const alpha = new Uint8Array(await bare.arrayBuffer()), rgba = new Uint8Array(await again.arrayBuffer());"
        "return [bare.type, again.type, alpha.every((value, at) => rgba[4 * at + 3] === value), keys.at(-1)];",
        address + "hearth.js",
    )
    size = ";width=512;height=512"
    assert bare[:3] == ["image/x-alpha8" + size, "image/x-rgba8" + size, True]
    assert bare[3][0] == "compute:write" and bare[3][1] == bare[3][2], "the last news is that all of it is done"
    fails = (
        "const hearth = await import(args[0]);"
        "const calls = {"
        "  model: ['a.jpg', {model: 'dall-e'}],"
        "  damaged: [new Blob([new Uint8Array([255, 216, 255, 0])])],"
        "  white: [new ImageData(new Uint8ClampedArray(64 * 64 * 4).fill(255), 64), {output: {type: 'mask'}}],"
        "  number: [7],"
        "  quality: ['photo.jpg', {output: {quality: 80}}],"
        "  missing: ['missing.jpg'],"
        "  silent: ['http://127.0.0.1:1/x.jpg'],"
        "  aborted: ['photo.jpg', {signal: AbortSignal.abort()}],"
        "};"
        "const ends = Object.entries(calls).map(([name, call]) => hearth.removeBackground(...call)"
        "  .then(() => [name, 'done'], (error) => [name, `${error.name}: ${error.message}`]));"
        "return Object.fromEntries(await Promise.all(ends));"
    )
    module = address + "hearth.js"
    said = person.later(fails, module)
    assert "TypeError: The option model cannot be dall-e; there are quick" in said["model"]
    assert said["damaged"].startswith("Error: This JPEG file is damaged")
    assert "No subject stands out" in said["white"]
    assert "TypeError: This is no photo" in said["number"]
    assert "TypeError: The option quality cannot be 80" in said["quality"]
    assert "the server answered 404" in said["missing"]
    assert "could not be fetched: there was no answer" in said["silent"]
    assert said["aborted"].startswith("AbortError")
    aborted = person.later(
        "const hearth = await import(args[0]), stop = new AbortController();"
        "const progress = (key) => key === 'compute:predict' && stop.abort();"
        "return hearth.removeBackground('photo.jpg', {progress, signal: stop.signal})"
        ".then(() => 'done', (error) => error.name)",
        module,
    )
    assert aborted == "AbortError"


def test_the_element_takes_a_photo_and_is_worked_by_keyboard(
    browser: Chrome, site: Path, tmp_path: Path, downloads: Path
) -> None:
    root = tmp_path / "root"
    with SiteServer(site, more={"Access-Control-Allow-Origin": "*"}) as host, SiteServer(root, headers=False) as server:
        root.mkdir()
        shutil.copy(photo("astronaut"), root / "photo.jpg")
        (root / "index.html").write_text(
            "<!doctype html><html lang='en'><title>A shop</title>"
            f"<script type='module' src='{host.url}hearth.js'></script>"
            "<hearth-cutout model='people' type='mask'></hearth-cutout>"
        )
        person = Person(browser, server.url, downloads)
        person.wait(lambda: person.script("return customElements.get('hearth-cutout') !== undefined"), "the element")
        events = person.later(
            "const element = document.querySelector('hearth-cutout'), seen = new Set();"
            "element.addEventListener('progress', ({detail}) => seen.add(detail.key));"
            "element.setAttribute('src', 'photo.jpg');"
            "const {detail} = await new Promise((done) => element.addEventListener('done', done));"
            "const shown = element.shadowRoot.querySelector('img'); await shown.decode();"
            "return [detail.blob.type, shown.naturalWidth, ...seen];"
        )
        assert events[:2] == ["image/png", 512]
        assert {"fetch:model", "compute:predict"} <= set(events)
        refused = person.later(
            "const element = document.querySelector('hearth-cutout');"
            "const told = new Promise((done) => element.addEventListener('error', done));"
            "element.cut(new Blob(['no photo'])); await told;"
            "return element.shadowRoot.querySelector('[part=error]').textContent"
        )
        assert "not a photo" in refused
        ActionChains(browser).send_keys(Keys.TAB).perform()
        assert person.script("return document.querySelector('hearth-cutout').shadowRoot.activeElement?.type") == "file"
