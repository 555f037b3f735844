"""InferenceSession with onnxruntime's signature, results and exceptions."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
import warnings
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import hearth.runtime.wasm.ops  # noqa: F401 with the package, not with the first model
from hearth.errors import BadInput, HearthError
from hearth.runtime import InferenceSession as HearthSession
from hearth.runtime.device import on_host
from hearth.runtime.graph import Graph
from hearth.runtime.metadata import ModelMetadata
from hearth.runtime.passes import fix_inputs
from hearth.runtime.session import NodeArg, node_arg, read_model
from hearth.runtime.types import OptionalType, TensorType

from . import translate, versions
from .arguments import TAKEN, taken, text
from .binding import IOBinding
from .memory import CPU_MEMORY, OrtMemoryInfo
from .options import Callback, RunOptions, SessionOptions
from .process import LOG, ignored
from .providers import CPU, Wanted, executors, get_available_providers, normalised
from .values import OrtValue, plain, tensor_dtype, unwrapped, usable_device


class InferenceSession:
    """A model ready to run.

    `path_or_bytes`: an ONNX file. `providers` are tried in their order, the CPU last; None means the best there is.
    """

    def __init__(
        self,
        path_or_bytes: str | bytes | os.PathLike[str],
        sess_options: SessionOptions | None = None,
        providers: Wanted | None = None,
        provider_options: Sequence[Mapping[Any, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(path_or_bytes, str | bytes | os.PathLike):
            raise TypeError(f"Unable to load from type '{type(path_or_bytes)}'")
        if path_or_bytes == "":
            raise TypeError("The path of the model is empty.")
        if sess_options is not None and not isinstance(sess_options, SessionOptions):
            raise TypeError(f"sess_options: SessionOptions are wanted, not {type(sess_options).__name__}")
        for name in kwargs:
            ignored(f"InferenceSession({name}=...)")
        self._model = path_or_bytes if isinstance(path_or_bytes, bytes) else os.fspath(path_or_bytes)
        self._options = sess_options if sess_options is not None else SessionOptions()
        if providers is None and self._options.providers:
            providers = self._options.providers
        self._started = time.monotonic_ns()
        self._events: list[dict[str, Any]] = []
        try:
            self.set_providers(providers, provider_options)
        except (ValueError, RuntimeError) as error:
            if not int(kwargs.get("enable_fallback", 1)):
                raise
            warnings.warn(f"EP Error {error} when using {providers}. Falling back to {CPU}.", stacklevel=2)
            self.set_providers([CPU])

    def set_providers(
        self, providers: Wanted | None = None, provider_options: Sequence[Mapping[Any, Any]] | None = None
    ) -> None:
        """Loads the model anew for other providers. Raises what `normalised` does."""
        available = get_available_providers()
        names, options = normalised(providers, provider_options, available)
        chosen = {name: given for name, given in zip(names, options, strict=True) if name in available}
        if not names:
            chosen = {name: {} for name in available}
        self._provider_options: dict[str, dict[str, str]] = {**chosen, CPU: {}}
        with self._event("model_loading"):
            try:
                self._session = HearthSession(self._graph(), executors(self._provider_options))
            except HearthError as error:
                path = self._model if isinstance(self._model, str) else None
                raise translate.of_loading(error, path) from error
        if self._options.optimized_model_filepath:
            translate.write_model(self._model, self._options.optimized_model_filepath)
        self._required = [
            name for name, kind in self._session.graph.inputs.items() if not isinstance(kind, OptionalType)
        ]
        self._overridable = self._session.graph.overridable
        self._overriding: dict[frozenset[str], HearthSession] = {}

    def _graph(self, overridden: Collection[str] = ()) -> Graph:
        """The model with the sizes that the options give to free dimensions, and with some initialisers as inputs."""
        graph = read_model(self._model)
        if graph.ir_version or graph.opsets:
            versions.check(graph)
        for name in overridden:
            del graph.constants[name]
            graph.inputs[name] = graph.overridable[name]
        for name, value in self._options.initializers.items():
            if name in graph.constants:
                graph.constants[name] = on_host(unwrapped(value))
        sizes = self._options.free_dimensions
        if sizes:
            shapes = {
                name: tuple(sizes.get(dim, dim) if isinstance(dim, str) else dim for dim in kind.shape)
                for name, kind in graph.inputs.items()
                if isinstance(kind, TensorType) and kind.shape is not None
            }
            fix_inputs(graph, shapes)
        return graph

    def get_inputs(self) -> list[NodeArg]:
        return self._session.get_inputs()

    def get_outputs(self) -> list[NodeArg]:
        return self._session.get_outputs()

    def get_overridable_initializers(self) -> list[NodeArg]:
        """The initialisers that may be fed like inputs."""
        return [node_arg(name, kind) for name, kind in self._overridable.items()]

    def _taking(self, feeds: Mapping[str, Any]) -> HearthSession:
        """The session that takes these feeds: one more is made where initialisers are overridden."""
        names = frozenset(self._overridable.keys() & feeds.keys()) if self._overridable else None
        if not names:
            return self._session
        if names not in self._overriding:
            self._overriding[names] = HearthSession(self._graph(names), executors(self._provider_options))
        return self._overriding[names]

    def get_modelmeta(self) -> ModelMetadata:
        return self._session.get_modelmeta()

    def get_input_memory_infos(self) -> list[OrtMemoryInfo]:
        return [CPU_MEMORY for _ in self.get_inputs()]

    def get_output_memory_infos(self) -> list[OrtMemoryInfo]:
        return [CPU_MEMORY for _ in self.get_outputs()]

    def get_input_epdevices(self) -> list[None]:
        return [None for _ in self.get_inputs()]

    def get_tuning_results(self) -> list[dict[str, Any]]:
        """None: what idle time finds is kept by the runtime itself."""
        return []

    def set_tuning_results(self, results: Sequence[Mapping[str, Any]], *, error_on_invalid: bool = False) -> None:
        ignored("InferenceSession.set_tuning_results")

    def set_ep_dynamic_options(self, options: Mapping[str, str]) -> None:
        ignored("InferenceSession.set_ep_dynamic_options")

    def get_session_options(self) -> SessionOptions:
        return self._options

    def get_providers(self) -> list[str]:
        """The providers that were asked for and are there, the CPU last."""
        return list(self._provider_options)

    def get_provider_options(self) -> dict[str, dict[str, str]]:
        return {name: dict(options) for name, options in self._provider_options.items()}

    def enable_fallback(self) -> None:
        """A run that fails on one executor always goes on with the next."""
        ignored("InferenceSession.enable_fallback")

    def disable_fallback(self) -> None:
        """Accepted and ignored."""
        ignored("InferenceSession.disable_fallback")

    def explain(self) -> str:
        """What runs where: a table to print."""
        return self._session.explain()

    def run(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any], run_options: RunOptions | None = None
    ) -> list[Any]:
        """Runs the model and returns the outputs asked for; None or an empty list: all.

        Raises ValueError where an input is missing, InvalidArgument where one does not fit, Fail where an op fails.
        """
        feeds, output_names = self._checked(output_names, input_feed, run_options)
        try:
            if self._options.enable_profiling:
                with self._event("model_run"):
                    return [plain(value) for value in self._taking(feeds).run(output_names, feeds)]
            return [plain(value) for value in self._taking(feeds).run(output_names, feeds)]
        except HearthError as error:
            raise self._translated(error, feeds) from error

    def run_async(
        self,
        output_names: Sequence[str] | None,
        input_feed: Mapping[str, Any],
        callback: Callback | None = None,
        user_data: Any = None,
        run_options: RunOptions | None = None,
    ) -> Awaitable[list[Any]] | None:
        """With a callback: returns at once and calls `callback(results, user_data, error)`; from another thread on a
        desk, from the event loop in a page. Without one: something to await, which gives the results."""
        feeds, output_names = self._checked(output_names, input_feed, run_options)
        self._require(feeds)
        if callback is None:
            return self._results(output_names, feeds)
        if sys.platform == "emscripten":
            task = asyncio.ensure_future(self._tell(callback, user_data, output_names, feeds))
            _TASKS.add(task)
            task.add_done_callback(_TASKS.discard)
        else:
            work = self._tell(callback, user_data, output_names, feeds)
            threading.Thread(target=asyncio.run, args=(work,), daemon=True).start()
        return None

    async def _results(self, output_names: Sequence[str] | None, feeds: Mapping[str, Any]) -> list[Any]:
        try:
            return [plain(value) for value in await self._taking(feeds).run_async(output_names, feeds)]
        except HearthError as error:
            raise self._translated(error, feeds) from error

    async def _tell(
        self, callback: Callback, user_data: Any, output_names: Sequence[str] | None, feeds: Mapping[str, Any]
    ) -> None:
        try:
            results = await self._results(output_names, feeds)
        except Exception as error:
            callback([], user_data, str(error))
        else:
            callback(results, user_data, "")

    def run_with_ort_values(
        self,
        output_names: Sequence[str] | None,
        input_dict_ort_values: Mapping[str, OrtValue],
        run_options: RunOptions | None = None,
    ) -> list[OrtValue]:
        wrapped = {name: value._get_c_value() for name, value in input_dict_ort_values.items()}
        feeds, output_names = self._checked(output_names, wrapped, run_options)
        try:
            return [OrtValue(value) for value in self._taking(feeds).run(output_names, feeds)]
        except HearthError as error:
            raise self._translated(error, feeds) from error

    @property
    def _sess(self) -> InferenceSession:
        """onnxruntime's compiled half, to which some clients turn: it has the same methods."""
        return self

    @property
    def _sess_options(self) -> SessionOptions:
        return self._options

    @property
    def _providers(self) -> list[str]:
        return self.get_providers()

    @property
    def _inputs_meta(self) -> list[NodeArg]:
        return self.get_inputs()

    @property
    def _outputs_meta(self) -> list[NodeArg]:
        return self.get_outputs()

    @property
    def _model_meta(self) -> ModelMetadata:
        return self.get_modelmeta()

    @property
    def _model_path(self) -> str | None:
        return self._model if isinstance(self._model, str) else None

    @property
    def _model_bytes(self) -> bytes | None:
        return self._model if isinstance(self._model, bytes) else None

    inputs_meta, outputs_meta, model_meta = _inputs_meta, _outputs_meta, _model_meta

    def io_binding(self) -> IOBinding:
        return IOBinding(self)

    def run_with_iobinding(self, iobinding: IOBinding, run_options: RunOptions | None = None) -> None:
        """Runs on what is bound. RuntimeError where it does not fit."""
        if iobinding._session is not self:
            raise ValueError("IOBinding must be used with the session that created it.")
        names = iobinding._names()
        try:
            feeds, _ = self._checked(names, iobinding._feeds(), run_options)
            results = self._taking(feeds).run(names, feeds, iobinding._on_device())
        except HearthError as error:
            raise RuntimeError(f"Error in execution: {error}") from error
        iobinding._take(results)

    def create_ortvalue_from_shape_and_type(
        self, shape: Sequence[int], element_type: Any, device_type: str, device_id: int = 0, vendor_id: int = -1
    ) -> OrtValue:
        return OrtValue.ortvalue_from_shape_and_type(shape, tensor_dtype(element_type), usable_device(device_type))

    def end_profiling(self) -> str:
        """Writes what was timed as a trace for a browser's profiler; its file's name, or nothing where it was off."""
        if not self._options.enable_profiling or not self._events:
            return ""
        name = f"{self._options.profile_file_prefix}_{time.strftime('%Y-%m-%d_%H-%M-%S')}.json"
        try:
            Path(name).write_text(json.dumps(self._events), "utf-8")
        except OSError as error:
            LOG.warning("The profile %s can't be written: %s", name, error.strerror)
        self._events = []
        return name

    def get_profiling_start_time_ns(self) -> int:
        """0 where profiling is off."""
        return self._started if self._options.enable_profiling else 0

    @contextmanager
    def _event(self, name: str) -> Iterator[None]:
        start = time.monotonic_ns()
        yield
        now = time.monotonic_ns()
        if self._options.enable_profiling:
            microseconds = {"ts": (start - self._started) // 1000, "dur": (now - start) // 1000}
            self._events.append(
                {"cat": "Session", "pid": os.getpid(), "tid": 0, "ph": "X", "name": name, "args": {}, **microseconds}
            )

    def _checked(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any], run_options: RunOptions | None
    ) -> tuple[Mapping[str, Any], Sequence[str] | None]:
        """The feed without wrappers, and the names; TypeError for names or options of another type."""
        if run_options is not None:
            if not isinstance(run_options, RunOptions):
                raise TypeError(f"run_options: RunOptions are wanted, not {type(run_options).__name__}")
            if run_options.terminate:
                raise translate.terminated()
            for adapter in reversed(run_options.adapters):  # the first one's weights count
                input_feed = {**input_feed, **adapter.parameters}
        if output_names and type(output_names) is not list:
            if isinstance(output_names, str | Mapping):
                raise TypeError(f"output_names: a list of names is wanted, not {output_names!r}")
            output_names = list(output_names)
        if output_names:
            for name in output_names:
                if type(name) is not str:
                    output_names = [text(each) for each in output_names]
                    break
        for value in input_feed.values():
            if type(value) is not np.ndarray or value.dtype.kind not in TAKEN:
                return {text(name): taken(name, value) for name, value in input_feed.items()}, output_names
        return input_feed, output_names

    def _require(self, feeds: Mapping[str, Any]) -> None:
        missing = [name for name in self._required if name not in feeds]
        if missing:
            raise ValueError(f"Required inputs ({missing}) are missing from input feed ({list(feeds)}).")

    def _translated(self, error: HearthError, feeds: Mapping[str, Any]) -> Exception:
        """What onnxruntime raises instead; ValueError at once where inputs are missing."""
        if isinstance(error, BadInput):
            for name in feeds:
                text(name)
            self._require(feeds)
        return translate.of_running(error)


_TASKS: set[asyncio.Future[None]] = set()
"""Runs under way: the event loop itself holds tasks only weakly."""
