"""A small HTTP/1.1 server for `dist/`, for development and for the tests.

With `headers=False` it is a bare static host: no policy, no isolation, no compression, no caching rules.
"""

import contextlib
import http.server
import mimetypes
import socket
import sys
import threading
import time
import urllib.parse
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, Self

from web.headers import HEADERS, IMMUTABLE, SHORT_LIVED

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".whl": "application/octet-stream",
    ".zip": "application/zip",
}
ENCODINGS = {"br": ".br", "gzip": ".gz"}  # in order of preference
IMMUTABLE_FOLDERS = ("assets", "models")
CHUNK = 64 * 1024


class SiteServer:
    """Serves the folder `root` under `prefix`; port 0 takes a free one, kept through `stop()` and `start()`.

    `more` are headers beside the site's own. `bytes_per_second` slows every response down, to see what a slow network
    shows; it may be changed at any time. `requests` lists the paths that were asked for, `rests` those of which the
    rest was, from some byte on.
    """

    def __init__(
        self,
        root: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        prefix: str = "/",
        headers: bool = True,
        bytes_per_second: float | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root.resolve()
        self.host = host
        self.port = port
        self.prefix = "/" + prefix.strip("/") + "/" if prefix.strip("/") else "/"
        self.headers = headers
        self.bytes_per_second = bytes_per_second
        self.more = more or {}
        self.requests: list[str] = []
        self.rests: list[str] = []
        self._server: _Server | None = None
        self._held: socket.socket | None = None  # keeps the port from others while nobody listens

    @property
    def url(self) -> str:
        """Address of the site's root, ending in a slash."""
        return f"http://{self.host}:{self.port}{self.prefix}"

    def start(self) -> None:
        """Listens; `port` is known afterwards. Raises OSError when the port is taken."""
        self._let_go()
        server = _Server((self.host, self.port), self)
        self._server, self.port = server, server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Stops listening and cuts the connections that are open, as a server that went away does."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.shutdown()
        server.server_close()
        server.cut_connections()
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind((self.host, self.port))

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._let_go()


def serve_forever(root: Path, host: str, port: int) -> int:
    """Serves `root` until Ctrl+C; where the port is taken, on a free one."""
    server = SiteServer(root, host=host, port=port)
    try:
        server.start()
    except OSError as error:
        print(f"Port {port} cannot be had ({error.strerror}), so another one it is.", file=sys.stderr)
        server.port = 0
        server.start()
    with contextlib.suppress(KeyboardInterrupt):
        print(f"Hearth is at {server.url} (Ctrl+C stops it)", flush=True)
        threading.Event().wait()
    server.stop()
    return 0


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], site: SiteServer) -> None:
        self.site = site
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that leaves in the middle of a response is no error of ours."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._respond(with_body=True)

    def do_HEAD(self) -> None:
        self._respond(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _respond(self, with_body: bool) -> None:
        site = self.server.site
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        site.requests.append(path)
        if self.headers.get("Range", "bytes=0-") != "bytes=0-":
            site.rests.append(path)
        if path + "/" == site.prefix:
            return self._answer(HTTPStatus.MOVED_PERMANENTLY, {"Location": site.prefix})
        file = self._find(path)
        if file is None:
            return self._answer(HTTPStatus.NOT_FOUND, {}, b"There is nothing here.\n", with_body)
        fields = {"Content-Type": content_type(file)}
        span = None
        if site.headers:
            relative = file.relative_to(site.root)
            fields["Cache-Control"] = IMMUTABLE if relative.parts[0] in IMMUTABLE_FOLDERS else SHORT_LIVED
            fields["Accept-Ranges"] = "bytes"
            if "Range" not in self.headers:
                file = self._encoded(file, fields)
            fields["ETag"] = f'"{file.stat().st_mtime_ns:x}-{file.stat().st_size:x}"'
            if self.headers.get("If-None-Match") == fields["ETag"]:
                return self._answer(HTTPStatus.NOT_MODIFIED, fields)
            span = byte_range(self.headers.get("Range", ""), file.stat().st_size)
            if span and span[0] > span[1]:
                fields = {"Content-Range": f"bytes */{file.stat().st_size}"}
                return self._answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, fields)
        self._send_file(file, span, fields, with_body)

    def _find(self, path: str) -> Path | None:
        site = self.server.site
        if not path.startswith(site.prefix):
            return None
        file = (site.root / path[len(site.prefix) :]).resolve()
        if file.is_dir():
            file = file / "index.html"
        return file if file.is_relative_to(site.root) and file.is_file() else None

    def _encoded(self, file: Path, fields: dict[str, str]) -> Path:
        accepted = {part.split(";")[0].strip() for part in self.headers.get("Accept-Encoding", "").split(",")}
        for name, suffix in ENCODINGS.items():
            compressed = file.with_name(file.name + suffix)
            if compressed.is_file():
                fields["Vary"] = "Accept-Encoding"
                if name in accepted:
                    fields["Content-Encoding"] = name
                    return compressed
        return file

    def _send_file(self, file: Path, span: tuple[int, int] | None, fields: dict[str, str], with_body: bool) -> None:
        size = file.stat().st_size
        first, last = span or (0, size - 1)
        fields["Content-Length"] = str(last - first + 1)
        if span:
            fields["Content-Range"] = f"bytes {first}-{last}/{size}"
        self._start(HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.OK, fields)
        if with_body:
            with file.open("rb") as stream:
                stream.seek(first)
                self._copy(stream, last - first + 1)

    def _copy(self, stream: BinaryIO, count: int) -> None:
        while count > 0 and (data := stream.read(min(CHUNK, count))):
            self.wfile.write(data)
            count -= len(data)
            if rate := self.server.site.bytes_per_second:
                time.sleep(len(data) / rate)

    def _answer(self, status: HTTPStatus, fields: dict[str, str], body: bytes = b"", with_body: bool = True) -> None:
        length = {} if status is HTTPStatus.NOT_MODIFIED else {"Content-Length": str(len(body))}
        self._start(status, fields | length)
        if with_body:
            self.wfile.write(body)

    def _start(self, status: HTTPStatus, fields: dict[str, str]) -> None:
        site = self.server.site
        self.send_response(status)
        for name, value in {**(HEADERS if site.headers else {}), **site.more, **fields}.items():
            self.send_header(name, value)
        self.end_headers()


def content_type(file: Path) -> str:
    """MIME type by suffix; what is unknown is plain bytes."""
    return TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte that a Range header asks of a file of `size` bytes.

    None: send the whole file (no range, several, or one that makes no sense). First > last: the range lies
    outside of the file.
    """
    unit, _, text = header.partition("=")
    first, dash, last = text.strip().partition("-")
    if unit.strip() != "bytes" or not dash or not (first or last) or not (first + last).isdigit():
        return None
    if not first:
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) if last else size - 1, size - 1)
