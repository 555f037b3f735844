"""Reads a state dict that PyTorch saved, without PyTorch.

The format is a zip: `<name>/data.pkl` is a pickle of tensors that point into raw little-endian storages,
`<name>/data/<key>`. A pickle can run any code, so this reader knows a few harmless names and refuses
all others.
"""

import collections
import io
import pickle
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hearth.errors import BadModel

_STORAGE_TYPES: dict[str, type[np.generic]] = {
    "DoubleStorage": np.float64,
    "FloatStorage": np.float32,
    "HalfStorage": np.float16,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
}


def read(data: bytes) -> dict[str, NDArray[Any]]:
    """Name -> array of every tensor in the saved state dict, in its order.

    Raises BadModel when the bytes are not such a file or hold anything but tensors.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        pickle_name = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
    except (zipfile.BadZipFile, StopIteration) as cause:
        raise BadModel("This is not a state dict as PyTorch saves it since 1.6, a zip with data.pkl.") from cause
    folder = pickle_name.removesuffix("data.pkl")
    try:
        state = _TensorUnpickler(archive, folder).load()
    except (pickle.UnpicklingError, KeyError, ValueError, EOFError) as cause:
        raise BadModel(f"The state dict is damaged or holds more than plain tensors: {cause}") from cause
    if not isinstance(state, dict) or not all(isinstance(tensor, np.ndarray) for tensor in state.values()):
        raise BadModel("The file holds something else than a state dict of plain tensors.")
    return dict(state)


class _TensorUnpickler(pickle.Unpickler):
    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(archive.read(folder + "data.pkl")))
        self._archive = archive
        self._folder = folder

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _STORAGE_TYPES:
            return _STORAGE_TYPES[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        kind, dtype, key, _device, count = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"it points to a {kind!r}")
        return np.frombuffer(self._archive.read(f"{self._folder}data/{key}"), dtype, count)


def _tensor(
    storage: NDArray[Any], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> NDArray[Any]:
    """A view into the storage, strides counted in elements, as an array of its own."""
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if min(*strides, offset, 0) < 0 or (0 not in shape and last >= storage.size):
        raise pickle.UnpicklingError("a tensor reaches beyond its storage")
    view = np.lib.stride_tricks.as_strided(
        storage[offset:], shape, [stride * storage.itemsize for stride in strides], writeable=False
    )
    return view.copy()
