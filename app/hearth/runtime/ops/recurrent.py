"""Recurrent layers: RNN, GRU and LSTM. Source: the ONNX operator documentation.

Shapes: T steps, N sequences, I inputs, H hidden units, D directions (2 for `bidirectional`). With `layout` 1
the batch comes first everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.limits import tick
from hearth.runtime.ops import activation as act
from hearth.runtime.ops.contract import rows_by_rows
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import check_equal
from hearth.runtime.types import Dim, TensorType

Function = Callable[[Array], Array]
State = tuple[Array, ...]
Product = Callable[[int, Array], Array]
"""What the weights of a direction make of rows (M, I) or (M, H): (M, gates * H)."""
Step = Callable[[Array, State], State]
"""What a cell makes of the inputs' part of the gates (N, gates * H) and the state; the state's first part is output."""

_FUNCTIONS: dict[str, tuple[Callable[..., Array], float | None, float | None]] = {
    "sigmoid": (act.sigmoid, None, None),
    "tanh": (np.tanh, None, None),
    "relu": (act.relu, None, None),
    "softsign": (act.softsign, None, None),
    "softplus": (act.softplus, None, None),
    "affine": (lambda x, a, b: x * act.like(x, a) + act.like(x, b), 1.0, 0.0),
    "leakyrelu": (lambda x, a: act.leaky_relu(x, alpha=a), 0.01, None),
    "thresholdedrelu": (lambda x, a: act.thresholded_relu(x, alpha=a), 1.0, None),
    "scaledtanh": (lambda x, a, b: act.like(x, a) * np.tanh(x * act.like(x, b)), 1.0, 1.0),
    "hardsigmoid": (lambda x, a, b: act.hard_sigmoid(x, alpha=a, beta=b), 0.2, 0.5),
    "elu": (lambda x, a: act.elu(x, alpha=a), 1.0, None),
}
"""Name -> (function, defaults of its alpha and beta; None where it has none)."""


def _activations(
    names: Sequence[str], alphas: Sequence[float] | None, betas: Sequence[float] | None
) -> Iterator[Function]:
    """The activations by ONNX's names; the lists of alphas and betas hold values only for those that take them."""
    rest_alphas, rest_betas = iter(alphas or ()), iter(betas or ())
    for name in names:
        if name.lower() not in _FUNCTIONS:
            raise ValueError(f"the activation '{name}' is unknown")
        function, alpha, beta = _FUNCTIONS[name.lower()]
        numbers = []
        if alpha is not None:
            numbers.append(next(rest_alphas, alpha))
        if beta is not None:
            numbers.append(next(rest_betas, beta))
        yield _with_numbers(function, *numbers)


def _with_numbers(function: Callable[..., Array], *numbers: float) -> Function:
    return (lambda x: function(x, *numbers)) if numbers else function


def _rule(states: int, gates: int) -> Callable[..., tuple[TensorType, ...]]:
    """The rule of a layer with so many states and gates; inputs: x, w, r, bias, lengths, states, peepholes."""

    def rule(
        x: Operand, w: Operand, r: Operand, *rest: Operand | None, layout: int = 0, n_outputs: int = 1, **_: Any
    ) -> tuple[TensorType, ...]:
        if x.shape is None or w.shape is None or r.shape is None:
            return (TensorType(x.dtype),) * n_outputs
        directions, hidden = w.shape[0], r.shape[2]
        steps, batch = (x.shape[1], x.shape[0]) if layout else (x.shape[0], x.shape[1])
        wide = hidden * gates if isinstance(hidden, int) else None
        state: tuple[Dim, ...] = (directions, batch, hidden)
        first = (batch, directions, hidden) if layout else state
        bias = (directions, 2 * wide if wide is not None else None)
        expected: list[tuple[Dim, ...]] = [bias, (batch,), *[first] * states]
        expected.append((directions, 3 * hidden if isinstance(hidden, int) else None))
        for shape, wanted in (
            (w.shape, (directions, wide, x.shape[2])),
            (r.shape, (directions, wide, hidden)),
            *((item.shape, wanted) for item, wanted in zip(rest, expected, strict=False) if item is not None),
        ):
            if shape is not None:
                if len(shape) != len(wanted):
                    raise ValueError(f"the shape {shape} is due to be {wanted}")
                for one, other in zip(shape, wanted, strict=True):
                    check_equal(one, other)
        sequence: tuple[Dim, ...] = (steps, directions, batch, hidden)
        if layout:
            sequence, state = (batch, steps, directions, hidden), (batch, directions, hidden)
        return (TensorType(x.dtype, sequence), *[TensorType(x.dtype, state)] * states)[:n_outputs]

    return rule


