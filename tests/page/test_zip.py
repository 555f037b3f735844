"""Archives that the page writes, read by Python's own reader."""

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from hearth.desk.node import node_command

pytestmark = pytest.mark.desk

WRITE = """
import { zip } from "./zip.mjs";
const file = (name, text) => ({ name, blob: new Blob([text]), modified: new Date(2024, 1, 2, 3, 4, 6) });
const files = [file("été/cat.png", "hello ".repeat(99)), file("été/Cat.png", "x".repeat(9000)), file("empty", "")];
const parts = [];
for await (const part of zip(files, LIMIT)) parts.push(part);
process.stdout.write(Buffer.from(await new Blob(parts).arrayBuffer()));
"""


@pytest.mark.parametrize("limit", ["undefined", "100"])
def test_an_archive_is_read_by_others_also_where_its_numbers_are_large(limit: str, tmp_path: Path) -> None:
    """`limit` is the size from which on ZIP64 is used; its own would take four gigabytes."""
    shutil.copy(Path(__file__).parents[2] / "web" / "shell" / "zip.js", tmp_path / "zip.mjs")
    (tmp_path / "write.mjs").write_text(WRITE.replace("LIMIT", limit))
    done = subprocess.run([*node_command(), "write.mjs"], cwd=tmp_path, capture_output=True, check=True)
    with zipfile.ZipFile(io.BytesIO(done.stdout)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["été/cat.png", "été/Cat-2.png", "empty"]
        assert archive.read("été/cat.png") == b"hello " * 99
        assert archive.infolist()[0].date_time == (2024, 2, 2, 3, 4, 6)
        assert (archive.infolist()[0].extract_version == 45) == (limit == "100")
