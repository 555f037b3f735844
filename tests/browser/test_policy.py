"""The Content-Security-Policy in a real browser: enough for Pyodide in a module worker, and not more."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from web import serve
from web.headers import HEADERS
from web.serve import SiteServer
from web.site import Site
from wheels.app import app_wheel
from wheels.pyodide import VERSION, for_site

PAGE = Path(__file__).parents[1] / "build" / "page"
STARTED = "(7, 7, 7) "


@pytest.fixture(scope="module")
def small_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page whose worker starts Pyodide with numpy, Pillow and the app, and puts the outcome into its title."""
    out = tmp_path_factory.mktemp("small")
    site = Site(PAGE, for_site(), VERSION, {"hearth.whl": app_wheel().read_bytes()})
    site.finish()
    site.write(out)
    return out


@pytest.fixture
def small_server(small_site: Path) -> Iterator[SiteServer]:
    with SiteServer(small_site, prefix="/under/a/path") as server:
        yield server


def outcome(driver: Chrome, seconds: float = 300) -> str:
    end = time.monotonic() + seconds
    while driver.title == "starting" and time.monotonic() < end:
        time.sleep(0.05)
    return driver.title


def test_python_starts_in_a_module_worker_under_the_policy_and_a_sub_path(
    small_server: SiteServer, browser: Chrome
) -> None:
    browser.get(small_server.url)
    assert outcome(browser).startswith(STARTED)
    assert browser.execute_script("return crossOriginIsolated") is True
    complaints = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert [line for line in complaints if "favicon" not in line] == []
    assert all(path.startswith("/under/a/path/") or path == "/favicon.ico" for path in small_server.requests)


def test_a_bare_host_starts_it_too(small_site: Path, browser: Chrome) -> None:
    with SiteServer(small_site, headers=False) as server:
        browser.get(server.url)
        assert outcome(browser).startswith(STARTED)


def test_without_the_leave_for_webassembly_it_does_not_start(
    small_server: SiteServer, browser: Chrome, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = HEADERS["Content-Security-Policy"].replace(" 'wasm-unsafe-eval'", "")
    monkeypatch.setattr(serve, "HEADERS", {**HEADERS, "Content-Security-Policy": strict})
    browser.get(small_server.url)
    complaints: list[str] = []
    end = time.monotonic() + 300
    while not any("Content Security" in line for line in complaints):  # why it does not start
        assert time.monotonic() < end and not browser.title.startswith(STARTED)
        complaints += [entry["message"] for entry in browser.get_log("browser")]
        time.sleep(0.05)
    assert not outcome(browser, 1).startswith(STARTED)


ATTEMPTS = {
    "fetch('http://127.0.0.1:9/fetched')": "connect-src",
    "navigator.sendBeacon('http://127.0.0.1:9/beacon', 'photo')": "connect-src",
    "new WebSocket('ws://127.0.0.1:9/')": "connect-src",
    "new Image().src = 'http://127.0.0.1:9/?photo'": "img-src",
    "document.head.append(Object.assign(document.createElement('script'), {text: '1'}))": "script-src-elem",
    "setTimeout('document.title = 1')": "script-src",  # a string to be evaluated
    "document.body.setAttribute('style', 'color: red')": "style-src-attr",
}


def test_the_page_can_talk_to_nobody_and_run_no_injected_code(small_site: Path, browser: Chrome) -> None:
    # a host without headers: the policy in the page itself has to hold
    with SiteServer(small_site, headers=False) as server:
        browser.get(server.url)
        for attempt, directive in ATTEMPTS.items():
            blocked = browser.execute_async_script(
                "const [directive, address, done] = arguments;"
                "addEventListener('securitypolicyviolation', ({effectiveDirective, blockedURI}) =>"
                "  effectiveDirective === directive && blockedURI.startsWith(address) && done(true));"
                "setTimeout(() => done(false), 30000);"
                f"try {{ const got = {attempt}; got?.catch?.(() => 0); }} catch {{ /* the event says it */ }}",
                directive,
                *re.findall(r"'(\w+://[^']+)", attempt) or [""],
            )
            assert blocked, attempt
