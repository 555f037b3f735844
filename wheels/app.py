"""The app as one wheel, compiled for the page: all of `app/hearth` that the page uses."""

import tomllib
from pathlib import Path

from wheels.bytecode import compiled_archive
from wheels.pyodide import BUILD, for_site

ROOT = Path(__file__).parents[1]
APP = ROOT / "app"
NOT_IN_THE_PAGE = ("hearth/desk/", "hearth/cli.py", "hearth/onnxruntime/")
TAG = "cp314-none-any"  # bytecode is of one version of CPython


def app_wheel() -> Path:
    """The wheel, made anew when a source changed; the same sources give the same bytes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wheel = BUILD / f"hearth-{project['version']}-{TAG}.whl"
    return compiled_archive(wheel, _sources() | _metadata(project), for_site())


def _sources() -> dict[str, bytes]:
    found = {}
    for path in sorted(APP.joinpath("hearth").rglob("*")):
        name = path.relative_to(APP).as_posix()
        if path.is_file() and "__pycache__" not in path.parts and not name.startswith(NOT_IN_THE_PAGE):
            found[name] = path.read_bytes()
    return found


def _metadata(project: dict[str, object]) -> dict[str, bytes]:
    folder = f"hearth-{project['version']}.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: hearth\nVersion: {project['version']}\n"
    wheel = f"Wheel-Version: 1.0\nGenerator: hearth\nRoot-Is-Purelib: true\nTag: {TAG}\n"
    return {
        f"{folder}/METADATA": metadata.encode(),
        f"{folder}/WHEEL": wheel.encode(),
        f"{folder}/RECORD": b"",
        f"{folder}/licenses/LICENSE": (ROOT / "LICENSE").read_bytes(),
        f"{folder}/licenses/NOTICE": (ROOT / "NOTICE").read_bytes(),
    }
