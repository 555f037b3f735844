"""The command line of build.py. That it sets everything up by itself is proven wherever it runs for the first time."""

import importlib.util
import subprocess
import sys
import threading
import urllib.request
from collections import deque
from concurrent.futures import ThreadPoolExecutor
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


def test_every_test_is_in_one_step_and_two_rows_run_each_step_once(tmp_path: Path) -> None:
    made = importlib.util.spec_from_file_location("door", ROOT / "build.py")
    assert made and made.loader
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    run = [part for _, command in module.checks() for part in command if part.startswith("tests/")]
    files = [
        file for part in run for file in ([ROOT / part] if part.endswith(".py") else (ROOT / part).rglob("test_*.py"))
    ]
    assert sorted(files) == sorted((ROOT / "tests").rglob("test_*.py"))

    note = [sys.executable, "-c", f"import sys; open(f'{tmp_path}/{{sys.argv[1]}}', 'x'); sys.exit(sys.argv[1] == '3')"]
    steps = deque((f"step {number}", [*note, str(number)]) for number in range(6))
    with ThreadPoolExecutor(1) as beside:
        background = beside.submit(module.run_steps, steps.pop)
        failed = module.run_steps(steps.popleft) + background.result()
    assert failed == ["step 3"] and len(list(tmp_path.iterdir())) == 6


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
        with urllib.request.urlopen(address, timeout=60) as response:
            assert b">Hearth: cut out photos" in response.read()
    finally:
        stop.cancel()
        process.terminate()
        process.wait(60)
