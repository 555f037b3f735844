"""ModelCompiler: what onnxruntime prepares ahead for devices that want it. No executor here does, so models are checked
and come out as they went in, which is what onnxruntime gives for its own CPU provider too."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import IntFlag
from pathlib import Path
from typing import Any

from .options import GraphOptimizationLevel, SessionOptions
from .process import ignored
from .providers import CPU
from .session import InferenceSession
from .translate import write_model


class OrtCompileApiFlags(IntFlag):
    NONE = 0
    ERROR_IF_NO_NODES_COMPILED = 1
    ERROR_IF_OUTPUT_FILE_EXISTS = 2


class ModelCompiler:
    """A model to be prepared.

    ValueError for a model that is empty, TypeError for arguments of another type, NotImplementedError where
    initialisers are to go to a file of their own.
    """

    def __init__(
        self,
        sess_options: SessionOptions,
        input_model_path_or_bytes: str | os.PathLike[str] | bytes,
        embed_compiled_data_into_model: bool = False,
        external_initializers_file_path: str | os.PathLike[str] | None = None,
        external_initializers_size_threshold: int = 1024,
        flags: int = OrtCompileApiFlags.NONE,
        graph_optimization_level: GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
        get_initializer_location_func: Callable[..., object] | None = None,
    ) -> None:
        model = input_model_path_or_bytes
        if not isinstance(model, str | os.PathLike | bytes):
            raise TypeError(f"Unable to load from type '{type(model)}'")
        if not model:
            raise ValueError(f"Input model {'bytes array' if isinstance(model, bytes) else 'path'} is empty")
        if not isinstance(sess_options, SessionOptions):
            raise TypeError(f"sess_options: SessionOptions are wanted, not {type(sess_options).__name__}")
        place = external_initializers_file_path
        if place and not isinstance(place, str | os.PathLike):
            raise TypeError(f"Output external initializer filepath is of unexpected type '{type(place)}'")
        if place and get_initializer_location_func is not None:
            raise ValueError(
                "Cannot initialize ModelCompiler with both `external_initializers_file_path` and "
                "`get_initializer_location_func`"
            )
        if place or get_initializer_location_func is not None:
            raise NotImplementedError("Initialisers are not moved to a file of their own here: do it on a desk.")
        self._model = model if isinstance(model, bytes) else os.fspath(model)
        self._options, self._flags = sess_options, OrtCompileApiFlags(flags)

    def compile_to_bytes(self) -> bytes:
        """The model. Raises what a session does that can't load it, and Fail where nothing to compile is an error."""
        from .capi.onnxruntime_pybind11_state import Fail, InvalidArgument

        if isinstance(self._model, str) and not os.path.exists(self._model):
            raise InvalidArgument(
                f'[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Input model path does not exist: "{self._model}"'
            )
        InferenceSession(self._model, self._options, [CPU])
        if OrtCompileApiFlags.ERROR_IF_NO_NODES_COMPILED in self._flags:
            raise Fail(
                "[ONNXRuntimeError] : 1 : FAIL : Unable to compile any nodes: no provider here compiles ahead of time."
            )
        return self._model if isinstance(self._model, bytes) else Path(self._model).read_bytes()

    def compile_to_file(self, output_model_path: str | None = None) -> None:
        """Writes the model; without a path beside the model that came from a file, its name ending in `_ctx.onnx`."""
        from .capi.onnxruntime_pybind11_state import Fail

        path: Any = output_model_path
        if path and not isinstance(path, str | os.PathLike):
            raise TypeError(f"Output model's filepath is of unexpected type '{type(path)}'")
        if not path:
            if isinstance(self._model, bytes):
                raise TypeError("compile_to_file(): a model that came as bytes needs a path to be written to")
            path = f"{self._model.removesuffix('.onnx')}_ctx.onnx"
        if OrtCompileApiFlags.ERROR_IF_OUTPUT_FILE_EXISTS in self._flags and os.path.exists(path):
            raise Fail(f"[ONNXRuntimeError] : 1 : FAIL : The model was not written, since '{path}' exists already.")
        write_model(self.compile_to_bytes(), os.fspath(path))

    def compile_to_stream(self, write_function: Callable[[bytes], object]) -> None:
        """Hands the model to a function."""
        write_function(self.compile_to_bytes())

    def set_ep_context_data_write_func(self, write_func: Callable[..., object]) -> None:
        ignored("ModelCompiler.set_ep_context_data_write_func")

    def clear_ep_context_data_write_func(self) -> None:
        ignored("ModelCompiler.clear_ep_context_data_write_func")

    def set_ep_context_binary_information(self, output_directory: str | os.PathLike[str], model_name: str) -> None:
        ignored("ModelCompiler.set_ep_context_binary_information")
