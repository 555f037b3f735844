"""The editor on a real photo: looked at, painted on and corrected with real pointers and keys, judged by pixels."""

import base64
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

from tests.browser.person import Person
from tests.photos import photo
from web.serve import SiteServer

Picture = NDArray[np.int16]

TOLERANCE = 3
"""Of 255: how far what is seen at full size may be from the file."""

DESKTOP = {"width": 1440, "height": 1000, "deviceScaleFactor": 1, "mobile": False}

SIDE = 512
"""Pixels of the photo, which is a square."""


@pytest.fixture(scope="module")
def opened(open_page: Callable[..., "Painter"]) -> "Painter":
    """Someone with a finished cutout of the portrait on a desktop's screen."""
    painter = open_page(kind=Painter)
    painter.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", DESKTOP)
    painter.take("selfie")
    painter.choose(photo("astronaut"))
    assert painter.until_ended() == "done", painter.sentence()
    painter.until_layers()
    return painter


@pytest.fixture
def person(opened: "Painter") -> Iterator["Painter"]:
    """The same, the photo as it was made, seen whole."""
    opened.click("tab-edges")
    if opened.element("reset").is_enabled():
        opened.click("reset")
        opened.wait(lambda: not opened.element("reset").is_enabled(), "the cutout as it was made")
    opened.click("zoom-fit")
    yield opened
    assert opened.complaints() == []


