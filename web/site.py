"""Assembles the static site `dist/` from `web/`, the runtime parts of `wheels/` and the models of `models/`.

Convention for the sources in `web/`
------------------------------------
* A file refers to another one by a relative path in double quotes (or bare in `url()`) that starts with `./`
  or `../`, has a suffix, and is relative to its own place in `web/`: `import {a} from "./gpu.js"`,
  `url(./icons/x.svg)`, `href="./style.css"`, `"src": "./icons/icon-192.png"`. Assembly rewrites each such path
  to where the file lies in `dist/`; one that leads to nothing fails the build. No template strings, no
  `?query`, no computed names for files. What stands in block comments is left alone.
* A page is an `.html` file at the top of `web/`. The site holds what can be reached from the pages, `sw.js` and
  `hearth.js` (which pages of others import), and nothing else.
* Pages, `hearth.js` with its types, `sw.js`, `manifest.webmanifest`, `models.json` and `NOTICE.txt` keep their
  names and are short-lived. All else becomes `assets/<name>-<hash8>.<suffix>` and never changes.
* Paths in JavaScript are relative to the module, never to the page. So outside `import` write
  `new URL("./worker.js", import.meta.url)`, also for `./sw.js`, `./models.json`, `./index.html`. In `sw.js`
  (a classic script at the root of the site) write `new URL("./precache.json", self.location.href)`.
* These may be referred to as if they lay at the top of `web/`:
    `./hearth.whl`           the app as one wheel; `pyodide.unpackArchive(buffer, "wheel")` installs it
    `./pyodide/pyodide.mjs`  Pyodide; the files beside it keep the names that Pyodide wants
    `./pyodide/`             its folder, for `indexURL` and `loadPackage(["numpy", "pillow"])`
    `./mediabunny.mjs`       the library that reads and writes sound and video files
    `./visualizer/looks.json`  the visualizer's scenes, palettes and shaders: see `web/visualizer/looks.py`
    `./models.json`          `{"models": [{"id", "title", ..., "bytes", "sha256", "parts": [{"url", "bytes",
                             "sha256"}], "kernels"}], "runtime_bytes"}`, where `kernels` is the URL of those to
                             compile while the parts come, if they are known; URLs are relative to the root of
                             the site; the last is what a first visit fetches before Python runs
    `./languages.js`         the English words of the page, and where those of other languages are; see `words.py`
    `./precache.json`        what `sw.js` stores: `{"version", "bytes", "headers": {name: value}, "files":
                             [{"url", "bytes", "sha256"}]}`; URLs are relative to the root, `index.html` is
                             `./`; `headers` are the server's, for the service worker to set on what it gives
  `precache.json` is hash-named, so `sw.js` changes whenever anything in the site does.
* Each page holds the line `<!-- site:head -->` in its `<head>`, after the charset; there go the
  Content-Security-Policy, module preloads, `<meta name="hearth-version" content="...">` and the bytes that a
  first visit fetches before Python runs (`hearth-runtime-bytes`). No inline script or style.
"""

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hearth.desk.models import Model
from hearth.errors import HearthError
from web.compress import compressed
from web.headers import HEADERS, IMMUTABLE, POLICY, SHORT_LIVED
from web.references import imported, rewrite
from web.words import WORDS, filled, read

WEB = Path(__file__).parent
ROOT = WEB.parent
DIST = ROOT / "dist"
EMBEDDING = ("hearth.js", "hearth.d.ts")
SHORT_LIVED_FILES = (*EMBEDDING, "sw.js", "manifest.webmanifest", "models.json", "NOTICE.txt")  # and the pages
TEXT = (".css", ".html", ".js", ".json", ".svg", ".webmanifest")
PART_BYTES = 8 * 2**20
HEAD = "<!-- site:head -->"
WHEN_ASKED_FOR = re.compile(r"models/|assets/pyodide.*/(onnx|protobuf|typing_extensions|ml_dtypes)-")
"""What the service worker does not fetch by itself."""


def build_site(out: Path = DIST, words: Path = WORDS) -> Path:
    """The whole site in the folder `out`, up to date with every source. Only what changed is written.

    `words` holds the languages.
    """
    from hearth.desk import models
    from models.kernels import kernels_of
    from models.prepare import prepare
    from web.visualizer.looks import looks
    from web.visualizer.mediabunny import mediabunny
    from wheels.app import app_wheel
    from wheels.pyodide import VERSION, for_site

    served = [(model, prepare(model.id)) for model in models.catalogue().values() if model.served]
    made = {"hearth.whl": app_wheel().read_bytes(), "mediabunny.mjs": mediabunny(), "visualizer/looks.json": looks()}
    site = Site(WEB, for_site(), VERSION, made, words)
    for model, file in served:
        site.add_model(model, file, kernels_of(model, file))
    site.finish()
    site.write(out)
    return out


