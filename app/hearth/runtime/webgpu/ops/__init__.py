"""Handlers of ops, one family a file; importing them registers them."""

from hearth.runtime.webgpu.ops import (
    choosing,
    convolution,
    elementwise,
    movement,
    pooling,
    products,
    quantised,
    recurrent,
    reductions,
    resizing,
    scatter,
)

MODULES = (
    choosing,
    convolution,
    elementwise,
    movement,
    pooling,
    products,
    quantised,
    recurrent,
    reductions,
    resizing,
    scatter,
)
