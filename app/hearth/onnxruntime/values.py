"""OrtValue and OrtDevice: values that a caller keeps between runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hearth.errors import Unsupported
from hearth.runtime.device import DeviceTensor, on_host
from hearth.runtime.types import ONNX_DTYPE, TensorType, dtype_name, dtype_of, type_label, type_of

from .providers import WEBGPU, get_available_providers
from .sparse import SparseTensor

_DEVICES = {"cpu": 0, "gpu": 1, "cuda": 1, "webgpu": 1, "dml": 1, "npu": 2, "cann": 3}


class OrtDevice:
    """A device by name and number."""

    def __init__(self, device: str | int, *numbers: int) -> None:
        """A name and a number; or, as of the compiled half, the numbers of device, kind of memory and device id."""
        self._name = (
            device if isinstance(device, str) else next((name for name, at in _DEVICES.items() if at == device), "cpu")
        )
        self._number = numbers[-1] if numbers else 0

    @staticmethod
    def cpu() -> int:
        return 0

    @staticmethod
    def default_memory() -> int:
        return 0

    @staticmethod
    def make(ort_device_name: str, device_id: int, vendor_id: int = -1) -> OrtDevice:
        """Exception for a name that is no device's."""
        if ort_device_name.lower() not in _DEVICES:
            raise Exception(f"Unsupported device type: {ort_device_name}")
        return OrtDevice(ort_device_name.lower(), device_id)

    def _get_c_device(self) -> OrtDevice:
        return self

    def device_id(self) -> int:
        return self._number

    def device_type(self) -> int:
        return _DEVICES[self._name]

    def device_mem_type(self) -> int:
        """0: the device's own memory."""
        return 0

    def device_vendor_id(self) -> int:
        """0: not known."""
        return 0


def usable_device(name: str | OrtDevice) -> str:
    """The device's name. RuntimeError where there is none of it here."""
    name = name if isinstance(name, str) else name._name
    device = OrtDevice.make(name, 0)._name
    if device in ("webgpu", "gpu") and WEBGPU in get_available_providers():
        return "webgpu"
    if device != "cpu":
        raise RuntimeError(
            f"Can't allocate memory on the {name.upper()} device: this machine offers "
            f"{', '.join(get_available_providers())}."
        )
    return device


def tensor_dtype(element_type: Any) -> np.dtype:
    """The dtype of a numpy type or of a number of TensorProto.DataType."""
    return dtype_of(element_type) if isinstance(element_type, int) else np.dtype(element_type)


