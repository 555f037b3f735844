"""What a person does with the page, for the tests: choose, drop, wait, look, download."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

ENDS = ("done", "failed", "stopped")


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
        self.wait(lambda: self.driver.find_elements(By.CSS_SELECTOR, f"input[value={model}]"), "the choice of models")
        self.driver.find_element(By.CSS_SELECTOR, f"label:has(input[value={model}])").click()

    def select(self, number: int) -> None:
        """Looks at a photo of the queue, counted from 0."""
        self.driver.find_elements(By.CSS_SELECTOR, "#strip button")[number].click()

    def states(self) -> list[str]:
        """State of each photo of the queue."""
        return self.script("return [...document.querySelectorAll('#strip button')].map((b) => b.dataset.state)")

    def until_ended(self, seconds: float = 120) -> str:
        """Waits until the photo on the stage is done, failed or stopped; returns which."""
        self.wait(lambda: self.state() in ENDS, "the photo to end", seconds)
        return self.state()

    def until_all_ended(self, seconds: float = 180) -> list[str]:
        self.wait(lambda: self.states() and all(state in ENDS for state in self.states()), "the queue to end", seconds)
        return self.states()

    def until_ready(self, seconds: float = 90) -> None:
        """Waits until Python runs."""
        self.wait(lambda: self.script("return document.documentElement.dataset.ready !== undefined"), "Python", seconds)

    def until_offline_ready(self, seconds: float = 90) -> None:
        """Waits until the page says that it works offline."""
        self.wait(lambda: "offline" in self.text("offline"), "the word that it works offline", seconds)

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
        self.wait(lambda: self.element("redo").is_displayed(), "the offer")
        self.click("redo")
        self.wait(lambda: not self.element("redo").is_displayed(), "the work to begin")

    def retry(self) -> None:
        """Has the photo tried again; ends when that has begun, or is done already."""
        self.click("retry")
        self.wait(lambda: not self.element("retry").is_displayed(), "the work to begin")

    def text(self, element: str) -> str:
        return str(self.script("return document.getElementById(arguments[0]).textContent", element))

    def download(self, seconds: float = 30) -> Path:
        """Presses the button; the file."""
        link = self.element("download")
        target = self.downloads / str(link.get_attribute("download"))
        target.unlink(missing_ok=True)
        link.click()
        # The name is taken, by an empty file, before what it is to hold is there.
        self.wait(lambda: target.is_file() and target.stat().st_size, f"{target.name} in {self.downloads}", seconds)
        return target

    def click(self, element: str) -> None:
        self.element(element).click()

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

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 30) -> None:
        """Waits for a condition; fails with what the page shows and the console says."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                shown = self.script("return document.body.innerText")
                raise AssertionError(f"waited {seconds} s for {what}; shown:\n{shown}\nconsole:\n{self.complaints()}")
            time.sleep(0.05)

    def complaints(self) -> list[str]:
        """Errors that the console shows."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def mark(self, name: str) -> float:
        """Milliseconds from the opening of the page to the mark of that name."""
        marks = json.loads(self.script("return JSON.stringify(performance.getEntriesByName(arguments[0]))", name))
        return float(marks[0]["startTime"])