class Site:
    """The files of the site in the making: path in the site -> content.

    `made` are files that do not lie in `web` but are referred to as if they did; `words` holds the languages.
    """

    def __init__(
        self, web: Path, pyodide: Path, pyodide_version: str, made: Mapping[str, bytes], words: Path = WORDS
    ) -> None:
        self.web = web
        self.words = words
        self.pages = sorted(path.name for path in web.glob("*.html"))
        self.files: dict[str, bytes] = {}
        self.models: list[dict[str, Any]] = []
        self._placed: dict[str, str | None] = {}  # source name -> path in the site; None while being made
        self._preloads: dict[str, list[str]] = {}  # path of a script -> paths of those it imports
        self._made = made
        self._add_pyodide(pyodide, pyodide_version)

    def add_model(self, model: Model, file: Path, kernels: bytes | None = None) -> None:
        """Adds a prepared model in parts: an interrupted download goes on with the part it stopped in.

        `kernels` are those that the page compiles meanwhile, as `hearth.runtime.webgpu.ahead` writes them.
        """
        content = file.read_bytes()
        parts = []
        for number, start in enumerate(range(0, len(content), PART_BYTES)):
            part = content[start : start + PART_BYTES]
            path = f"models/{model.id}-{number}-{_hash(part)[:8]}.bin"
            self.files[path] = part
            parts.append({"url": path} | _facts(part))
        entry = dataclasses.asdict(model)
        del entry["source"]  # where it was fetched when the site was built
        if kernels is not None:
            entry["kernels"] = path = f"models/{model.id}-kernels-{_hash(kernels)[:8]}.json"
            self.files[path] = kernels
        self.models.append(entry | _facts(content) | {"parts": parts})

    def finish(self) -> None:
        """Adds the short-lived files and all that they lead to. Raises HearthError for a broken path."""
        self.files["NOTICE.txt"] = (ROOT / "NOTICE").read_bytes()
        if (self.web / "hearth.js").is_file():
            self.files["hearth.js"] = self._rewritten("hearth.js")
            self.files["hearth.d.ts"] = (self.web / "embed" / "hearth.d.ts").read_bytes()
        pages = {name: self._rewritten(name).decode() for name in self.pages}
        self.files["models.json"] = _json({"models": self.models, "runtime_bytes": self._runtime_bytes()})
        self.files["manifest.webmanifest"] = self._rewritten("manifest.webmanifest")
        worker_source = (self.web / "sw.js").read_bytes()
        names = "".join(f"{path} {_hash(content)}\n" for path, content in sorted(self.files.items()))
        version = _hash(names.encode() + _json(pages) + worker_source + _json(HEADERS))[:12]
        self.files |= {name: self._with_head(name, page, version) for name, page in pages.items()}
        self._place("precache.json", self._precache(version))
        self.files["sw.js"] = self._rewritten("sw.js")
        self.files["_headers"] = header_rules(self.files).encode()

    def write(self, out: Path) -> None:
        """Brings the folder `out` to this state: new files, then the short-lived ones, then stale ones go."""
        everything = dict(self.files)
        for path, content in self.files.items():
            for suffix, packed in compressed(path, content):
                everything[path + suffix] = packed
        for path in sorted(everything, key=lambda path: "/" not in path):
            target = out / path
            if not target.is_file() or target.read_bytes() != everything[path]:
                target.parent.mkdir(parents=True, exist_ok=True)
                new = target.with_name(f"{target.name}.{os.getpid()}.new")
                new.write_bytes(everything[path])
                new.replace(target)
        for target in out.rglob("*"):
            if target.is_file() and target.relative_to(out).as_posix() not in everything:
                target.unlink(missing_ok=True)

    def _add_pyodide(self, folder: Path, version: str) -> None:
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        digest = _hash("".join(_hash(content) for content in files.values()).encode())[:8]
        base = f"assets/pyodide-{version}-{digest}/"
        self._placed["pyodide/"] = base
        for name, content in files.items():
            self._placed[f"pyodide/{name}"] = base + name
            self.files[base + name] = content

    def _place(self, source: str, content: bytes) -> str:
        """Adds a file that never changes, named by its content."""
        name, dot, suffix = source.rpartition("/")[2].partition(".")
        path = f"assets/{name}-{_hash(content)[:8]}{dot}{suffix}"
        self.files[path] = content
        self._placed[source] = path
        return path

    def _find(self, source: str, asked_by: str) -> str:
        """Path in the site of the file that is called `source` in `web/`, made now if it is not there yet."""
        if self._is_short_lived(source):
            return source
        if source == "languages.js" and source not in self._placed:
            self._place(source, self._languages())
        if source in self._made and source not in self._placed:
            self._place(source, self._made[source])
        if source not in self._placed:
            if not (self.web / source).is_file():
                raise HearthError(f"web/{asked_by} refers to {source}, which is not there.")
            self._placed[source] = None
            self._preloads_of(source, self._place(source, self._rewritten(source)))
        path = self._placed[source]
        if path is None:
            raise HearthError(f"web/{asked_by} and web/{source} refer to each other, so neither can be named.")
        return path

    def _is_short_lived(self, source: str) -> bool:
        return source in SHORT_LIVED_FILES or source in self.pages

    def _rewritten(self, source: str) -> bytes:
        content = (self.web / source).read_bytes()
        if not source.endswith(TEXT):
            return content
        place = "" if self._is_short_lived(source) else "assets"
        text = content.decode()
        if source.endswith(".html"):
            text = filled(text, source, read(self.words / "en.json"))
        return rewrite(text, source, place, lambda name: self._find(name, source)).encode()

    def _languages(self) -> bytes:
        """The module with the English words, so that they are there at once, and the places of the others."""
        lines = [f"export const english = {_json(read(self.words / 'en.json')).decode()};", "export const others = {"]
        for file in sorted(self.words.glob("*.json")):
            if file.stem != "en":
                place = self._place(file.name, _json(read(file))).removeprefix("assets/")
                lines.append(f'  "{file.stem}": new URL("./{place}", import.meta.url).href,')
        return "\n".join([*lines, "};", ""]).encode()

    def _preloads_of(self, source: str, path: str) -> None:
        if source.endswith(".js"):
            names = imported((self.web / source).read_text("utf-8"), source)
            self._preloads[path] = [self._find(name, source) for name in names]

    def _with_head(self, name: str, page: str, version: str) -> bytes:
        if page.count(HEAD) != 1:
            raise HearthError(f"web/{name} must hold the line {HEAD} once, in its head.")
        lines = [
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f'<meta name="hearth-version" content="{version}">',
            f'<meta name="hearth-runtime-bytes" content="{self._runtime_bytes()}">',
        ]
        waiting = re.findall(r'<script type="module" src="\./([^"]+)"', page)
        seen = set(waiting)
        while waiting:
            for path in self._preloads.get(waiting.pop(0), []):
                if path not in seen:
                    seen.add(path)
                    waiting.append(path)
                    lines.append(f'<link rel="modulepreload" href="./{path}">')
        return page.replace(HEAD, "\n    ".join(lines)).encode()

    def _runtime_bytes(self) -> int:
        """What the worker fetches before Python runs, for the progress of a first visit."""
        fetched = re.compile(r"assets/(hearth-|pyodide.*/(pyodide.asm.wasm|python_stdlib|pyodide-lock|numpy-|pillow-))")
        return sum(len(content) for path, content in self.files.items() if fetched.match(path))

    def _precache(self, version: str) -> bytes:
        files = [
            {"url": "./" if path == "index.html" else path} | _facts(content)
            for path, content in sorted(self.files.items())
            if not WHEN_ASKED_FOR.match(path)
        ]
        total = sum(int(file["bytes"]) for file in files)
        return _json({"version": version, "bytes": total, "headers": HEADERS, "files": files})


def header_rules(files: dict[str, bytes]) -> str:
    """The file `_headers`, which several static hosts read."""
    blocks = {"/*": HEADERS}
    blocks |= {f"/{folder}/*": {"Cache-Control": IMMUTABLE} for folder in ("assets", "models")}
    blocks |= {f"/{path}": {"Cache-Control": SHORT_LIVED} for path in sorted(files) if "/" not in path}
    lines = []
    for pattern, fields in blocks.items():
        lines += [pattern, *(f"  {name}: {value}" for name, value in fields.items())]
    return "\n".join(lines) + "\n"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _facts(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": _hash(content)}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
