"""LSTM with weights of 8 bits. Source: onnxruntime's contrib operator documentation.

An output that falls on the other side of a rounding changes all that follow, so what one step is off by does not stay
small. Sums are therefore made in onnxruntime's order, and sigmoid and tanh are its functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.contract import rows_by_rows
from hearth.runtime.ops.microsoft_quantised import MICROSOFT, scaled
from hearth.runtime.ops.quantise import dynamic_quantize_linear
from hearth.runtime.ops.recurrent import lstm_layers
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import check_equal
from hearth.runtime.types import Dim, TensorType


def _lstm_rule(
    x: Operand,
    w: Operand,
    r: Operand,
    b: Operand | None,
    lengths: Operand | None,
    h0: Operand | None,
    c0: Operand | None,
    p: Operand | None,
    *scaling: Operand,
    direction: str = "forward",
    n_outputs: int = 1,
    **_: Any,
) -> tuple[TensorType, ...]:
    known = [item.shape for item in (x, w, r) if item.shape is not None]
    if len(known) < 3:
        return (TensorType(x.dtype),) * n_outputs
    (steps, batch, size), _inputs, (_directions, hidden, columns) = known
    directions = 2 if direction == "bidirectional" else 1
    if isinstance(hidden, int) and isinstance(columns, int) and columns != 4 * hidden:
        raise ValueError(f"{columns} columns are not the four gates of {hidden} units")
    units = columns // 4 if isinstance(columns, int) else hidden
    state: tuple[Dim, ...] = (directions, batch, units)
    wanted: list[tuple[Operand | None, tuple[Dim, ...]]] = [
        (w, (directions, size, columns)),
        (r, (directions, hidden, columns)),
        (b, (directions, 2 * columns if isinstance(columns, int) else None)),
        (lengths, (batch,)),
        (h0, state),
        (c0, state),
        (p, (directions, 3 * units if isinstance(units, int) else None)),
    ]
    wanted += [(item, (directions, columns)[: max(1, len(item.shape or ()))]) for item in scaling]
    for item, shape in wanted:
        if item is not None and item.shape is not None:
            if len(item.shape) != len(shape):
                raise ValueError(f"the shape {item.shape} is due to be {shape}")
            for one, other in zip(item.shape, shape, strict=True):
                check_equal(one, other)
    kinds = TensorType(x.dtype, (steps, directions, batch, units)), TensorType(x.dtype, state)
    return (*kinds, kinds[1])[:n_outputs]


def _fraction(x: Array, above: Sequence[float], below: Sequence[float], bound: float) -> Array:
    """x p(x^2) / q(x^2), x held within the bound, every product and sum of the polynomials rounded once."""
    x = np.clip(x, np.float32(-bound), np.float32(bound))
    square = (x * x).astype(np.float64)

    def polynomial(factors: Sequence[float]) -> Array:
        value = np.full_like(x, factors[-1])
        for factor in factors[-2::-1]:
            value = (value * square + np.float32(factor)).astype(np.float32)
        return value

    return x * polynomial(above) / polynomial(below)


def _sigmoid(x: Array) -> Array:
    """onnxruntime's where products and sums are fused. The fraction is the one that Eigen fitted."""
    above = (
        2.48287947061529e-01,
        8.51377133304701e-03,
        6.08574864600143e-05,
        1.15627324459942e-07,
        4.37031012579801e-11,
    )
    below = (
        *(9.93151921023180e-01, 1.16817656904453e-01, 1.70198817374094e-03),
        *(6.29106785017040e-06, 5.76102136993427e-09, 6.10247389755681e-13),
    )
    half, one = np.float32(0.5), np.float32(1)
    return np.asarray(np.clip(_fraction(x, above, below, 18) + half, one - one, one))


def _tanh(x: Array) -> Array:
    """As the sigmoid."""
    above = (
        *(4.89352455891786e-03, 6.37261928875436e-04, 1.48572235717979e-05, 5.12229709037114e-08),
        *(-8.60467152213735e-11, 2.00018790482477e-13, -2.76076847742355e-16),
    )
    below = (4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06)
    return _fraction(x, above, below, 9)


@op("DynamicQuantizeLSTM", domain=MICROSOFT, rule=_lstm_rule)
def dynamic_quantize_lstm(
    x: Array,
    w: Array,
    r: Array,
    b: Array | None,
    lengths: Array | None,
    h0: Array | None,
    c0: Array | None,
    p: Array | None,
    w_scale: Array,
    w_zero: Array,
    r_scale: Array,
    r_zero: Array,
    *,
    activation_alpha: Sequence[float] | None = None,
    activation_beta: Sequence[float] | None = None,
    activations: Sequence[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
    n_outputs: int = 1,
) -> tuple[Array, ...]:
    """LSTM with weights w (D, I, 4H) and r (D, H, 4H) in 8 bits; what they multiply is quantised by its range."""

    def product(weights: Array, scale: Array, zero: Array) -> Callable[[int, Array], Array]:
        """Each direction's weights are turned and made floats once, in which sums of products are exact."""
        turned = [
            part.astype(np.float32) - offset.astype(np.float32) for part, offset in zip(weights, zero, strict=True)
        ]
        exact = max(weights.shape[1] * 255 * float(np.abs(part).max(initial=0)) for part in turned) < 1 << 24
        columns = [np.ascontiguousarray(part.T, None if exact else np.float64) for part in turned]

        def multiply(d: int, rows: Array) -> Array:
            numbers, factor, point = dynamic_quantize_linear(rows)
            centred = numbers.astype(columns[d].dtype) - point.astype(columns[d].dtype)
            return scaled(rows_by_rows(centred, columns[d]), factor, scale[d], None)

        return multiply

    layers = lstm_layers(
        x,
        product(w, w_scale, w_zero),
        product(r, r_scale, r_zero),
        b,
        lengths,
        h0,
        c0,
        p,
        activations=activations,
        alphas=activation_alpha,
        betas=activation_beta,
        clip=clip,
        direction=direction,
        hidden=r.shape[1],
        input_forget=input_forget,
        layout=0,
        instead={"sigmoid": _sigmoid, "tanh": _tanh},
    )
    return layers[:n_outputs]
