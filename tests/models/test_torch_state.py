"""A state dict is read without PyTorch, and nothing in it can run code."""

import io
import zipfile

import numpy as np
import pytest

from hearth.errors import BadModel
from models.convert import torch_state


def saved(pickle: bytes, **storages: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("net/data.pkl", pickle)
        for key, data in storages.items():
            archive.writestr(f"net/data/{key}", data)
    return file.getvalue()


def tensor_pickle(offset: int, shape: str, strides: str, kind: bytes = b"storage") -> bytes:
    """Protocol 0, by hand: {"w": _rebuild_tensor_v2(storage "s" of six floats, offset, shape, strides)}"""
    storage = b"(V" + kind + b"\nctorch\nFloatStorage\nVs\nVcpu\nI6\ntQ"
    sizes = "".join(f"I{n}\n" for n in shape).encode(), "".join(f"I{n}\n" for n in strides).encode()
    arguments = storage + f"I{offset}\n".encode() + b"(" + sizes[0] + b"t(" + sizes[1] + b"t"
    return b"(dVw\nctorch._utils\n_rebuild_tensor_v2\n(" + arguments + b"tRs."


SIX = np.arange(6, dtype="<f4").tobytes()


def test_strides_and_offset_are_honoured() -> None:
    state = torch_state.read(saved(tensor_pickle(0, "32", "13"), s=SIX))
    np.testing.assert_array_equal(state["w"], [[0, 3], [1, 4], [2, 5]])
    state = torch_state.read(saved(tensor_pickle(4, "2", "1"), s=SIX))
    np.testing.assert_array_equal(state["w"], [4, 5])


@pytest.mark.parametrize(
    "pickle",
    [
        pytest.param(b"cos\nsystem\n(Vtrue\ntR.", id="calls the shell"),
        pytest.param(b"cbuiltins\neval\n(V1\ntR.", id="evaluates"),
        pytest.param(tensor_pickle(3, "22", "21"), id="tensor beyond its storage"),
        pytest.param(tensor_pickle(0, "2", "9"), id="stride beyond its storage"),
        pytest.param(tensor_pickle(0, "2", "1", b"file"), id="points to something else"),
        pytest.param(b"I1\n.", id="not a dict"),
        pytest.param(b"(dVw\nI1\ns.", id="not tensors"),
        pytest.param(b"\x80\x02}", id="cut short"),
    ],
)
def test_anything_but_sound_tensors_is_refused(pickle: bytes) -> None:
    with pytest.raises(BadModel):
        torch_state.read(saved(pickle, s=SIX))


def test_another_file_is_refused() -> None:
    with pytest.raises(BadModel, match="not a state dict"):
        torch_state.read(b"ONNX?")
