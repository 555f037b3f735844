"""Ops of ai.onnx.ml that prepare features and name results. Source: the ONNX-ML operator documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.ml_common import ML
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import same
from hearth.runtime.ops.text import STRING, strings
from hearth.runtime.types import TensorType

FLOAT32, INT64 = np.dtype(np.float32), np.dtype(np.int64)
Strings = Sequence[str]
Ints = Sequence[int]
Floats = Sequence[float]


def _mapped(x: Array, table: Mapping[Any, Any], default: Any, dtype: np.dtype) -> Array:
    values = [table.get(item, default) for item in x.reshape(-1).tolist()]
    return strings(values, x.shape) if dtype == STRING else np.array(values, dtype).reshape(x.shape)


def _other_type(x: Operand, **_: Any) -> TensorType:
    return TensorType(INT64 if x.dtype == STRING else STRING, x.shape)


@op("CategoryMapper", domain=ML, rule=_other_type)
def category_mapper(
    x: Array,
    *,
    cats_int64s: Ints,
    cats_strings: Strings,
    default_int64: int = -1,
    default_string: str = "_Unused",
) -> Array:
    """Strings to numbers, or numbers to strings."""
    if x.dtype == STRING:
        return _mapped(x, dict(zip(cats_strings, cats_int64s, strict=True)), default_int64, INT64)
    return _mapped(x, dict(zip(cats_int64s, cats_strings, strict=True)), default_string, STRING)


@op("LabelEncoder", domain=ML, rule=_other_type)
def label_encoder_1(
    x: Array, *, classes_strings: Strings, default_int64: int = -1, default_string: str = "_Unused"
) -> Array:
    """Strings to their place among the classes, or places to strings."""
    numbers = range(len(classes_strings))
    return category_mapper(
        x,
        cats_int64s=numbers,
        cats_strings=classes_strings,
        default_int64=default_int64,
        default_string=default_string,
    )


@op("LabelEncoder", since=2, domain=ML)
def label_encoder(
    x: Array,
    *,
    default_float: float = -0.0,
    default_int64: int = -1,
    default_string: str = "_Unused",
    default_tensor: Array | None = None,
    keys_floats: Floats | None = None,
    keys_int64s: Ints | None = None,
    keys_strings: Strings | None = None,
    keys_tensor: Array | None = None,
    values_floats: Floats | None = None,
    values_int64s: Ints | None = None,
    values_strings: Strings | None = None,
    values_tensor: Array | None = None,
) -> Array:
    """Each element's value by its key; NaN is a key like others."""
    keys: list[Any] = next(
        list(item) for item in (keys_strings, keys_int64s, keys_floats, _items(keys_tensor)) if item is not None
    )
    values: Sequence[Any]
    default: Any
    if values_strings is not None:
        values, default, dtype = values_strings, default_string, STRING
    elif values_int64s is not None:
        values, default, dtype = values_int64s, default_int64, INT64
    elif values_floats is not None:
        values, default, dtype = values_floats, default_float, FLOAT32
    elif values_tensor is not None:
        values, dtype = values_tensor.reshape(-1).tolist(), values_tensor.dtype
        default = default_tensor.item() if default_tensor is not None else "_Unused" if dtype == STRING else -1
    else:
        raise ValueError("it has no values")
    if x.dtype.kind == "f":
        keys = [np.asarray(key, x.dtype).item() for key in keys]
    table = dict(zip(keys, values, strict=True))
    result = _mapped(x, table, default, dtype)
    nan = next((value for key, value in table.items() if key != key), None)
    if nan is not None and x.dtype.kind == "f":
        result[np.isnan(x)] = nan
    return result


def _items(tensor: Array | None) -> list[Any] | None:
    return None if tensor is None else tensor.reshape(-1).tolist()


def _one_hot_rule(
    x: Operand, *, cats_int64s: Ints | None = None, cats_strings: Strings | None = None, zeros: int = 1
) -> TensorType:
    return TensorType(FLOAT32, None if x.shape is None else (*x.shape, len(cats_int64s or cats_strings or ())))


@op("OneHotEncoder", domain=ML, rule=_one_hot_rule)
def one_hot_encoder(
    x: Array, *, cats_int64s: Ints | None = None, cats_strings: Strings | None = None, zeros: int = 1
) -> Array:
    """x (...) -> (..., categories) with 1 at the element's category, float32."""
    categories = strings(list(cats_strings), (-1,)) if cats_strings else np.array(cats_int64s, np.int64)
    found = (x if x.dtype == STRING else x.astype(np.int64))[..., None] == categories
    if not zeros and not found.any(-1).all():
        raise ValueError("an element is in none of the categories")
    return found.astype(np.float32)


