"""What a run is handed, taken or refused as onnxruntime does it before a model is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from hearth.runtime.device import DeviceTensor

from .sparse import SparseTensor
from .values import unwrapped

TAKEN = "biufSUOV"
"""The kinds of numpy's types that ONNX has."""


def text(name: Any) -> str:
    """A name as a string. TypeError for what is none, nor its bytes."""
    if isinstance(name, str | bytes):
        return name.decode() if isinstance(name, bytes) else name
    raise TypeError(f"a name is wanted, not {name!r}")


def taken(name: Any, value: Any) -> Any:
    """A value as it is fed, without its wrapper. RuntimeError for what onnxruntime takes for no input."""
    value = unwrapped(value)
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in TAKEN:
            raise RuntimeError(f"Numpy_type {value.dtype.num} can't be converted to MLDataType.")
    elif isinstance(value, str | bytes | tuple | Iterator):
        raise RuntimeError(f"Input must be a list of dictionaries or a single numpy array for input '{name}'.")
    elif not (value is None or isinstance(value, list | Mapping | DeviceTensor | SparseTensor)):
        raise RuntimeError(f"Unable to handle object of type {type(value)} for input '{name}'.")
    return value
