"""The runtime parts as they are built: bytecode, lock file, the app as a wheel."""

import base64
import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from hearth.errors import HearthError
from wheels import app, pyodide
from wheels.bytecode import compile_archives


@pytest.fixture(scope="module")
def folder() -> Path:
    return pyodide.for_site()


@pytest.fixture(scope="module")
def wheel() -> Path:
    return app.app_wheel()


def zipped(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".py", text)
    return path


def test_the_lock_file_names_what_is_there_and_nothing_else(folder: Path) -> None:
    packages = json.loads((folder / "pyodide-lock.json").read_text())["packages"]
    assert set(packages) == {"numpy", "pillow", "micropip", "packaging", "hearth-kernels", *pyodide.CHECKER}
    assert {entry["file_name"] for entry in packages.values()} | set(pyodide.CORE) == {
        path.name for path in folder.iterdir()
    }
    for entry in packages.values():
        assert entry["sha256"] == hashlib.sha256((folder / entry["file_name"]).read_bytes()).hexdigest()


def test_everything_for_the_page_is_compiled(folder: Path, wheel: Path) -> None:
    for path in [wheel, *folder.glob("*.whl"), folder / "python_stdlib.zip"]:
        suffixes = [Path(name).suffix for name in zipfile.ZipFile(path).namelist()]
        fewest = 1 if path.name.startswith(("hearth_kernels", "ml_dtypes", "typing_ext")) else 10
        assert ".py" not in suffixes and suffixes.count(".pyc") >= fewest, path.name


def test_the_wheel_holds_all_of_the_app_but_what_the_page_does_not_use(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in (app.APP / "hearth").rglob("*"):
        name = path.relative_to(app.APP).as_posix()
        if path.is_file() and "__pycache__" not in name:
            elsewhere = name == "hearth/cli.py" or name.startswith(("hearth/desk/", "hearth/onnxruntime/"))
            assert ((name + "c" if name.endswith(".py") else name) in names) != elsewhere, name


@pytest.mark.parametrize("what", ["app", "numpy"])
def test_a_wheel_s_record_is_true(folder: Path, wheel: Path, what: str) -> None:
    archive = zipfile.ZipFile(wheel if what == "app" else next(folder.glob("numpy-*")))
    (record,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(archive.read(record).decode()))}
    assert set(rows) == set(archive.namelist())
    for name, (digest, size) in rows.items():
        if name != record:
            content = archive.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert (digest, size) == (f"sha256={expected}", str(len(content)))


def test_the_same_source_compiles_to_the_same_bytes_whatever_its_date(folder: Path, tmp_path: Path) -> None:
    source = "import math\n\ndef area(r: float) -> float:\n    return math.pi * r**2\n\nNAMES = frozenset('abcdefgh')\n"
    made = []
    for number in range(2):
        out = tmp_path / str(number)
        out.mkdir()
        compile_archives([zipped(tmp_path / "x.zip", a=source, b__c=source)], folder, out)
        made.append((out / "x.zip").read_bytes())
    assert made[0] == made[1]
    with zipfile.ZipFile(io.BytesIO(made[0])) as archive:
        assert archive.namelist() == ["a.pyc", "b/c.pyc"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_source_that_does_not_compile_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(HearthError, match=r"(?s)Compiling to bytecode failed.*broken\.py"):
        compile_archives([zipped(tmp_path / "x.zip", broken="def f(:\n")], folder, tmp_path)


def test_nothing_is_made_again_without_need(folder: Path, wheel: Path) -> None:
    before = [(folder / "python_stdlib.zip").stat().st_mtime_ns, wheel.stat().st_mtime_ns]
    pyodide.for_site()
    app.app_wheel()
    assert [(folder / "python_stdlib.zip").stat().st_mtime_ns, wheel.stat().st_mtime_ns] == before
