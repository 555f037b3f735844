"""Handlers of ops, one family a file; importing them registers them."""

from hearth.runtime.webgpu.ops import (
    convolution,
    elementwise,
    movement,
    pooling,
    products,
    recurrent,
    reductions,
    resizing,
)

MODULES = (convolution, elementwise, movement, pooling, products, recurrent, reductions, resizing)
