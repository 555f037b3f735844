"""Pinned downloads, against a real web server that breaks off, resumes, lies and goes away."""

import hashlib
import http.server
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hearth.desk.fetch import Cache, Member, Npm, Pinned, PyPI, Url
from hearth.errors import DownloadFailed

CONTENT = bytes(range(256)) * 3000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Host(http.server.ThreadingHTTPServer):
    """Serves CONTENT under every path, with the weaknesses that a test gives it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.ranges: list[str | None] = []  # the Range header of each request
        self.content = CONTENT
        self.break_after: list[int] = []  # bytes after which the next responses break off
        self.resumes = True
        self.status = 200

    def url(self, name: str = "file.bin") -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Answer(http.server.BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        host, asked = self.server, self.headers.get("Range")
        host.ranges.append(asked)
        if host.status != 200:
            return self.send_error(host.status)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and host.resumes else 0
        if start >= len(host.content):
            return self.send_error(416)
        body = host.content[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(host.content) - 1}/{len(host.content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: host.break_after.pop(0)] if host.break_after else body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as host:
        threading.Thread(target=host.serve_forever, args=(0.01,), daemon=True).start()
        yield host
        host.shutdown()


@pytest.fixture
def gone() -> Iterator[str]:
    """Where nobody listens, and nobody else can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def cache(tmp_path: Path, said: list[str]) -> Cache:
    return Cache(tmp_path / "cache", lambda line, end: said.append(line))


def pinned(*sources: Url | Member | PyPI | Npm, sha256: str = SHA256, size: int = len(CONTENT)) -> Pinned:
    return Pinned("file.bin", sha256, size, sources)


def leftovers(cache: Cache) -> list[str]:
    """Names of the files in the cache besides locks."""
    return sorted(path.name for path in cache.folder.rglob("*") if path.is_file() and path.parent.name != ".locks")


def test_a_file_is_fetched_once_and_found_afterwards(host: Host, cache: Cache, said: list[str]) -> None:
    file = pinned(Url(host.url()))
    assert cache.get(file).read_bytes() == CONTENT
    assert cache.get(file).read_bytes() == CONTENT
    assert len(host.ranges) == 1
    assert said[-1] == "file.bin: 0.8 MB of 0.8 MB"
    assert leftovers(cache) == ["file.bin"]


def test_a_broken_transfer_goes_on_where_it_stopped(host: Host, cache: Cache) -> None:
    host.break_after = [100_000, 300_000]
    assert cache.get(pinned(Url(host.url()))).read_bytes() == CONTENT
    assert host.ranges == [None, "bytes=100000-", "bytes=400000-"]


def test_a_host_without_ranges_is_asked_for_the_whole_file_again(host: Host, cache: Cache) -> None:
    host.break_after, host.resumes = [100_000], False
    assert cache.get(pinned(Url(host.url()))).read_bytes() == CONTENT
    assert host.ranges == [None, "bytes=100000-"]


def test_another_run_goes_on_with_what_the_first_one_got(host: Host, cache: Cache) -> None:
    host.break_after = [700_000, 0, 0, 0]
    with pytest.raises(DownloadFailed):
        cache.get(pinned(Url(host.url())))
    host.break_after, host.ranges = [], []
    assert Cache(cache.folder, lambda *_: None).get(pinned(Url(host.url()))).read_bytes() == CONTENT
    assert host.ranges == ["bytes=700000-"]


def test_a_wrong_beginning_kept_from_before_is_fetched_anew(host: Host, cache: Cache) -> None:
    part = cache.folder / SHA256 / "part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 5000)
    assert cache.get(pinned(Url(host.url()))).read_bytes() == CONTENT
    assert host.ranges == ["bytes=5000-", None]


def test_a_file_damaged_in_the_cache_is_fetched_again(host: Host, cache: Cache) -> None:
    path = cache.get(pinned(Url(host.url())))
    path.write_bytes(CONTENT[:-1] + b"!")
    assert cache.get(pinned(Url(host.url()))).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"!", CONTENT + b"more"], ids=["other bytes", "longer"])
def test_a_wrong_file_is_refused_and_nothing_of_it_is_kept(host: Host, cache: Cache, content: bytes) -> None:
    host.content = content
    with pytest.raises(DownloadFailed) as failure:
        cache.get(pinned(Url(host.url())))
    assert leftovers(cache) in ([], ["part"])
    host.content = CONTENT
    assert cache.get(pinned(Url(host.url()))).read_bytes() == CONTENT
    sentence = str(failure.value)
    assert "file.bin" in sentence and "127.0.0.1" in sentence and "run the same again" in sentence


def test_the_next_source_is_tried_when_one_fails(host: Host, cache: Cache, tmp_path: Path) -> None:
    with Host() as other:
        other.status = 404
        threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        assert cache.get(pinned(Url(other.url()), Url(host.url()))).read_bytes() == CONTENT
        assert len(other.ranges) == 1
        other.shutdown()


