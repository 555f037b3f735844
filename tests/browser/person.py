"""What a person does with the page, for the tests: choose, drop, wait, look, download."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from selenium.common.exceptions import InvalidSessionIdException, WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

ENDS = ("done", "failed", "stopped")
PATIENCE = 300
"""Seconds: what takes one on a quick machine may take many on a small one that does something else too."""


class Person:
    """Someone in front of the page at `url`."""

    def __init__(self, driver: Chrome, url: str, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads
        driver.get(url)

    def choose(self, *photos: Path) -> None:
        """Through the file dialog."""
        self.element("file").send_keys("\n".join(str(photo) for photo in photos))

    def drop(self, name: str, content: bytes, kind: str = "image/png") -> None:
        """Drops a file on the page, as a pointer would."""
        self.driver.execute_script(
            "const [name, bytes, type] = arguments, transfer = new DataTransfer();"
            "transfer.items.add(new File([new Uint8Array(bytes)], name, {type}));"
            "for (const kind of ['dragenter', 'dragover', 'drop']) document.querySelector('#main').dispatchEvent("
            "new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: transfer}));",
            name,
            list(content),
            kind,
        )

    def take(self, model: str) -> None:
        """Chooses a model by its id."""
        chosen = "return document.querySelector(`input[value=${arguments[0]}]`).checked"

        def taken() -> bool:
            if not self.script(chosen, model):
                self.driver.find_element(By.CSS_SELECTOR, f"label:has(input[value={model}])").click()
            return bool(self.script(chosen, model))

        self.wait(taken, f"the choice of {model}")

    def select(self, number: int) -> None:
        """Looks at a photo of the queue, counted from 0."""
        chosen = "return document.querySelectorAll('#strip button')[arguments[0]]?.ariaCurrent === 'true'"

        def selected() -> bool:
            if len(self.states()) > number and not self.script(chosen, number):
                self.driver.find_elements(By.CSS_SELECTOR, "#strip button")[number].click()
            return bool(self.script(chosen, number))

        self.wait(selected, f"photo {number} on the stage")

    def clear(self) -> None:
        """Takes all photos off the page, one by one."""
        self.script(
            "while (document.querySelector('#strip button')) document.getElementById('remove').click();"
            "document.getElementById('notice-text').textContent = ''"
        )

    def states(self) -> list[str]:
        """State of each photo of the queue."""
        return self.script("return [...document.querySelectorAll('#strip button')].map((b) => b.dataset.state)")

    def until_ended(self) -> str:
        """Waits until the photo on the stage is done, failed or stopped; returns which."""
        self.wait(lambda: self.state() in ENDS, "the photo to end")
        return self.state()

    def until_all_ended(self) -> list[str]:
        """Waits until all photos are; returns which."""
        self.wait(lambda: self.states() and all(state in ENDS for state in self.states()), "the queue to end")
        return self.states()

    def until_ready(self) -> None:
        """Waits until Python runs."""
        self.wait(lambda: self.script("return document.documentElement.dataset.ready !== undefined"), "Python")

    def until_offline_ready(self) -> None:
        """Waits until the page says that it works offline."""
        self.wait(lambda: "offline" in self.text("offline"), "the word that it works offline")

    def until_noticed(self, words: str) -> None:
        """Waits until the page says so at its lower edge."""
        self.wait(lambda: words in self.text("notice-text"), f"the notice: {words}")

    def state(self) -> str:
        return self.element("stage").get_attribute("data-state") or ""

    def sentence(self) -> str:
        """What stands beside the photo on the stage."""
        return self.text("state")

    def when_said(self, words: str, code: str) -> None:
        """Runs code in the page once the photo's sentence has these words: seen from here, that moment may be past."""
        self.script(
            "const state = document.getElementById('state');"
            "const look = () => { if (!state.textContent.includes(arguments[0])) return;"
            f"  watch.disconnect(); {code} }};"
            "const watch = new MutationObserver(look);"
            "watch.observe(state, {childList: true, characterData: true, subtree: true}); look();",
            words,
        )

    def redo(self) -> None:
        """Has the photo made anew; ends when that has begun, or is done already."""
        self._again("redo")

    def retry(self) -> None:
        """Has the photo tried again; ends when that has begun, or is done already."""
        self._again("retry")

    def _again(self, button: str) -> None:
        self.wait(lambda: self.element(button).is_displayed(), "the offer")
        self.click(button)
        self.wait(lambda: not self.element(button).is_displayed(), "the work to begin")

    def text(self, element: str) -> str:
        return str(self.script("return document.getElementById(arguments[0]).textContent", element))

    def download(self) -> Path:
        """Presses the button; the file, once it is written as the settings have it."""
        for file in filter(Path.is_file, self.downloads.iterdir()):
            file.unlink()
        self.click("download")
        return self.downloaded()

    def downloaded(self, pattern: str = "*") -> Path:
        """Waits for a download; the file, once it is whole. Its name is taken, by an empty one, before that."""

        def whole() -> list[Path]:
            named = [file for file in self.downloads.glob(pattern) if file.is_file() and file.name[0] != "."]
            return [file for file in named if file.suffix != ".crdownload" and file.stat().st_size]

        self.wait(whole, f"{pattern} in {self.downloads}")
        return whole()[0]

    def click(self, element: str) -> None:
        """Presses it with the pointer; again where it moved away under that."""
        self.script(
            "const it = document.getElementById(arguments[0]);"
            "it.missed = true; it.addEventListener('click', () => { it.missed = false; }, {once: true, capture: true})",
            element,
        )

        def pressed() -> bool:
            self.element(element).click()
            return not self.script("return document.getElementById(arguments[0])?.missed", element)

        self.wait(pressed, f"{element} to be pressed")

    def element(self, element: str) -> WebElement:
        return self.driver.find_element(By.ID, element)

    def script(self, code: str, *arguments: object):  # type: ignore[no-untyped-def]
        return self.driver.execute_script(code, *arguments)

    def later(self, code: str, *arguments: object):  # type: ignore[no-untyped-def]
        """The value of an async function's body."""
        wrapped = f"const done = [...arguments].at(-1); (async (...args) => {{{code}}})"
        return self.driver.execute_async_script(
            f"{wrapped}(...arguments).then(done, (e) => done(String(e)))", *arguments
        )

    def wait(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
        """Waits for a condition, which may ask for what is not there yet, as between two pages.

        Fails with what the page shows and the console says.
        """
        end = time.monotonic() + seconds
        while True:
            missed: WebDriverException | None = None
            try:
                if condition():
                    return
            except InvalidSessionIdException:
                raise
            except WebDriverException as error:
                missed = error
            if time.monotonic() > end:
                shown = self.script("return document.body.innerText")
                told = f"waited {seconds} s for {what}; shown:\n{shown}\nconsole:\n{self.complaints()}"
                raise AssertionError(told) from missed
            time.sleep(0.05)

    def complaints(self) -> list[str]:
        """Errors that the console shows."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def mark(self, name: str) -> float:
        """Milliseconds from the opening of the page to the mark of that name."""
        marks = json.loads(self.script("return JSON.stringify(performance.getEntriesByName(arguments[0]))", name))
        return float(marks[0]["startTime"])
