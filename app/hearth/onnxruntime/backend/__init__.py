"""ONNX's backend API over a session, without the package `onnx`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import InferenceSession, RunOptions, SessionOptions, get_device

_RUN_OPTIONS = ("log_severity_level", "log_verbosity_level", "logid", "only_execute_path_to_fetches")


class OnnxRuntimeBackendRep:
    """A session that takes its inputs by their order."""

    def __init__(self, session: InferenceSession) -> None:
        self._session = session

    def run(self, inputs: Sequence[Any] | np.ndarray, **kwargs: Any) -> list[Any]:
        """`inputs`: a list, or one array where the model has one input. RuntimeError for one array too few."""
        options = RunOptions()
        for name, value in kwargs.items():
            if name in _RUN_OPTIONS:
                setattr(options, name, value)
        names = [item.name for item in self._session.get_inputs()]
        if not isinstance(inputs, list):
            if len(names) != 1:
                raise RuntimeError(f"Model expect {len(names)} inputs")
            inputs = [inputs]
        return self._session.run(None, dict(zip(names, inputs, strict=False)), options)


def supports_device(device: str) -> bool:
    """Whether models run there."""
    return device in ("CPU", get_device())


def is_compatible(model: Any, device: str | None = None, **kwargs: Any) -> bool:
    """Whether the device is one that models run on."""
    return supports_device(device or get_device())


def prepare(model: Any, device: str | None = None, **kwargs: Any) -> OnnxRuntimeBackendRep:
    """A model ready to run: a path, the bytes of a file, an `onnx.ModelProto`, or a session.

    RuntimeError for a device that is not there.
    """
    if isinstance(model, OnnxRuntimeBackendRep):
        return model
    if device is not None and not supports_device(device):
        raise RuntimeError(f"Incompatible device expected '{device}', got '{get_device()}'")
    if not isinstance(model, InferenceSession):
        options = SessionOptions()
        for name, value in kwargs.items():
            if hasattr(options, name):
                setattr(options, name, value)
        known = isinstance(model, str | bytes | os.PathLike)
        model = InferenceSession(model if known else model.SerializeToString(), options)
    return OnnxRuntimeBackendRep(model)


def run(model: Any, inputs: Sequence[Any] | np.ndarray, device: str | None = None, **kwargs: Any) -> list[Any]:
    """Prepares a model and runs it once."""
    return prepare(model, device).run(inputs, **kwargs)
