"""Fixtures for tests in a real Chromium on the built site."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import TimeoutException
from selenium.webdriver import Chrome

from tests.browser.browsers import Chromiums, start_chromium
from tests.browser.person import Person
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


@pytest.fixture(scope="session")
def chromiums(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromiums]:
    """The browsers that tests share."""
    with Chromiums(tmp_path_factory) as chromiums:
        yield chromiums


@pytest.fixture
def open_tab(chromiums: Chromiums, downloads: Path) -> Iterator[Callable[..., Chrome]]:
    """`open_tab(*flags)` opens a tab; nothing of other tests is stored for the server of this one."""
    with chromiums.tabs(downloads) as open_tab:
        yield open_tab


@pytest.fixture
def browser(open_tab: Callable[..., Chrome]) -> Chrome:
    """A tab of its own."""
    return open_tab()


@pytest.fixture(scope="module")
def module_server(site: Path) -> Iterator[SiteServer]:
    """The server of `open_page`, for all tests of a file."""
    with SiteServer(site) as server:
        yield server


@pytest.fixture(scope="module")
def open_page(
    chromiums: Chromiums, module_server: SiteServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Person]]:
    """`open_page(page="", flags=(), kind=Person)` opens a page for all tests of a file."""
    downloads = tmp_path_factory.mktemp("downloads")
    with chromiums.tabs(downloads) as open_tab:
        yield lambda page="", flags=(), kind=Person: kind(open_tab(*flags), module_server.url + page, downloads)


@pytest.fixture
def screenshot(request: pytest.FixtureRequest) -> Callable[[Chrome, str], Path]:
    """`screenshot(driver, name)` saves what the page shows as `build/screenshots/<test>-<name>.png`."""

    def save(driver: Chrome, name: str) -> Path:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        file = SCREENSHOTS / f"{request.node.name}-{name}.png"
        for left in reversed(range(3)):  # the driver waits ten seconds for one, which is little on a busy machine
            try:
                driver.save_screenshot(str(file))
                break
            except TimeoutException:
                if not left:
                    raise
        return file

    return save
