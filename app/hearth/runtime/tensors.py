"""ONNX tensors (TensorProto) -> numpy arrays, without a copy where the file holds them as they lie in memory."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

import numpy as np

from hearth.errors import BadModel
from hearth.runtime.protobuf import Message
from hearth.runtime.types import dtype_name, dtype_of, is_storage

_SUB_BYTE_BITS = {"uint4": 4, "int4": 4, "float4e2m1": 4, "uint2": 2, "int2": 2, "float6e2m3": 6, "float6e3m2": 6}
_EXTERNAL = 1
MAX_DENSE = 1 << 28
"""Elements of a sparse tensor once it is dense."""


def _unpack_bits(raw: np.ndarray, bits: int, count: int, dtype: np.dtype) -> np.ndarray:
    """Elements of 2, 4 or 6 bits, lowest bits first, to one element a byte (sign-extended for int4 and int2)."""
    rows = np.unpackbits(raw, count=count * bits, bitorder="little").reshape(count, bits)
    values = np.packbits(rows, axis=1, bitorder="little")[:, 0]
    base = dtype[0]
    if base.kind == "i":
        sign = 1 << (bits - 1)
        values = ((values ^ sign).astype(np.int8) - np.int8(sign)).astype(np.int8)
    return np.ascontiguousarray(values).view(dtype)


def _external_bytes(tensor: Message, folder: Path | None, label: str) -> memoryview:
    entries = {
        str(entry.get("key")): str(entry.get("value", ""))
        for entry in cast(list[Message], tensor.get("external_data", []))
    }
    location = entries.get("location", "")
    if folder is None:
        raise BadModel(f"{label} keeps its data in the file '{location}' beside the model: load the model by its path.")
    path = (folder / location.replace("\0", "")).resolve()
    if not location or "\0" in location or folder.resolve() not in path.parents:
        raise BadModel(f"{label} points outside the model's folder, to '{location}'. Such files are not read.")
    try:
        offset, length = int(entries.get("offset", 0)), int(entries.get("length", -1))
        size = path.stat().st_size
        if offset < 0 or offset + max(length, 0) > size:
            raise BadModel(f"{label} lies outside the file '{location}', which has {size} bytes.")
        with path.open("rb") as file:
            file.seek(offset)
            return memoryview(file.read(length if length >= 0 else size - offset))
    except OSError as error:
        raise BadModel(f"{label}: the file '{location}' beside the model can't be read ({error}).") from None
    except ValueError:
        raise BadModel(f"{label}: the offset or length of its external data is no number.") from None


def tensor_array(tensor: Message, folder: Path | None = None) -> np.ndarray:
    """The array that a TensorProto holds; external data is read from `folder`.

    Raises BadModel where data and dims do not agree.
    """
    label = f"The tensor '{tensor.get('name', '')}'"
    dims = tuple(cast(list[int], tensor.get("dims", [])))
    if any(dim < 0 for dim in dims):
        raise BadModel(f"{label} has a negative dimension: {list(dims)}.")
    dtype = dtype_of(cast(int, tensor.get("data_type", 0)))
    count = math.prod(dims)
    name = dtype_name(dtype)
    bits = _SUB_BYTE_BITS.get(name)
    if dtype.kind == "O":
        strings = [
            bytes(raw).decode("utf-8", "replace") for raw in cast(list[memoryview], tensor.get("string_data", []))
        ]
        if len(strings) != count:
            raise BadModel(f"{label} has {len(strings)} strings where its dims {list(dims)} say {count}.")
        array = np.empty(count, dtype=object)
        array[:] = strings
        return array.reshape(dims)
    if tensor.get("data_location") == _EXTERNAL or "raw_data" in tensor:
        external = tensor.get("data_location") == _EXTERNAL
        raw = _external_bytes(tensor, folder, label) if external else cast(memoryview, tensor["raw_data"])
        need = -(-count * bits // 8) if bits else count * dtype.itemsize
        if len(raw) != need:
            raise BadModel(f"{label} has {len(raw)} bytes where {name}{list(dims)} takes {need}.")
        if bits:
            return _unpack_bits(np.frombuffer(raw, np.uint8), bits, count, dtype).reshape(dims)
        if not is_storage(dtype):
            dtype = dtype.newbyteorder("<")
        return np.frombuffer(raw, dtype).reshape(dims)
    return _from_lists(tensor, dtype, bits, count, label).reshape(dims)


def sparse_array(message: Message, folder: Path | None = None) -> tuple[str, np.ndarray]:
    """(name, dense array) of a SparseTensorProto, whose indices are flat (count,) or by axis (count, rank)."""
    name = str(cast(Message, message.get("values", {})).get("name", ""))
    values = tensor_array(cast(Message, message.get("values", {})), folder)
    indices = tensor_array(cast(Message, message.get("indices", {})), folder)
    dims = tuple(cast(list[int], message.get("dims", [])))
    if any(dim < 0 for dim in dims) or math.prod(dims) > MAX_DENSE:
        raise BadModel(f"The sparse tensor '{name}' has the dims {list(dims)}, which are negative or too large.")
    try:
        dense = np.zeros(dims, values.dtype)
        if indices.ndim == 2:
            indices = np.ravel_multi_index(tuple(indices.T), dims)
        dense.reshape(-1)[indices] = values
    except (IndexError, ValueError) as error:
        raise BadModel(
            f"The indices of the sparse tensor '{name}' do not fit its dims {list(dims)}: {error}."
        ) from None
    return name, dense


def _from_lists(tensor: Message, dtype: np.dtype, bits: int | None, count: int, label: str) -> np.ndarray:
    """The typed repeated fields: float_data, int32_data, int64_data, double_data, uint64_data."""
    if dtype.kind == "c":
        key = "float_data" if dtype == np.complex64 else "double_data"
        pairs = np.array(cast(list[float], tensor.get(key, [])), dtype=dtype.type(0).real.dtype)
        array = pairs.view(dtype)
    elif dtype == np.float32:
        array = np.array(cast(list[float], tensor.get("float_data", [])), dtype)
    elif dtype == np.float64:
        array = np.array(cast(list[float], tensor.get("double_data", [])), dtype)
    elif dtype == np.int64:
        array = np.array(cast(list[int], tensor.get("int64_data", [])), dtype)
    elif dtype in (np.uint64, np.uint32):
        array = np.array(cast(list[int], tensor.get("uint64_data", [])), np.uint64).astype(dtype)
    else:
        words = np.array(cast(list[int], tensor.get("int32_data", [])), np.int64)
        if bits and words.size * 8 >= count * bits:
            return _unpack_bits(words.astype(np.uint8), bits, count, dtype)
        if dtype == np.float16:
            array = words.astype(np.uint16).view(np.float16)
        elif is_storage(dtype):
            array = words.astype(dtype[0]).view(dtype)
        else:
            array = words.astype(dtype)
    if array.size != count:
        raise BadModel(f"{label} has {array.size} values where its dims {list(tensor.get('dims', []))} say {count}.")  # type: ignore[call-overload]
    return array
