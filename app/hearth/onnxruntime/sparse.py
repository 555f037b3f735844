"""SparseTensor: values and where they stand in a dense shape. Models take and give dense tensors here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hearth.runtime.types import TensorType, type_label

from .options import Named


class OrtSparseFormat(Named):
    ORT_SPARSE_UNDEFINED = 0
    ORT_SPARSE_COO = 1
    ORT_SPARSE_CSRC = 2
    ORT_SPARSE_BLOCK_SPARSE = 4


@dataclass(frozen=True)
class CooView:
    """Where the values of a COO tensor stand."""

    _indices: np.ndarray

    def indices(self) -> np.ndarray:
        """int64: a linear index for each value, or its coordinates."""
        return self._indices


@dataclass(frozen=True)
class CsrView:
    """Where the values of a CSR matrix stand."""

    _inner: np.ndarray
    _outer: np.ndarray

    def inner(self) -> np.ndarray:
        """int64: a column for each value."""
        return self._inner

    def outer(self) -> np.ndarray:
        """int64: where each row begins, and the end."""
        return self._outer


class SparseTensor:
    """Made by its factories. RuntimeError where another format's indices are asked for."""

    def __init__(
        self, shape: Sequence[int], values: np.ndarray, form: OrtSparseFormat, places: CooView | CsrView
    ) -> None:
        self._shape, self._values, self._format, self._places = [int(size) for size in shape], values, form, places

    @classmethod
    def sparse_coo_from_numpy(
        cls, dense_shape: Sequence[int], values: np.ndarray, coo_indices: np.ndarray, ort_device: object
    ) -> SparseTensor:
        """`coo_indices`: one number for each value, or two. RuntimeError where it has another length."""
        if coo_indices.size not in (values.size, 2 * values.size):
            raise RuntimeError(f"{coo_indices.size} indices do not fit {values.size} values")
        return cls(dense_shape, values, OrtSparseFormat.ORT_SPARSE_COO, CooView(coo_indices))

    @classmethod
    def sparse_csr_from_numpy(
        cls,
        dense_shape: Sequence[int],
        values: np.ndarray,
        inner_indices: np.ndarray,
        outer_indices: np.ndarray,
        ort_device: object,
    ) -> SparseTensor:
        """RuntimeError where there are not as many inner indices as values."""
        if inner_indices.size != values.size:
            raise RuntimeError(f"{inner_indices.size} inner indices do not fit {values.size} values")
        return cls(dense_shape, values, OrtSparseFormat.ORT_SPARSE_CSRC, CsrView(inner_indices, outer_indices))

    def values(self) -> np.ndarray:
        return self._values

    def as_coo_view(self) -> CooView:
        if not isinstance(self._places, CooView):
            raise RuntimeError("The tensor is not in COO format.")
        return self._places

    def as_csrc_view(self) -> CsrView:
        if not isinstance(self._places, CsrView):
            raise RuntimeError("The tensor is not in CSR format.")
        return self._places

    def format(self) -> OrtSparseFormat:
        return self._format

    def dense_shape(self) -> list[int]:
        return list(self._shape)

    def data_type(self) -> str:
        """ONNX's word: `sparse_tensor(float)`."""
        return "sparse_" + type_label(TensorType(self._values.dtype, tuple(self._shape)))

    def device_name(self) -> str:
        return "cpu"
