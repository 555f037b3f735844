"""A package index on this machine, for micropip: wheels that were built or pinned, served like PyPI serves them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote


@contextmanager
def serve_packages(wheels: Sequence[Path]) -> Iterator[str]:
    """Serves `<url>/simple/<name>/` and `<url>/<file name>` to any page; gives the URL."""
    by_name = {wheel.name: wheel for wheel in wheels}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(self.path.partition("?")[0]).strip("/")
            if path.startswith("simple/"):
                project = path.removeprefix("simple/").replace("-", "_")
                found = [name for name in by_name if name.startswith(f"{project}-")]
                links = "".join(f'<a href="/{name}">{name}</a>\n' for name in found)
                self.answer(200 if found else 404, "text/html", f"<html><body>{links}</body></html>".encode())
            elif path in by_name:
                self.answer(200, "application/octet-stream", by_name[path].read_bytes())
            else:
                self.answer(404, "text/plain", b"no such file")

        def answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
