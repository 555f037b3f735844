"""Recurrent layers: LSTM. Source: the ONNX operator documentation; gates in the order input, output, forget, cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.contract import matmul
from hearth.runtime.ops.activation import sigmoid
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.types import Dim, TensorType

_ACTIVATIONS = {
    "Sigmoid": sigmoid,
    "Tanh": np.tanh,
    "Relu": lambda x: np.maximum(x, x.dtype.type(0)),
}


def recurrent_activation(name: str):  # type: ignore[no-untyped-def]
    """The activation of a gate by ONNX's name."""
    try:
        return _ACTIVATIONS[name.capitalize()]
    except KeyError:
        raise ValueError(f"the activation '{name}' is none of {', '.join(_ACTIVATIONS)}") from None


def _lstm_rule(
    x: Operand,
    w: Operand,
    r: Operand,
    *_: Operand | None,
    hidden_size: int | None = None,
    n_outputs: int = 1,
    **how: object,
) -> tuple[TensorType, ...]:
    if x.shape is None or w.shape is None or r.shape is None:
        return (TensorType(x.dtype),) * n_outputs
    directions, hidden = w.shape[0], r.shape[2]
    steps, batch = x.shape[0], x.shape[1]
    sequence: tuple[Dim, ...] = (steps, directions, batch, hidden)
    state: tuple[Dim, ...] = (directions, batch, hidden)
    if how.get("layout"):
        batch, steps = x.shape[0], x.shape[1]
        sequence, state = (batch, steps, directions, hidden), (batch, directions, hidden)
    return (TensorType(x.dtype, sequence), TensorType(x.dtype, state), TensorType(x.dtype, state))[:n_outputs]


@op("LSTM", since=7, rule=_lstm_rule)
def lstm(
    x: Array,
    w: Array,
    r: Array,
    b: Array | None = None,
    lengths: Array | None = None,
    h0: Array | None = None,
    c0: Array | None = None,
    p: Array | None = None,
    *,
    activation_alpha: Sequence[float] | None = None,
    activation_beta: Sequence[float] | None = None,
    activations: Sequence[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
    layout: int = 0,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """x (T, N, I), w (D, 4H, I), r (D, 4H, H), b (D, 8H) -> all h (T, D, N, H), last h and last c (D, N, H).

    With `layout` 1 the batch comes first everywhere. `lengths` (N,) ends each sequence on its own.
    """
    if layout:
        x = np.swapaxes(x, 0, 1)
        h0 = None if h0 is None else np.swapaxes(h0, 0, 1)
        c0 = None if c0 is None else np.swapaxes(c0, 0, 1)
    steps, batch, _ = x.shape
    directions, hidden = w.shape[0], r.shape[2]
    names = list(activations or ["Sigmoid", "Tanh", "Tanh"] * directions)
    outputs = np.zeros((steps, directions, batch, hidden), x.dtype)
    last_h = np.zeros((directions, batch, hidden), x.dtype)
    last_c = np.zeros((directions, batch, hidden), x.dtype)
    for d in range(directions):
        f, g, h_act = (recurrent_activation(name) for name in names[3 * d : 3 * d + 3])
        backward = direction == "reverse" or d == 1
        bias = 0 if b is None else b[d, : 4 * hidden] + b[d, 4 * hidden :]
        peep = None if p is None else p[d].reshape(3, hidden)
        h = np.zeros((batch, hidden), x.dtype) if h0 is None else h0[d]
        c = np.zeros((batch, hidden), x.dtype) if c0 is None else c0[d]
        inputs = matmul(x.reshape(steps * batch, -1), w[d].T).reshape(steps, batch, 4 * hidden) + bias
        recurrence = np.ascontiguousarray(r[d].T)
        for t in range(steps - 1, -1, -1) if backward else range(steps):
            gates = inputs[t] + h @ recurrence
            i, o, forget, cell = (gates[:, k * hidden : (k + 1) * hidden] for k in range(4))
            if peep is not None:
                i, forget = i + peep[0] * c, forget + peep[2] * c
            if clip is not None:
                i, forget, cell = (np.clip(gate, -clip, clip) for gate in (i, forget, cell))
            i = f(i)
            forget = 1 - i if input_forget else f(forget)
            new_c = forget * c + i * g(cell)
            if peep is not None:
                o = o + peep[1] * new_c
            if clip is not None:
                o = np.clip(o, -clip, clip)
            new_h = f(o) * h_act(new_c)
            if lengths is not None:
                alive = (t < lengths)[:, None]
                outputs[t, d] = np.where(alive, new_h, 0)
                h, c = np.where(alive, new_h, h), np.where(alive, new_c, c)
            else:
                outputs[t, d] = new_h
                h, c = new_h, new_c
        last_h[d], last_c[d] = h, c
    if layout:
        outputs = outputs.transpose(2, 0, 1, 3)
        last_h, last_c = np.swapaxes(last_h, 0, 1), np.swapaxes(last_c, 0, 1)
    return (outputs, last_h, last_c)[:n_outputs]