class Painter(Person):
    """Someone at the editor. Places are pixels of the canvas from its top left, on a screen of ratio 1."""

    @property
    def canvas(self):  # type: ignore[no-untyped-def]
        return self.element("canvas")

    def settle(self) -> None:
        """Waits until what was done is on the screen."""
        self.later("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def sees(self) -> Picture:
        """The canvas, (H, W, 4)."""
        self.settle()
        url = str(self.script("return document.getElementById('canvas').toDataURL()"))
        with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
            return np.asarray(image.convert("RGBA")).astype(np.int16)

    def until_layers(self) -> None:
        """Waits until the canvas shows what can be edited, and not a picture that stands in for it."""
        covered = "return document.getElementById('canvas').classList.contains('covered')"
        self.wait(lambda: self.script("return !document.getElementById('compare').hidden"), "the canvas")
        self.wait(lambda: not self.script(covered) and self.sees()[:, :, 3].any(), "the photo on it")
        self.split(50)  # a cutout that is still being uncovered is uncovered then

    def photo_on_canvas(self) -> Picture:
        """What is seen of the photo at full size, from its top left corner, (SIDE, SIDE, 3)."""
        self.press("1")
        seen = self.sees()
        rows, columns = np.nonzero(seen[:, :, 3])
        top, left = rows.min(), columns.min()
        assert (rows.max() - top + 1, columns.max() - left + 1) == (SIDE, SIDE), "a pixel of the photo is one on screen"
        return seen[top:, left:][:SIDE, :SIDE, :3]

    def lose_card(self) -> None:
        """Takes the graphics card away from the canvas and gives it back."""
        self.later(
            "const canvas = document.getElementById('canvas');"
            "const lost = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');"
            "const heard = (kind) => new Promise((done) => canvas.addEventListener(kind, done, {once: true}));"
            "const both = [heard('webglcontextlost'), heard('webglcontextrestored')];"
            "lost.loseContext(); await both[0]; await new Promise((done) => setTimeout(done, 50));"
            "lost.restoreContext(); await both[1];"
        )
        self.until_layers()

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Where a pixel of the photo lies, from the canvas's middle."""
        self.settle()  # the frame learns with the next picture drawn where the photo lies
        code = (
            "const {style, clientWidth, clientHeight} = document.getElementById('frame');"
            "const places = ['--left', '--top', '--width'].map((name) => parseFloat(style.getPropertyValue(name)));"
            "return [...places, clientWidth, clientHeight]"
        )
        left, top, width, all_width, all_height = map(float, self.script(code))
        return (
            round(left + (x + 0.5) * width / SIDE - all_width / 2),
            round(top + (y + 0.5) * width / SIDE - all_height / 2),
        )

    def press(self, *keys: str) -> None:
        """Keys while the canvas has the keyboard."""
        self.script("document.getElementById('canvas').focus()")
        ActionChains(self.driver).send_keys(*keys).perform()

    def chord(self, *keys: str) -> None:
        chain = ActionChains(self.driver)
        for key in keys[:-1]:
            chain.key_down(key)
        chain.send_keys(keys[-1])
        for key in keys[:-1]:
            chain.key_up(key)
        chain.perform()

    def split(self, percent: int) -> None:
        """Puts the divider somewhere, by keyboard."""
        self.script("document.getElementById('compare').focus()")
        keys = [Keys.END] if percent == 100 else [Keys.HOME, *[Keys.ARROW_RIGHT] * percent]
        ActionChains(self.driver).send_keys(*keys).perform()

    def behind(self, name: str) -> None:
        self.driver.find_element("css selector", f"label:has(input[name=behind][value='{name}'])").click()

    def slide(self, element: str, presses: int) -> None:
        """Moves a slider by so many of its steps, with the arrow keys."""
        self.script("document.getElementById(arguments[0]).focus()", element)
        key = Keys.ARROW_RIGHT if presses > 0 else Keys.ARROW_LEFT
        ActionChains(self.driver).send_keys(*[key] * abs(presses)).perform()

    def tool(self, name: str, *, size: int = 60, smart: bool = False, hardness: int = 100) -> None:
        """Takes a brush."""
        self.click("tab-brush")
        self.element(f"tool-{name}").find_element("xpath", "..").click()
        if self.element("brush-smart").is_selected() != smart:
            self.click("brush-smart")
        self.put("brush-hardness", hardness / 100)
        self.put("brush-size", np.log(size / 2) / np.log(1000))

    def put(self, element: str, value: float) -> None:
        """Puts a slider somewhere at once."""
        self.script(
            "const [name, value] = arguments, slider = document.getElementById(name);"
            "slider.value = value; slider.dispatchEvent(new Event('input', {bubbles: true}));",
            element,
            value,
        )

    def paint(self, *places: tuple[float, float], kind: str = "mouse", pressure: float | None = None) -> None:
        """A stroke through pixels of the photo, with a mouse, a pen or a finger."""
        builder = ActionBuilder(self.driver, mouse=PointerInput(kind, f"{kind}-1"))
        extra = {} if pressure is None else {"pressure": pressure}
        pointer = builder.pointer_action
        pointer.move_to(self.canvas, *self.at(*places[0]))
        pointer.pointer_down(**extra)
        for place in places[1:]:
            pointer.move_to(self.canvas, *self.at(*place), **extra)
        pointer.pointer_up()
        builder.perform()
        self.settle()

    def file(self) -> Picture:
        """The file as it is downloaded now, (SIDE, SIDE, 4)."""
        with Image.open(self.download()) as image:
            return np.asarray(image).astype(np.int16)

    def over(self, colour: int) -> Picture:
        """That file on a grey, (SIDE, SIDE, 3)."""
        made = self.file()
        alpha = made[:, :, 3:] / 255
        return np.rint(made[:, :, :3] * alpha + colour * (1 - alpha)).astype(np.int16)


def original() -> Picture:
    with Image.open(photo("astronaut")) as image:
        return np.asarray(image.convert("RGB")).astype(np.int16)


def apart(a: Picture, b: Picture) -> int:
    return int(np.abs(a - b).max())


def test_what_is_seen_is_what_the_file_has(person: Painter) -> None:
    person.split(0)
    for name, colour in (("#ffffff", 255), ("#000000", 0)):
        person.behind(name)
        assert apart(person.photo_on_canvas(), person.over(colour)) <= TOLERANCE, name
    untouched = person.file()

    person.slide("edge-shift", 5)
    person.slide("edge-feather", 8)
    person.slide("edge-threshold", 4)
    person.slide("edge-contrast", 10)
    assert person.text("page-edges").count("2.5 px") == 1
    adjusted = person.photo_on_canvas()
    assert apart(adjusted, person.over(0)) <= TOLERANCE
    assert apart(person.file(), untouched) > 60, "the sliders change the file"
    person.slide("edge-shift", -11)
    assert apart(person.photo_on_canvas(), person.over(0)) <= TOLERANCE, "shrunk"

    person.click("raw-mask")
    raw = person.photo_on_canvas()
    assert apart(raw, person.over(0)) <= TOLERANCE, "the network's own mask, one click away"
    assert apart(raw, adjusted) > 60
    person.click("raw-mask")
    person.click("reset")
    person.wait(lambda: "as it was made" in person.text("live"), "the word for screen readers")
    assert apart(person.file(), untouched) == 0


def test_before_and_after_are_compared_by_keyboard_by_the_divider_and_on_the_photo(person: Painter) -> None:
    person.behind("#000000")
    person.split(0)
    cutout = person.photo_on_canvas()
    person.split(100)
    assert apart(person.photo_on_canvas(), original()) == 0, "all of the photo, pixel by pixel"
    person.split(50)
    half = person.photo_on_canvas()
    assert apart(half[:, :254], original()[:, :254]) == 0
    assert apart(half[:, 258:], cutout[:, 258:]) == 0
    assert person.element("compare").get_attribute("aria-valuetext") == "50% original"

    ActionChains(person.driver).drag_and_drop_by_offset(person.element("divider"), 128, 0).perform()
    moved = person.photo_on_canvas()
    assert apart(moved[:, :380], original()[:, :380]) == 0
    assert apart(moved[:, 388:], cutout[:, 388:]) == 0
    chain = ActionChains(person.driver).move_to_element_with_offset(person.canvas, 60, 100)
    chain.click_and_hold().move_by_offset(-100, 0).move_by_offset(-88, 0).release().perform()
    assert apart(person.photo_on_canvas()[:, 132:], cutout[:, 132:]) == 0, "so does the photo itself"


def test_any_colour_and_the_checkerboard_lie_behind(person: Painter) -> None:
    person.split(0)
    person.script(
        "const input = document.getElementById('behind-colour'); input.value = '#3366cc';"
        "input.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    assert (person.photo_on_canvas()[4, 4] == (0x33, 0x66, 0xCC)).all()
    person.behind("checks")
    corner = person.photo_on_canvas()[:60, :60]
    assert len(np.unique(corner.reshape(-1, 3), axis=0)) == 2


def test_zooming_keeps_the_place_under_the_pointer_and_shows_single_pixels(person: Painter) -> None:
    person.split(100)
    person.press("1")
    x, y = 300, 250
    place = person.at(x, y)
    origin = ScrollOrigin.from_element(person.canvas, *place)
    for _ in range(4):
        ActionChains(person.driver).scroll_from_origin(origin, 0, -260).perform()
    seen = person.sees()
    height, width = seen.shape[:2]
    u, v = width // 2 + place[0], height // 2 + place[1]
    near = original()[y - 1 : y + 2, x - 1 : x + 2]
    assert (seen[v, u, :3] == near).all(axis=2).any(), "the place stays under the pointer"
    scale = int(person.text("zoom-fit").strip("%")) / 100
    assert scale == pytest.approx(np.exp(4 * 260 * 0.002), rel=0.02)
    row = seen[v, :, :3]
    changes = np.flatnonzero(np.any(np.diff(row, axis=0) != 0, axis=1))
    assert np.diff(changes).min() >= scale - 1.5, "pixels are squares, not a blur"
    for press, wanted in (("-", scale / 1.5), ("+", scale)):
        person.press(press)
        assert int(person.text("zoom-fit").strip("%")) / 100 == pytest.approx(wanted, rel=0.02)
    before = person.sees()
    person.press(Keys.ARROW_RIGHT)
    assert apart(person.sees()[:, :-40], before[:, 40:]) == 0, "an arrow moves on by 40 pixels"
    person.press("0")
    fitted = person.sees()

    def jumped(there: Callable[[], bool]) -> bool:
        """On a busy machine two clicks may come too far apart to be a double one: then nothing happens."""
        ActionChains(person.driver).double_click(person.canvas).perform()
        person.settle()
        return there()

    whole = person.text("zoom-fit")
    person.wait(lambda: jumped(lambda: person.text("zoom-fit") != whole), "single pixels")
    assert int(person.text("zoom-fit").strip("%")) >= 180
    person.wait(lambda: jumped(lambda: person.text("zoom-fit") == whole), "the whole again")
    assert apart(person.sees(), fitted) == 0


def test_a_zoomed_photo_is_moved_by_mouse_by_space_and_by_two_fingers(person: Painter) -> None:
    person.split(100)
    for _ in range(4):
        person.click("zoom-in")
    before = person.sees()
    chain = ActionChains(person.driver)
    chain.move_to_element_with_offset(person.canvas, 50, 100).click_and_hold().move_by_offset(
        -90, 0
    ).release().perform()
    assert apart(person.sees()[:, :-90], before[:, 90:]) == 0
    person.tool("erase")
    person.behind("#000000")
    before = person.sees()
    person.script("document.getElementById('canvas').focus()")
    chain = ActionChains(person.driver)
    chain.move_to_element_with_offset(person.canvas, 50, 100).key_down(" ").click_and_hold().move_by_offset(60, 0)
    chain.release().key_up(" ").perform()
    assert apart(person.sees()[:, 60:], before[:, :-60]) == 0, "with the space bar down a brush does not paint"

    done = person.element("undo").get_attribute("title")
    person.press("0")
    fitted = int(person.text("zoom-fit").strip("%"))
    pinch(person, 60, 180)
    zoomed = int(person.text("zoom-fit").strip("%"))
    assert zoomed == pytest.approx(3 * fitted, rel=0.05)
    assert person.element("undo").get_attribute("title") == done, "two fingers do not paint"


def pinch(person: Painter, start: int, end: int) -> None:
    """Two fingers move apart, from so many pixels beside the middle to so many."""
    builder = ActionBuilder(person.driver, mouse=PointerInput("touch", "finger-1"))
    other = builder.add_pointer_input("touch", "finger-2")
    first = builder.pointer_action
    first.move_to(person.canvas, -start, 20)
    other.create_pointer_move(0, 0, 0, origin="viewport")
    box = person.canvas.rect
    x, y = round(box["x"] + box["width"] / 2), round(box["y"] + box["height"] / 2) + 20
    other.clear_actions()
    other.create_pointer_move(0, x + start, y)
    first.pointer_down()
    other.create_pointer_down()
    for step in range(1, 7):
        now = start + (end - start) * step // 6
        first.move_to(person.canvas, -now, 20)
        other.create_pointer_move(50, x + now, y)
    first.pointer_up()
    other.create_pointer_up(0)
    builder.perform()


def test_brushes_erase_and_restore_with_mouse_pen_finger_and_keys(person: Painter) -> None:
    before = person.file()
    person.tool("erase", size=60)
    assert 58 <= float(person.text("page-brush").split("Size")[1].split(" px")[0]) <= 62
    person.paint((256, 120), (256, 200))
    erased = person.file()[:, :, 3]
    assert (erased[120:200, 240:272] == 0).all(), "a stroke of a mouse"
    assert (erased[:, :200] == before[:, :200, 3]).all() and (erased[260:] == before[260:, :, 3]).all()
    person.chord(Keys.CONTROL, "z")
    person.wait(lambda: "Undone: erase stroke" in person.text("live"), "the word for screen readers")
    assert apart(person.file(), before) == 0

    widths = []
    for pressure in (1.0, 0.3):
        person.paint((200, 420), (320, 420), kind="pen", pressure=pressure)
        widths.append(int((person.file()[:, 260, 3] < before[:, 260, 3]).sum()))
        person.click("undo")
    assert 55 <= widths[0] <= 62, "as wide as the brush"
    assert 0.2 * widths[0] < widths[1] < 0.7 * widths[0], "a light pen paints a thin line"

    person.tool("restore", size=60)
    person.paint((60, 60), (120, 60), kind="touch")
    assert (person.file()[50:70, 70:110, 3] == 255).all(), "a finger brings the background back"
    assert apart(person.file()[50:70, 70:110, :3], original()[50:70, 70:110]) == 0, "in its own colours"

    person.tool("erase", size=40)
    chain = ActionChains(person.driver)
    chain.move_to_element_with_offset(person.canvas, *person.at(256, 300)).perform()
    ring = "return parseFloat(document.getElementById('ring').style.width)"
    before_keys = float(person.script(ring))
    person.press("]", "]", "[")
    assert float(person.script(ring)) == pytest.approx(1.2 * before_keys, rel=0.01)
    person.press("[")
    person.press(Keys.ENTER, *[Keys.ARROW_DOWN] * 6, " ")
    dots = person.file()[:, :, 3]
    assert (dots[288:312, 244:268] == 0).all(), "Enter paints under the brush"
    assert (dots[348:372, 244:268] == 0).all(), "arrows move it by a quarter of its size, space paints"
    assert (dots[322:338, 252:260] > 0).all()


def test_strokes_and_sliders_are_undone_one_by_one_without_end(person: Painter) -> None:
    before = person.file()
    person.tool("erase", size=40)
    for number in range(8):
        person.paint((60 + 32 * number, 300), (60 + 32 * number, 340))
    person.click("tab-edges")
    person.script(  # at once: a busy machine may take so long for a press that the next one is a step of its own
        "const slider = document.getElementById('edge-feather');"
        "for (let n = 0; n < 4; n++) {"
        "  slider.stepUp();"
        "  for (const kind of ['input', 'change']) slider.dispatchEvent(new Event(kind, {bubbles: true})); }"
    )
    soft = person.file()
    assert (soft[310:330, 70:270, 3] == 0).all(), "strokes stay under a slider"
    assert apart(soft, before) > 0
    person.click("undo")  # moves in a row are one step
    strokes = person.file()
    assert (strokes[310:330, 70:270, 3] == 0).all(), "and when the slider is undone"
    for _ in range(8):
        person.chord(Keys.CONTROL, "z")
    assert apart(person.file(), before) == 0
    for _ in range(8):
        person.chord(Keys.CONTROL, Keys.SHIFT, "z")
    person.settle()
    assert apart(person.file(), strokes) == 0
    person.behind("#000000")
    person.split(0)
    assert apart(person.photo_on_canvas(), person.over(0)) <= TOLERANCE, "the canvas shows it too"


def test_a_graphics_card_that_was_lost_gets_everything_again(person: Painter) -> None:
    person.tool("erase", size=80)
    person.paint((200, 300), (300, 300))
    person.click("tab-edges")
    person.behind("#000000")
    person.split(0)
    before = person.photo_on_canvas()
    person.lose_card()

    def again() -> bool:
        person.split(0)
        return apart(person.photo_on_canvas(), before) == 0

    person.wait(again, "the strokes to be seen again")


def test_a_photo_too_large_for_the_card_is_seen_near_with_all_its_pixels(person: Painter) -> None:
    person.behind("#000000")
    person.script(
        "const plain = window.plainParameter = WebGL2RenderingContext.prototype.getParameter;"
        "WebGL2RenderingContext.prototype.getParameter = function (name) {"
        "  return name === this.MAX_TEXTURE_SIZE ? 256 : plain.call(this, name); };"
    )
    try:
        person.lose_card()

        def near() -> bool:
            person.split(100)
            return apart(person.photo_on_canvas(), original()) == 0

        person.wait(near, "the photo's own pixels")
        person.split(0)
        assert apart(person.photo_on_canvas(), person.over(0)) <= TOLERANCE
        before = person.file()[:, :, 3]
        person.tool("erase", size=90, smart=True)
        person.paint((330, 300))
        fine = person.file()[:, :, 3]
    finally:
        person.script("WebGL2RenderingContext.prototype.getParameter = window.plainParameter")
        person.lose_card()
    person.click("undo")
    person.paint((330, 300))
    painted = person.file()[:, :, 3]
    other = np.abs(fine - painted) > 48
    assert other.sum() < 0.08 * (painted != before).sum(), "a stroke is as fine as on the photo itself"


def test_a_smart_brush_stops_at_the_edges_of_the_photo(person: Painter) -> None:
    # Red cloth beside a dark collar.
    before = person.file()
    person.tool("erase", size=90, smart=False)
    person.paint((330, 300))
    plain = person.file()[:, :, 3] < before[:, :, 3]
    person.click("undo")
    person.tool("erase", size=90, smart=True)
    person.paint((330, 300))
    smart = person.file()[:, :, 3] < before[:, :, 3]
    assert not (smart & ~plain).any()
    assert 0.2 * plain.sum() < smart.sum() < 0.95 * plain.sum()
    like = original()[297:304, 327:334].reshape(-1, 3).mean(0)
    far = np.linalg.norm(original() - like, axis=2)
    assert far[smart].mean() < 0.6 * far[plain & ~smart].mean(), "it paints what looks like the spot under it"


def test_without_webgl_photos_are_cut_out_compared_and_corrected_all_the_same(
    open_browser: Callable[..., Chrome], server: SiteServer, downloads: Path
) -> None:
    driver = open_browser("--disable-3d-apis")
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", DESKTOP)
    person = Painter(driver, server.url, downloads)
    person.take("selfie")
    person.choose(photo("astronaut"))
    assert person.until_ended() == "done", person.sentence()
    person.until_noticed("WebGL")
    assert not person.element("tab-brush").is_displayed()
    person.behind("#000000")
    person.wait(lambda: (person.sees()[:, :, 3] > 0).any(), "the photo")
    made = person.over(0)

    def shows(expected: Picture) -> bool:
        person.split(0)
        return apart(person.photo_on_canvas(), expected) <= TOLERANCE

    person.wait(lambda: shows(made), "the cutout")
    person.slide("edge-shift", -10)
    shrunk = person.over(0)
    assert apart(shrunk, made) > 60
    person.wait(lambda: shows(shrunk), "the picture with its file")
