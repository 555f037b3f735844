"""Which inputs of an op must have one dtype. numpy would widen what differs; ONNX forbids it, kernels misread it."""

from __future__ import annotations

from collections.abc import Sequence

from hearth.errors import BadModel
from hearth.runtime.graph import Node
from hearth.runtime.ops.registry import Operand
from hearth.runtime.types import dtype_name

_ALL = (
    "Add Sub Mul Div Mod And Or Xor BitwiseAnd BitwiseOr BitwiseXor Equal Less LessOrEqual Greater GreaterOrEqual "
    "Max Min Sum Mean Concat MatMul Gemm Conv ConvTranspose PRelu Einsum Clip Range"
)
_AGREEING: dict[str, tuple[int, ...] | None] = {
    **dict.fromkeys(_ALL.split()),
    "Where": (1, 2),
    "Pad": (0, 2),
    "ScatterND": (0, 2),
    "ScatterElements": (0, 2),
    "RNN": (0, 1, 2, 3),
    "GRU": (0, 1, 2, 3),
    "LSTM": (0, 1, 2, 3),
}
"""Op -> the positions of the inputs that must agree; None: all."""


def check_dtypes(node: Node, operands: Sequence[Operand | None]) -> None:
    """Raises BadModel, naming the node, where inputs that must agree are known to differ."""
    if node.domain or node.op not in _AGREEING:
        return
    positions = _AGREEING[node.op]
    known = {
        operand.dtype: name
        for position, (name, operand) in enumerate(zip(node.inputs, operands, strict=True))
        if (positions is None or position in positions) and operand is not None and operand.dtype is not None
    }
    if len(known) > 1:
        told = " and ".join(f"'{name}' is tensor({dtype_name(dtype)})" for dtype, name in known.items())
        raise BadModel(f"Type Error: {node.label} wants inputs of one type, but {told}.")
