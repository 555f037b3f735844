"""A stranger's notebook: the wheels by micropip, a model, runs on whatever there is."""

from __future__ import annotations

import json
import os
from typing import Any


async def main(site: str) -> str:
    """What was found, as JSON."""
    import micropip

    os.environ["HEARTH_SOFTWARE_GPU"] = "1"
    with open("model.onnx", "wb") as file:
        from pyodide.http import pyfetch

        file.write(await (await pyfetch(f"{site}model.onnx")).bytes())
    await micropip.install(f"{site}hearth_runtime-0.1.0-py3-none-any.whl")
    await micropip.install(f"{site}onnxruntime-1.32.0+hearth.0.1.0-py3-none-any.whl")
    import numpy as np
    import onnxruntime as ort
    from pyodide.ffi import can_run_sync

    from hearth.runtime.browser import prepare
    from hearth.runtime.webgpu.page import open_gpu

    found: dict[str, Any] = {"waits": can_run_sync(), "providers at once": ort.get_available_providers()}
    await prepare()
    found["providers"] = ort.get_available_providers()
    if "WebGPUExecutionProvider" in found["providers"]:
        open_gpu().trusted = True  # software takes minutes to compile the kernels of the comparison with numpy
    state, x = np.full((2, 6), 0.25, np.float32), np.linspace(-1, 1, 12, dtype=np.float32).reshape(2, 6)
    numpy = ort.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
    found["cpu"] = where(numpy, numpy.run(["next"], {"state": state, "x": x}))
    expected = numpy.run(["next"], {"state": state, "x": x})[0]

    def apart(value: Any, wanted: Any = expected) -> float:
        return float(np.abs(value - wanted).max())

    session = ort.InferenceSession("model.onnx")
    found["run_async"] = apart((await session.run_async(["next"], {"state": state, "x": x}))[0])
    found["run_async ran on"] = where(session)
    device = "webgpu" if "WebGPUExecutionProvider" in found["providers"] else "cpu"
    held = ort.OrtValue.ortvalue_from_numpy(state, device)
    for _ in range(3):
        binding = session.io_binding()
        binding.bind_ortvalue_input("state", held)
        binding.bind_cpu_input("x", x)
        binding.bind_output("next", device)
        session.run_with_iobinding(binding)
        held = binding.get_outputs()[0]
        state = numpy.run(["next"], {"state": state, "x": x})[0]
    found["bound on"] = type(held._value).__name__
    found["bound"] = apart(held.numpy() if device == "cpu" else await held._value.numpy_async(), state)
    found["run"] = apart(session.run(["next"], {"state": np.full((2, 6), 0.25, np.float32), "x": x})[0])
    found["run ran on"] = where(session)
    from hearth.runtime.wasm import WasmExecutor

    pool = WasmExecutor().pool
    found["threads"] = int(pool.threads) if pool is not None else 1
    return json.dumps(found)


def where(session: Any, _: Any = None) -> list[str]:
    """The executors that have run its steps."""
    return sorted({place for _, place in session._session.places()})
