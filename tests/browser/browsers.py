"""Headless Chromium by selenium: where it is, how it is started."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from selenium import webdriver

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
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    driver.set_script_timeout(180)
    driver.set_page_load_timeout(60)
    return driver
