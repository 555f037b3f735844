"""The command line of build.py. That it sets everything up by itself is proven wherever it runs for the first time."""

import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]


def door(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(ROOT / "build.py"), *arguments], capture_output=True, text=True)


def test_help_names_every_command_and_every_bench() -> None:
    text = " ".join(door("--help").stdout.split())
    benches = sorted(path.stem for path in (ROOT / "tests" / "bench").glob("[!_]*.py"))
    assert all(f" {command} " in text for command in ("serve", "build", "test", "bench"))
    assert "start" in benches and f"run a benchmark: {', '.join(benches)}" in text


def test_what_it_does_not_know_is_refused_before_anything_runs() -> None:
    for arguments in (["bake"], ["build", "--quick"], ["bench", "nothing"], []):
        result = door(*arguments)
        assert (result.returncode, result.stdout) == (2, "")
        assert "usage: build.py" in result.stderr


def test_serve_builds_the_site_and_answers() -> None:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "build.py"), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    stop = threading.Timer(300, process.kill)
    stop.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = next(word for word in line.split() if word.startswith("http://"))
        with urllib.request.urlopen(address, timeout=10) as response:
            assert b">Hearth: cut out photos" in response.read()
    finally:
        stop.cancel()
        process.terminate()
        process.wait(10)
