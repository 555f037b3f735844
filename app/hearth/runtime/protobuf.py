"""A reader of protocol buffers' wire format, as much of it as ONNX files need.

Source: the Protocol Buffers encoding documentation. Bytes fields come back as views of the file, without a copy.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from hearth.errors import DamagedModel

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
RUN = -1
"""In place of a wire type: numbers that were taken together."""
MAX_DEPTH = 100
MANY = 16
"""Numbers of a field in a row, after which more are looked for by arrays."""
MOST_BYTES = 10
"""Of a number of 64 bits, seven in each."""

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


_WIRE = {"int": VARINT, "uint": VARINT, "float": FIXED32, "double": FIXED64}


def _fields(
    data: memoryview, table: Mapping[int, Field]
) -> Iterator[tuple[int, int, int, int | memoryview | list[object]]]:
    """Yields (offset, field number, wire type, raw value) of every field of a message.

    A long run of one number after the other of the same field comes as one list, of the wire type RUN.
    """
    at, end = 0, len(data)
    last, same = -1, 0
    while at < end:
        start = at
        same = same + 1 if data[at] == last else 0
        last = data[at]
        if same > MANY and last < 0x80:
            found = table.get(last >> 3)
            if found is not None and found.repeated and _WIRE.get(found.kind) == last & 7:
                values, at = _run(data, at, last, found.kind)
                if values:
                    yield start, last >> 3, RUN, values
                    continue
            if found is not None and found.repeated and found.kind in ("bytes", "string") and last & 7 == BYTES:
                values, at = _short_strings(data, at, last, found.kind)
                if values:
                    yield start, last >> 3, RUN, values
                    continue
            same = 0
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


def _short_strings(data: memoryview, at: int, key: int, kind: str) -> tuple[list[object], int]:
    """The strings of less than 128 bytes that come next, each behind the same key, and where they end; equal ones are
    one object."""
    values: list[object] = []
    known: dict[bytes, object] = {}
    last = len(data) - 2
    while at <= last and data[at] == key and data[at + 1] < 0x80:
        end = at + 2 + data[at + 1]
        if end > last + 2:
            break
        raw = bytes(data[at + 2 : end])
        value = known.get(raw)
        if value is None:
            value = known[raw] = str(raw, "utf-8") if kind == "string" else raw
        values.append(value)
        at = end
    return values, at


def _run(data: memoryview, at: int, key: int, kind: str) -> tuple[list[object], int]:
    """The numbers of a field that come next, each behind the same key, and where they end.

    Taken by arrays, in pieces that double, so that what lies behind a short run is hardly looked at.
    """
    values: list[object] = []
    size = 64 * MANY
    while at < len(data):
        piece = np.frombuffer(data[at : at + size], np.uint8)
        numbers, taken = _numbers(piece, key, kind)
        values += numbers.tolist()
        at += taken
        if not taken or taken < len(piece) - MOST_BYTES:
            break
        size *= 2
    return values, at


def _numbers(piece: np.ndarray, key: int, kind: str) -> tuple[np.ndarray, int]:
    """The numbers at the start of a piece of bytes, each behind the key, and how many bytes they take."""
    if kind in ("float", "double"):
        width = 5 if kind == "float" else 9
        rows = piece[: len(piece) // width * width].reshape(-1, width)
        rows = rows[: _first(rows[:, 0] != key)]
        return np.ascontiguousarray(rows[:, 1:]).view("<f4" if kind == "float" else "<f8")[:, 0], rows.size
    ends = np.flatnonzero(piece < 0x80)
    keys, lasts = ends[: len(ends) // 2 * 2 : 2], ends[1::2]
    starts = np.concatenate([[0], lasts[:-1] + 1])[: len(lasts)]
    count = _first((keys != starts) | (piece[keys] != key) | (lasts - keys > MOST_BYTES))
    if not count:
        return np.zeros(0, np.int64), 0
    keys, lasts = keys[:count], lasts[:count]
    numbers = np.zeros(count, np.uint64)
    for place in range(int((lasts - keys).max())):
        at = keys + 1 + place
        bits = piece[np.minimum(at, lasts)].astype(np.uint64) & np.uint64(0x7F)
        numbers |= np.where(at <= lasts, bits << np.uint64(7 * place), np.uint64(0))
    return numbers.view(np.int64) if kind == "int" else numbers, int(lasts[-1]) + 1


def _first(flags: np.ndarray) -> int:
    """Where the first one is set; behind the end where none is."""
    return int(flags.argmax()) if flags.any() else len(flags)


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
        for offset, number, wire, raw in _fields(data, table):  # noqa: B007 it is read where an error is told
            found = table.get(number)
            if found is None:
                continue
            field = found
            expected = _WIRE.get(field.kind, BYTES)
            if isinstance(raw, list):
                items: list[object] = raw
            elif field.repeated and wire == BYTES and expected != BYTES:
                assert isinstance(raw, memoryview)
                items = list(_packed(field.kind, raw))
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
