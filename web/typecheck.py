"""TypeScript's checker over the JavaScript of `web/`; for development only, nothing of it is shipped."""

import shutil
import tarfile
import tempfile
from pathlib import Path

from hearth.desk.fetch import Cache, Pinned
from hearth.desk.node import node_command
from hearth.desk.pins import read_pins

WEB = Path(__file__).parent
PINS = (WEB / "typecheck.toml", WEB / "visualizer" / "pins.toml")
TOOLS = WEB.parent / "build" / "typecheck"


def tsc_commands() -> list[list[str]]:
    """The commands that check `web/`, their tools unpacked from the pins where they are not there yet."""
    folders = {name: _unpacked(pin) for file in PINS for name, pin in read_pins(file).items() if name.endswith(".tgz")}
    compiler = next(folder for name, folder in folders.items() if name.startswith("typescript-"))
    # The service worker lives in another world than the page: it is a project of its own.
    projects = [WEB / "tsconfig.json", WEB / "tsconfig.sw.json"]
    return [[*node_command(), str(compiler / "lib" / "tsc.js"), "--project", str(path)] for path in projects]


def _unpacked(pin: Pinned) -> Path:
    target = TOOLS / pin.name.removesuffix(".tgz")
    if not target.is_dir():
        TOOLS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=TOOLS) as work, tarfile.open(Cache().get(pin)) as archive:
            archive.extractall(work)  # known by its hash, so its paths can be trusted
            (only,) = Path(work).iterdir()
            shutil.move(only, target)
    return target
