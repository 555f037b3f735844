"""The development server, asked over real connections."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.headers import HEADERS
from web.serve import SiteServer, byte_range


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "index.html": b"<!doctype html>",
        "assets/a-1.js": b"export {};",
        "assets/a-1.js.br": b"brotli",
        "assets/a-1.js.gz": b"gzip",
        "models/m-0.bin": bytes(range(100)),
    }
    for name, content in files.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "secret").write_text("outside of the site")
    return tmp_path / "site"


@pytest.fixture
def server(root: Path) -> Iterator[SiteServer]:
    with SiteServer(root) as server:
        yield server


def get(server: SiteServer, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    connection.putrequest("GET", path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, response.headers, body


@pytest.mark.parametrize(
    ("path", "kind", "caching"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/assets/a-1.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/models/m-0.bin", "application/octet-stream", "public, max-age=31536000, immutable"),
    ],
)
def test_every_file_comes_with_its_type_its_caching_and_the_policy(
    server: SiteServer, path: str, kind: str, caching: str
) -> None:
    status, headers, _ = get(server, path)
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, kind, caching)
    assert {name: headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [("gzip, br", "br", b"brotli"), ("gzip;q=1.0", "gzip", b"gzip"), ("identity", None, b"export {};")],
)
def test_the_best_compression_that_is_accepted_is_sent(
    server: SiteServer, accepted: str, encoding: str | None, body: bytes
) -> None:
    _, headers, content = get(server, "/assets/a-1.js", Accept_Encoding=accepted)
    assert (headers["Content-Encoding"], content, headers["Vary"]) == (encoding, body, "Accept-Encoding")


def test_a_part_of_a_file_can_be_asked_for(server: SiteServer) -> None:
    status, headers, body = get(server, "/models/m-0.bin", Range="bytes=90-")
    assert (status, headers["Content-Range"], body) == (206, "bytes 90-99/100", bytes(range(90, 100)))
    status, headers, _ = get(server, "/models/m-0.bin", Range="bytes=100-")
    assert (status, headers["Content-Range"]) == (416, "bytes */100")


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=5-", (5, 9)),
        ("bytes=5-100", (5, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=-30", (0, 9)),
        ("", None),
        ("bytes=-", None),
        ("bytes=6-5", None),
        ("bytes=0-1,4-5", None),
        ("bytes=a-b", None),
        ("lines=0-1", None),
    ],
)
def test_a_range_means_its_bytes_or_the_whole_file(header: str, span: tuple[int, int] | None) -> None:
    assert byte_range(header, 10) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-11", "bytes=-0"])
def test_a_range_outside_of_the_file_is_empty(header: str) -> None:
    first, last = byte_range(header, 10) or (0, 0)
    assert first > last


def test_an_unchanged_file_is_not_sent_again(server: SiteServer, root: Path) -> None:
    _, headers, _ = get(server, "/")
    assert get(server, "/", If_None_Match=headers["ETag"])[0] == 304
    (root / "index.html").write_text("<!doctype html><p>changed")
    assert get(server, "/", If_None_Match=headers["ETag"])[0] == 200


@pytest.mark.parametrize("path", ["/missing", "/../secret", "/%2e%2e/secret", "/assets/../../secret", "/assets/"])
def test_what_is_not_in_the_site_is_not_found(server: SiteServer, path: str) -> None:
    status, _, body = get(server, path)
    assert (status, b"outside" in body) == (404, False)


def test_a_connection_serves_several_requests(server: SiteServer) -> None:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    for _ in range(3):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"<!doctype html>"
        assert connection.sock is not None
    connection.close()


def test_under_a_sub_path_nothing_lies_beside_it(root: Path) -> None:
    with SiteServer(root, prefix="/some/where") as server:
        assert server.url.endswith("/some/where/")
        assert get(server, "/some/where/")[0] == 200
        assert get(server, "/some/where/assets/a-1.js")[0] == 200
        assert get(server, "/")[0] == 404
        status, headers, _ = get(server, "/some/where")
        assert (status, headers["Location"]) == (301, "/some/where/")


def test_without_headers_it_is_a_bare_static_host(root: Path) -> None:
    with SiteServer(root, headers=False) as server:
        _, headers, body = get(server, "/assets/a-1.js", Accept_Encoding="br", Range="bytes=0-1")
        assert body == b"export {};"
        assert not {*HEADERS, "Cache-Control", "ETag", "Content-Encoding"} & set(headers)


def test_a_stopped_server_cuts_its_connections_and_comes_back_on_its_port(server: SiteServer) -> None:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=60)
    connection.request("GET", "/")
    connection.getresponse().read()
    port = server.port
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        get(server, "/")
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        connection.sock.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        if not connection.sock.recv(1):
            raise ConnectionResetError
    server.start()
    assert server.port == port
    assert get(server, "/")[0] == 200
