"""Python's steps and the C header say the same."""

from __future__ import annotations

import ctypes
import re
from enum import IntEnum

import pytest

from hearth.runtime.wasm import steps
from hearth.runtime.wasm.native import SOURCES

pytestmark = pytest.mark.desk
HEADER = re.sub(r"/\*.*?\*/", "", (SOURCES / "step.h").read_text(), flags=re.S)
STRUCTS = {
    name: cls
    for name, cls in vars(steps).items()
    if isinstance(cls, type) and issubclass(cls, ctypes.Structure) and hasattr(cls, "_fields_")
}
ENUMS = {
    "opcode": steps.Opcode,
    "number": steps.Number,
    "pooling": steps.Pooling,
    "reduction": steps.Reduction,
    "action_code": steps.ActionCode,
}


@pytest.mark.parametrize("name", STRUCTS)
def test_struct_has_the_fields_of_the_header(name: str) -> None:
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    body = re.search(rf"struct {snake} {{(.*?)}};", HEADER, re.S)
    assert body, f"the header has no struct {snake}"
    fields = []
    for line in body[1].split(";"):
        found = re.match(r"\s*(?:struct )?(\w+) (.*)", line.strip(), re.S)
        if found:
            fields += [(found[1], re.sub(r"\[.*", "", item.strip())) for item in found[2].split(",")]
    cls = STRUCTS[name]
    assert [field for _, field in fields] == [field[0] for field in cls._fields_]
    for (kind, field), declared in zip(fields, cls._fields_, strict=True):
        element = getattr(declared[1], "_type_", declared[1]) if hasattr(declared[1], "_length_") else declared[1]
        expected = {"int32_t": ctypes.c_int32, "float": ctypes.c_float}.get(kind)
        assert element is (expected or STRUCTS["".join(part.title() for part in kind.split("_"))]), field


@pytest.mark.parametrize("name", ENUMS)
def test_enum_counts_as_the_header_does(name: str) -> None:
    body = re.search(rf"enum {name} {{(.*?)}};", HEADER, re.S)
    assert body
    python: type[IntEnum] = ENUMS[name]
    assert [item.strip() for item in body[1].split(",") if item.strip()] == [member.name for member in python]
