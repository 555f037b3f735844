"""Runs inside Pyodide: writes each archive of `/work/in` to `/work/out`, bytecode in place of sources.

The same input gives the same bytes: entries are sorted and carry no times, bytecode is bound to no file date.
"""

import base64
import hashlib
import py_compile
import zipfile
from pathlib import Path

ONLY_FOR_DEVELOPERS = ("/", ".pyi", ".pxd", ".pyx", ".h", ".c")


def entries(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Name and content of each file that runs, sources compiled, the wheel's RECORD made anew."""
    found: dict[str, bytes] = {}
    for name in sorted(archive.namelist()):
        content = archive.read(name)
        if name.endswith(".py"):
            found[name + "c"] = bytecode(name, content)
        elif not name.endswith(ONLY_FOR_DEVELOPERS):
            found[name] = content
    for name in list(found):
        if name.endswith(".dist-info/RECORD"):
            found[name] = record(found, name)
    return found


def bytecode(name: str, source: bytes) -> bytes:
    """What CPython caches of a source, known by its hash in place of its date."""
    plain, compiled = Path("/tmp/source.py"), Path("/tmp/source.pyc")
    plain.write_bytes(source)
    by_hash = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(plain), str(compiled), name, doraise=True, invalidation_mode=by_hash)
    return compiled.read_bytes()


def record(files: dict[str, bytes], own_name: str) -> bytes:
    """A wheel's RECORD: name, hash and size of each file but itself."""
    lines = [f"{own_name},,"]
    for name, content in files.items():
        if name != own_name:
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(content)}")
    return ("\n".join(lines) + "\n").encode()


for source in sorted(Path("/work/in").iterdir()):
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(f"/work/out/{source.name}", "w") as compiled:
        for name, content in entries(given).items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            compiled.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
