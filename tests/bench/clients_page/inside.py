"""What the page's Python does for one client: installs it by micropip, asks it, tells its answer."""

from __future__ import annotations

import json
import os
import time
from importlib import import_module
from pathlib import Path
from typing import Any


async def main(site: str) -> str:
    """The answer as JSON, with what the client's sessions ran on."""
    import micropip
    from pyodide.http import pyfetch
    from pyodide_js import loadPackage

    for name in ("asked.json", "_clients.py", "speech.npy", "photo.png"):
        Path(name).write_bytes(await (await pyfetch(f"{site}{name}")).bytes())
    asked: dict[str, Any] = json.loads(Path("asked.json").read_text())
    if asked["gpu"]:
        os.environ["HEARTH_SOFTWARE_GPU"] = "1"
    await loadPackage(["numpy", "pillow"])
    for wheel in asked["wheels"]:
        await micropip.install(f"{asked['index']}/{wheel}", deps=asked["deps"])
    import onnxruntime

    if asked["gpu"]:
        from hearth.runtime.browser import prepare
        from hearth.runtime.webgpu.page import open_gpu

        await prepare()
        open_gpu().trusted = True  # software takes minutes to compile the kernels of the comparison with numpy
    made: list[Any] = []
    begin = onnxruntime.InferenceSession.set_providers

    def counted(session: Any, *arguments: Any, **named: Any) -> None:
        made.append(session)
        begin(session, *arguments, **named)

    onnxruntime.InferenceSession.set_providers = counted
    start = time.perf_counter()
    answer = getattr(import_module("_clients"), asked["name"])()
    seconds = time.perf_counter() - start
    places = sorted({place for session in made for _, place in session._session.places()})
    return json.dumps({"answer": answer, "seconds": seconds, "sessions": len(made), "ran on": places})