def _run(
    x: Array,
    project: Product,
    bias: Array | None,
    lengths: Array | None,
    starts: Sequence[Array | None],
    hidden: int,
    direction: str,
    layout: int,
    cell: Callable[[int], Step],
) -> tuple[Array, ...]:
    """Runs the cell of each direction over x (T, N, I) -> (all outputs (T, D, N, H), last states (D, N, H) each).

    `project` and bias (D, gates * H) make the inputs' part of the gates for all steps at once. `lengths` (N,)
    ends each sequence on its own: its outputs are 0 after that and its state stays.
    """
    if layout:
        x = np.swapaxes(x, 0, 1)
        starts = [None if start is None else np.swapaxes(start, 0, 1) for start in starts]
    steps, batch, _ = x.shape
    directions = 2 if direction == "bidirectional" else 1
    outputs = np.zeros((steps, directions, batch, hidden), x.dtype)
    last = [np.zeros((directions, batch, hidden), x.dtype) for _ in starts]
    for d in range(directions):
        step = cell(d)
        gates = project(d, x.reshape(steps * batch, -1)).reshape(steps, batch, -1)
        if bias is not None:
            gates = gates + bias[d]
        state: State = tuple(np.zeros((batch, hidden), x.dtype) if start is None else start[d] for start in starts)
        backward = direction == "reverse" or d == 1
        for t in range(steps - 1, -1, -1) if backward else range(steps):
            tick()
            fresh = step(gates[t], state)
            if lengths is None:
                outputs[t, d], state = fresh[0], fresh
            else:
                alive = (t < lengths)[:, None]
                outputs[t, d] = np.where(alive, fresh[0], x.dtype.type(0))
                state = tuple(np.where(alive, new, old) for new, old in zip(fresh, state, strict=True))
        for target, value in zip(last, state, strict=True):
            target[d] = value
    if layout:
        return outputs.transpose(2, 0, 1, 3), *(np.swapaxes(item, 0, 1) for item in last)
    return outputs, *last


def _by(weights: Array) -> Product:
    """Products with the rows of weights (D, gates * H, I)."""
    return lambda d, rows: rows_by_rows(rows, weights[d])


def _clipper(clip: float | None) -> Function:
    return (lambda x: x) if clip is None else (lambda x: np.clip(x, act.like(x, -clip), act.like(x, clip)))


