"""Firefox on a screen of its own (Xvfb: headless it has no WebGL here), by WebDriver BiDi, which it speaks itself: no
driver beside it is needed.

[W3C, "WebDriver BiDi", Working Draft]
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import websocket

from tests.browser import firefox

PREFERENCES = {
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.download.dir": "",
    "browser.download.folderList": 2,
    "browser.download.useDownloadDir": True,
    "browser.download.always_ask_before_handling_new_types": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "media.autoplay.default": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "remote.active-protocols": 1,
    "webgl.force-enabled": True,
}


def missing() -> list[str]:
    """Debian packages that are needed and not there."""
    needed = {"firefox-esr": _binary(), "xvfb": shutil.which("Xvfb")}
    return [package for package, there in needed.items() if not there]


def _binary() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """One window with a new profile in `folder`; downloads land in `folder / "downloads"`. Close it with `quit()`."""

    def __init__(self, folder: Path) -> None:
        profile, self.downloads = folder / "firefox", folder / "downloads"
        profile.mkdir(parents=True)
        self.downloads.mkdir(exist_ok=True)
        chosen = {**PREFERENCES, "browser.download.dir": str(self.downloads)}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in chosen.items()]
        (profile / "user.js").write_text("\n".join(lines))
        screen = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
        self._screen = subprocess.Popen(screen, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._screen.stdout is not None
        display = f":{self._screen.stdout.readline().strip()}"
        own = {"DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1", "MOZ_DISABLE_CONTENT_SANDBOX": "1"}
        command = [str(_binary()), "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        self._process = subprocess.Popen(
            [*command, "about:blank"],
            env={**os.environ, **own, "HOME": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []
        try:
            self._socket = self._connect(profile / "WebDriverBiDiServer.json")
            self._ask("session.new", capabilities={})
            self._ask("session.subscribe", events=["log.entryAdded"])
            self._context = self._ask("browsingContext.getTree")["contexts"][0]["context"]
        except BaseException:
            self.quit()
            raise

    def open(self, url: str) -> None:
        self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def script(self, code: str, *arguments: object) -> Any:
        """What an async function's body gives, as JSON; `args` are the arguments."""
        function = f"async (text) => JSON.stringify((await (async (args) => {{{code}}})(JSON.parse(text))) ?? null)"
        answer = self._ask(
            "script.callFunction",
            functionDeclaration=function,
            awaitPromise=True,
            target={"context": self._context},
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
            userActivation=True,
        )
        if answer["type"] != "success":
            raise AssertionError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def choose(self, element: str, *files: Path) -> None:
        """Through the file dialog of an element by its id."""
        found = self._ask(
            "browsingContext.locateNodes",
            context=self._context,
            locator={"type": "css", "value": f"#{element}"},
        )["nodes"][0]
        reference = {"sharedId": found["sharedId"]}
        self._ask("input.setFiles", context=self._context, element=reference, files=[str(file) for file in files])

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 300) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                shown = self.script("return document.body.innerText")
                raise AssertionError(f"waited {seconds} s for {what}; shown:\n{shown}\nconsole:\n{self.complaints}")
            time.sleep(0.1)

    def picture(self) -> str:
        """The window as a PNG, base64."""
        return str(self._ask("browsingContext.captureScreenshot", context=self._context)["data"])

    def quit(self) -> None:
        for process in (self._process, self._screen):
            firefox.end(process)

    def _connect(self, told: Path) -> websocket.WebSocket:
        end = time.monotonic() + 300
        while not (told.is_file() and told.read_text().rstrip().endswith("}")):
            if time.monotonic() > end:
                raise AssertionError("Firefox did not open its door")
            time.sleep(0.1)
        where = json.loads(told.read_text())
        url = f"ws://{where['ws_host']}:{where['ws_port']}/session"
        return websocket.create_connection(url, timeout=300, suppress_origin=True)

    def _ask(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message: dict[str, Any] = json.loads(self._socket.recv())
            if message.get("id") == number:
                if message["type"] == "error":
                    raise AssertionError(f"{method}: {message['error']}: {message['message']}")
                result: dict[str, Any] = message["result"]
                return result
            if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
                entry = message["params"]
                self.complaints.append(entry.get("text") or json.dumps(entry.get("args", entry)))
