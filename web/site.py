"""Assembles the static site in `dist/` from `web/`, the runtime parts of `wheels/` and the models of `models/`.

Convention for the sources in `web/`
------------------------------------
* Every file of `web/` with a served suffix (see `SERVED`) is one file of the site. `*.d.ts`, `*.json`, `*.py` are not served.
* Files at the root of the site keep their names and are short-lived: `index.html`, `sw.js`, `manifest.webmanifest`,
  `models.json`. Everything else becomes `assets/<name>-<hash8>.<suffix>` and never changes.
* A file refers to another one by a quoted relative path from its own place in `web/` that starts with `./` or `../` and has
  a suffix: `import {a} from "./gpu.js"`, `url("./icons/x.svg")`, `href="./style.css"`, `"src": "./icons/icon-192.png"`.
  Site assembly rewrites each such path to where the file lies in `dist/`; a path that leads to nothing fails the build.
  Use no template string, no `?query` and no computed names for files.
* Paths in JavaScript are always relative to the module, never to the page. So outside `import` write
  `new URL("./worker.js", import.meta.url)`, also for `./sw.js`, `./models.json`, `./index.html` (the root is
  `new URL("./index.html", import.meta.url)` less its last segment). In `sw.js` (a classic script at the root of the site)
  write `new URL("./precache.json", self.location.href)`.
* Besides the files that lie in `web/`, these may be referred to as if they lay at the top of `web/`:
    `./hearth.whl`             the app as one wheel; unpack it with `pyodide.unpackArchive(buffer, "wheel")`
    `./pyodide/pyodide.mjs`    Pyodide; the files beside it keep the names that Pyodide wants
    `./pyodide/`               its folder, for `indexURL` and `loadPackage(["numpy", "pillow"])`
    `./models.json`            the models (short-lived): `{"models": [{"id", ..., "bytes", "sha256", "parts":
                               [{"url", "bytes", "sha256"}]}]}`; URLs are relative to `models.json`, that is to the root
    `./precache.json`          what `sw.js` stores: `{"version", "bytes", "headers": {name: value}, "files": [{"url", "bytes",
                               "sha256"}]}`; URLs are relative to the root of the site; `headers` are to be set on
                               every response that the service worker gives (they are what the server sends, too).
  `precache.json` is hash-named, so `sw.js` changes whenever anything in the site does.
* `index.html` holds the line `<!-- site:head -->` inside `<head>`; the Content-Security-Policy, the version
  (`<meta name="hearth-version" content="...">`) and module preloads are put there. No inline script, no inline style.
"""
