"""Firefox, headless, on a page that posts an answer; WebGPU is on by its preferences."""

import http.server
import json
import os
import subprocess
import threading
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

SECONDS = 300
PREFERENCES = """
user_pref("dom.webgpu.enabled", true);
user_pref("gfx.webgpu.ignore-blocklist", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"""


class _Handler(http.server.SimpleHTTPRequestHandler):
    answers: ClassVar[list[bytes]]
    came: ClassVar[threading.Event]

    def do_POST(self) -> None:
        self.answers.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.came.set()

    def log_message(self, *_: object) -> None:
        pass


def open_firefox(binary: str, folder: Path, profile: Path, preferences: str = "") -> dict[str, Any] | None:
    """What the page in `folder` posts to `/answer`; None where nothing came in time."""

    class Handler(_Handler):
        answers: ClassVar[list[bytes]] = []
        came: ClassVar[threading.Event] = threading.Event()

    handler = Handler
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    profile.mkdir()
    (profile / "user.js").write_text(PREFERENCES + preferences)
    command = [
        binary,
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        f"http://127.0.0.1:{server.server_port}/",
    ]
    environment = {**os.environ, "MOZ_DISABLE_CONTENT_SANDBOX": "1", "HOME": str(profile)}
    browser = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return json.loads(handler.answers[0]) if handler.came.wait(SECONDS) else None
    finally:
        end(browser)
        server.shutdown()


def end(process: subprocess.Popen[Any]) -> None:
    """Asks a process to end, and ends it where it takes its time."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
