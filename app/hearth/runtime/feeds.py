"""What a caller feeds, held against a model's inputs, in the words of onnxruntime: clients read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hearth.errors import BadInput
from hearth.runtime.device import DeviceTensor
from hearth.runtime.types import OptionalType, SequenceType, TensorType, ValueType, dtype_name

_ADVICE = "Please fix either the inputs/outputs or the model."


class Feeds:
    """Checks feeds against the inputs of a graph; made once for a session."""

    def __init__(self, inputs: Mapping[str, ValueType]) -> None:
        self.inputs = dict(inputs)
        # Shapes that are right: those of the model, or the last ones that were.
        self._sizes = {
            name: kind.shape for name, kind in inputs.items() if isinstance(kind, TensorType) and kind.static
        }

    def fitted(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The feeds as arrays of the right dtype and shape, in the order of the inputs.

        Raises BadInput for what is missing, unknown, or of another dtype or shape.
        """
        fitted: dict[str, Any] = {}
        for name, kind in self.inputs.items():
            if name not in given:
                if isinstance(kind, OptionalType):
                    fitted[name] = None
                    continue
                missing = [other for other in self.inputs if other not in given]
                raise BadInput(f"Required inputs ({missing}) are missing from input feed ({list(given)}).")
            value = given[name]
            if type(value) is np.ndarray and value.shape == self._sizes.get(name) and value.dtype is kind.dtype:  # type: ignore[union-attr]
                fitted[name] = value
            else:
                fitted[name] = _fitted(name, value, kind)
                if fitted[name] is value and type(value) is np.ndarray and isinstance(kind, TensorType):
                    self._sizes[name] = value.shape
        for name in given:
            if name not in fitted:
                raise BadInput(f"Invalid input name: {name}")
        return fitted


def _fitted(name: str, value: Any, kind: ValueType) -> Any:
    if isinstance(kind, OptionalType):
        return value if value is None or kind.element is None else _fitted(name, value, kind.element)
    if isinstance(kind, SequenceType):
        if not isinstance(value, list | tuple):
            raise BadInput(
                f"The input '{name}' is expected to be a list, a {kind}, but it is a {type(value).__name__}."
            )
        return list(value) if kind.element is None else [_fitted(name, item, kind.element) for item in value]
    if not isinstance(kind, TensorType):
        return value
    if value is None:
        raise BadInput(f"Missing Input: {name}. None stands for a value only where the model's input is optional.")
    array = value if isinstance(value, DeviceTensor) else _array(name, value, kind.dtype)
    if kind.dtype is not None and array.dtype != kind.dtype:
        # Big-endian numbers and the like: the same type, kept another way.
        if isinstance(array, DeviceTensor) or array.dtype.newbyteorder("=") != kind.dtype:
            actual, expected = dtype_name(array.dtype), dtype_name(kind.dtype)
            raise BadInput(
                f"Unexpected input data type. Actual: (tensor({actual})) , expected: (tensor({expected})) "
                f"for the input '{name}'."
            )
        array = array.astype(kind.dtype)
    if kind.shape is None or kind.shape == array.shape:
        return array
    if len(kind.shape) != array.ndim:
        raise BadInput(f"Invalid rank for input: {name} Got: {array.ndim} Expected: {len(kind.shape)} {_ADVICE}")
    wrong = [
        f" index: {axis} Got: {size} Expected: {dim}\n"
        for axis, (dim, size) in enumerate(zip(kind.shape, array.shape, strict=True))
        if isinstance(dim, int) and dim != size
    ]
    if wrong:
        raise BadInput(
            f"Got invalid dimensions for input: {name} for the following indices\n{''.join(wrong)} {_ADVICE}"
        )
    return array


def _array(name: str, value: Any, dtype: np.dtype | None) -> np.ndarray:
    """Lists and numbers take the dtype that the model wants; arrays keep theirs."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
    else:
        wanted = dtype if dtype is not None and dtype.names is None else None
        try:
            array = np.asarray(value, wanted)
        except (TypeError, ValueError, OverflowError) as error:
            raise BadInput(f"The input '{name}' can't be made an array: {error}.") from None
    if dtype is not None and dtype.kind == "O" and array.dtype.kind in "OSU":
        return _strings(array)
    if dtype is not None and dtype.names:
        # Types that numpy lacks: their bits, or an array of the package ml_dtypes.
        named = array.dtype.kind == "V" and array.dtype.name.replace("_", "") == dtype_name(dtype)
        if array.dtype == dtype[0] or (named and array.dtype.itemsize == dtype.itemsize):
            return array.view(dtype)
    return array


def _strings(array: np.ndarray) -> np.ndarray:
    """Strings as Python's str, whatever they were."""
    strings = np.empty(array.shape, object)
    strings.reshape(-1)[:] = [
        item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in array.reshape(-1).tolist()
    ]
    return strings
