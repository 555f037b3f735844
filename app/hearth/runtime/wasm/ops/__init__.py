"""The handlers, one family of ops a file. Importing this package registers them."""

from hearth.runtime.wasm.ops import conv, elementwise, layout, matmul, pool, recurrent, resize, rows

MODULES = (conv, elementwise, layout, matmul, pool, recurrent, resize, rows)
