"""The folder of Pyodide that the site serves: its core, and the packages that the app needs.

Everything comes from the pins; Python sources in it are compiled, and the lock file names what is there and
nothing else. `for_tests()` is the same with what pytest needs inside the browser, `bare()` is as Pyodide's
authors ship it.
"""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hearth.desk.fetch import Cache
from hearth.desk.lock import locked
from hearth.desk.pins import read_pins
from wheels.bytecode import SCRIPTS, compile_archives
from wheels.kernels.build import WHEEL
from wheels.pack import write_wheel

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "wheels"

VERSION = "314.0.4"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
PACKAGES = ("numpy", "pillow", "micropip", "packaging")
CHECKER = {  # what checks a person's own model, fetched when it is asked for
    "onnx": ["numpy", "protobuf", "typing-extensions", "ml-dtypes"],
    "protobuf": [],
    "typing-extensions": [],
    "ml-dtypes": [],
}
OWN = ("hearth-kernels", "ml-dtypes")  # wheels of this project, which no pin names
TEST_CORE = ("pyodide.js",)
TEST_PACKAGES = {
    "hypothesis": ["sortedcontainers"],
    "sortedcontainers": [],
    "pytest": ["iniconfig", "packaging", "pluggy", "pygments"],
    "iniconfig": [],
    "pluggy": [],
    "pygments": [],
    "tblib": [],
}


def for_site() -> Path:
    """The folder to serve, made anew when a pin or the way of compiling changed."""
    return _assembled("pyodide", CORE, dict.fromkeys(PACKAGES) | {"hearth-kernels": []} | CHECKER)


def bare() -> Path:
    """The same files as they come, to compare with."""
    return _assembled("pyodide-bare", CORE, dict.fromkeys(PACKAGES), compiled=False)


def for_tests() -> Path:
    """The folder that pytest-pyodide is given as its `--dist-dir`."""
    packages = dict.fromkeys(PACKAGES) | {"hearth-kernels": []} | TEST_PACKAGES
    return _assembled("pyodide-tests", CORE + TEST_CORE, packages)


def _assembled(name: str, core: tuple[str, ...], packages: dict[str, list[str] | None], compiled: bool = True) -> Path:
    """`packages` maps each to what it depends on; None: as the official lock file says.

    Of two processes that want the same folder one makes it: the other would take it away from under the first.
    """
    target, key_file = BUILD / name, BUILD / f"{name}.key"
    with locked(BUILD / f"{name}.lock"):
        key = _key(core, packages)
        if key_file.is_file() and key_file.read_text() == key:
            return target
        with tempfile.TemporaryDirectory(dir=BUILD) as work:
            folder = Path(work, "folder")
            folder.mkdir()
            wheels = _collect(folder, core, packages)
            if compiled:
                official = Path(shutil.copytree(folder, Path(work, "official")))
                compile_archives([folder / "python_stdlib.zip", *wheels.values()], official, folder)
            _write_lock(folder, wheels, packages)
            key_file.unlink(missing_ok=True)
            shutil.rmtree(target, ignore_errors=True)
            folder.replace(target)
        key_file.write_text(key)
    return target


def _key(core: tuple[str, ...], packages: dict[str, list[str] | None]) -> str:
    sources = [Path(__file__), HERE / "pins.toml", HERE / "bytecode.py", *SCRIPTS]
    texts = [repr((core, packages)), *(path.read_text("utf-8") for path in sources)]
    texts += [hashlib.sha256(_own(package).read_bytes()).hexdigest() for package in OWN]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _own(package: str) -> Path:
    """The wheel of one in OWN."""
    if package == "hearth-kernels":
        return WHEEL
    source = (HERE / "ml_dtypes" / "__init__.py").read_bytes()
    about = "Summary: Stands in for ml_dtypes where onnx checks models\nLicense-Expression: Apache-2.0\n"
    return write_wheel(BUILD, "ml-dtypes", "0.5.4+hearth", {"ml_dtypes/__init__.py": source}, about)


def _collect(folder: Path, core: tuple[str, ...], packages: dict[str, list[str] | None]) -> dict[str, Path]:
    """Fetches all into `folder`; the wheels by package name."""
    pins, cache = read_pins(HERE / "pins.toml"), Cache()
    wheels = {}
    for package in OWN:
        if package in packages:
            wheels[package] = _own(package).name
            shutil.copyfile(_own(package), folder / wheels[package])
    pinned = [package for package in packages if package not in OWN]
    for package in pinned:
        stem = package.replace("-", "_")
        (wheels[package],) = (name for name in pins if name.startswith(f"{stem}-") and ".whl" in name)
    for name in (*core, *(wheels[package] for package in pinned)):
        shutil.copyfile(cache.get(pins[name]), folder / name)
    return {package: folder / name for package, name in wheels.items()}


def _write_lock(folder: Path, wheels: dict[str, Path], packages: dict[str, list[str] | None]) -> None:
    path = folder / "pyodide-lock.json"
    lock: dict[str, Any] = json.loads(path.read_text("utf-8"))
    official = lock["packages"]
    lock["packages"] = {}
    for package, wheel in wheels.items():
        plain = {"install_dir": "site", "package_type": "package", "unvendored_tests": False}
        plain["imports"] = [package.replace("-", "_")]
        entry = official.get(package, {"name": package} | plain)
        depends = packages[package]
        entry["depends"] = entry["depends"] if depends is None else depends
        entry["file_name"], entry["version"] = wheel.name, wheel.name.split("-")[1]
        entry["sha256"] = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lock["packages"][package] = entry
    path.write_text(json.dumps(lock, sort_keys=True), "utf-8")
