"""The runtime as wheels for any Pyodide page, JupyterLite or PyScript, and for a desk.

`hearth-runtime` is the runtime alone. `onnxruntime` is opt-in: it answers to that name, for clients that import it.
`python -m wheels.runtime_wheel` builds both and prints where they are.
"""

import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from web.references import imported
from wheels.bytecode import compiled_archive
from wheels.kernels.build import SOURCES, WHEEL
from wheels.pack import write_wheel
from wheels.pyodide import for_site

ROOT = Path(__file__).parents[1]
APP = ROOT / "app"
BUILD = ROOT / "build" / "wheels"
ALIAS = "hearth/onnxruntime"
SCRIPTS = ("gpu.js", "pool.js", "pool-worker.js")
CPYTHON = "cpython-314"  # of Pyodide

_COMMON = (
    "Requires-Python: >=3.11\n"
    "License-Expression: Apache-2.0\n"
    "License-File: LICENSE\n"
    "License-File: NOTICE\n"
    "Classifier: Operating System :: OS Independent\n"
    "Classifier: Topic :: Scientific/Engineering :: Artificial Intelligence\n"
    "Description-Content-Type: text/plain\n"
)

_ABOUT_RUNTIME = """
    from hearth.runtime import InferenceSession

    session = InferenceSession("model.onnx")
    outputs = session.run(None, {"input": array})
    print(session.explain())
"""

_ABOUT_ALIAS = """
    import onnxruntime

    session = onnxruntime.InferenceSession("model.onnx")
    outputs = session.run(None, {"input": array})

Python packages that import onnxruntime run on hearth-runtime once this is installed, in Pyodide too.
"""


def runtime_wheel() -> Path:
    """`hearth-runtime`: hearth.runtime, the little it needs, the kernels and the JavaScript that opens WebGPU."""
    version = _version()
    files = {
        **_files("hearth/__init__.py"),
        **_files("hearth/errors.py"),
        **_files("hearth/runtime"),
        **_scripts(),
        **_kernels(),
        **_licences("hearth_runtime", version),
    }
    files |= _bytecode("hearth-runtime", files)
    about = "Summary: An ONNX runtime in Python: numpy everywhere, SIMD WebAssembly and WebGPU in the browser\n"
    needs = "Requires-Dist: numpy>=2.1\n"
    return write_wheel(BUILD, "hearth-runtime", version, files, about + _COMMON + needs + _ABOUT_RUNTIME)


def alias_wheel() -> Path:
    """`onnxruntime`: its Python API over hearth-runtime. The local version tells it from Microsoft's package."""
    version = f"{_api_version()}+hearth.{_version()}"
    files = {"onnxruntime" + name.removeprefix(ALIAS): content for name, content in _files(ALIAS).items()} | _licences(
        "onnxruntime", version
    )
    files |= _bytecode("onnxruntime", files)
    about = "Summary: Answers to `import onnxruntime` with Hearth's runtime; not Microsoft's package\n"
    needs = f"Requires-Dist: hearth-runtime=={_version()}\nRequires-Dist: numpy>=2.1\n"
    return write_wheel(BUILD, "onnxruntime", version, files, about + _COMMON + needs + _ABOUT_ALIAS)


def _bytecode(name: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What the page's CPython makes of the sources, where it looks for that: compiling is half of an import's time.

    Any other CPython has another name for it and takes the sources.
    """
    sources = {path: content for path, content in files.items() if path.endswith(".py")}
    with zipfile.ZipFile(compiled_archive(BUILD / f"{name}-bytecode.zip", sources, for_site())) as compiled:
        found = {PurePosixPath(path): compiled.read(path) for path in compiled.namelist()}
    return {f"{path.parent}/__pycache__/{path.stem}.{CPYTHON}.pyc": content for path, content in found.items()}


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])


def _api_version() -> str:
    from hearth.onnxruntime.process import VERSION

    return VERSION


def _files(name: str) -> dict[str, bytes]:
    """A file of the app, or all in a folder of it, by their paths in the wheel."""
    path = APP / name
    found = [path] if path.is_file() else sorted(path.rglob("*"))
    return {
        file.relative_to(APP).as_posix(): file.read_bytes()
        for file in found
        if file.is_file() and "__pycache__" not in file.parts
    }


def _scripts() -> dict[str, bytes]:
    """The modules that `hearth.runtime.browser` opens, and those that they import."""
    found: dict[str, bytes] = {}
    waiting = list(SCRIPTS)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = (ROOT / "web" / name).read_bytes()
            waiting += imported(found[name].decode(), name)
    return {f"hearth/runtime/web/{name}": content for name, content in found.items()}


def _kernels() -> dict[str, bytes]:
    """The kernels' builds for the browser, as they are kept under version control, and their sources for a desk."""
    with zipfile.ZipFile(WHEEL) as wheel:
        found = {name: wheel.read(name) for name in wheel.namelist() if name.startswith("hearth_kernels/")}
    sources = sorted(path for path in SOURCES.iterdir() if path.suffix in (".c", ".h"))
    return found | {f"hearth/runtime/wasm/src/{path.name}": path.read_bytes() for path in sources}


def _licences(stem: str, version: str) -> dict[str, bytes]:
    return {f"{stem}-{version}.dist-info/licenses/{name}": (ROOT / name).read_bytes() for name in ("LICENSE", "NOTICE")}


if __name__ == "__main__":
    print(runtime_wheel(), alias_wheel(), sep="\n")
