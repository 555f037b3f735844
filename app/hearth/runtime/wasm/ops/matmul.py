"""Matrix products: MatMul and Gemm."""

from __future__ import annotations

from ctypes import Structure
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.ops.registry import WHOLE_NUMBERS
from hearth.runtime.plan import Step
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.ops.integers import EXACT_DEPTH, pairs
from hearth.runtime.wasm.ops.layer import NUMBERS
from hearth.runtime.wasm.steps import NONE, IntegerProduct, Matmul, Number, Opcode, PackMatrix
from hearth.runtime.wasm.tensors import Tensor, collapse, dense_strides

ROW_BLOCK = 48
PANELS = 16
"""Columns that a unit of work takes, in panels of two vectors."""
WHOLE_ROWS, WHOLE_PANELS = 32, 64
"""The same for whole numbers, where the left side is narrowed for each unit: two threads share few rows evenly."""


@dataclass(frozen=True)
class Packed:
    """The right side of a product, ready for the kernel: batches `stride` numbers apart."""

    tensor: Tensor
    stride: int
    number: Number = Number.FLOAT32


@lowers("MatMul")
def matmul(low: Lowering, step: Step) -> None:
    """Matrices and batches of them."""
    a_name, b_name = step.node.inputs
    output = step.node.outputs[0]
    low.require_floats(a_name, b_name, output)
    a_shape, b_shape = low.shape(a_name), low.shape(b_name)
    if min(len(a_shape), len(b_shape)) < 2 or 0 in (*a_shape, *b_shape):
        raise Unsupported("Vectors are numpy's.")
    if prod(b_shape[:-2]) == 1 and low.constant(b_name) is not None:
        a = low.dense(a_name)
        a = replace(a, shape=(prod(a_shape[:-1]), a_shape[-1]), strides=(a_shape[-1], 1))
        weights = low.weights(b_name).reshape(b_shape[-2:])
        if step.node.attributes.get(WHOLE_NUMBERS) and weights.shape[0] < EXACT_DEPTH:
            _emit_whole(low, step, a, weights, low.output(output))
            return
        emit_product(low, step, a, packed_once(low, weights), low.output(output), None)
        return
    if a_shape[:-2] != b_shape[:-2]:
        raise Unsupported("Batches that broadcast are numpy's.")
    a = low.tensor(a_name)
    if a.strides[-1] != 1 or _scattered(a, 2):
        a = low.dense(a_name)
    b = low.tensor(b_name)
    if _scattered(b, 1):
        b = low.dense(b_name)
    emit_product(low, step, a, packed_each_time(low, b), low.output(output), None)


def _scattered(tensor: Tensor, most: int) -> bool:
    """Whether its batches take more than `most` strides."""
    return len(collapse(tensor.shape[:-2], [tensor.strides[:-2]])[0]) > most


@lowers("Gemm")
def gemm(low: Lowering, step: Step) -> None:
    """alpha * A' * B' + beta * C with constant B; C is a bias or nothing."""
    node, how = step.node, step.arguments
    low.require_floats(*node.inputs, node.outputs[0])
    weights = low.weights(node.inputs[1])
    weights = weights.T if how.get("transB") else weights
    bias = low.constant(node.inputs[2]) if len(node.inputs) > 2 else None
    if len(node.inputs) > 2 and node.inputs[2] and (bias is None or bias.size not in (1, weights.shape[1])):
        raise Unsupported("C is not a bias.")
    if bias is not None and bias.ndim == 2 and bias.shape[0] != 1:
        raise Unsupported("C is not a bias.")
    if float(how.get("alpha", 1.0)) != 1.0:
        weights = weights.astype(np.float32) * np.float32(how["alpha"])
    if bias is not None:
        bias = np.broadcast_to(bias.reshape(-1) * np.float32(how.get("beta", 1.0)), weights.shape[1:])
    a = low.tensor(node.inputs[0])
    if how.get("transA"):
        a = replace(a, shape=a.shape[::-1], strides=a.strides[::-1])
    if a.strides[-1] != 1 or 0 in a.shape:
        if how.get("transA") or 0 in a.shape:
            raise Unsupported("A lies across.")
        a = low.dense(node.inputs[0])
    emit_product(low, step, a, packed_once(low, weights), low.output(node.outputs[0]), bias)


