"""A Plan turned into kernel calls: each step by the handler of its op, what has none by numpy in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.graph import Node
from hearth.runtime.limits import check_products, check_types
from hearth.runtime.plan import Plan, Step
from hearth.runtime.types import TensorType
from hearth.runtime.unread import Constant, at_hand
from hearth.runtime.wasm.builder import Builder, Compute, Load, Lowered
from hearth.runtime.wasm.chain import Chain
from hearth.runtime.wasm.steps import NONE, Finish, Number
from hearth.runtime.wasm.tensors import Shape, Tensor, image_strides, pixel_pitch

EARLY_FLOATS = 1 << 16
"""Inputs up to this size are copied in at the start; larger ones only where they are needed: they take memory."""

Handler = Callable[["Lowering", Step], None]
HANDLERS: dict[str, Handler] = {}


def lowers(*names: str) -> Callable[[Handler], Handler]:
    """Registers the handler of ops, by `domain.op` where the domain is not ONNX's own.

    It raises Unsupported for a node that it can't take; numpy then runs it.
    """

    def register(handler: Handler) -> Handler:
        HANDLERS.update((name, handler) for name in names)
        return handler

    return register


class Lowering:
    """One plan being lowered: the values that lie in the arena so far, by name."""

    def __init__(self, plan: Plan, vector: int) -> None:
        self.plan, self.graph = plan, plan.graph
        self.builder = Builder(vector)
        self.tensors: dict[str, Tensor] = {}
        self.shapes: dict[str, Shape | None] = {}
        self.relaid: dict[tuple[str, bool], Tensor] = {}
        """Copies of values in another layout: (name, channels last or dense)."""
        self.parts = _parts_of_concatenations(self)

    # -- what handlers ask ---------------------------------------------------------------------------------------

    def shape(self, name: str) -> Shape:
        """A value's shape; Unsupported where it is not known."""
        if name not in self.shapes:
            self.shapes[name] = self.graph.shape(name)
        shape = self.shapes[name]
        if shape is None:
            raise Unsupported(f"The shape of '{name}' is not known.")
        return shape

    def number(self, name: str) -> Number:
        """How a value is stored; Unsupported for what kernels don't compute with."""
        kind = self.graph.type(name)
        numbers = {np.dtype(np.float32): Number.FLOAT32, np.dtype(np.bool_): Number.UINT8}
        if not isinstance(kind, TensorType) or kind.dtype not in numbers:
            raise Unsupported(f"'{name}' is neither float32 nor boolean.")
        return numbers[kind.dtype]

    def require_floats(self, *names: str) -> None:
        """Raises Unsupported where one of the values is not float32 of a known shape."""
        for name in filter(None, names):
            self.shape(name)
            if self.number(name) != Number.FLOAT32:
                raise Unsupported(f"'{name}' is not float32.")

    def constant(self, name: str) -> np.ndarray | None:
        """A constant's array, None for anything else."""
        return self.graph.constant(name) if name else None

    def stored(self, name: str) -> Constant:
        """A float constant as it is stored, float32 or float16, perhaps in its file. Raises Unsupported for any other
        value."""
        array = self.graph.constants.get(name)
        if array is None or array.dtype not in (np.float32, np.float16):
            raise Unsupported(f"The weights '{name}' are not constant.")
        self.require_floats(name)
        return array

    def weights(self, name: str) -> np.ndarray:
        """The same at hand."""
        return at_hand(self.stored(name))

    def tensor(self, name: str) -> Tensor:
        """A value in the arena, in whatever layout it has."""
        known = self.tensors.get(name)
        if known is not None:
            return known
        shape, number = self.shape(name), self.number(name)
        array = self.constant(name)
        if array is not None:
            tensor = self.builder.constant(array)
        else:
            tensor = self.builder.new(shape, None, number)
            load = Load(name, tensor)
            if name in self.graph.inputs and tensor.buffer.floats <= EARLY_FLOATS:
                self.builder.load_first(load)
            else:
                self.builder.act(load)
        self.tensors[name] = tensor
        return tensor

    def dense(self, name: str) -> Tensor:
        """A value as a C-contiguous array."""
        tensor = self.tensor(name)
        return tensor if tensor.is_dense else self._relaid(name, tensor, False)

    def image(self, name: str) -> Tensor:
        """A (N, C, L) or (N, C, H, W) value, channels last."""
        self.require_floats(name)
        if len(self.shape(name)) not in (3, 4):
            raise Unsupported(f"'{name}' is not an image.")
        tensor = self.tensor(name)
        return tensor if pixel_pitch(tensor) is not None else self._relaid(name, tensor, True)

    def output_image(self, name: str) -> Tensor:
        """Room for an output that lies channels last, within a concatenation if it goes into one."""
        if name in self.tensors:
            return self.tensors[name]
        self.require_floats(name)
        tensor = self._within(name) or self.builder.new_image(self.shape(name))
        self.tensors[name] = tensor
        return tensor

    def output(self, name: str, like: Tensor | None = None) -> Tensor:
        """Room for an output; it lies as `like` does where that is an image of the same shape, else densely."""
        if name in self.tensors:
            return self.tensors[name]
        shape, number = self.shape(name), self.number(name)
        image = like is not None and like.shape == shape and not like.is_dense and pixel_pitch(like) is not None
        if image and number == Number.FLOAT32:
            return self.output_image(name)
        tensor = self.tensors[name] = self._room(shape, number, image)
        return tensor

    def planes(self, name: str, output: str) -> tuple[Tensor, Tensor] | None:
        """Input and output as images of one channel each, for kernels that go plane by plane.

        None where the input does not lie so, or the output goes into an image that doesn't.
        """
        x = self.tensor(name)
        if not x.is_dense or pixel_pitch(x) is not None or output in self.tensors or output in self.parts:
            return None
        y = self.output(output)
        return _as_planes(x), _as_planes(y)

    def finish(
        self, step: Step, target: Tensor, bias: Tensor | None = None
    ) -> tuple[Callable[[], Finish], list[Tensor], list[Step]]:
        """What of an epilogue the product kernels can do themselves.

        That is a residual before or after a clamp. Returns the Finish, with a bias where there is one, the tensors it
        reads, and the steps of the epilogue that are left.
        """
        rest = list(step.epilogue)
        value, low, high = step.node.result, -inf, inf
        residual: Tensor | None = None
        late = clamped = False
        while rest:
            node = rest[0].node
            bounds = self.clamp(node)
            if bounds is not None and node.inputs[0] == value and not clamped and not late:
                (low, high), clamped = bounds, True
            elif node.op == "Add" and residual is None and value in node.inputs and node.inputs[0] != node.inputs[1]:
                residual = self._residual(next(name for name in node.inputs if name != value), target)
                if residual is None:
                    break
                late = clamped
            else:
                break
            value = node.outputs[0]
            rest.pop(0)
        pitch = pixel_pitch(residual) or 0 if residual is not None else 0

        def make() -> Finish:
            added, residue = (NONE if tensor is None else tensor.place for tensor in (bias, residual))
            return Finish(added, residue, pitch, late, low, high)

        return make, [tensor for tensor in (bias, residual) if tensor is not None], rest

    def clamp(self, node: Node) -> tuple[float, float] | None:
        """The bounds of a Relu or of a Clip whose bounds are constant; None for any other op."""
        if node.op == "Relu":
            return 0.0, inf
        if node.op != "Clip":
            return None
        bounds = [float(str(node.attributes.get("min", -inf))), float(str(node.attributes.get("max", inf)))]
        for position, name in enumerate(node.inputs[1:3]):
            array = self.constant(name)
            if name and array is None:
                return None
            if array is not None:
                bounds[position] = float(array.reshape(-1)[0])
        return bounds[0], bounds[1]

    def after(self, step: Step, rest: list[Step], target: Tensor) -> None:
        """Applies what is left of an epilogue to the output, in place."""
        if rest:
            value = step.node.result
            done = len(step.epilogue) - len(rest)
            if done:
                value = step.epilogue[done - 1].node.outputs[0]
            chain = Chain(self, {value: target})
            chain.add([after.node for after in rest])
            chain.emit(target, "+".join(after.node.op for after in rest))

    # -- layouts -------------------------------------------------------------------------------------------------

    def _room(self, shape: Shape, number: Number, image: bool) -> Tensor:
        return self.builder.new(shape, image_strides(shape) if image else None, number)

    def _relaid(self, name: str, tensor: Tensor, image: bool) -> Tensor:
        """A copy in another layout, made once."""
        known = self.relaid.get((name, image))
        if known is None:
            array = self.constant(name)
            if array is not None:
                known = self.builder.constant(array, image)
            else:
                known = self._room(tensor.shape, tensor.number, image)
                self.builder.copy(tensor, known, f"layout {name}")
            self.relaid[name, image] = known
        return known

    def _within(self, name: str) -> Tensor | None:
        """The part of a concatenation's output that a value is to be written to."""
        if name not in self.parts:
            return None
        whole_name, channel = self.parts[name]
        whole = self.output_image(whole_name)
        return Tensor(whole.buffer, self.shape(name), whole.strides, whole.offset + channel)

    def _residual(self, name: str, target: Tensor) -> Tensor | None:
        """A value that can be added pixel by pixel to the target."""
        shape = self.graph.shape(name)
        if shape != target.shape or pixel_pitch(target) is None:
            return None
        return self.image(name)

    # -- the walk ------------------------------------------------------------------------------------------------

    def run(self) -> Lowered:
        """Lowers every step."""
        for number, step in enumerate(self.plan.steps):
            if not self._by_kernel(step):
                self._by_numpy(number, step)
        outputs = {name: self._given(self.tensors[name]) for name in self.graph.outputs if name in self.tensors}
        return self.builder.finish(outputs)

    def _given(self, tensor: Tensor) -> Tensor:
        """An output as whoever asked for it wants it: dense."""
        if tensor.is_dense or tensor.buffer.constant:
            return tensor
        dense = self.builder.new(tensor.shape, None, tensor.number)
        try:
            self.builder.copy(tensor, dense, "output")
        except Unsupported:
            return tensor
        return dense

    def _by_kernel(self, step: Step) -> bool:
        node = step.node
        handler = HANDLERS.get(f"{node.domain}.{node.op}" if node.domain else node.op)
        if handler is None:
            return False
        try:
            for name in filter(None, step.node.outputs):
                self.shape(name)
            self._check_size(step)
            handler(self, step)
        except Unsupported:
            for name in step.node.outputs:
                self.tensors.pop(name, None)
            return False
        return True

    def _check_size(self, step: Step) -> None:
        """Raises TooLarge for a result or a product over the limits."""
        node = step.node
        kinds = [self.graph.type(name) for name in node.outputs if name]
        check_types(node.label, kinds)
        shapes = [self.graph.shape(name) if name else None for name in node.inputs]
        check_products(node.label, node.op, shapes, kinds, step.arguments)

    def _by_numpy(self, number: int, step: Step) -> None:
        reads = {name: self.tensors[name] for name in step.node.reads() if name in self.tensors}
        self.builder.act(Compute(number, {name: t for name, t in reads.items() if not t.buffer.constant}))


