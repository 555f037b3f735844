"""Convolutions and matrix products of integers."""

from __future__ import annotations

import numpy as np

from hearth.runtime.graph import Node
from hearth.runtime.ops.microsoft_quantised import nbits_weights
from hearth.runtime.ops.registry import WHOLE_NUMBERS
from hearth.runtime.passes.carry_integers.linear import dynamic
from hearth.runtime.passes.carry_integers.rewriting import EXACT, MICROSOFT, Carried, Rewriting, Unknown, rewrites

LARGEST = 255
"""A number of 8 bits less its zero point."""


@rewrites("ConvInteger")
def conv_integer(rewriting: Rewriting, node: Node) -> None:
    x, w, x_zero, w_zero = [*node.inputs, "", ""][:4]
    rewriting.require_scalar(x_zero)
    weights = _conv_weights(rewriting, w, w_zero)
    kept = rewriting.constant(weights)
    assert kept is not None
    sums = np.abs(kept).reshape(len(kept), -1).sum(1)
    rewriting.require_exact(node.outputs[0], LARGEST * float(sums.max(initial=0)))
    how = {**node.attributes, WHOLE_NUMBERS: 1}
    y = rewriting.add("Conv", rewriting.centred(x, x_zero), weights, like=node.outputs[0], attributes=how)
    rewriting.carried[node.outputs[0]] = Carried(y)


def _conv_weights(rewriting: Rewriting, w: str, zero: str) -> str:
    weights, points = rewriting.constant(w), rewriting.constant(zero) if zero else None
    if weights is None or (zero and points is None):
        raise Unknown
    if points is not None:
        points = points.astype(np.float32).reshape(-1, *(1,) * (weights.ndim - 1))
    return rewriting.keep(weights.astype(np.float32) - (0 if points is None else points))


@rewrites("MatMulInteger")
def matmul_integer(rewriting: Rewriting, node: Node) -> None:
    a, b, a_zero, b_zero = [*node.inputs, "", ""][:4]
    rewriting.require_scalar(a_zero)
    if b_zero and rewriting.constant(b_zero) is None:
        rewriting.require_scalar(b_zero)
    shape = rewriting.graph.shape(b)
    rewriting.require_exact(node.outputs[0], LARGEST * LARGEST * shape[-2:][0] if shape else np.inf)
    product = _product(rewriting, rewriting.centred(a, a_zero), rewriting.centred(b, b_zero), node.outputs[0])
    rewriting.carried[node.outputs[0]] = Carried(product)


def _product(rewriting: Rewriting, a: str, b: str, about: str) -> str:
    """A product of whole numbers. Both sides of more than 8 bits would not fit the integers it may be computed in."""
    array = rewriting.constant(b)
    whole = {WHOLE_NUMBERS: 1} if array is not None and np.abs(array).max(initial=0) <= 255 else {}
    return rewriting.add("MatMul", a, b, like=about, attributes=whole)


@rewrites("QLinearConv")
def qlinear_conv(rewriting: Rewriting, node: Node) -> None:
    x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias = [*node.inputs, ""][:9]
    factor = _factor(rewriting, x_scale, w_scale, y_scale)
    rewriting.require_scalar(x_zero)
    rewriting.limits(y_zero)
    weights = _conv_weights(rewriting, w, w_zero)
    added = rewriting.constant(bias) if bias else None
    if bias and (added is None or np.abs(added.astype(np.int64)).max(initial=0) > EXACT):
        raise Unknown
    inputs = [rewriting.centred(x, x_zero), weights, *([rewriting.number(added)] if added is not None else [])]
    how = {**node.attributes, WHOLE_NUMBERS: 1}
    total = rewriting.add("Conv", *inputs, like=node.outputs[0], attributes=how)
    shape = rewriting.graph.shape(w) or ()
    if factor.size > 1:
        factor = factor.reshape(-1, *(1,) * (len(shape) - 2))
    rewriting.quantise(rewriting.add("Mul", total, rewriting.number(factor)), node.outputs[0], y_zero)