def test_no_source_in_reach_says_in_one_sentence_what_where_and_what_to_do(cache: Cache, gone: str) -> None:
    with pytest.raises(DownloadFailed) as failure:
        cache.get(pinned(Url(f"http://{gone}/file.bin")))
    sentence = str(failure.value)
    assert sentence.startswith(f"Could not get file.bin (0.8 MB) from {gone}: ")
    assert "refused" in sentence and "check the network" in sentence and "\n" not in sentence


def test_a_file_out_of_an_archive_that_cannot_be_had_is_one_sentence_too(cache: Cache, gone: str) -> None:
    archive = Pinned("package.whl", "0" * 64, 10, (Url(f"http://{gone}/package.whl"),))
    with pytest.raises(DownloadFailed) as failure:
        cache.get(pinned(Member(archive, "inside/file.bin")))
    sentence = str(failure.value)
    assert sentence.startswith(f"Could not get file.bin (0.8 MB) from {gone}: ") and sentence.endswith(" yourself.")
    for once in ("Could not get", gone, "check the network", "yourself"):
        assert sentence.count(once) == 1
    assert str(cache.folder / SHA256 / "file.bin") in sentence


def test_a_failed_call_leaves_no_folders(cache: Cache, gone: str) -> None:
    url = Url(f"http://{gone}/")
    for sources in ((url,), (Member(Pinned("package.whl", "0" * 64, 10, (url, PyPI("no such name"))), "file.bin"),)):
        with pytest.raises(DownloadFailed):
            cache.get(pinned(*sources))
    assert [path.name for path in cache.folder.iterdir()] == [".locks"]


def test_a_host_that_does_not_answer_is_asked_once_only(cache: Cache, gone: str) -> None:
    url = f"http://{gone}/"
    reasons = []
    for name, sha256 in (("a", "0" * 64), ("b", "1" * 64)):
        with pytest.raises(DownloadFailed) as failure:
            cache.get(Pinned(name, sha256, 10, (Url(url + name),)))
        reasons.append(str(failure.value))
    assert "refused" in reasons[0]
    assert "out of reach a moment ago" in reasons[1]


def zipped(path: Path, member: str) -> Pinned:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, CONTENT)
    content = path.read_bytes()
    return Pinned(path.name, hashlib.sha256(content).hexdigest(), len(content), ())


def test_members_come_out_of_one_archive_that_is_fetched_once(host: Host, cache: Cache, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "package.whl", "inside/file.bin")
    archive = Pinned(archive.name, archive.sha256, archive.bytes, (Url(host.url("package.whl")),))
    host.content = (tmp_path / "package.whl").read_bytes()
    assert cache.get(pinned(Member(archive, "inside/file.bin"))).read_bytes() == CONTENT
    with pytest.raises(DownloadFailed, match=r"package\.whl holds no inside/other\.bin"):
        cache.get(pinned(Member(archive, "inside/other.bin"), sha256="0" * 64))
    assert len(host.ranges) == 1


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A wheel with `file.bin` in it."""
    metadata = "Metadata-Version: 2.1\nName: hearth-example\nVersion: 1.0\n"
    wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    path = tmp_path / "hearth_example-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("file.bin", CONTENT)
        archive.writestr("hearth_example-1.0.dist-info/METADATA", metadata)
        archive.writestr("hearth_example-1.0.dist-info/WHEEL", wheel)
        archive.writestr("hearth_example-1.0.dist-info/RECORD", "")
    return path


def from_pip(requirement: str, wheel: Path) -> Pinned:
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Pinned(wheel.name, sha256, wheel.stat().st_size, (PyPI(requirement),))


def test_pip_brings_a_package_and_its_complaint_is_handed_on(cache: Cache, tmp_path: Path, example: Path) -> None:
    package = from_pip(str(example), example)
    assert cache.get(pinned(Member(package, "file.bin"))).read_bytes() == CONTENT
    with pytest.raises(DownloadFailed, match="PyPI"):
        cache.get(pinned(PyPI(str(tmp_path / "missing-1.0-py3-none-any.whl")), sha256="0" * 64))


def test_pip_is_called_again_where_a_transfer_broke_off(host: Host, cache: Cache, example: Path) -> None:
    host.content, host.break_after = example.read_bytes(), [100_000]
    assert cache.get(from_pip(host.url(example.name), example)).read_bytes() == example.read_bytes()
    assert host.ranges == [None, None]


def test_processes_that_want_the_same_file_at_once_fetch_it_once(host: Host, cache: Cache) -> None:
    script = (
        "import sys; from pathlib import Path; from hearth.desk.fetch import *\n"
        "folder, url, sha256, size = sys.argv[1:]\n"
        "file = Pinned('file.bin', sha256, int(size), (Url(url),))\n"
        "print(len(Cache(Path(folder)).get(file).read_bytes()))"
    )
    command = [sys.executable, "-c", script, str(cache.folder), host.url(), SHA256, str(len(CONTENT))]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0].strip() for process in running] == [str(len(CONTENT))] * 3
    assert len(host.ranges) == 1