@op("RNN", rule=_rule(1, 1))
def rnn(
    x: Array,
    w: Array,
    r: Array,
    b: Array | None = None,
    lengths: Array | None = None,
    h0: Array | None = None,
    *,
    activation_alpha: Sequence[float] | None = None,
    activation_beta: Sequence[float] | None = None,
    activations: Sequence[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    layout: int = 0,
    output_sequence: int = 1,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """x (T, N, I), w (D, H, I), r (D, H, H), b (D, 2H), h0 (D, N, H) -> all h (T, D, N, H), last h (D, N, H)."""
    hidden = r.shape[2]
    functions = list(_activations(activations or ["Tanh"] * len(w), activation_alpha, activation_beta))
    clipped = _clipper(clip)
    bias = None if b is None else b[:, :hidden] + b[:, hidden:]

    def cell(d: int) -> Step:
        return lambda gates, state: (functions[d](clipped(gates + rows_by_rows(state[0], r[d]))),)

    return _run(x, _by(w), bias, lengths, [h0], hidden, direction, layout, cell)[:n_outputs]


@op("GRU", rule=_rule(1, 3))
def gru(
    x: Array,
    w: Array,
    r: Array,
    b: Array | None = None,
    lengths: Array | None = None,
    h0: Array | None = None,
    *,
    activation_alpha: Sequence[float] | None = None,
    activation_beta: Sequence[float] | None = None,
    activations: Sequence[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    layout: int = 0,
    linear_before_reset: int = 0,
    output_sequence: int = 1,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """x (T, N, I), w (D, 3H, I), r (D, 3H, H), b (D, 6H), h0 (D, N, H) -> all h (T, D, N, H), last h (D, N, H).

    Gates in the order update, reset, hidden. Cho et al., 2014; `linear_before_reset` as in cuDNN.
    """
    hidden = r.shape[2]
    names = activations or ["Sigmoid", "Tanh"] * len(w)
    functions = list(_activations(names, activation_alpha, activation_beta))
    clipped = _clipper(clip)
    bias = None if b is None else b[:, : 3 * hidden].copy()
    if bias is not None and b is not None:
        # The recurrent bias of the hidden gate is inside the reset's reach and can't be added up front.
        kept = 2 * hidden if linear_before_reset else 3 * hidden
        bias[:, :kept] += b[:, 3 * hidden : 3 * hidden + kept]

    def cell(d: int) -> Step:
        f, g = functions[2 * d : 2 * d + 2]
        recurrence, tail = r[d, : 2 * hidden], r[d, 2 * hidden :]
        late = b[d, 5 * hidden :] if b is not None and linear_before_reset else x.dtype.type(0)

        def step(gates: Array, state: State) -> State:
            (h,) = state
            both = f(clipped(gates[:, : 2 * hidden] + rows_by_rows(h, recurrence)))
            update, reset = both[:, :hidden], both[:, hidden:]
            early = not linear_before_reset
            memory = rows_by_rows(reset * h, tail) if early else reset * (rows_by_rows(h, tail) + late)
            fresh = g(clipped(gates[:, 2 * hidden :] + memory))
            return (fresh + update * (h - fresh),)

        return step

    return _run(x, _by(w), bias, lengths, [h0], hidden, direction, layout, cell)[:n_outputs]


@op("LSTM", rule=_rule(2, 4))
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
    output_sequence: int = 1,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """x (T, N, I), w (D, 4H, I), r (D, 4H, H), b (D, 8H), h0 and c0 (D, N, H), peepholes p (D, 3H).

    -> all h (T, D, N, H), last h and last c (D, N, H). Gates in the order input, output, forget, cell.
    Hochreiter and Schmidhuber, 1997; peepholes: Gers et al., 2000.
    """
    layers = lstm_layers(
        x,
        _by(w),
        _by(r),
        b,
        lengths,
        h0,
        c0,
        p,
        clip=clip,
        direction=direction,
        hidden=r.shape[2],
        input_forget=input_forget,
        layout=layout,
        activations=activations,
        alphas=activation_alpha,
        betas=activation_beta,
    )
    return layers[:n_outputs]


def lstm_layers(
    x: Array,
    project: Product,
    recur: Product,
    b: Array | None,
    lengths: Array | None,
    h0: Array | None,
    c0: Array | None,
    p: Array | None,
    *,
    activations: Sequence[str] | None,
    alphas: Sequence[float] | None,
    betas: Sequence[float] | None,
    clip: float | None,
    direction: str,
    hidden: int,
    input_forget: int,
    layout: int,
    instead: Mapping[str, Function] | None = None,
) -> tuple[Array, ...]:
    """LSTM over any way to multiply by its weights: `project` for the inputs, `recur` for the last outputs.

    `instead`: other functions for the activations of these names, in small letters.
    """
    names = activations or ["Sigmoid", "Tanh", "Tanh"] * 2
    functions = [
        (instead or {}).get(name.lower(), function)
        for name, function in zip(names, _activations(names, alphas, betas), strict=True)
    ]
    clipped = _clipper(clip)
    bias = None if b is None else b[:, : 4 * hidden] + b[:, 4 * hidden :]

    def cell(d: int) -> Step:
        f, g, h_function = functions[3 * d : 3 * d + 3]
        peep = None if p is None else p[d].reshape(3, hidden)

        def step(gates: Array, state: State) -> State:
            h, c = state
            gates = gates + recur(d, h)
            if bias is not None:
                gates = gates + bias[d]
            i, o, forget, new = (gates[:, at * hidden : (at + 1) * hidden] for at in range(4))
            if peep is not None:
                i, forget = i + peep[0] * c, forget + peep[2] * c
            i = f(clipped(i))
            forget = 1 - i if input_forget else f(clipped(forget))
            c = forget * c + i * g(clipped(new))
            if peep is not None:
                o = o + peep[1] * c
            return f(clipped(o)) * h_function(c), c

        return step

    return _run(x, project, None, lengths, [h0, c0], hidden, direction, layout, cell)
