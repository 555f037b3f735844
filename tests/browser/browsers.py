"""Headless Chromium by selenium: where it is, how it is started."""

import os
import shutil
from pathlib import Path

from selenium import webdriver

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
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def find_chromium() -> str | None:
    """Path of an installed Chromium or Chrome; `$HEARTH_CHROMIUM` goes first."""
    for name in (os.environ.get("HEARTH_CHROMIUM", ""), *NAMES, MAC_CHROME):
        if name and (found := shutil.which(name)):
            return found
    return None


def start_chromium(profile: Path, downloads: Path, flags: tuple[str, ...] = ()) -> webdriver.Chrome:
    """A headless Chromium on the profile folder `profile`; started on the same one again it finds its caches.

    Downloads land in `downloads` without a question. Quit it with `.quit()`.
    """
    os.environ["SE_OFFLINE"] = "true"  # selenium shall not look for a browser or a driver on the network
    options = webdriver.ChromeOptions()
    binary = find_chromium()
    if binary is None:
        raise FileNotFoundError("No Chromium or Chrome here: install one, or name it in HEARTH_CHROMIUM.")
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={profile}", *flags):
        options.add_argument(flag)
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(downloads), "download.prompt_for_download": False}
    )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(180)
    driver.set_page_load_timeout(60)
    return driver