@op("ArrayFeatureExtractor", domain=ML, data_dependent=True)
def array_feature_extractor(x: Array, places: Array) -> Array:
    """The features at `places` along the last axis; a vector becomes one row."""
    result = x.take(places.reshape(-1), -1)
    return result[None] if x.ndim == 1 else result


@op("Binarizer", domain=ML, rule=same)
def binarizer(x: Array, *, threshold: float = 0.0) -> Array:
    return (x > threshold).astype(x.dtype)


@op("Scaler", domain=ML, rule=lambda x, **_: TensorType(FLOAT32, x.shape))
def scaler(x: Array, *, offset: Floats | None = None, scale: Floats | None = None) -> Array:
    """(x - offset) * scale, by feature; float32."""
    shift = np.array(0 if offset is None else offset, np.float32)
    factor = np.array(1 if scale is None else scale, np.float32)
    return (x.astype(np.float32) - shift) * factor


@op("Normalizer", domain=ML, rule=lambda x, **_: TensorType(FLOAT32, x.shape))
def normalizer(x: Array, *, norm: str = "MAX") -> Array:
    """Rows over their largest element, the sum of their absolute values, or their length; float32."""
    x = x.astype(np.float32)
    match norm:
        case "MAX":
            size = x.max(-1, keepdims=True)
        case "L1":
            size = np.abs(x).sum(-1, keepdims=True)
        case "L2":
            size = np.sqrt(np.square(x).sum(-1, keepdims=True))
        case _:
            raise ValueError(f"the norm '{norm}' is none of MAX, L1, L2")
    return np.where(size == 0, x, x / np.where(size == 0, 1, size))


@op("Imputer", domain=ML, rule=same)
def imputer(
    x: Array,
    *,
    imputed_value_floats: Floats | None = None,
    imputed_value_int64s: Ints | None = None,
    replaced_value_float: float = 0.0,
    replaced_value_int64: int = 0,
) -> Array:
    """Replaces one value (NaN too) by others, by feature."""
    if x.dtype.kind == "f":
        missing = np.isnan(x) if replaced_value_float != replaced_value_float else x == replaced_value_float
        return np.where(missing, np.array(imputed_value_floats, x.dtype), x)
    return np.where(x == replaced_value_int64, np.array(imputed_value_int64s, x.dtype), x)


@op("FeatureVectorizer", domain=ML, data_dependent=True)
def feature_vectorizer(*inputs: Array, inputdimensions: Ints | None = None) -> Array:
    """Columns of inputs (N, F) side by side, float32; vectors are columns."""
    columns = [item.reshape(len(item), -1).astype(np.float32) for item in inputs]
    sizes = inputdimensions if inputdimensions is not None else [column.shape[1] for column in columns]
    return np.concatenate([column[:, :size] for column, size in zip(columns, sizes, strict=True)], 1)


@op("DictVectorizer", domain=ML, data_dependent=True)
def dict_vectorizer(
    x: Mapping[Any, Any], *, int64_vocabulary: Ints | None = None, string_vocabulary: Strings | None = None
) -> Array:
    """The dictionary's values in the order of the vocabulary, (1, words); 0 where it has none."""
    words: Sequence[Any] = string_vocabulary if string_vocabulary is not None else int64_vocabulary or ()
    text = any(isinstance(value, str) for value in x.values())
    row = [x.get(word, "" if text else 0) for word in words]
    return strings(row, (1, -1)) if text else np.array([row])


@op("CastMap", domain=ML, data_dependent=True)
def cast_map(x: Mapping[int, Any], *, cast_to: str = "TO_FLOAT", map_form: str = "DENSE", max_map: int = 1) -> Array:
    """The dictionary's values in the order of its keys, (1, count); a SPARSE form fills the gaps between keys."""
    keys = sorted(x) if map_form == "DENSE" else range(max_map)
    row = [x.get(key, 0) for key in keys]
    if cast_to == "TO_STRING":
        return strings([str(item) for item in row], (1, -1))
    return np.array([[float(item) for item in row]]).astype(np.int64 if cast_to == "TO_INT64" else np.float32)


@op("ZipMap", domain=ML, data_dependent=True)
def zip_map(
    x: Array, *, classlabels_int64s: Ints | None = None, classlabels_strings: Strings | None = None
) -> list[dict[Any, float]]:
    """x (N, classes) -> a dictionary from class to value for each row."""
    names: Sequence[Any] = classlabels_strings if classlabels_strings else classlabels_int64s or ()
    rows = x.reshape(-1, x.shape[-1]).tolist()
    return [dict(zip(names, row, strict=True)) for row in rows]
