"""LSTM and GRU: the inputs' part of the gates as one product, then the kernel that goes step by step."""

from __future__ import annotations

from ctypes import Structure

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.steps import NONE, Finish, Matmul, Number, Opcode, PackMatrix, Recurrent
from hearth.runtime.wasm.tensors import Tensor

GATES = {"LSTM": 4, "GRU": 3}
STANDARD = {"LSTM": ["sigmoid", "tanh", "tanh"], "GRU": ["sigmoid", "tanh"]}
ROW_BLOCK, PANELS = 48, 64
INFINITY = float("inf")


@lowers("LSTM", "GRU")
def recurrent(low: Lowering, step: Step) -> None:
    """Layers with constant weights, standard activations and sequences of one length."""
    node, how = step.node, step.arguments
    inputs = [*node.inputs, *[""] * 8][:8]
    gates = GATES[node.op]
    wanted = how.get("activations")
    if wanted and [name.lower() for name in wanted] != STANDARD[node.op] * (len(wanted) // len(STANDARD[node.op])):
        raise Unsupported("Such activations are numpy's.")
    if inputs[4] or inputs[7] or how.get("layout") or how.get("clip") or how.get("input_forget"):
        raise Unsupported("Such layers are numpy's.")
    low.require_floats(inputs[0], inputs[5], inputs[6], *filter(None, node.outputs))
    w, r = (low.weights(name).astype(np.float32) for name in inputs[1:3])
    bias = low.constant(inputs[3])
    if inputs[3] and bias is None:
        raise Unsupported("The bias is not constant.")
    steps, batch, size = low.shape(inputs[0])
    directions, _, hidden = r.shape
    if 0 in (steps, batch, size):
        raise Unsupported("There is nothing to run on.")
    x = low.dense(inputs[0])
    outputs = [*node.outputs, "", "", ""]
    sequence = low.output(outputs[0]) if outputs[0] else None
    states = [
        low.output(name) if name else low.builder.new((directions, batch, hidden))
        for name in outputs[1 : 3 if gates == 4 else 2]
    ]
    for state, name in zip(states, inputs[5:], strict=False):
        start = low.dense(name) if name else low.builder.constant(np.zeros(state.shape, np.float32))
        low.builder.copy(start, state, "state")
    for d in range(directions):
        both = np.zeros(2 * gates * hidden, np.float32) if bias is None else bias[d]
        _direction(low, step, d, x, w[d], r[d], both, sequence, states)


def _direction(
    low: Lowering,
    step: Step,
    d: int,
    x: Tensor,
    w: np.ndarray,
    r: np.ndarray,
    bias: np.ndarray,
    sequence: Tensor | None,
    states: list[Tensor],
) -> None:
    builder, (steps, batch, size) = low.builder, x.shape
    hidden = r.shape[1]
    columns = w.shape[0]
    late = bool(step.arguments.get("linear_before_reset"))
    is_gru = step.node.op == "GRU"
    w_bias, r_bias = bias[:columns].copy(), bias[columns:]
    w_bias[: columns - hidden if is_gru else columns] += r_bias[: columns - hidden if is_gru else columns]
    hidden_bias = builder.constant(np.ascontiguousarray(r_bias[-hidden:])) if is_gru else None
    projection = _packed(low, [w])
    first = builder.constant(w_bias)
    projected = builder.new((steps * batch, columns))

    def project() -> Structure:
        finish = Finish(first.place, NONE, 0, 0, -INFINITY, INFINITY)
        return Matmul(
            Opcode.MATMUL, x.place, projection.place, projected.place, 1, 1, steps * batch, columns, size,
            size, 0, 0, 0, 0, columns, 0, 0, Number.FLOAT32, NONE, NONE, ROW_BLOCK, PANELS, finish,
        )  # fmt: skip

    builder.emit(
        f"project {size}->{columns}", project, [x, projection, first, projected], steps * batch * size * columns
    )
    weights = _packed(low, [r[: 2 * hidden], r[2 * hidden :]] if is_gru else [r])
    direction = str(step.arguments.get("direction", "forward"))
    backward = direction == "reverse" or d == 1

    def play() -> Structure:
        size = d * batch * hidden
        places = [state.place + size for state in states] + [NONE]
        y = NONE if sequence is None else sequence.place + size
        bias_place = NONE if hidden_bias is None else hidden_bias.place
        return Recurrent(
            Opcode.GRU if is_gru else Opcode.LSTM, projected.place, weights.place, bias_place, y,
            apart, *places[:2], steps, batch, hidden, backward, late,
        )  # fmt: skip

    apart = 0 if sequence is None else sequence.strides[0]
    touched = [projected, weights, *states, *([sequence] if sequence else []), *([hidden_bias] if hidden_bias else [])]
    builder.emit(step.node.op, play, touched, steps * batch * hidden * columns)


def _packed(low: Lowering, rows: list[np.ndarray]) -> Tensor:
    """Matrices given by rows of (outputs, inputs), packed one behind the other."""
    builder = low.builder
    floats = [part.shape[1] * builder.padded(part.shape[0]) for part in rows]
    whole = builder.new((sum(floats),))
    whole.buffer.constant = True
    at = 0
    for part, count in zip(rows, floats, strict=True):
        columns, depth = part.shape

        def pack(place: int, packed: int, columns: int = columns, depth: int = depth) -> Structure:
            return PackMatrix(Opcode.PACK_MATRIX, place, packed, Number.FLOAT32, 1, depth, columns, 0, 1, depth)

        builder.packed(np.ascontiguousarray(part), count, pack, Tensor(whole.buffer, (count,), (1,), at))
        at += count
    return whole