class OrtValue:
    """A value in memory, or on the GPU: `device` is `webgpu` then, and runs there take and give it without copies to
    memory. Types that the GPU lacks stay in memory."""

    def __init__(self, value: Any, device: str = "cpu") -> None:
        self._value, self._device = value, device

    @classmethod
    def ortvalue_from_numpy(
        cls, numpy_obj: np.ndarray, /, device_type: str | OrtDevice = "cpu", device_id: int = 0, vendor_id: int = -1
    ) -> OrtValue:
        """On the CPU the array itself, not a copy. RuntimeError for what is no array of numbers, or no device here."""
        if not isinstance(numpy_obj, np.ndarray) or numpy_obj.dtype.kind in "OSU":
            raise RuntimeError("Creation of OrtValues is currently only supported from non-string numpy arrays")
        device = usable_device(device_type)
        return cls(numpy_obj if device == "cpu" else on_device(numpy_obj), device)

    @classmethod
    def ortvalue_from_numpy_with_onnx_type(cls, data: np.ndarray, /, onnx_element_type: int) -> OrtValue:
        """An array of numpy's read as another type of the same size, such as uint16 as bfloat16."""
        dtype = dtype_of(onnx_element_type)
        if dtype.itemsize != data.dtype.itemsize:
            raise ValueError(f"{data.dtype} and {dtype_name(dtype)} are not of the same size.")
        return cls(data.view(dtype))

    @classmethod
    def ortvalue_from_shape_and_type(
        cls,
        shape: Sequence[int],
        element_type: Any,
        device_type: str = "cpu",
        device_id: int = 0,
        vendor_id: int = -1,
        memory_info: object = None,
    ) -> OrtValue:
        """A tensor of zeros. `element_type`: a numpy type or a number of TensorProto.DataType."""
        zeros, device = np.zeros(tuple(shape), tensor_dtype(element_type)), usable_device(device_type)
        return cls(zeros if device == "cpu" else on_device(zeros), device)

    def numpy(self) -> Any:
        """The tensor as an array, read back where it is on the GPU. RuntimeError for types that numpy lacks."""
        if self.is_tensor():
            return plain(on_host(self._value))
        raise RuntimeError("Only OrtValues that are Tensors/SparseTensors are convertible to Numpy objects")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype, copy=copy)

    @classmethod
    def from_dlpack(cls, data: Any, /) -> OrtValue:
        """A tensor that another library holds, by its `__dlpack__`; memory is shared where it can be."""
        return cls(np.from_dlpack(data))

    def __dlpack__(self, *, stream: Any = None, **how: Any) -> Any:
        """For `from_dlpack` of other libraries; the memory is shared where it is not on the GPU."""
        return self.numpy().__dlpack__(**how)

    def __dlpack_device__(self) -> tuple[int, int]:
        device: tuple[int, int] = self.numpy().__dlpack_device__()
        return device

    to_dlpack = __dlpack__

    @property
    def _ortvalue(self) -> OrtValue:
        """onnxruntime's compiled half, to which some clients turn: it has the same methods."""
        return self

    def _get_c_value(self) -> OrtValue:
        return self

    def update_inplace(self, data: np.ndarray) -> None:
        """Writes into the value's memory. RuntimeError where the sizes differ."""
        if self._value.shape != data.shape or self._value.dtype.itemsize != data.dtype.itemsize:
            raise RuntimeError("The input size of numpy arrays does not match the size of the OrtValue.")
        if isinstance(self._value, DeviceTensor):
            self._value.write(data.view(self._value.dtype))
        else:
            self._value[...] = data.view(self._value.dtype)

    def shape(self) -> list[int]:
        return list(self._value.shape if isinstance(self._value, DeviceTensor) else np.shape(self._value))

    def data_type(self) -> str:
        """ONNX's word: `tensor(float)`."""
        value = self._value
        if isinstance(value, SparseTensor):
            return value.data_type()
        return type_label(TensorType(value.dtype, value.shape) if self.is_tensor() else type_of(value))

    def element_type(self) -> int:
        """The number of TensorProto.DataType."""
        return ONNX_DTYPE[self._value.dtype]

    def data_ptr(self) -> int:
        """The address of the first element. RuntimeError for a tensor on the GPU, whose memory has none."""
        if isinstance(self._value, DeviceTensor):
            raise RuntimeError("A tensor on the GPU has no address.")
        return int(self._value.ctypes.data)

    def tensor_size_in_bytes(self) -> int:
        return int(self._value.size * self._value.dtype.itemsize)

    def device_name(self) -> str:
        return self._device

    def has_value(self) -> bool:
        return self._value is not None

    def is_tensor(self) -> bool:
        return isinstance(self._value, np.ndarray | DeviceTensor)

    @classmethod
    def ort_value_from_sparse_tensor(cls, sparse_tensor: SparseTensor) -> OrtValue:
        return cls(sparse_tensor)

    def as_sparse_tensor(self) -> SparseTensor:
        """RuntimeError for other values."""
        if not isinstance(self._value, SparseTensor):
            raise RuntimeError("Only OrtValues that are sparse tensors can be had as such")
        return self._value

    def is_sparse_tensor(self) -> bool:
        return isinstance(self._value, SparseTensor)

    def is_tensor_sequence(self) -> bool:
        return isinstance(self._value, list)


def on_device(array: np.ndarray) -> Any:
    """An array on the GPU; a copy in memory where its type is none of the GPU's."""
    from hearth.runtime.webgpu.executor import find_gpu

    try:
        return DeviceTensor.of(array, find_gpu())
    except Unsupported:
        return array.copy()


def plain(value: Any) -> Any:
    """A result as clients expect it: float8 numbers as their bits. RuntimeError for other types that numpy lacks."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray) and value.dtype.names:
        name = dtype_name(value.dtype)
        if not name.startswith("float8"):
            raise RuntimeError(f"No corresponding Numpy type for Tensor Type. {name}")
        return value.view(np.uint8)
    return value


def unwrapped(value: Any) -> Any:
    """What an OrtValue holds; other values as they are."""
    return value._value if isinstance(value, OrtValue) else value


def copy_tensors(src: Sequence[OrtValue], dst: Sequence[OrtValue], stream: object = None) -> None:
    """Copies tensors into the memory of others. RuntimeError where they do not fit, or are not as many."""
    if len(src) != len(dst):
        raise RuntimeError(f"{len(src)} tensors can't be copied to {len(dst)}")
    for source, target in zip(src, dst, strict=True):
        target.update_inplace(on_host(source._value))
