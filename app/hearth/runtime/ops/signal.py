"""Signals: Fourier transforms, windows, mel filters. Source: the ONNX operator documentation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.ops.casting import convert
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.rules import normal_axis
from hearth.runtime.types import Dim, TensorType, dtype_of

_WINDOWS = {
    "HannWindow": (0.5, 0.5),
    "HammingWindow": (25 / 46, 21 / 46),
    "BlackmanWindow": (0.42, 0.5, 0.08),
}
"""Weights of the cosines that a window alternately subtracts and adds."""


def _register_window(name: str, weights: Sequence[float]) -> None:
    def rule(size: Operand, *, output_datatype: int = 1, periodic: int = 1) -> TensorType:
        length = size.ints()
        return TensorType(dtype_of(output_datatype), (length[0] if length else None,))

    @op(name, rule=rule)
    def window(size: Array, *, output_datatype: int = 1, periodic: int = 1) -> Array:
        length = int(size.reshape(-1)[0])
        angle = 2 * np.pi * np.arange(length) / max(1, length if periodic else length - 1)
        values = sum((-1) ** order * weight * np.cos(order * angle) for order, weight in enumerate(weights))
        return convert(np.asarray(values, np.float64), dtype_of(output_datatype))


for _name, _weights in _WINDOWS.items():
    _register_window(_name, _weights)


def _to_complex(x: Array) -> Array:
    """(..., 1) real or (..., 2) real and imaginary parts -> (...)."""
    return x[..., 0] + 1j * x[..., 1] if x.shape[-1] == 2 else x[..., 0]


def _to_parts(x: Array, dtype: np.dtype) -> Array:
    return np.stack((x.real, x.imag), -1).astype(dtype)


def _dft(x: Array, length: Array | None, axis: int, inverse: int, onesided: int) -> Array:
    axis = normal_axis(axis, x.ndim)
    if axis == x.ndim - 1:
        raise ValueError("the last axis holds real and imaginary parts and can't be transformed")
    size = x.shape[axis] if length is None else int(length.reshape(-1)[0])
    if inverse and onesided:
        size = 2 * (size - 1) if length is None else size
        return np.fft.irfft(_to_complex(x), size, axis)[..., None].astype(x.dtype)
    result = np.fft.ifft(_to_complex(x), size, axis) if inverse else np.fft.fft(_to_complex(x), size, axis)
    if onesided:
        result = result[(slice(None),) * axis + (slice(size // 2 + 1),)]
    return _to_parts(result, x.dtype)


@op("DFT", since=17, data_dependent=True)
def dft_17(x: Array, length: Array | None = None, *, axis: int = 1, inverse: int = 0, onesided: int = 0) -> Array:
    return _dft(x, length, axis, inverse, onesided)


def _dft_rule(
    x: Operand, length: Operand | None = None, axis: Operand | None = None, *, inverse: int = 0, onesided: int = 0
) -> TensorType:
    place = [-2] if axis is None else axis.ints()
    size = None if length is None else length.ints()
    if x.shape is None or place is None or (length is not None and size is None):
        return TensorType(x.dtype)
    dims: list[Dim] = list(x.shape)
    at = normal_axis(place[0], len(dims))
    dims[at] = size[0] if size else dims[at]
    whole = dims[at]
    dims[-1] = 1 if inverse and onesided else 2
    if onesided and not inverse:
        dims[at] = whole // 2 + 1 if isinstance(whole, int) else None
    elif onesided and not size:
        return TensorType(x.dtype)
    return TensorType(x.dtype, tuple(dims))


@op("DFT", since=20, rule=_dft_rule)
def dft(
    x: Array, length: Array | None = None, axis: Array | None = None, *, inverse: int = 0, onesided: int = 0
) -> Array:
    """x (..., N, ..., 1 or 2) -> its transform along `axis`; `onesided` keeps, or starts from, half of the spectrum."""
    return _dft(x, length, -2 if axis is None else int(axis.reshape(-1)[0]), inverse, onesided)


@op("STFT", data_dependent=True)
def stft(
    signal: Array, step: Array, window: Array | None = None, length: Array | None = None, *, onesided: int = 1
) -> Array:
    """signal (N, samples, 1 or 2) -> (N, frames, bins, 2): transforms of overlapping frames, each times the window."""
    values = _to_complex(signal) if signal.ndim == 3 else signal
    hop = int(step.reshape(-1)[0])
    if window is None and length is None:
        raise ValueError("neither a window nor a frame length is given")
    size = int(length.reshape(-1)[0]) if length is not None else window.shape[0]  # type: ignore[union-attr]
    frames = np.lib.stride_tricks.sliding_window_view(values, size, 1)[:, ::hop]
    if window is not None:
        frames = frames * window
    onesided = onesided and not np.iscomplexobj(frames)
    return _to_parts(np.fft.rfft(frames) if onesided else np.fft.fft(frames), signal.dtype)


def _mel(hertz: float) -> float:
    """O'Shaughnessy's mel scale, as the ONNX documentation has it."""
    return 2595 * math.log10(1 + hertz / 700)


def _mel_rule(bands: Operand, dft_length: Operand, *_: Operand, output_datatype: int = 1) -> TensorType:
    count, length = bands.ints(), dft_length.ints()
    rows = length[0] // 2 + 1 if length else None
    return TensorType(dtype_of(output_datatype), (rows, count[0] if count else None))


@op("MelWeightMatrix", rule=_mel_rule)
def mel_weight_matrix(
    bands: Array, dft_length: Array, sample_rate: Array, lowest: Array, highest: Array, *, output_datatype: int = 1
) -> Array:
    """(spectrogram bins, mel bands): triangles between neighbouring centres, in whole bins."""
    count, length, rate = int(bands.item()), int(dft_length.item()), int(sample_rate.item())
    low, high = _mel(float(lowest.item())), _mel(float(highest.item()))
    centres = low + np.arange(count + 2) * (high - low) / (count + 2)
    edges = ((length + 1) * (700 * (10 ** (centres / 2595) - 1)) // rate).astype(np.int64)
    bins = np.arange(length // 2 + 1)[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising = np.where(centre == left, bins == centre, (bins - left) / np.maximum(1, centre - left))
    falling = (right - bins) / np.maximum(1, right - centre)
    weights = np.where((bins >= left) & (bins <= centre), rising, 0)
    weights = np.where((bins >= centre) & (bins < right) & (right > centre), falling, weights)
    return convert(weights, dtype_of(output_datatype))
