"""MatMulNBits: products whose weights of few bits stay packed in memory, with a scale for each block of depth."""

from __future__ import annotations

from ctypes import Structure
from dataclasses import replace
from math import prod

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.ops.microsoft_quantised import block_scaling, nbits_weights, unpacked
from hearth.runtime.plan import Step
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.ops.matmul import emit_product, packed_once
from hearth.runtime.wasm.steps import NONE, FewBits, Opcode
from hearth.runtime.wasm.tensors import Tensor

CACHED = 1 << 20
"""A model with no more such weights than this in all is quicker with floats, made once, which stay in the cache."""
ROW_BLOCK = 128
PANELS = 8
"""Columns that a unit of work takes, in panels of two vectors."""


@lowers("com.microsoft.MatMulNBits")
def matmul_nbits(low: Lowering, step: Step) -> None:
    """Constant weights of 2, 4 or 8 bits; those in an order of their own or of other widths become floats."""
    node, how = step.node, step.arguments
    a_name, *names, bias_name = [*node.inputs, "", "", ""][:6]
    low.require_floats(a_name, node.outputs[0])
    arrays = [low.constant(name) for name in names]
    bias = low.constant(bias_name)
    missing = [name for name, array in zip((*names, bias_name), (*arrays, bias), strict=True) if name and array is None]
    if missing or how.get("weight_prepacked") or 0 in low.shape(a_name):
        raise Unsupported("The weights are not constant.")
    b, scales, zeros, groups = arrays
    assert b is not None and scales is not None
    depth, columns, bits, block = (int(how.get(key, 4)) for key in ("K", "N", "bits", "block_size"))
    a, y = low.dense(a_name), low.output(node.outputs[0])
    a = replace(a, shape=(prod(a.shape[:-1]), depth), strides=(depth, 1))
    if groups is not None or bits not in (2, 4, 8) or block % 2 or not _many(low):
        weights = nbits_weights(b, scales, zeros, groups, K=depth, N=columns, bits=bits, block_size=block)
        emit_product(low, step, a, packed_once(low, weights.T), y, bias)
        return
    factors, offsets = block_scaling(scales, zeros, K=depth, N=columns, bits=bits, block_size=block)
    middle = np.float32(128 if bits == 8 else 8)
    centred = (offsets - middle) * factors
    codes = _panels(b.reshape(columns, -1), depth, bits, 2 * low.builder.vector)
    _emit(low, step, a, codes, factors, centred if centred.any() else None, y, bias, (block, 8 if bits == 8 else 4))


def _many(low: Lowering) -> bool:
    """Whether all weights of the model's MatMulNBits are more than CACHED."""
    weights = 0
    for step in low.plan.steps:
        if step.node.op == "MatMulNBits":
            weights += int(step.arguments["K"]) * int(step.arguments["N"])
            if weights > CACHED:
                return True
    return False


def _panels(b: np.ndarray, depth: int, bits: int, panel: int) -> np.ndarray:
    """Bytes (columns, depth in steps) as the kernel reads them, panel by panel: [pair of depth or depth][panel]."""
    if bits == 2:
        codes = unpacked(b, 2, b.shape[1] * 4)
        b = codes[:, ::2] | codes[:, 1::2] << 4
    pairs = -(-depth // 2)
    wanted = 2 * pairs if bits == 8 else pairs
    columns = b.shape[0]
    made = np.zeros((-(-columns // panel), wanted, panel), np.uint8)
    for number, target in enumerate(made):
        part = b[number * panel : (number + 1) * panel, :wanted]
        target[: part.shape[1], : part.shape[0]] = part.T
    return made.reshape(-1)


def _blocks(values: np.ndarray, panel: int) -> np.ndarray:
    """A number a column and block (columns, blocks), panel by panel: [block][panel]."""
    columns, blocks = values.shape
    grown = np.zeros((-(-columns // panel) * panel, blocks), np.float32)
    grown[:columns] = values
    return np.ascontiguousarray(grown.reshape(-1, panel, blocks).transpose(0, 2, 1)).reshape(-1)


def _emit(
    low: Lowering,
    step: Step,
    a: Tensor,
    codes: np.ndarray,
    factors: np.ndarray,
    zeros: np.ndarray | None,
    y: Tensor,
    bias: np.ndarray | None,
    form: tuple[int, int],
) -> None:
    builder = low.builder
    (rows, depth), columns, panel = a.shape, len(factors), 2 * builder.vector
    weights = builder.table(np.pad(codes, (0, -len(codes) % 4)))
    scales = builder.constant(_blocks(factors, panel))
    offsets = None if zeros is None else builder.constant(_blocks(zeros, panel))
    added = None if bias is None else builder.constant(np.ascontiguousarray(bias, np.float32).reshape(-1))
    finish, reads, rest = low.finish(step, y, added)

    def make() -> Structure:
        return FewBits(
            Opcode.FEW_BITS, a.place, weights.place, y.place, scales.place, offsets.place if offsets else NONE,
            rows, columns, depth, *form, depth, columns, ROW_BLOCK, PANELS, finish(),
        )  # fmt: skip

    touched = [a, weights, scales, y, *reads, *([offsets] if offsets else [])]
    builder.emit(f"{form[1]} bits {rows}x{depth}x{columns}", make, touched, rows * depth * columns)
    low.after(step, rest, y)
