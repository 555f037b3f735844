"""InferenceSession: the calls that users of onnxruntime know, over this runtime's executors."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hearth.errors import BadInput, ExecutorFailed, LostTensor, MissingModel, Unsupported
from hearth.runtime import model_file
from hearth.runtime.deciding import deciding_inputs, small
from hearth.runtime.device import DeviceTensor, on_host
from hearth.runtime.executor import Executor, KeepingProgram, Program, Progress, TunableProgram
from hearth.runtime.executors import Choice
from hearth.runtime.explain import explain
from hearth.runtime.feeds import Feeds
from hearth.runtime.graph import Graph, Node
from hearth.runtime.limits import LIMITS, deadline
from hearth.runtime.load import load, load_bytes
from hearth.runtime.metadata import ModelMetadata
from hearth.runtime.numpy.executor import NumpyExecutor
from hearth.runtime.ops.registry import MISFITS
from hearth.runtime.passes import fix_inputs, in_floats, keep_outputs, optimise
from hearth.runtime.plan import make_plan
from hearth.runtime.programs import MAX_PROGRAMS, Programs
from hearth.runtime.types import Dim, OptionalType, TensorType, ValueType, type_label
from hearth.runtime.unread import InMemory, Source

LOG = logging.getLogger("hearth")


@dataclass(frozen=True)
class NodeArg:
    """An input or output of a model.

    `shape` holds sizes, names of dynamic dimensions, or None; `type` is ONNX's word, such as `tensor(float)`.
    """

    name: str
    shape: list[Dim]
    type: str

    def __str__(self) -> str:
        return f"NodeArg(name='{self.name}', type='{self.type}', shape={self.shape})"


def node_arg(name: str, kind: ValueType) -> NodeArg:
    """A value as onnxruntime describes it."""
    inner = kind.element if isinstance(kind, OptionalType) else kind
    shape = list(inner.shape or ()) if isinstance(inner, TensorType) else []
    return NodeArg(name, shape, type_label(kind))


def read_model(model: str | Path | bytes | bytearray | memoryview | Source | Graph) -> Graph:
    """A graph from what sessions take: an ONNX file or a flat model file by its path, its bytes or piece by piece, or a
    graph."""
    if isinstance(model, Graph):
        return model
    if isinstance(model, str | Path):
        path = Path(model)
        if path.suffix != ".hearth":
            return load(path)
        try:
            return model_file.loads(path.read_bytes())
        except OSError as error:
            raise MissingModel(f"The model file {path.name} can't be read: {error.strerror}.") from None
    if isinstance(model, bytes | bytearray | memoryview):
        model = InMemory(memoryview(model))
    return model_file.loads(model) if model_file.is_flat(model) else load_bytes(model.read(0, len(model)))


def _handed_over(
    results: Sequence[Any], outputs: tuple[str, ...], names: Sequence[str] | None, feeds: Mapping[str, Any]
) -> list[Any]:
    """Results in the order of the names that the caller gave, each one the caller's own to keep and to write to."""
    if names:
        by_name = dict(zip(outputs, results, strict=True))
        results = [by_name[name] for name in names]
    taken = list(feeds.values())
    for value in results:
        taken.append(_own(value, taken))
    return taken[len(feeds) :]


def _own(value: Any, taken: Sequence[Any]) -> Any:
    """A value that shares no memory with feeds, constants, or results before it."""
    if isinstance(value, list):
        return [_own(item, taken) for item in value]
    if not isinstance(value, np.ndarray):
        return value
    flags = value.flags
    alone = flags.owndata and flags.c_contiguous and flags.writeable
    return value if alone and all(value is not other for other in taken) else value.copy()


def _on_devices(feeds: Mapping[str, Any], keep: Collection[str]) -> bool:
    """Whether a run has to do with values on a device."""
    return bool(keep) or any(type(value) is DeviceTensor for value in feeds.values())


def _run(program: Program, feeds: Mapping[str, Any], keep: Collection[str]) -> Sequence[Any]:
    if not _on_devices(feeds, keep):
        return program.run(feeds)
    if isinstance(program, KeepingProgram):
        return program.run_keeping(feeds, keep)
    return program.run({name: on_host(value) for name, value in feeds.items()})


async def _fetched(feeds: Mapping[str, Any]) -> dict[str, Any]:
    return {n: await v.numpy_async() if type(v) is DeviceTensor else v for n, v in feeds.items()}


_LOST = "An input was on a device that failed, and is lost with it."


def _brought_home(feeds: Mapping[str, Any]) -> dict[str, Any]:
    """Feeds for the next executor. Raises LostTensor where the last one's device keeps some to itself."""
    try:
        return {name: on_host(value) for name, value in feeds.items()}
    except ExecutorFailed as failure:
        raise LostTensor(_LOST) from failure


