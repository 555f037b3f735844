"""Products with what follows them fused, and small ops, as onnxruntime's optimiser and exporters write them.

Source: onnxruntime's contrib operator documentation. Activations, normalisations and attention of the same domain are
with their families.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops import activation as act
from hearth.runtime.ops.contract import matmul
from hearth.runtime.ops.conv import conv, conv_rule
from hearth.runtime.ops.filling import range_, range_rule, trilu
from hearth.runtime.ops.indexing import gather_nd
from hearth.runtime.ops.linear import gemm, gemm_rule, matmul_rule
from hearth.runtime.ops.ordering import unique
from hearth.runtime.ops.padding import pad, pad_rule
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import same
from hearth.runtime.types import Dim, TensorType

MICROSOFT = "com.microsoft"
Ints = Sequence[int]
Floats = Sequence[float]


def fused_activation(name: str, numbers: Sequence[float]) -> Callable[[Array], Array]:
    """The function that a fused node applies at its end, by name and with its parameters in ONNX's order."""
    given = list(numbers)
    match name:
        case "":
            return lambda x: x
        case "Relu":
            return act.relu
        case "Tanh":
            return np.tanh
        case "Sigmoid":
            return act.sigmoid
        case "LeakyRelu":
            return lambda x: act.leaky_relu(x, alpha=given[0] if given else 0.01)
        case "HardSigmoid":
            return lambda x: act.hard_sigmoid(x, **dict(zip(("alpha", "beta"), given, strict=False)))
        case "Clip":
            return lambda x: np.clip(x, act.like(x, given[0]), act.like(x, given[1]))
        case "Gelu":
            return act.gelu
        case "HardSwish":
            return act.hard_swish
    raise ValueError(f"the fused activation '{name}' is unknown")


def _fused_conv_rule(
    x: Operand,
    w: Operand,
    b: Operand | None = None,
    z: Operand | None = None,
    *,
    activation: str = "",
    activation_params: Floats = (),
    **how: Any,
) -> TensorType:
    return conv_rule(x, w, b, **how)


@op("FusedConv", domain=MICROSOFT, rule=_fused_conv_rule)
def fused_conv(
    x: Array,
    w: Array,
    b: Array | None = None,
    z: Array | None = None,
    *,
    activation: str = "",
    activation_params: Floats = (),
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Array:
    """activation(Conv(x, w, b) + z)"""
    y = conv(x, w, b, auto_pad=auto_pad, dilations=dilations, group=group, pads=pads, strides=strides)
    return fused_activation(activation, activation_params)(y if z is None else y + z)


def _fused_gemm_rule(
    a: Operand, b: Operand, c: Operand | None = None, *, activation: str = "", **how: Any
) -> TensorType:
    return gemm_rule(a, b, c, **{key: value for key, value in how.items() if not key.startswith("activation")})


@op("FusedGemm", domain=MICROSOFT, rule=_fused_gemm_rule)
def fused_gemm(
    a: Array,
    b: Array,
    c: Array | None = None,
    *,
    activation: str = "",
    activation_alpha: float | None = None,
    activation_beta: float | None = None,
    activation_gamma: float | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803
    transB: int = 0,  # noqa: N803
) -> Array:
    numbers = [item for item in (activation_alpha, activation_beta, activation_gamma) if item is not None]
    y = gemm(a, b, c, alpha=alpha, beta=beta, transA=transA, transB=transB)
    return fused_activation(activation, numbers)(y)


def _turned(shape: tuple[Dim, ...], batch: int, last: int) -> tuple[Dim, ...]:
    if batch and len(shape) > 2:
        shape = (*shape[1:-1], shape[0], shape[-1])
    return (*shape[:-2], shape[-1], shape[-2]) if last and len(shape) > 1 else shape


def _fused_matmul_rule(
    a: Operand,
    b: Operand,
    *,
    alpha: float = 1.0,
    transA: int = 0,  # noqa: N803
    transB: int = 0,  # noqa: N803
    transBatchA: int = 0,  # noqa: N803
    transBatchB: int = 0,  # noqa: N803
) -> TensorType:
    if a.shape is None or b.shape is None:
        return TensorType(a.dtype)
    left = Operand(a.dtype, _turned(a.shape, transBatchA, transA))
    return matmul_rule(left, Operand(b.dtype, _turned(b.shape, transBatchB, transB)))


@op("TransposeMatMul", domain=MICROSOFT, rule=_fused_matmul_rule)
@op("FusedMatMul", domain=MICROSOFT, rule=_fused_matmul_rule)
def fused_matmul(
    a: Array,
    b: Array,
    *,
    alpha: float = 1.0,
    transA: int = 0,  # noqa: N803
    transB: int = 0,  # noqa: N803
    transBatchA: int = 0,  # noqa: N803
    transBatchB: int = 0,  # noqa: N803
) -> Array:
    """alpha * A B; `trans` swaps the last two axes, `transBatch` first moves the first axis to the last but one."""
    factors = []
    for x, batch, last in ((a, transBatchA, transA), (b, transBatchB, transB)):
        x = np.moveaxis(x, 0, -2) if batch and x.ndim > 2 else x
        factors.append(x.swapaxes(-1, -2) if last and x.ndim > 1 else x)
    y = matmul(*factors)
    return y if alpha == 1 else y * y.dtype.type(alpha)


@op("BiasAdd", domain=MICROSOFT, rule=same)
def bias_add(x: Array, bias: Array, skip: Array) -> Array:
    return x + bias + skip


@op("Inverse", domain=MICROSOFT, rule=same)
def inverse(x: Array) -> Array:
    return np.linalg.inv(x).astype(x.dtype)


@op("ExpandDims", domain=MICROSOFT, shape_from=(1,))
def expand_dims(x: Array, axis: Array) -> Array:
    return np.expand_dims(x, int(axis.reshape(-1)[0]))


@op("CDist", domain=MICROSOFT)
def cdist(a: Array, b: Array, *, metric: str = "sqeuclidean") -> Array:
    """Distances (M, N) between the rows of a (M, K) and b (N, K)."""
    square = np.square(a[:, None] - b[None]).sum(-1)
    return np.sqrt(square) if metric == "euclidean" else square


op("Pad", domain=MICROSOFT, rule=pad_rule)(pad)
op("Range", domain=MICROSOFT, rule=range_rule)(range_)
op("Trilu", domain=MICROSOFT, rule=same)(trilu)
op("GatherND", domain=MICROSOFT, data_dependent=True)(lambda x, indices: gather_nd(x, indices))


@op("Unique", domain=MICROSOFT, data_dependent=True)
def unique_unsorted(x: Array) -> tuple[Array, Array, Array]:
    """(distinct elements in the order in which they come, the place of each element among them, their counts)."""
    values, _, inverse_indices, counts = unique(x, sorted=0)
    return values, inverse_indices, counts
