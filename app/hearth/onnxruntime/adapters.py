"""LoRA adapters: weights in a file of their own, which a run takes instead of a model's initialisers of the same names.

The file is a FlatBuffer: a table holds 32-bit offsets to what it names, its own table the places of its fields.
Source: the FlatBuffers documentation on its binary format.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np

from hearth.errors import BadModel
from hearth.runtime.types import dtype_of

from .values import OrtValue

IDENTIFIER = b"TORT"


class _Table:
    """A table of a FlatBuffer; struct.error for places outside of it."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at
        self.fields = at - self.number("i", at)

    def number(self, kind: str, at: int) -> int:
        (value,) = struct.unpack_from("<" + kind, self.data, at)
        return int(value)

    def place(self, index: int) -> int | None:
        """Where a field lies; None for one that is left out."""
        entry = 4 + 2 * index
        offset = self.number("H", self.fields + entry) if entry < self.number("H", self.fields) else 0
        return self.at + offset if offset else None

    def scalar(self, index: int) -> int:
        at = self.place(index)
        return 0 if at is None else self.number("i", at)

    def vector(self, index: int, kind: str) -> tuple[int, np.ndarray]:
        """Where a field's elements begin, and the elements."""
        at = self.place(index)
        if at is None:
            return 0, np.zeros(0, kind)
        at += self.number("I", at)
        count = self.number("I", at)
        if at + 4 + count * np.dtype(kind).itemsize > len(self.data):
            raise struct.error("a list runs past the end")
        return at + 4, np.frombuffer(self.data, kind, count, at + 4)


@dataclass
class AdapterFormat:
    """What an adapter's file holds."""

    _adapter: int = 0
    _model: int = 0
    _format: int = 1
    _parameters: dict[str, OrtValue] = field(default_factory=dict)

    @staticmethod
    def read_adapter(file_path: str | os.PathLike[str]) -> AdapterFormat:
        """RuntimeError for a file that is not there, or is no adapter."""
        try:
            data = Path(file_path).read_bytes()
        except OSError as error:
            raise RuntimeError(f"The adapter {file_path} can't be read: {error.strerror}.") from None
        try:
            if data[4:8] != IDENTIFIER:
                raise ValueError("its fifth to eighth bytes are not TORT")
            root = _Table(data, struct.unpack_from("<I", data)[0])
            places, offsets = root.vector(3, "<u4")
            tables = [_Table(data, places + 4 * at + int(offset)) for at, offset in enumerate(offsets)]
            parameters = dict(map(_parameter, tables))
            return AdapterFormat(root.scalar(1), root.scalar(2), root.scalar(0), parameters)
        except (struct.error, ValueError, BadModel) as error:
            raise RuntimeError(f"The buffer does not appear to be a valid lora parameter format: {error}.") from None

    def export_adapter(self, file_path: str | os.PathLike[str]) -> NoReturn:
        raise NotImplementedError("Adapters are not written here: do it with onnxruntime on a desk.")

    def get_format_version(self) -> int:
        return self._format

    def set_adapter_version(self, adapter_version: int) -> None:
        self._adapter = adapter_version

    def get_adapter_version(self) -> int:
        return self._adapter

    def set_model_version(self, model_version: int) -> None:
        self._model = model_version

    def get_model_version(self) -> int:
        return self._model

    def set_parameters(self, params: dict[str, OrtValue]) -> None:
        self._parameters = params

    def get_parameters(self) -> dict[str, OrtValue]:
        return self._parameters


def _parameter(table: _Table) -> tuple[str, OrtValue]:
    _, name = table.vector(0, "u1")
    _, dims = table.vector(1, "<i8")
    _, raw = table.vector(3, "u1")
    values = np.frombuffer(raw.tobytes(), dtype_of(table.scalar(2)))
    return bytes(name).decode(), OrtValue(values.reshape(dims.tolist()))


class LoraAdapter:
    """An adapter to be made active by `RunOptions.add_active_adapter`."""

    def __init__(self) -> None:
        self.parameters: dict[str, OrtValue] = {}

    def Load(self, path: str | os.PathLike[str]) -> None:  # noqa: N802 onnxruntime's own name
        """RuntimeError for a file that is not there, or is no adapter."""
        self.parameters = AdapterFormat.read_adapter(path).get_parameters()