async def _brought_home_async(feeds: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return await _fetched(feeds)
    except ExecutorFailed as failure:
        raise LostTensor(_LOST) from failure


class InferenceSession:
    """A model ready to run.

    `model`: see `read_model`. `executor`: an Executor, its name, names in the order in which they are to be tried, or
    None for all, the fastest first; when one can't take the model or fails, in the middle of a run too, the next one
    goes on. `shapes`: what a model with open dimensions will be run on first, so that it is compiled for that at once,
    not with the first run; others may follow. `tolerance`: how far outputs may be from those computed in float32 where
    that is faster; `tune_async` finds out whether it is, and whether they are near enough.

    Raises BadModel, TooLarge or Unsupported, naming the node, where the model cannot run.
    """

    def __init__(
        self,
        model: str | Path | bytes | bytearray | memoryview | Source | Graph,
        executor: Executor | str | Iterable[str] | None = None,
        shapes: Mapping[str, Sequence[int]] | None = None,
        tolerance: float = 0.0,
    ) -> None:
        self._tolerance = tolerance
        self._choice = Choice(executor)
        self.executor = self._choice.next()
        self.graph = read_model(model)
        if not self.graph.metadata.get("hearth.optimised"):
            optimise(self.graph)
        self._feeds = Feeds(self.graph.inputs)
        self._outputs = tuple(self.graph.outputs)
        self._static = all(isinstance(kind, TensorType) and kind.static for kind in self.graph.inputs.values())
        self._programs = Programs()
        self._deciding = deciding_inputs(self.graph)
        self._decided: set[tuple[bytes, ...]] = set()
        if not self.executor.needs_static or (self._static and not self._deciding):
            self._program(self._outputs, {})
        elif shapes is not None and not self._deciding:
            self._program(self._outputs, self._feeds.fitted(self._blank(shapes)))

    def _blank(self, shapes: Mapping[str, Sequence[int]]) -> dict[str, np.ndarray]:
        """Zeros of these shapes; those that the model tells need not be named."""
        blank: dict[str, np.ndarray] = {}
        for name, kind in self.graph.inputs.items():
            if isinstance(kind, TensorType) and (name in shapes or kind.static):
                shape = tuple(shapes[name]) if name in shapes else kind.static_shape
                blank[name] = np.broadcast_to(np.zeros((), kind.dtype), shape)
        return blank

    @property
    def executor_name(self) -> str:
        """What runs the model at present: `webgpu`, `wasm` or `numpy`."""
        return self.executor.name

    def get_inputs(self) -> list[NodeArg]:
        """The model's inputs, in its order."""
        return [node_arg(name, kind) for name, kind in self.graph.inputs.items()]

    def get_outputs(self) -> list[NodeArg]:
        """The model's outputs, in its order."""
        return [node_arg(name, kind) for name, kind in self.graph.outputs.items()]

    def get_modelmeta(self) -> ModelMetadata:
        """What the file says of itself."""
        return ModelMetadata.of(self.graph)

    def run(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any], keep: Collection[str] = ()
    ) -> list[Any]:
        """Runs the model; `output_names` None or empty means all of them.

        Feeds may be DeviceTensors; outputs named in `keep` come as such where the executor has a device of its own.
        Raises BadInput where the feeds do not fit the model's inputs, LostTensor where one was on a device that failed.
        """
        feeds, outputs = self._feeds.fitted(input_feed), self._wanted(output_names)
        while True:
            try:
                with deadline(LIMITS.run_seconds):
                    results = _run(self._program(outputs, feeds), feeds, keep)
                return _handed_over(results, outputs, output_names, feeds)
            except ExecutorFailed as failure:
                self._fall_back(failure)
                feeds = _brought_home(feeds)

    async def run_async(
        self,
        output_names: Sequence[str] | None,
        input_feed: Mapping[str, Any],
        progress: Progress | None = None,
        keep: Collection[str] = (),
    ) -> list[Any]:
        """`run` for an event loop: other work goes on where the executor can wait.

        `progress(fraction)` is called now and then, 0 to 1; what it raises ends the run.
        """
        feeds, outputs = self._feeds.fitted(input_feed), self._wanted(output_names)
        while True:
            executor = self.executor
            try:
                with deadline(LIMITS.run_seconds):
                    program = self._program(outputs, feeds)
                    executor = self.executor
                    if isinstance(program, KeepingProgram) and _on_devices(feeds, keep):
                        results = await program.run_keeping_async(feeds, keep)
                    else:
                        results = await program.run_async(await _fetched(feeds), progress)
                return _handed_over(results, outputs, output_names, feeds)
            except ExecutorFailed as failure:
                if self.executor is executor:  # another run may have left it for the same reason
                    self._fall_back(failure)
                feeds = await _brought_home_async(feeds)

    async def tune_async(self) -> None:
        """Makes later runs faster where the executor can: in idle time after a run, once, and not beside other runs.

        It takes some seconds, and may be cancelled when there is something to do.
        """
        try:
            for program, _ in list(self._programs):
                if isinstance(program, TunableProgram):
                    await program.tune()
        except ExecutorFailed as failure:
            LOG.warning("%s failed in idle time: %s", self.executor.name, failure)

    def explain(self) -> str:
        """What runs where, for every plan compiled so far: a table to print, one line a step."""
        if not self._programs:
            return (
                f"Nothing is compiled yet: {self.executor.name} wants every shape known, "
                "and this model's come with the first run."
            )
        return "\n\n".join(explain(plan, program) for program, plan in self._programs)

    def places(self) -> Iterator[tuple[Node, str]]:
        """Every step of the plans compiled so far, with the name of the executor that runs it."""
        for program, plan in self._programs:
            yield from zip((step.node for step in plan.steps), program.places(), strict=True)

    def _fall_back(self, failure: ExecutorFailed | Unsupported) -> None:
        """Goes on with the next executor; raises the failure where there is none."""
        if not self._choice:
            raise failure
        failed, self.executor = self.executor, self._choice.next()
        LOG.warning("%s failed (%s); going on with %s", failed.name, failure, self.executor.name)
        self._programs = Programs()

    def _wanted(self, names: Sequence[str] | None) -> tuple[str, ...]:
        """The outputs to compute, in the model's order."""
        if not names:
            return self._outputs
        for name in names:
            if name not in self.graph.outputs:
                raise BadInput(f"Invalid output name:{name}. The model's outputs are {', '.join(self.graph.outputs)}.")
        return tuple(name for name in self._outputs if name in names)

    def _program(self, outputs: tuple[str, ...], feeds: Mapping[str, Any]) -> Program:
        """The program for these outputs and, where the executor wants them static, these shapes; compiled once."""
        while True:
            shapes: dict[str, tuple[Dim, ...]] = {}
            if self.executor.needs_static and not self._static:
                kinds = self.graph.inputs
                shapes = {name: value.shape for name, value in feeds.items() if isinstance(kinds[name], TensorType)}
            values = self._deciding_values(feeds) if self.executor.needs_static else {}
            exact = tuple((name, array.tobytes()) for name, array in values.items())
            key = (outputs, tuple(shapes.items()), exact)
            program = self._programs.get(key)
            if program is not None:
                return program
            executor = self.executor
            if shapes and not self._programs.pays(key):
                executor, shapes, key = NumpyExecutor(), {}, (outputs, (), exact)
                program = self._programs.get(key)
                if program is not None:
                    return program
            graph = self._fixed(outputs, shapes, values)
            if executor.needs_static:
                graph = in_floats(graph, executor.packed)
            plan = make_plan(graph, self._tolerance)
            for name in outputs:
                if isinstance(constant := plan.graph.constants.get(name), np.ndarray):
                    constant.flags.writeable = False  # so that it is handed over as a copy
            try:
                program = executor.compile(plan)
            except (ExecutorFailed, Unsupported) as failure:
                self._fall_back(failure)
                continue
            except MISFITS as error:
                # numpy says which node is at fault, where it is the model that is.
                self._fall_back(ExecutorFailed(f"{self.executor.name} can't take this model: {error!r}."))
                continue
            self._programs.put(key, program, plan)
            return program

    def _deciding_values(self, feeds: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The values that decide shapes or branches; none any more where they are others with each run."""
        values = small(feeds, self._deciding) if self._deciding else {}
        exact = tuple(array.tobytes() for array in values.values())
        if exact not in self._decided:
            if len(self._decided) >= MAX_PROGRAMS:
                return {}
            self._decided.add(exact)
        return values

    def _fixed(
        self, outputs: tuple[str, ...], shapes: Mapping[str, tuple[Dim, ...]], values: Mapping[str, np.ndarray]
    ) -> Graph:
        """The session's graph, or a copy that makes only some outputs from inputs of these shapes and values."""
        if not shapes and not values and outputs == self._outputs:
            return self.graph
        graph = self.graph.copy()
        keep_outputs(graph, outputs)
        if shapes or values:
            fix_inputs(graph, shapes)
        for name, array in values.items():
            del graph.inputs[name]
            graph.constants[name] = array.copy()
            graph.types[name] = TensorType(array.dtype, array.shape)
        optimise(graph)
        return graph
