"""Opens what only JavaScript can in a page that is not Hearth's own: WebGPU, and threads where memory can be shared.

Hearth's page registers the JavaScript modules `hearth_gpu` and `hearth_pool` itself. The wheel hearth-runtime carries
their sources in `web/` beside this file and registers them from here. Opening takes a turn of the event loop: where the
browser lets Python wait (JSPI) it happens by itself with the first session, elsewhere `await prepare()` does it.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

LOG = logging.getLogger("hearth")
SOURCES = Path(__file__).with_name("web")
_IMPORT = re.compile(r'(\bfrom *)"\./([^"]+\.js)"')
_POOL = "(Pool, worker, module) => ({ open: (code, threads) => new Pool(code, threads, () => module.HEAPU8, worker) })"


async def prepare() -> None:
    """Opens the GPU and the threads of this page, once. Where there are none, sessions run without them."""
    await _register("hearth_gpu", _gpu)
    await _register("hearth_pool", _pool)


def open_bridge() -> None:
    """`prepare`, where Python can wait for it; elsewhere nothing happens."""
    if sys.platform != "emscripten" or not SOURCES.is_dir() or _is_registered("hearth_gpu", "hearth_pool"):
        return
    from pyodide.ffi import can_run_sync, run_sync

    if can_run_sync():
        run_sync(prepare())


def may_have_gpu() -> bool:
    """Whether this page has opened a GPU; on a desk that is found out later."""
    if sys.platform != "emscripten":
        return True
    open_bridge()
    try:
        import hearth_gpu  # type: ignore[import-not-found]
    except ImportError:
        return False
    return bool(hearth_gpu.gpu)


def _is_registered(*names: str) -> bool:
    from importlib.util import find_spec

    return all(name in sys.modules or find_spec(name) is not None for name in names)


async def _register(name: str, make: Any) -> None:
    """Makes what a module offers and registers it, unless the page has done so."""
    if _is_registered(name) or not SOURCES.is_dir():
        return
    import pyodide_js
    from pyodide.ffi import JsException, to_js

    try:
        offered = await make()
    except JsException as error:  # the page's own rules may forbid scripts that it does not know
        LOG.debug("%s can't be opened: %s", name, error)
        offered = {"gpu": None} if make is _gpu else None
    if offered is not None:
        import js

        pyodide_js.registerJsModule(name, to_js(offered, dict_converter=js.Object.fromEntries))


async def _gpu() -> dict[str, Any]:
    import js

    from hearth.runtime.webgpu.desk import ALLOW_SOFTWARE

    if not getattr(getattr(js, "navigator", None), "gpu", None):
        return {"gpu": None}
    return {"gpu": await (await _module("gpu.js")).openGpu(bool(os.environ.get(ALLOW_SOFTWARE)))}


async def _pool() -> Any:
    import js
    import pyodide_js
    from pyodide.code import run_js

    # The page's main thread may not wait for others.
    if not getattr(js, "crossOriginIsolated", False) or hasattr(js, "document"):
        return None
    pool = (await _module("pool.js")).Pool
    return run_js(_POOL)(pool, _url("pool-worker.js"), pyodide_js._module)


async def _module(name: str) -> Any:
    from pyodide.code import run_js

    return await run_js("(url) => import(url)")(_url(name))


def _url(name: str) -> str:
    """An address under which the browser finds a packaged source, and those that it imports."""
    import js
    from pyodide.ffi import to_js

    text = SOURCES.joinpath(name).read_text("utf-8")
    text = _IMPORT.sub(lambda match: f'{match[1]}"{_url(match[2])}"', text)
    kind = to_js({"type": "text/javascript"}, dict_converter=js.Object.fromEntries)
    return str(js.URL.createObjectURL(js.Blob.new(to_js([text]), kind)))
