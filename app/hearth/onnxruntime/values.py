"""OrtValue and OrtDevice: values that a caller keeps between runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from hearth.errors import BadModel, Unsupported
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
        if ort_device_name not in _DEVICES:
            raise Exception(f"Unsupported device type: {ort_device_name}")
        return OrtDevice(ort_device_name, device_id)

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


_NO_STRINGS = "Creation of OrtValues is currently only supported from non-string numpy arrays"


def usable_device(name: str | OrtDevice) -> str:
    """The device's name. RuntimeError where there is none of it here."""
    name = name if isinstance(name, str) else name._name
    device = OrtDevice.make(name, 0)._name
    if device == "cpu":
        return device
    if device in ("webgpu", "gpu") and WEBGPU in get_available_providers():
        return "webgpu"
    raise RuntimeError(
        f"Can't allocate memory on the {name.upper()} device: this machine offers "
        f"{', '.join(get_available_providers())}."
    )


def tensor_dtype(element_type: Any) -> np.dtype:
    """The dtype of a numpy type or of a number of TensorProto.DataType. RuntimeError for numbers that are none's."""
    try:
        return dtype_of(element_type) if isinstance(element_type, int) else np.dtype(element_type)
    except BadModel:
        raise RuntimeError(f"tensor type {element_type} is not supported, which ONNX does not define") from None


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
        if not isinstance(numpy_obj, np.ndarray) or numpy_obj.dtype.kind not in "biufcV":
            raise RuntimeError(_NO_STRINGS)
        if numpy_obj.dtype.kind == "c":
            raise RuntimeError(f"Numpy_type {numpy_obj.dtype.num} can't be converted to MLDataType.")
        device = usable_device(device_type)
        return cls(numpy_obj if device == "cpu" else on_device(numpy_obj), device)

    @classmethod
    def ortvalue_from_numpy_with_onnx_type(cls, data: np.ndarray, /, onnx_element_type: int) -> OrtValue:
        """An array of numpy's read as another type of the same size, such as uint16 as bfloat16."""
        if not isinstance(data, np.ndarray):
            raise TypeError(f"An array is wanted, not {type(data).__name__}")
        dtype = tensor_dtype(onnx_element_type)
        if dtype.itemsize != data.dtype.itemsize:
            raise RuntimeError(f"Items size in the incoming array: {data.dtype} is not of {dtype_name(dtype)}'s size.")
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
        dtype, device = tensor_dtype(element_type), usable_device(device_type)
        if dtype.kind not in "biufV":
            raise RuntimeError(_NO_STRINGS)
        if any(size < 0 for size in shape):
            raise RuntimeError(f"Tensor shape.Size() must be >= 0, not of {list(shape)}")
        zeros = np.zeros(tuple(shape), dtype)
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

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle 'OrtValue' object")

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
        if isinstance(data, OrtValue):
            data = data.numpy()
        if not isinstance(data, np.ndarray):
            raise TypeError("data must be a numpy.ndarray or an OrtValue.")
        if self._value.size != data.size or self._value.dtype.itemsize != data.dtype.itemsize:
            raise RuntimeError("The input size of numpy arrays does not match the size of the OrtValue.")
        if isinstance(self._value, DeviceTensor):
            self._value.write(data.view(self._value.dtype).reshape(self._value.shape))
        else:
            self._value[...] = data.view(self._value.dtype).reshape(self._value.shape)

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


class OrtValueVector(list[OrtValue]):
    """OrtValues in a row, as compiled code hands them about; elsewhere a list."""

    def push_back(self, value: Any) -> None:
        """Adds an OrtValue, or a tensor of another library, which is asked for its `__dlpack__`."""
        self.append(value if isinstance(value, OrtValue) else OrtValue.from_dlpack(value))

    def reserve(self, count: int) -> None:
        """A list makes room by itself."""

    def shrink_to_fit(self) -> None:
        """A list gives room back by itself."""

    def element_type_at(self, index: int) -> int:
        """The number of TensorProto.DataType of one of them."""
        return self[index].element_type()

    def dlpack_at(self, index: int) -> Any:
        return self[index].__dlpack__()

    def to_dlpacks(self, to_tensor: Callable[[Any], Any] | None = None) -> list[Any]:
        """All of them for other libraries, which turn each into a tensor by `to_tensor`."""
        packed = [value.__dlpack__() for value in self]
        return packed if to_tensor is None else [to_tensor(item) for item in packed]


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
