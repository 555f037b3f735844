"""The kernel wheel that is kept under version control."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from auditwheel_emscripten.module import parse_dylink_section  # the audit of pyodide-build

from wheels.kernels.build import NAME, VARIANTS, VERSION, WHEEL, contents, has_compiler, packed, unpacked

pytestmark = pytest.mark.desk
RECORD = f"{NAME}-{VERSION}.dist-info/RECORD"


def test_the_wheel_is_what_its_sources_make() -> None:
    if not has_compiler():
        pytest.skip("the compiler that the wheel was built with is not here")
    files = unpacked(WHEEL)
    del files[RECORD]
    made = contents()
    assert made.keys() == files.keys()
    assert [name for name in made if made[name] != files[name]] == []


def test_packing_the_same_files_again_gives_the_same_bytes() -> None:
    files = unpacked(WHEEL)
    del files[RECORD]
    assert packed(files) == packed(files)


def test_the_record_names_every_file_with_its_hash() -> None:
    files = unpacked(WHEEL)
    lines = files[RECORD].decode().splitlines()
    listed = {name: (digest, size) for name, digest, size in (line.split(",") for line in lines)}
    assert listed.keys() == files.keys()
    for name, data in files.items():
        if name != RECORD:
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            assert listed[name] == (f"sha256={digest}", str(len(data)))


def test_every_variant_is_there_for_one_thread_and_for_several_and_none_is_called_so() -> None:
    names = set(unpacked(WHEEL))
    for variant in VARIANTS:
        assert {f"{NAME}/{variant}.wasm", f"{NAME}/{variant}-threads.wasm"} <= names
    assert not [name for name in names if name.endswith(".so")]
    assert WHEEL.stat().st_size < 300_000


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_side_module_needs_no_library_beside_python(variant: str, tmp_path: Path) -> None:
    module = tmp_path / f"{variant}.wasm"
    module.write_bytes(unpacked(WHEEL)[f"{NAME}/{variant}.wasm"])
    dylink = parse_dylink_section(module)
    assert dylink.needed == []
    assert dylink.import_info == {}
