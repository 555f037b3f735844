"""InferenceSession: the calls that users of onnxruntime know, over this runtime's executors."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hearth.errors import BadInput, BadModel, ExecutorFailed
from hearth.runtime import model_file
from hearth.runtime.executor import Executor, Program, Progress
from hearth.runtime.executors import choose_executor, next_slower
from hearth.runtime.graph import Graph
from hearth.runtime.load import load, load_bytes
from hearth.runtime.passes import fix_inputs, keep_outputs, optimise
from hearth.runtime.plan import Plan, make_plan
from hearth.runtime.types import Dim, TensorType, ValueType, dtype_name

Feeds = Mapping[str, Any]


@dataclass(frozen=True)
class NodeArg:
    """An input or output of a model.

    `shape` holds sizes, names of dynamic dimensions, or None; `type` is ONNX's word, such as `tensor(float)`.
    """

    name: str
    shape: list[Dim]
    type: str


def _node_arg(name: str, kind: ValueType) -> NodeArg:
    if isinstance(kind, TensorType):
        label = f"tensor({dtype_name(kind.dtype)})" if kind.dtype is not None else "tensor(?)"
        return NodeArg(name, list(kind.shape or ()), label)
    return NodeArg(name, [], str(kind))


def _read(model: str | Path | bytes | bytearray | memoryview | Graph) -> Graph:
    if isinstance(model, Graph):
        return model
    if isinstance(model, str | Path):
        path = Path(model)
        if path.suffix != ".hearth":
            return load(path)
        try:
            return model_file.loads(path.read_bytes())
        except OSError as error:
            raise BadModel(f"The model file {path.name} can't be read: {error.strerror}.") from None
    return model_file.loads(model) if model_file.is_flat(model) else load_bytes(model)


class InferenceSession:
    """A model ready to run.

    `model`: the path or the bytes of an ONNX file or of a flat model file. `executor`: an Executor, its name, or None
    for the best there is; only then does another one take over when it fails, in the middle of a run too.
    Raises BadModel or Unsupported, naming the node, where the model cannot run.
    """

    def __init__(
        self,
        model: str | Path | bytes | bytearray | memoryview | Graph,
        executor: Executor | str | None = None,
    ) -> None:
        self.executor = choose_executor(executor)
        self._may_change = executor is None
        self.graph = _read(model)
        if not self.graph.metadata.get("hearth.optimised"):
            optimise(self.graph)
        self._programs: dict[object, Program] = {}
        if not self.executor.needs_static or self._is_static():
            self._program(tuple(self.graph.outputs), {})

    @property
    def executor_name(self) -> str:
        """What runs the model at present: `webgpu`, `wasm` or `numpy`."""
        return self.executor.name

    def get_inputs(self) -> list[NodeArg]:
        """The model's inputs, in its order."""
        return [_node_arg(name, kind) for name, kind in self.graph.inputs.items()]

    def get_outputs(self) -> list[NodeArg]:
        """The model's outputs, in its order."""
        return [_node_arg(name, kind) for name, kind in self.graph.outputs.items()]

    def run(self, output_names: Sequence[str] | None, input_feed: Feeds) -> list[Any]:
        """Runs the model; `output_names` None or empty means all of them.

        Raises BadInput where the feeds do not fit the model's inputs.
        """
        feeds, outputs = self._checked(input_feed), self._wanted(output_names)
        while True:
            try:
                return list(self._program(outputs, feeds).run(feeds))
            except ExecutorFailed as failure:
                self._fall_back(failure)

    async def run_async(
        self, output_names: Sequence[str] | None, input_feed: Feeds, progress: Progress | None = None
    ) -> list[Any]:
        """`run` for an event loop: other work goes on where the executor can wait.

        `progress(fraction)` is called now and then, 0 to 1; what it raises ends the run.
        """
        feeds, outputs = self._checked(input_feed), self._wanted(output_names)
        while True:
            try:
                return list(await self._program(outputs, feeds).run_async(feeds, progress))
            except ExecutorFailed as failure:
                self._fall_back(failure)

    def _fall_back(self, failure: ExecutorFailed) -> None:
        """Goes on with the next slower executor; raises the failure where there is none, or may be none."""
        slower = next_slower(self.executor) if self._may_change else None
        if slower is None:
            raise failure
        logging.getLogger("hearth").warning(
            "%s failed (%s); going on with %s", self.executor.name, failure, slower.name
        )
        self.executor = slower
        self._programs.clear()

    def _is_static(self) -> bool:
        return all(isinstance(kind, TensorType) and kind.static for kind in self.graph.inputs.values())

    def _wanted(self, names: Sequence[str] | None) -> tuple[str, ...]:
        if not names:
            return tuple(self.graph.outputs)
        for name in names:
            if name not in self.graph.outputs:
                raise BadInput(f"The model has no output '{name}'; it has {', '.join(self.graph.outputs)}.")
        return tuple(names)

    def _program(self, outputs: tuple[str, ...], feeds: Feeds) -> Program:
        """The plan for these outputs and, where the executor wants them static, these shapes; compiled once."""
        shapes: dict[str, tuple[Dim, ...]] = {}
        if self.executor.needs_static and not self._is_static():
            shapes = {name: value.shape for name, value in feeds.items() if isinstance(value, np.ndarray)}
        key = (outputs, tuple(sorted(shapes.items())))
        program = self._programs.get(key)
        if program is None:
            graph = self.graph
            if shapes or outputs != tuple(graph.outputs):
                graph = graph.copy()
                keep_outputs(graph, outputs)
                if shapes:
                    fix_inputs(graph, shapes)
                optimise(graph)
            program = self._programs[key] = self._compiled(make_plan(graph))
        return program

    def _compiled(self, plan: Plan) -> Program:
        while True:
            try:
                return self.executor.compile(plan)
            except ExecutorFailed as failure:
                self._fall_back(failure)

    def _checked(self, feeds: Feeds) -> dict[str, Any]:
        """The feeds as arrays of the right dtype and shape."""
        for name in feeds:
            if name not in self.graph.inputs:
                raise BadInput(f"Invalid input name: {name}. The model's inputs are {', '.join(self.graph.inputs)}.")
        missing = [name for name in self.graph.inputs if name not in feeds]
        if missing:
            raise BadInput(f"Required inputs ({missing}) are missing from input feed ({list(feeds)}).")
        return {name: _fitted(name, feeds[name], kind) for name, kind in self.graph.inputs.items()}


def _fitted(name: str, value: Any, kind: ValueType) -> Any:
    if not isinstance(kind, TensorType):
        return value
    given = np.asarray(value)
    if kind.dtype is not None and not isinstance(value, np.ndarray | np.generic) and kind.dtype.names is None:
        given = given.astype(kind.dtype)
    if kind.dtype == object and given.dtype.kind in "US":
        given = given.astype(object)
    if kind.dtype is not None and given.dtype != kind.dtype:
        raise BadInput(
            f"Unexpected input data type for '{name}'. "
            f"Actual: (tensor({dtype_name(given.dtype)})), expected: (tensor({dtype_name(kind.dtype)}))."
        )
    if kind.shape is None:
        return given
    if len(kind.shape) != given.ndim:
        raise BadInput(
            f"Invalid rank for input: {name} Got: {given.ndim} Expected: {len(kind.shape)}. "
            "Please fix the input's shape."
        )
    for axis, (dim, size) in enumerate(zip(kind.shape, given.shape, strict=True)):
        if isinstance(dim, int) and dim != size:
            raise BadInput(
                f"Got invalid dimensions for input: {name}. Index: {axis} Got: {size} Expected: {dim}. "
                "Please fix the input's shape."
            )
    return given
