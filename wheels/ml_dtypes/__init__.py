"""Stands in for the package ml_dtypes, which is not built for Pyodide: what `import onnx` and its checker want of it.

The dtypes store numbers and compute nothing.
"""

import numpy as np

__version__ = "0.5.4"

_BYTES = {
    "<u2": ["bfloat16"],
    "u1": [
        *("float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz"),
        *("float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"),
        *("float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn", "uint1", "uint2", "uint4"),
    ],
    "i1": ["int1", "int2", "int4"],
}

globals().update((name, np.dtype([(name, code)])) for code, names in _BYTES.items() for name in names)

finfo = np.finfo
iinfo = np.iinfo
