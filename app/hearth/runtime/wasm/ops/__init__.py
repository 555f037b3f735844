"""The handlers, one family of ops a file. Importing this package registers them."""

import hearth.runtime.wasm.ops.conv as conv
import hearth.runtime.wasm.ops.conv_transpose as conv_transpose
import hearth.runtime.wasm.ops.einsum as einsum
import hearth.runtime.wasm.ops.elementwise as elementwise
import hearth.runtime.wasm.ops.few_bits as few_bits
import hearth.runtime.wasm.ops.layout as layout
import hearth.runtime.wasm.ops.matmul as matmul
import hearth.runtime.wasm.ops.pool as pool
import hearth.runtime.wasm.ops.quantised_lstm as quantised_lstm
import hearth.runtime.wasm.ops.recurrent as recurrent
import hearth.runtime.wasm.ops.resize as resize
import hearth.runtime.wasm.ops.rows as rows

MODULES = (
    conv,
    conv_transpose,
    einsum,
    elementwise,
    few_bits,
    layout,
    matmul,
    pool,
    quantised_lstm,
    recurrent,
    resize,
    rows,
)
