"""IOBinding: inputs and outputs bound once, then run again and again."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hearth.runtime.device import DeviceTensor

from .values import OrtDevice, OrtValue, OrtValueVector, on_device, plain, tensor_dtype, unwrapped, usable_device

if TYPE_CHECKING:
    from .session import InferenceSession


def _at(address: int, element_type: Any, shape: Sequence[int]) -> np.ndarray:
    """The array that lies at an address."""
    dtype = tensor_dtype(element_type)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    return np.frombuffer(memoryview((ctypes.c_char * size).from_address(address)), dtype).reshape(tuple(shape))


def _own_device(name: str) -> str:
    """The device's name; the CPU's for one that is not here, as in onnxruntime. Exception for a name that is none's."""
    OrtDevice.make(name, 0)
    try:
        return usable_device(name)
    except RuntimeError:
        return "cpu"


class IOBinding:
    """Values for a session's inputs, and where its outputs go."""

    def __init__(self, session: InferenceSession) -> None:
        self._session = session._sess
        self._inputs: dict[str, OrtValue] = {}
        self._outputs: dict[str, OrtValue | str] = {}
        self._results: list[OrtValue] = []

    @property
    def _iobinding(self) -> IOBinding:
        """onnxruntime's compiled half, to which some clients turn: it has the same methods."""
        return self

    def bind_cpu_input(self, name: str, arr_on_cpu: np.ndarray) -> None:
        """RuntimeError for a name that is no input's, and for what is no array."""
        if not isinstance(arr_on_cpu, np.ndarray):
            raise RuntimeError("Unable to create OrtValue from the given python object")
        self.bind_ortvalue_input(name, OrtValue(arr_on_cpu))

    def bind_input(
        self, name: str, device_type: str, device_id: int, element_type: Any, shape: Sequence[int], buffer_ptr: int
    ) -> None:
        """Binds memory by its address, which must stay there while the binding is used."""
        self.bind_ortvalue_input(name, OrtValue(_at(buffer_ptr, element_type, shape), usable_device(device_type)))

    def bind_ortvalue_input(self, name: str, ortvalue: OrtValue) -> None:
        if name not in {item.name for item in self._session.get_inputs()}:
            raise RuntimeError(f"Failed to find NodeArg with name: {name} in the def list")
        self._inputs[name] = ortvalue._get_c_value()

    def bind_output(
        self,
        name: str,
        device_type: str = "cpu",
        device_id: int = 0,
        element_type: Any = None,
        shape: Sequence[int] | None = None,
        buffer_ptr: int | None = None,
    ) -> None:
        """Asks for an output; with an address it is written there. ValueError for an address without its type."""
        device = _own_device(device_type)
        if buffer_ptr is None:
            self._outputs[name] = device
        elif element_type is None or shape is None:
            raise ValueError("`element_type` and `shape` are to be provided if pre-allocated memory is provided")
        else:
            self._outputs[name] = OrtValue(_at(buffer_ptr, element_type, shape), device)

    def bind_ortvalue_output(self, name: str, ortvalue: OrtValue) -> None:
        self._outputs[name] = ortvalue._get_c_value()

    def synchronize_inputs(self) -> None:
        """Inputs are always in place."""

    def synchronize_outputs(self) -> None:
        """Outputs are always in place."""

    def get_outputs(self) -> list[OrtValue]:
        """The outputs of the last run, in the order in which they were bound."""
        return list(self._results)

    def get_outputs_as_ortvaluevector(self) -> OrtValueVector:
        return OrtValueVector(self._results)

    def copy_outputs_to_cpu(self) -> list[Any]:
        """The outputs of the last run as arrays of their own."""
        return [np.array(item.numpy()) if item.is_tensor() else plain(item._value) for item in self._results]

    def clear_binding_inputs(self) -> None:
        self._inputs.clear()

    def clear_binding_outputs(self) -> None:
        self._outputs.clear()
        self._results = []

    def _feeds(self) -> dict[str, Any]:
        return {name: unwrapped(value) for name, value in self._inputs.items()}

    def _names(self) -> list[str]:
        if not self._outputs:
            raise RuntimeError("Error in execution: At least one output should be requested.")
        return list(self._outputs)

    def _on_device(self) -> list[str]:
        """The outputs that are to stay on the GPU."""
        places = {name: p._device if isinstance(p, OrtValue) else p for name, p in self._outputs.items()}
        return [name for name, device in places.items() if device != "cpu"]

    def _take(self, results: Sequence[Any]) -> None:
        """Puts results where they were asked for. RuntimeError where memory that was given does not fit."""
        taken = []
        for (name, place), result in zip(self._outputs.items(), results, strict=True):
            if isinstance(place, OrtValue):
                if place.shape() != list(result.shape) or place._value.dtype != result.dtype:
                    raise RuntimeError(
                        f"Error in execution: The output OrtValue provided for output '{name}' has shape "
                        f"{place.shape()} of {place.data_type()} but the computed output is {list(result.shape)} "
                        f"of {OrtValue(result).data_type()}."
                    )
                if isinstance(place._value, np.ndarray):
                    place._value[...] = result
                else:
                    place._value = result if isinstance(result, DeviceTensor) else on_device(result)
                taken.append(place)
            else:
                there = place == "cpu" or isinstance(result, DeviceTensor)
                taken.append(OrtValue(result if there else on_device(result), place))
        self._results = taken