def _as_planes(tensor: Tensor) -> Tensor:
    shape = (tensor.shape[0] * tensor.shape[1], 1, *tensor.shape[2:])
    return replace(tensor, shape=shape, strides=image_strides(shape))


LARGE_MODEL = 32 << 20
"""Bytes of constants from which memory counts more than copies."""
LONG_WAIT = 40
"""Steps for which a part would hold the room of its whole concatenation: then it is rather copied there in the end."""


def _parts_of_concatenations(lowering: Lowering) -> dict[str, tuple[str, int]]:
    """Values that can be made in place: name -> (concatenation's output, first channel)."""
    graph, parts = lowering.graph, {}
    made = {name: number for number, step in enumerate(lowering.plan.steps) for name in step.node.outputs}
    large = sum(array.nbytes for array in graph.constants.values()) >= LARGE_MODEL
    for number, step in enumerate(lowering.plan.steps):
        node = step.node
        shape = graph.shape(node.outputs[0]) if node.outputs else None
        if node.op != "Concat" or node.domain or shape is None or len(shape) not in (3, 4):
            continue
        if int(str(node.attributes["axis"])) not in (1, 1 - len(shape)):
            continue
        channel = 0
        for name in node.inputs:
            part = graph.shape(name)
            if part is None or graph.type(name) != TensorType(np.dtype(np.float32), part):
                break
            waits = large and number - made.get(name, number) > LONG_WAIT
            if name in made and name not in parts and name not in graph.constants and not waits:
                parts[name] = (node.outputs[0], channel)
            channel += part[1]
    return parts


def lower(plan: Plan, vector: int) -> Lowered:
    """Lowers a plan for kernels with vectors of `vector` floats."""
    from hearth.runtime.wasm.ops import MODULES

    assert MODULES
    return Lowering(plan, vector).run()
