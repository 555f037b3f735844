"""DynamicQuantizeLSTM: weights of 8 bits, what they multiply quantised by its range as it comes."""

from __future__ import annotations

from ctypes import Structure

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.plan import Step
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.ops.integers import EXACT_DEPTH, pairs
from hearth.runtime.wasm.ops.recurrent import STANDARD
from hearth.runtime.wasm.steps import NONE, Opcode, QuantisedLstm
from hearth.runtime.wasm.tensors import Tensor


@lowers("com.microsoft.DynamicQuantizeLSTM")
def quantised_lstm(low: Lowering, step: Step) -> None:
    """Layers with constant weights, standard activations and sequences of one length."""
    node, how, builder = step.node, step.arguments, low.builder
    x, w, r, b, lengths, h0, c0, peepholes, *scaling = [*node.inputs, *[""] * 12][:12]
    wanted = how.get("activations")
    if wanted and [name.lower() for name in wanted] != STANDARD["LSTM"] * (len(wanted) // 3):
        raise Unsupported("Such activations are numpy's.")
    if lengths or peepholes or how.get("clip") or how.get("input_forget"):
        raise Unsupported("Such layers are numpy's.")
    low.require_floats(x, h0, c0, *filter(None, node.outputs))
    arrays = [low.constant(name) for name in (w, r, *scaling)]
    bias = low.constant(b)
    if any(array is None for array in arrays) or (b and bias is None):
        raise Unsupported("The weights are not constant.")
    weights, recurrent, w_scale, w_zero, r_scale, r_zero = (array for array in arrays if array is not None)
    (steps, batch, size), (directions, hidden, columns) = low.shape(x), recurrent.shape
    wide_weights = weights.dtype.itemsize > 1 or recurrent.dtype.itemsize > 1
    if 0 in (steps, batch, size) or max(size, hidden) >= EXACT_DEPTH or wide_weights:
        raise Unsupported("Such sizes are numpy's.")
    panel = 2 * builder.vector
    wide = -(-columns // panel) * panel
    source = low.dense(x)
    outputs = [*node.outputs, "", "", ""]
    sequence = low.output(outputs[0]) if outputs[0] else None
    states = [low.output(name) if name else builder.new((directions, batch, hidden)) for name in outputs[1:3]]
    for state, name in zip(states, (h0, c0), strict=True):
        start = low.dense(name) if name else builder.constant(np.zeros(state.shape, np.float32))
        builder.copy(start, state, "state")

    def row(values: np.ndarray) -> Tensor:
        """A number a column, whole panels long."""
        return builder.constant(np.pad(np.broadcast_to(values.reshape(-1), (columns,)), (0, wide - columns)))

    apart = 0 if sequence is None else sequence.strides[0]
    for d in range(directions):
        both = np.zeros(2 * columns, np.float32) if bias is None else bias[d]
        fixed = [
            builder.table(pairs(_centred(weights[d], w_zero[d]), panel)),
            row(w_scale[d]),
            builder.table(pairs(_centred(recurrent[d], r_zero[d]), panel)),
            row(r_scale[d]),
            row(both[:columns] + both[columns:]),
        ]
        projected = builder.new((steps * batch * wide,))
        backward = how.get("direction") == "reverse" or d == 1

        def make(
            d: int = d, fixed: list[Tensor] = fixed, projected: Tensor = projected, backward: bool = backward
        ) -> Structure:
            at = d * batch * hidden
            return QuantisedLstm(
                Opcode.QUANTISED_LSTM, source.place, *(item.place for item in fixed), projected.place,
                NONE if sequence is None else sequence.place + at, apart, *(state.place + at for state in states),
                steps, batch, size, hidden, backward,
            )  # fmt: skip

        touched = [source, *fixed, projected, *states, *([sequence] if sequence else [])]
        builder.emit(f"quantised LSTM {size}->{hidden}", make, touched, steps * batch * (size + hidden) * columns)


def _centred(weights: np.ndarray, zero: np.ndarray) -> np.ndarray:
    return weights.astype(np.int16) - zero.astype(np.int16)
