"""Photos become cutouts, in a real browser on the built site."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.action_chains import ActionChains

from hearth.tools.cutout import read
from tests.browser import pictures, reference
from tests.browser.person import Person
from tests.photos import photo
from tests.tools.cutout.pictures import ink_profile
from web.serve import SiteServer

GHOSTSCRIPTS = Path("/usr/share/color/icc/ghostscript/default_cmyk.icc")
"""The profile of a printing press, where ghostscript is installed."""


@pytest.fixture(scope="module")
def opened(open_page: Callable[..., Person]) -> Person:
    person = open_page()
    assert not person.element("twice").is_selected(), "a second look is off by default"
    return person


@pytest.fixture
def person(opened: Person) -> Person:
    """In front of the page as it is when it is opened first, whatever was done on it before."""
    opened.clear()
    opened.take("u2netp")
    if opened.element("twice").is_selected():
        opened.click("twice")
    opened.complaints()
    return opened


def test_a_photo_becomes_the_same_cutout_as_on_the_desk(person: Person) -> None:
    person.choose(photo("chelsea"))
    assert person.until_ended() == "done", person.sentence()
    file = person.download()
    assert file.name == "chelsea-cutout.png"
    assert reference.differs(file, reference.alpha(photo("chelsea").read_bytes())) <= reference.TOLERANCE
    with Image.open(file) as cutout, Image.open(photo("chelsea")) as original:
        found, expected = np.asarray(cutout), np.asarray(original.convert("RGB"))
    whole = found[:, :, 3] == 255
    assert (found[:, :, :3][whole] == expected[whole]).all(), "straight alpha leaves the colours alone"
    assert (found[found[:, :, 3] == 0] == 0).all(), "nothing hides behind full transparency"
    assert person.complaints() == []


def test_a_drop_is_taken_before_python_runs_and_three_photos_come_out_in_turn(
    browser: Chrome, server: SiteServer, downloads: Path
) -> None:
    server.bytes_per_second = 1e6  # Python is a while on its way
    person = Person(browser, server.url, downloads)
    person.take("selfie")
    server.bytes_per_second = 1e5  # and not before it was seen that it is
    person.drop("dropped.png", pictures.saved(pictures.astronaut(), "png"))
    person.wait(person.states, "the photo to be taken")
    assert person.states() == ["waiting"], "the shell takes a photo before Python is there"
    person.wait(lambda: "MB" in person.sentence(), "the bytes of the runtime")
    assert not person.script("return document.documentElement.dataset.ready !== undefined")
    server.bytes_per_second = None
    person.choose(photo("astronaut"), photo("astronaut"))
    assert person.until_all_ended() == ["done", "done", "done"]
    assert person.download().name == "dropped-cutout.png"
    person.select(2)
    assert reference.differs(person.download(), reference.alpha(photo("astronaut").read_bytes(), "selfie")) <= 2


def test_a_pasted_photo_is_taken(person: Person) -> None:
    person.take("selfie")
    person.script(
        "const transfer = new DataTransfer();"
        "transfer.items.add(new File([new Uint8Array(arguments[0])], 'image.png', {type: 'image/png'}));"
        "document.dispatchEvent(new ClipboardEvent('paste', {bubbles: true, clipboardData: transfer}));",
        list(pictures.saved(pictures.astronaut(), "png")),
    )
    assert person.until_ended() == "done", person.sentence()


FORMATS: dict[str, tuple[Callable[[], bytes], tuple[int, int]]] = {
    "turned.jpg": (pictures.turned_jpeg, (320, 240)),
    "moving.gif": (pictures.animated_gif, (320, 320)),
    "modern.avif": (pictures.avif, (320, 320)),
    "web.webp": (lambda: pictures.saved(pictures.astronaut(), "webp", quality=90), (320, 320)),
    "print.tiff": (lambda: pictures.saved(pictures.astronaut(), "tiff"), (320, 320)),
    "dot.png": (lambda: pictures.saved(Image.new("RGB", (1, 1), "white"), "png"), (1, 1)),
}


def test_every_format_gives_a_cutout_of_the_upright_size(person: Person, tmp_path: Path) -> None:
    for name, (content, _) in FORMATS.items():
        (tmp_path / name).write_bytes(content())
    person.take("selfie")
    person.choose(*(tmp_path / name for name in FORMATS))
    person.until_all_ended()
    for number, (name, (_, size)) in enumerate(FORMATS.items()):
        person.select(number)
        if name == "dot.png" and person.state() == "failed":
            assert "subject" in person.sentence(), "one pixel may hold nothing, but that has to be said"
            continue
        assert person.state() == "done", person.sentence()
        file = person.download()
        assert file.name == f"{Path(name).stem}-cutout.png"
        with Image.open(file) as cutout:
            assert cutout.size == size
        if name == "moving.gif":
            assert "first frame" in person.text("note")
        if name not in ("modern.avif", "dot.png"):  # Chromium decodes AVIF a little differently than Pillow does
            expected = reference.alpha((tmp_path / name).read_bytes(), "selfie")
            assert reference.differs(file, expected) <= reference.TOLERANCE


def test_another_model_can_redo_a_photo(person: Person) -> None:
    person.take("selfie")
    person.choose(photo("astronaut"))
    person.until_ended()
    before = person.download().read_bytes()
    person.take("u2netp")
    person.redo()
    person.until_ended()
    assert person.download().read_bytes() != before


def test_a_small_subject_is_seen_twice_where_the_switch_is_on(person: Person, tmp_path: Path) -> None:
    with Image.open(photo("chelsea")) as cat:
        pixels = np.full((600, 900, 3), 128, np.uint8)
        pixels[200:400, 300:600] = np.asarray(cat.convert("RGB").resize((300, 200)))
    file = tmp_path / "far.png"
    Image.fromarray(pixels).save(file)
    person.choose(file)
    assert person.until_ended() == "done", person.sentence()
    once, twice = (reference.alpha(file.read_bytes(), twice=looks) for looks in (False, True))
    assert np.abs(once.astype(int) - twice).max() > 10 * reference.TOLERANCE, "the two looks differ"
    assert reference.differs(person.download(), once) <= reference.TOLERANCE
    person.click("twice")
    person.redo()
    assert person.until_ended() == "done", person.sentence()
    assert reference.differs(person.download(), twice) <= reference.TOLERANCE


def test_inks_of_a_jpeg_have_the_colours_that_they_have_on_the_desk(person: Person, tmp_path: Path) -> None:
    """Within 5 of 255 on average and 20 everywhere of what LittleCMS makes of the same profile."""
    if not features.check("littlecms2"):
        pytest.skip("Pillow was built without LittleCMS")
    profiles = {"own": ink_profile()}
    if GHOSTSCRIPTS.exists():
        profiles["press"] = GHOSTSCRIPTS.read_bytes()
    person.take("selfie")
    files = [tmp_path / f"{name}.jpg" for name in profiles]
    for file, profile in zip(files, profiles.values(), strict=True):
        pictures.astronaut().convert("RGB").convert("CMYK").save(file, quality=95, icc_profile=profile)
    person.choose(*files)
    assert person.until_all_ended() == ["done"] * len(files), person.sentence()
    for number, file in enumerate(files):
        person.select(number)
        with Image.open(person.download()) as cutout:
            found = np.asarray(cutout)
            assert "icc_profile" not in cutout.info, "the colours are a screen's now"
        whole = found[:, :, 3] == 255
        assert whole.mean() > 0.1
        desks = read(file.read_bytes()).pixels[:, :, :3][whole].astype(int)
        off = np.abs(found[:, :, :3][whole] - desks)
        assert off.mean() <= 5 and off.max() <= 20, (file.name, off.mean(), off.max())
        with Image.open(file) as inks:
            unprofiled = np.abs(np.asarray(inks.convert("RGB"))[whole] - desks)
        assert unprofiled.mean() > 3 * off.mean(), "the profile counts"


def test_a_redo_that_fails_or_is_stopped_leaves_the_earlier_cutout(
    browser: Chrome, server: SiteServer, downloads: Path
) -> None:
    person = Person(browser, server.url, downloads)
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
    before = person.download().read_bytes()
    server.bytes_per_second = 2e6
    person.take("u2net")
    person.wait(lambda: person.element("redo").is_displayed(), "the offer")
    person.click("redo")
    person.wait(lambda: "MB" in person.sentence(), "the download of the other model")
    person.click("stop")
    person.wait(lambda: "stopped; this is the earlier cutout" in person.sentence(), "the word that it stopped")
    assert (person.state(), person.download().read_bytes()) == ("done", before)
    server.stop()
    person.wait(lambda: person.element("redo").is_displayed(), "the offer again")
    person.click("redo")
    person.wait(lambda: "failed; this is the earlier cutout" in person.sentence(), "the word that it failed")
    assert (person.state(), person.download().read_bytes()) == ("done", before)
    assert person.element("divider").is_displayed(), "the earlier cutout is still compared with the photo"


def test_everything_works_by_keyboard_alone(person: Person) -> None:
    person.take("selfie")

    def focused() -> str:
        return str(person.script("const e = document.activeElement; return e.id || e.className || e.tagName"))

    def press(*keys: str) -> None:
        ActionChains(person.driver).send_keys(*keys).perform()

    def tab_to(target: str) -> None:
        for _ in range(40):
            if target in focused():
                return
            press(Keys.TAB)
        raise AssertionError(f"the tab key never reached {target}")

    person.script("document.activeElement.blur()")
    tab_to("skip")
    press(Keys.ENTER)
    person.wait(lambda: focused() == "main", "the main part to have the keyboard")
    tab_to("primary")
    person.script(
        "document.getElementById('file').addEventListener('click', (e) => {window.asked = 1; e.preventDefault()})"
    )
    press(Keys.ENTER)
    assert person.script("return window.asked"), "the button opens the file dialog"
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done"
    person.wait(lambda: person.script("return !document.getElementById('compare').hidden"), "both to be compared")
    tab_to("compare")
    press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert person.element("compare").get_attribute("aria-valuetext") == "52% original"
    press(Keys.HOME)
    style = "return getComputedStyle(document.getElementById('frame')).getPropertyValue('--split')"
    person.wait(lambda: person.script(style) == "0%", "the cutout alone")
    tab_to("download")
    for file in person.downloads.iterdir():
        file.unlink()
    press(Keys.ENTER)
    assert person.downloaded().name == "astronaut-cutout.png"
    tab_to("remove")
    press(Keys.SPACE)
    person.wait(lambda: person.element("welcome").is_displayed(), "the first screen")


def test_the_first_choice_is_kept_for_the_next_visit(person: Person) -> None:
    person.take("selfie")
    person.driver.refresh()
    kept = "return document.querySelector('input[name=model]:checked')?.value"
    person.wait(lambda: person.script(kept), "the models")
    assert person.script(kept) == "selfie"
