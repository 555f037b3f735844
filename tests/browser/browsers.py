"""Headless Chromium by selenium: where it is, how it is started."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException

from hearth.errors import HearthError

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--window-size=1280,900",
)
LONGEST = 900
"""Seconds that a command to the driver may take; whoever sends it may set a smaller limit."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def find_chromium() -> str | None:
    """Path of an installed Chromium or Chrome; `$HEARTH_CHROMIUM` goes first."""
    for name in (os.environ.get("HEARTH_CHROMIUM", ""), *NAMES, MAC_CHROME):
        if name and (found := shutil.which(name)):
            return found
    return None


def install(*packages: str) -> None:
    """Installs Debian's packages where that can be done: on Debian, as root, with a network."""
    if not (sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get")):
        return
    print(f"Installing {', '.join(packages)}", file=sys.stderr)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=quiet)
    command = ["apt-get", "install", "-y", "-qq", "-o", "DPkg::Lock::Timeout=120", *packages]
    subprocess.run(command, env=quiet, stdout=sys.stderr)


def ensure_chromium() -> str:
    """Path of Chromium or Chrome; installs Debian's for root where there is none, else raises HearthError."""
    found = find_chromium()
    if found is None:
        install("chromium", "chromium-driver")
        found = find_chromium()
    if found is None:
        raise HearthError(
            "No Chromium or Chrome is installed: install one, or give its path in HEARTH_CHROMIUM, and run again."
        )
    return found


def start_chromium(profile: Path, downloads: Path, flags: tuple[str, ...] = ()) -> webdriver.Chrome:
    """A headless Chromium on the profile folder `profile`; started on the same one again it finds its caches.

    Downloads land in `downloads` without a question. Quit it with `.quit()`.
    """
    options = webdriver.ChromeOptions()
    options.binary_location = ensure_chromium()
    for flag in (*FLAGS, f"--user-data-dir={profile}", *flags):
        options.add_argument(flag)
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(downloads), "download.prompt_for_download": False}
    )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chromedriver = shutil.which("chromedriver")
    if chromedriver:  # else selenium fetches the one that fits the browser
        os.environ["SE_OFFLINE"] = "true"
    driver = started(lambda: webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver)))
    driver.set_script_timeout(300)
    driver.set_page_load_timeout(180)
    return driver


def started(start: Callable[[], webdriver.Chrome]) -> webdriver.Chrome:
    """What `start` gives, in three attempts: somebody else may take the port that selenium found for its driver.

    Its answers are waited for as long as the limits for scripts say, and not for two minutes at most.
    """
    for left in reversed(range(3)):
        try:
            driver = start()
            break
        except WebDriverException:
            if not left:
                raise
    assert not isinstance(driver.command_executor, str)
    driver.command_executor.client_config.timeout = LONGEST
    return driver


def wake_gpu(driver: webdriver.Chrome) -> bool:
    """Opens the GPU once, on a page of this machine; False where there is none.

    The product waits five seconds for one: on a busy machine its process may not even have started by then.
    """
    code = """
    const done = arguments[0], open = async () => {
      const adapter = await navigator.gpu?.requestAdapter();
      (await adapter?.requestDevice())?.destroy();
      return Boolean(adapter);
    };
    open().then(done, () => done(false));
    """
    return bool(driver.execute_async_script(code))


class Chromiums:
    """Browsers that tests share, one for each set of flags: to start one takes as long as many a test.

    Tests do not meet in them: a browser keeps things by origin, and each test has a server, with a port, of its own.
    """

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._started: dict[tuple[str, ...], webdriver.Chrome] = {}
        self._saving: dict[webdriver.Chrome, Path] = {}
        self._empty: dict[webdriver.Chrome, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for driver in self._started.values():
            driver.quit()

    @contextmanager
    def tabs(self, downloads: Path) -> Iterator[Callable[..., webdriver.Chrome]]:
        """`open_tab(*flags)` opens a tab in front; in the end it is closed, and what its page stored deleted."""
        with ExitStack() as closing:

            def open_tab(*flags: str) -> webdriver.Chrome:
                driver = self._living(flags)
                closing.callback(self._save, driver, self._saving.get(driver, downloads))
                closing.callback(_leave, driver, driver.window_handles, driver.current_window_handle)
                driver.switch_to.new_window("tab")
                self._save(driver, downloads)
                driver.get_log("browser")  # what other tests left there
                return driver

            yield open_tab

    def _save(self, driver: webdriver.Chrome, folder: Path) -> None:
        """Downloads land in this folder from now on. The tab that says so has to stay: the empty one."""
        self._saving[driver] = folder
        with suppress(WebDriverException):  # where it crashed, the next test starts another
            last = driver.current_window_handle
            driver.switch_to.window(self._empty[driver])
            how = {"behavior": "allow", "downloadPath": str(folder)}
            driver.execute_cdp_cmd("Browser.setDownloadBehavior", how)
            driver.switch_to.window(last)

    def _living(self, flags: tuple[str, ...]) -> webdriver.Chrome:
        driver = self._started.get(flags)
        with suppress(WebDriverException):
            if driver is not None and driver.window_handles:
                return driver
        folder = self._folders.mktemp("chromium")
        driver = self._started[flags] = start_chromium(folder / "profile", folder, flags)
        self._empty[driver] = driver.current_window_handle
        return driver


def _leave(driver: webdriver.Chrome, others: list[str], last: str) -> None:
    """Closes all tabs but the others, deletes what their pages stored, and goes back to the last one."""
    with suppress(WebDriverException):
        for handle in driver.window_handles:
            if handle in others:
                continue
            driver.switch_to.window(handle)
            origin = driver.execute_script("return origin")
            if origin.startswith("http"):
                driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
            driver.close()
        driver.switch_to.window(last)
        driver.execute_cdp_cmd("Page.bringToFront", {})
