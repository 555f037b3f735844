"""Fixtures for tests in a real Chromium on the built site."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.browser.browsers import start_chromium
from web.serve import SiteServer
from web.site import build_site

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site, up to date with the sources."""
    return build_site()


@pytest.fixture
def server(site: Path) -> Iterator[SiteServer]:
    """The site, served at `server.url` with all headers; `stop()` and `start()` keep the port."""
    with SiteServer(site) as server:
        yield server


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """The folder that the browser saves downloads in."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


@pytest.fixture
def open_browser(tmp_path: Path, downloads: Path) -> Iterator[Callable[..., Chrome]]:
    """`open_browser(*flags, profile="profile")` starts Chromium; the same profile again has its caches."""
    started: list[Chrome] = []

    def start(*flags: str, profile: str = "profile") -> Chrome:
        started.append(start_chromium(tmp_path / profile, downloads, flags))
        return started[-1]

    yield start
    for driver in started:
        driver.quit()


@pytest.fixture
def browser(open_browser: Callable[..., Chrome]) -> Chrome:
    """One Chromium with a fresh profile."""
    return open_browser()


@pytest.fixture
def screenshot(request: pytest.FixtureRequest) -> Callable[[Chrome, str], Path]:
    """`screenshot(driver, name)` saves what the page shows as `build/screenshots/<test>-<name>.png`."""

    def save(driver: Chrome, name: str) -> Path:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        file = SCREENSHOTS / f"{request.node.name}-{name}.png"
        driver.save_screenshot(str(file))
        return file

    return save
