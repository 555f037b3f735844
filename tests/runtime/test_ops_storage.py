"""Small float and integer formats agree with ml_dtypes, code by code and at every place where rounding turns."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ml_dtypes")

import ml_dtypes

from hearth.runtime.onnx_schema import ONNX
from hearth.runtime.ops.storage import decode, encode
from hearth.runtime.protobuf import decode as decode_message
from hearth.runtime.tensors import tensor_array
from hearth.runtime.types import DTYPES, dtype_name, is_storage

pytestmark = pytest.mark.desk

NAMES = {
    "bfloat16": "bfloat16",
    "float8e4m3fn": "float8_e4m3fn",
    "float8e4m3fnuz": "float8_e4m3fnuz",
    "float8e5m2": "float8_e5m2",
    "float8e5m2fnuz": "float8_e5m2fnuz",
    "float4e2m1": "float4_e2m1fn",
    "float6e2m3": "float6_e2m3fn",
    "float6e3m2": "float6_e3m2fn",
}
STORAGE = {dtype_name(dtype): dtype for dtype in DTYPES.values() if is_storage(dtype)}


def codes_of(name: str) -> np.ndarray:
    count = {"bfloat16": 1 << 16, "float4e2m1": 16, "float6e2m3": 64, "float6e3m2": 64}.get(name, 256)
    return np.arange(count).astype(STORAGE[name][0])


@pytest.mark.parametrize("name", NAMES)
def test_every_code_has_its_value(name: str) -> None:
    codes = codes_of(name)
    expected = codes.view(getattr(ml_dtypes, NAMES[name])).astype(np.float32)
    np.testing.assert_array_equal(decode(codes.view(STORAGE[name])), expected)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_rounded_to_the_nearest_code(name: str) -> None:
    values = decode(codes_of(name).view(STORAGE[name])).astype(np.float64)
    values = np.sort(values[np.isfinite(values)])
    rng = np.random.default_rng(3)
    random = rng.standard_normal(5000) * 10 ** rng.uniform(-8, 6, 5000)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan]
    numbers = np.concatenate([values, (values[1:] + values[:-1]) / 2, random, special]).astype(np.float32)
    ours = encode(numbers, STORAGE[name], saturate=False).view(STORAGE[name][0])
    with np.errstate(all="ignore"):
        theirs = numbers.astype(getattr(ml_dtypes, NAMES[name])).view(STORAGE[name][0])
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("float8")])
def test_what_is_too_large_saturates(name: str) -> None:
    top = float(ml_dtypes.finfo(getattr(ml_dtypes, NAMES[name])).max)  # type: ignore[no-untyped-call]
    numbers = np.array([1e30, -1e30, np.inf, -np.inf], np.float32)
    np.testing.assert_array_equal(decode(encode(numbers, STORAGE[name])), [top, -top, top, -top])


@pytest.mark.parametrize("name, expected", [("int4", -7), ("uint4", 9), ("int2", 1), ("uint2", 1)])
def test_small_integers_keep_their_lowest_bits(name: str, expected: int) -> None:
    assert decode(encode(np.array(25), STORAGE[name])) == expected


@pytest.mark.parametrize("mode, expected", [("up", [1, 2, 4, 4]), ("down", [1, 1, 2, 2]), ("nearest", [1, 1, 2, 4])])
def test_scales_are_powers_of_two(mode: str, expected: list[float]) -> None:
    numbers = np.array([1, 1.25, 2.5, 3.5], np.float32)
    np.testing.assert_array_equal(decode(encode(numbers, STORAGE["float8e8m0"], round_mode=mode)), expected)


@pytest.mark.parametrize("name", ["float6e2m3", "float6e3m2", "float4e2m1", "int4", "uint4", "int2", "uint2"])
def test_packed_tensors_are_read(name: str) -> None:
    onnx = pytest.importorskip("onnx")
    dtype = {"float6e2m3": "float6_e2m3fn", "float6e3m2": "float6_e3m2fn", "float4e2m1": "float4_e2m1fn"}
    array = np.array([1, 0, 1, -1 if name[0] in "if" else 1, 1], np.float32).astype(
        getattr(ml_dtypes, dtype.get(name, name))
    )
    message = decode_message(memoryview(onnx.numpy_helper.from_array(array).SerializeToString()), "Tensor", ONNX)
    read = tensor_array(message)
    assert read.dtype == STORAGE[name]
    np.testing.assert_array_equal(decode(read), array.astype(np.float32))
