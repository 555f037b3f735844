"""Execution providers: onnxruntime's word for executors."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hearth.errors import Unsupported
from hearth.runtime.executors import EXECUTORS

WEBGPU, WASM, CPU = "WebGPUExecutionProvider", "WasmExecutionProvider", "CPUExecutionProvider"

_EXECUTORS: dict[str, tuple[str, ...]] = {WEBGPU: ("webgpu",), WASM: ("wasm",), CPU: ("wasm", "numpy")}
"""Provider -> executors in order. Clients that ask for the CPU mean the fastest way on it."""

_SYNONYMS = {"WebGpuExecutionProvider": WEBGPU, "JsExecutionProvider": WEBGPU}
"""onnxruntime's own spellings."""

_ELSEWHERE = {
    f"{name}ExecutionProvider"
    for name in (
        *("ACL", "ArmNN", "Azure", "CANN", "CUDA", "CoreML", "Dml", "Dnnl", "MIGraphX", "Nnapi", "NvTensorRTRTX"),
        *(
            "OpenVINO",
            "QNN",
            "ROCM",
            "Rknpu",
            "SNPE",
            "TVM",
            "Tensorrt",
            "VSINPU",
            "Vitis",
            "VitisAI",
            "WebNN",
            "Xnnpack",
        ),
    )
}
"""What onnxruntime knows for other machines: asked for, it is left out."""

Wanted = Sequence[str | tuple[str, Mapping[Any, Any]]]


_RUN: set[str] = set()
"""Executors that were found to run; one that does not yet may later, once the page has opened its GPU."""


def _runs(executor: str) -> bool:
    if executor not in _RUN:
        try:
            EXECUTORS[executor]()
        except Unsupported:
            return False
        _RUN.add(executor)
    return True


def get_all_providers() -> list[str]:
    """Every provider there can be, the fastest first."""
    return list(_EXECUTORS)


def get_available_providers() -> list[str]:
    """The providers that work on this machine, the fastest first."""
    return [name for name in _EXECUTORS if any(each in EXECUTORS and _runs(each) for each in _EXECUTORS[name])]


def get_device() -> str:
    """`WEBGPU` or `CPU`: where models run by themselves."""
    return "WEBGPU" if WEBGPU in get_available_providers() else "CPU"


def normalised(
    providers: Wanted | None, provider_options: Sequence[Mapping[Any, Any]] | None, available: Sequence[str]
) -> tuple[list[str], list[dict[str, str]]]:
    """Names, and options as strings, of what a caller asks for; warns of names that are not available or come twice.

    Raises ValueError where the arguments have another form, RuntimeError for a name that onnxruntime does not know.
    """
    if providers is None:
        return [], []
    if not isinstance(providers, Sequence):
        raise ValueError("'providers' should be a sequence.")
    found: dict[str, dict[str, str]] = {}
    for name, options in _pairs(providers, provider_options):
        name = _SYNONYMS.get(name, name)
        if name not in available:
            warnings.warn(
                f"Specified provider '{name}' is not in available provider names."
                f"Available providers: '{', '.join(available)}'",
                stacklevel=4,
            )
        if name in found:
            warnings.warn(f"Duplicate provider '{name}' encountered, ignoring.", stacklevel=4)
            continue
        found[name] = {str(key): str(value) for key, value in options.items()}
    for name in found:
        known(name)
    return list(found), list(found.values())


def known(name: str) -> None:
    """RuntimeError for a name that onnxruntime does not know."""
    if name not in _EXECUTORS and name not in _SYNONYMS and name not in _ELSEWHERE:
        raise RuntimeError(f"Unknown Provider Type: {name}")


def _pairs(
    providers: Wanted, provider_options: Sequence[Mapping[Any, Any]] | None
) -> Iterable[tuple[str, Mapping[Any, Any]]]:
    if provider_options is None:
        for item in providers:
            match item:
                case str():
                    yield item, {}
                case (str() as name, dict() as own):
                    yield name, own
                case _:
                    raise ValueError("'providers' values must be either strings or (string, dict) tuples.")
        return
    if not isinstance(provider_options, Sequence):
        raise ValueError("'provider_options' should be a sequence.")
    if len(providers) != len(provider_options):
        raise ValueError("'providers' and 'provider_options' should be the same length if both are given.")
    for item, options in zip(providers, provider_options, strict=True):
        if not isinstance(item, str):
            raise ValueError("Only string values for 'providers' are supported if 'provider_options' is given.")
        if not isinstance(options, dict):
            raise ValueError("'provider_options' values must be dicts.")
        yield item, options


def executors(names: Iterable[str]) -> list[str]:
    """The executors for providers, each once, in their order. The CPU comes last where it was not named."""
    wanted = [executor for name in (*names, CPU) for executor in _EXECUTORS[name]]
    return [executor for executor in dict.fromkeys(wanted) if executor in EXECUTORS]