def _emit_whole(low: Lowering, step: Step, a: Tensor, weights: np.ndarray, y: Tensor) -> None:
    """A product of whole numbers, computed as integers."""
    (rows, depth), columns = a.shape, weights.shape[1]
    packed = low.builder.table(pairs(weights, 2 * low.builder.vector))
    made, reads, rest = low.finish(step, y)

    def make() -> Structure:
        return IntegerProduct(
            Opcode.INTEGER_PRODUCT, a.place, packed.place, y.place, rows, columns, depth,
            a.strides[0], columns, WHOLE_ROWS, WHOLE_PANELS, made(),
        )  # fmt: skip

    low.builder.emit(f"integers {rows}x{depth}x{columns}", make, [a, packed, y, *reads], rows * depth * columns)
    low.after(step, rest, y)


def packed_once(low: Lowering, weights: np.ndarray) -> Packed:
    """Constant weights, packed once, in the numbers that they are stored in."""
    depth, columns = weights.shape
    number = NUMBERS[weights.dtype]
    across = weights.T.flags.c_contiguous and not weights.flags.c_contiguous
    source = weights.T if across else np.ascontiguousarray(weights)
    strides = (1, depth) if across else (columns, 1)

    def pack(place: int, packed: int) -> Structure:
        return PackMatrix(Opcode.PACK_MATRIX, place, packed, number, 1, depth, columns, 0, *strides)

    size = depth * low.builder.padded(columns) * weights.dtype.itemsize
    return Packed(low.builder.packed(source, -(-size // 4), pack), 0, number)


def packed_each_time(low: Lowering, b: Tensor) -> Packed:
    """Matrices that a run computes: packed by a step of the program."""
    *batch, depth, columns = b.shape
    sizes, (outer,) = collapse(batch, [b.strides[:-2]])
    if len(sizes) > 1:
        raise Unsupported("The batches lie too far apart.")
    count, apart = (sizes[0], outer[0]) if sizes else (1, 0)
    size = depth * low.builder.padded(columns)
    packed = low.builder.new((count * size,))

    def pack() -> Structure:
        return PackMatrix(
            Opcode.PACK_MATRIX, b.place, packed.place, Number.FLOAT32, count, depth, columns, apart, *b.strides[-2:]
        )

    low.builder.emit("pack", pack, [b, packed])
    return Packed(packed, size)


def emit_product(low: Lowering, step: Step, a: Tensor, b: Packed, y: Tensor, bias: np.ndarray | None) -> None:
    """A product of floats, batches of them, with a constant bias."""
    *batch, rows, depth = a.shape
    columns = y.shape[-1]
    bias_tensor = low.builder.constant(np.ascontiguousarray(bias, np.float32)) if bias is not None else None
    inner = dense_strides((*batch, rows, columns))
    sizes, (a_steps, c_steps) = collapse(batch, [a.strides[:-2], inner[:-2]])
    if len(sizes) > 2:
        raise Unsupported("The batches lie too far apart.")
    front = 2 - len(sizes)
    sizes, a_steps, c_steps = (1,) * front + sizes, (0,) * front + a_steps, (0,) * front + c_steps
    b_steps = (b.stride * sizes[1], b.stride)
    finish, reads, rest = low.finish(step, y, bias_tensor)

    def make() -> Structure:
        return Matmul(
            Opcode.MATMUL, a.place, b.tensor.place, y.place, *sizes, rows, columns, depth,
            a.strides[-2], *a_steps, *b_steps, columns, *c_steps, b.number, NONE, NONE,
            ROW_BLOCK, PANELS, finish(),
        )  # fmt: skip

    touched = [a, b.tensor, y, *reads]
    low.builder.emit(f"matmul {rows}x{depth}x{columns}", make, touched, prod(a.shape) * columns)
    low.after(step, rest, y)