@rewrites("Conv")
def conv(rewriting: Rewriting, node: Node) -> None:
    """Between DequantizeLinear and QuantizeLinear: of whole numbers, scaled afterwards."""
    x, w, bias = [*node.inputs, ""][:3]
    source, weights = rewriting.scaled.get(x), rewriting.graph.dequantised.get(w)
    added = rewriting.constant(bias) if bias else None
    if source is None or source[1].size != 1 or weights is None or (bias and added is None):
        raise Unknown
    numbers, x_scale = source
    count, rank = len(weights.numbers), weights.numbers.ndim
    if weights.scale.size > 1 and weights.axis != 0:
        raise Unknown
    each = (-1, *(1,) * (rank - 1))
    zero = 0 if weights.zero is None else weights.zero.astype(np.float32).reshape(each)
    factor = np.broadcast_to(x_scale.reshape(-1) * weights.scale.reshape(-1), (count,)).astype(np.float32)
    inputs = [numbers, rewriting.keep(weights.numbers.astype(np.float32) - zero)]
    if added is not None:
        whole = np.rint(added / factor)
        if np.abs(whole).max(initial=0) > EXACT or not np.allclose(whole * factor, added, rtol=1e-5, atol=0):
            raise Unknown
        inputs.append(rewriting.number(whole))
    how = {**node.attributes, WHOLE_NUMBERS: 1}
    total = rewriting.add("Conv", *inputs, like=node.outputs[0], attributes=how)
    factor = factor.reshape(each[:-1])
    rewriting.add("Mul", total, rewriting.number(factor), output=node.outputs[0])
    rewriting.scaled[node.outputs[0]] = (total, factor)


def _factor(rewriting: Rewriting, *scales: str) -> np.ndarray:
    """a_scale * b_scale / y_scale; Unknown where they are not constant."""
    arrays = [rewriting.constant(name) for name in scales]
    if any(array is None for array in arrays):
        raise Unknown
    a, b, y = (np.asarray(array, np.float32) for array in arrays)
    return np.asarray(a.reshape(-1) * b.reshape(-1) / y.reshape(-1), np.float32)


@rewrites("QLinearMatMul")
def qlinear_matmul(rewriting: Rewriting, node: Node) -> None:
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = node.inputs
    factor = _factor(rewriting, a_scale, b_scale, y_scale)
    rewriting.require_scalar(a_zero, a_scale)
    rewriting.limits(y_zero)
    if rewriting.constant(b) is None:
        rewriting.require_scalar(b_zero, b_scale)
    total = _product(rewriting, rewriting.centred(a, a_zero), rewriting.centred(b, b_zero), node.outputs[0])
    factor = factor if factor.size > 1 else factor.reshape(())
    rewriting.quantise(rewriting.add("Mul", total, rewriting.number(factor)), node.outputs[0], y_zero)


@rewrites("DynamicQuantizeMatMul", domain=MICROSOFT)
def dynamic_quantize_matmul(rewriting: Rewriting, node: Node) -> None:
    a, b, b_scale, b_zero, bias = [*node.inputs, "", ""][:5]
    rewriting.require_floats(a)
    if rewriting.constant(b) is None or (b_zero and rewriting.constant(b_zero) is None):
        raise Unknown
    numbers, scale, _ = dynamic(rewriting, a)
    _scaled_product(rewriting, node, numbers, rewriting.centred(b, b_zero), scale, b_scale, bias)


@rewrites("MatMulIntegerToFloat", domain=MICROSOFT)
def matmul_integer_to_float(rewriting: Rewriting, node: Node) -> None:
    a, b, a_scale, b_scale, a_zero, b_zero, bias = [*node.inputs, "", "", ""][:7]
    rewriting.require_scalar(a_zero, a_scale)
    if rewriting.constant(b) is None or (b_zero and rewriting.constant(b_zero) is None):
        raise Unknown
    left, right = rewriting.centred(a, a_zero), rewriting.centred(b, b_zero)
    _scaled_product(rewriting, node, left, right, a_scale, b_scale, bias)


def _scaled_product(rewriting: Rewriting, node: Node, a: str, b: str, a_scale: str, b_scale: str, bias: str) -> None:
    product = _product(rewriting, a, b, node.outputs[0])
    scale = rewriting.add("Mul", a_scale, b_scale)
    if not bias:
        rewriting.add("Mul", product, scale, output=node.outputs[0])
        return
    rewriting.add("Add", rewriting.add("Mul", product, scale), bias, output=node.outputs[0])


@rewrites("MatMulNBits", domain=MICROSOFT)
def matmul_nbits(rewriting: Rewriting, node: Node) -> None:
    a, b, scales, zeros, groups, bias = [*node.inputs, "", "", ""][:6]
    arrays = [rewriting.constant(name) if name else None for name in (b, scales, zeros, groups)]
    given = zip((b, scales, zeros, groups), arrays, strict=True)
    if any(name and array is None for name, array in given) or node.attributes.get("weight_prepacked"):
        raise Unknown
    rewriting.require_floats(a)
    bits, block, depth, columns = (int(str(node.attributes.get(key, 4))) for key in ("bits", "block_size", "K", "N"))
    packed, factors, offsets, order = arrays
    assert packed is not None and factors is not None
    unpacked = nbits_weights(packed, factors, offsets, order, K=depth, N=columns, bits=bits, block_size=block)
    weights = rewriting.keep(np.ascontiguousarray(unpacked.T))
    product = rewriting.add("MatMul", a, weights, output="" if bias else node.outputs[0], like=node.outputs[0])
    if bias:
        rewriting.add("Add", product, bias, output=node.outputs[0])
