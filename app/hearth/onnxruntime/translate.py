"""Hearth's errors as onnxruntime's: its classes, its codes, its words around ours."""

from __future__ import annotations

import re
from pathlib import Path

from hearth.errors import (
    BadIndex,
    BadInput,
    BadModel,
    DamagedModel,
    ExecutorFailed,
    HearthError,
    MissingModel,
    TooLarge,
    Unsupported,
)
from hearth.runtime.load import NO_GRAPH

from .capi import onnxruntime_pybind11_state as state
from .versions import BadVersion, NoSuchVersion

_CODES: dict[type[Exception], tuple[int, str]] = {
    state.Fail: (1, "FAIL"),
    state.InvalidArgument: (2, "INVALID_ARGUMENT"),
    state.NoSuchFile: (3, "NO_SUCHFILE"),
    state.RuntimeException: (6, "RUNTIME_EXCEPTION"),
    state.InvalidProtobuf: (7, "INVALID_PROTOBUF"),
    state.NotImplemented: (9, "NOT_IMPLEMENTED"),
    state.InvalidGraph: (10, "INVALID_GRAPH"),
    state.EPFail: (11, "EP_FAIL"),
}

_NODE = re.compile(r"(?P<op>[\w.]+) '(?P<name>[^']*)'")
"""How messages begin that name a node: Node.label."""

_AGAINST_SCHEMA = re.compile(r".*(has the attribute|inputs, but takes at most) ")

_NOT_MADE = re.compile(r".* reads '(?P<value>.*)', which nothing in the model makes")

_NO_OP = re.compile(r"The model uses the op (?P<op>\w+)(?: of the domain (?P<domain>\S+))? ")


_NO_ARRAY = re.compile(r"The input '.*' can't be made an array")


def _coded(kind: type[Exception], text: str) -> Exception:
    code, word = _CODES[kind]
    return kind(f"[ONNXRuntimeError] : {code} : {word} : {text}")


def of_loading(error: HearthError, path: str | None) -> Exception:
    """What onnxruntime raises where a model can't be loaded."""
    prefix = f"Load model from {path} failed:" if path is not None else ""
    if isinstance(error, MissingModel):
        cause = error.__cause__
        if isinstance(cause, IsADirectoryError):
            return _coded(state.InvalidProtobuf, f"{prefix}Protobuf parsing failed. {error}")
        if isinstance(cause, PermissionError):
            return _coded(state.Fail, f"{prefix}system error number {cause.errno}. {error}")
        return _coded(state.NoSuchFile, f"{prefix}Load model {path} failed. File doesn't exist")
    if str(error) == NO_GRAPH:
        return _coded(state.InvalidArgument, f"{prefix}No graph was found in the protobuf.")
    if isinstance(error, DamagedModel):
        return _coded(state.InvalidProtobuf, f"{prefix}Protobuf parsing failed. {error}")
    if isinstance(error, BadVersion):
        return _coded(state.Fail, f"{prefix}{error}")
    if isinstance(error, NoSuchVersion):
        return _coded(state.InvalidGraph, f"{prefix}This is an invalid model. {error}")
    if isinstance(error, Unsupported):
        missing = _NO_OP.match(str(error))
        if missing and missing["domain"]:
            text = f"Fatal error: {missing['domain']}:{missing['op']}(-1) is not a registered function/op. {error}"
            return _coded(state.Fail, prefix + text)
        if missing:
            text = f"This is an invalid model. No Op registered for {missing['op']}: {error}"
            return _coded(state.InvalidGraph, prefix + text)
        if _AGAINST_SCHEMA.match(str(error)):
            return _coded(state.InvalidGraph, f"{prefix}This is an invalid model. {error}")
        return _coded(state.NotImplemented, f"{prefix}{error}")
    if isinstance(error, TooLarge):
        return _coded(state.RuntimeException, f"{prefix}{error}")
    lost = _NOT_MADE.match(str(error))
    if lost:
        text = f"Node input '{lost['value']}' is not a graph input, initializer, or output of a previous node. {error}"
        return _coded(state.InvalidArgument, f"{prefix}Invalid model. {text}")
    kind = state.InvalidGraph if _AGAINST_SCHEMA.match(str(error)) else state.Fail
    return _coded(kind, f"{prefix}This is an invalid model. {error}")


def of_running(error: HearthError) -> Exception:
    """What onnxruntime raises where a run fails."""
    if isinstance(error, BadInput):
        if _NO_ARRAY.match(str(error)):
            return RuntimeError(f"Could not create tensor from given input list. {error}")
        return _coded(state.Fail if str(error).startswith("Missing Input: ") else state.InvalidArgument, str(error))
    if isinstance(error, ExecutorFailed):
        return _coded(state.EPFail, str(error))
    node = _NODE.match(str(error))
    where = f"{node['op']} node. Name:'{node['name']}'" if node else "the model."
    text = f"Non-zero status code returned while running {where} Status Message: {error}"
    if isinstance(error, TooLarge):
        return _coded(state.RuntimeException, text)
    if isinstance(error, BadIndex):
        return _coded(state.InvalidArgument, text)
    if isinstance(error, Unsupported):
        return _coded(state.NotImplemented, text)
    return _coded(state.Fail, text) if isinstance(error, BadModel) else _coded(state.RuntimeException, text)


def of_writing(error: OSError) -> Exception:
    """What onnxruntime raises where a file can't be written: it takes the system's number for one of its own codes."""
    kinds = {code: kind for kind, (code, _) in _CODES.items()}
    return kinds.get(error.errno or 0, RuntimeError)(
        f"SystemError : {error.errno} ({error.strerror}: {error.filename})"
    )


def write_model(model: str | bytes, path: str) -> None:
    """The model as it came: what is made of it here is no ONNX file any more. Raises what onnxruntime does."""
    data = model if isinstance(model, bytes) else Path(model).read_bytes()
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        raise of_writing(error) from error


def terminated() -> Exception:
    """A run that its options told to stop."""
    return _coded(state.Fail, "Exiting due to terminate flag being set to true.")
