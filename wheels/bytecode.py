"""Archives with bytecode in place of Python sources, compiled by the very CPython that the page runs.

Compiling in the page is most of what a start costs: Pyodide's own standard library comes as sources.
"""

import hashlib
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from hearth.desk.node import node_command
from hearth.errors import HearthError

HERE = Path(__file__).parent
SCRIPTS = (HERE / "run_in_pyodide.mjs", HERE / "compile_archives.py")


def compiled_archive(archive: Path, files: Mapping[str, bytes], pyodide: Path) -> Path:
    """`archive`, which holds these files with bytecode in place of sources; made anew when one of them changed."""
    key_file = archive.with_suffix(".key")
    key = _key(files, pyodide)
    if archive.is_file() and key_file.is_file() and key_file.read_text() == key:
        return archive
    key_file.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as work:
        source = Path(work, archive.name)
        with zipfile.ZipFile(source, "w") as plain:
            for name, content in files.items():
                plain.writestr(name, content)
        compile_archives([source], pyodide, archive.parent)
    key_file.write_text(key)
    return archive


def _key(files: Mapping[str, bytes], pyodide: Path) -> str:
    total = hashlib.sha256()
    for path in (pyodide / "pyodide-lock.json", *SCRIPTS):
        total.update(path.read_bytes())
    for name, content in files.items():
        total.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
    return total.hexdigest()


def compile_archives(archives: Iterable[Path], pyodide: Path, into: Path) -> None:
    """Writes each zip or wheel to the folder `into` under its own name; the same input gives the same bytes.

    `pyodide` is a folder with the files of Pyodide. Raises HearthError when a source does not compile.
    """
    with tempfile.TemporaryDirectory(dir=into) as work:
        given, compiled = Path(work, "in"), Path(work, "out")
        given.mkdir()
        compiled.mkdir()
        for archive in archives:
            (given / archive.name).write_bytes(archive.read_bytes())
        command = [*node_command(), str(SCRIPTS[0]), str(pyodide), str(SCRIPTS[1]), work]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            reason = result.stderr.strip() or "Node gave no reason"
            raise HearthError(f"Compiling to bytecode failed: {reason}")
        for file in compiled.iterdir():
            file.replace(into / file.name)
