"""A reader of protocol buffers' wire format, as much of it as ONNX files need.

Source: the Protocol Buffers encoding documentation. Bytes fields come back as views of the file, without a copy.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from hearth.errors import DamagedModel

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MAX_DEPTH = 100

Message = dict[str, object]


class Field(NamedTuple):
    """A field of a message: its name, its kind, and whether it repeats.

    `kind` is `int`, `uint`, `float`, `double`, `string`, `bytes`, or the name of a message.
    """

    name: str
    kind: str
    repeated: bool = False


Schema = dict[str, dict[int, Field]]


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise DamagedModel(f"The file ends in the middle of a number, at byte {at} of its message.")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
        if shift >= 70:
            raise DamagedModel(f"A number runs over ten bytes, at byte {at} of its message.")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _fields(data: memoryview) -> Iterator[tuple[int, int, int, int | memoryview]]:
    """Yields (offset, field number, wire type, raw value) of every field of a message."""
    at, end = 0, len(data)
    while at < end:
        start = at
        # Most numbers are of one byte; the others are left to a function.
        key, at = (data[at], at + 1) if data[at] < 0x80 else _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = (data[at], at + 1) if at < end and data[at] < 0x80 else _varint(data, at)
            yield start, number, wire, value
            continue
        if wire == BYTES:
            size, at = (data[at], at + 1) if at < end and data[at] < 0x80 else _varint(data, at)
        elif wire in (FIXED32, FIXED64):
            size = 4 if wire == FIXED32 else 8
        else:
            raise DamagedModel(f"Byte {start} of its message starts a field of wire type {wire}, which is unknown.")
        if number == 0 or at + size > end:
            raise DamagedModel(f"The field {number} at byte {start} of its message runs past the end of the data.")
        yield start, number, wire, data[at : at + size]
        at += size


def _packed(kind: str, data: memoryview) -> list[int] | list[float]:
    if kind in ("float", "double"):
        size, code = (4, "f") if kind == "float" else (8, "d")
        if len(data) % size:
            raise DamagedModel(f"A packed list of {kind} numbers has {len(data)} bytes.")
        return list(struct.unpack(f"<{len(data) // size}{code}", data))
    values, at = [], 0
    while at < len(data):
        value, at = _varint(data, at)
        values.append(_signed(value) if kind == "int" else value)
    return values


_WIRE = {"int": VARINT, "uint": VARINT, "float": FIXED32, "double": FIXED64}


def _scalar(kind: str, raw: int | memoryview) -> object:
    if isinstance(raw, int):
        return _signed(raw) if kind == "int" else raw
    if kind == "float":
        return struct.unpack("<f", raw)[0]
    if kind == "double":
        return struct.unpack("<d", raw)[0]
    if kind == "string":
        return str(raw, "utf-8")
    return raw


def decode(data: memoryview, kind: str, schema: Schema, path: str = "", depth: int = 0) -> Message:
    """Decodes a message of type `kind`. Absent fields are absent; repeated ones are lists.

    Raises DamagedModel, naming the field and its offset, where the bytes do not fit the schema.
    """
    if depth > MAX_DEPTH:
        raise DamagedModel(f"The model nests more than {MAX_DEPTH} messages, at {path}.")
    table = schema[kind]
    message: Message = {}
    offset, field = 0, None

    def where() -> str:
        """The field that is read, for messages and for what lies inside it."""
        return path or kind if field is None else f"{path}.{field.name}" if path else field.name

    try:
        for offset, number, wire, raw in _fields(data):  # noqa: B007 it is read where an error is told
            found = table.get(number)
            if found is None:
                continue
            field = found
            expected = _WIRE.get(field.kind, BYTES)
            if field.repeated and wire == BYTES and expected != BYTES:
                assert isinstance(raw, memoryview)
                items: list[object] = list(_packed(field.kind, raw))
            elif wire != expected:
                raise DamagedModel(f"wire type {wire} where {expected} is due.")
            elif field.kind in schema:
                assert isinstance(raw, memoryview)
                known = message.get(field.name)
                index = f"[{len(known)}]" if isinstance(known, list) else "[0]" if field.repeated else ""
                items = [decode(raw, field.kind, schema, where() + index, depth + 1)]
            else:
                items = [_scalar(field.kind, raw)]
            if field.repeated:
                known = message.setdefault(field.name, [])
                assert isinstance(known, list)
                known.extend(items)
            else:
                message[field.name] = items[-1]
    except DamagedModel as error:
        if str(error).startswith("The model is damaged"):
            raise
        raise DamagedModel(f"The model is damaged at {where()}, byte {offset} of its message: {error}") from None
    except UnicodeDecodeError:
        raise DamagedModel(f"The model is damaged at {where()}, byte {offset}: a name is not UTF-8 text.") from None
    return message
