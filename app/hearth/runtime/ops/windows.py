"""The geometry of sliding windows, shared by convolution and pooling: padding and output sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Windows:
    """Windows over the spatial axes; every field has one entry an axis. `pads` are (before, after) in elements; `asked`
    is what the attributes say of them, without what the last window adds."""

    sizes: tuple[int, ...]
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    outputs: tuple[int, ...]
    asked: tuple[tuple[int, int], ...]

    @property
    def plain(self) -> bool:
        """Whether each window is a single element, each taken once: a 1x1 kernel with stride 1, without padding."""
        return all(k == 1 for k in self.kernel) and all(s == 1 for s in self.strides) and not self.padded

    @property
    def padded(self) -> bool:
        return any(before or after for before, after in self.pads)


def windows(
    sizes: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    pads: Sequence[int] | None = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    overhanging: bool = False,
) -> Windows:
    """Reads ONNX's attributes `strides`, `dilations`, `pads`, `auto_pad` and `ceil_mode` for given spatial sizes.

    With `ceil_mode` the padding after may grow by what the last window needs, but no window starts in it.
    `overhanging`: a map smaller than the window by less than a stride still has one, as onnxruntime has it for pooling
    (it divides towards 0), and one that is smaller yet has none.
    """
    rank = len(sizes)
    strides = tuple(strides or (1,) * rank)
    dilations = tuple(dilations or (1,) * rank)
    flat = tuple(pads or (0,) * (2 * rank))
    if not len(kernel) == len(strides) == len(dilations) == rank or len(flat) != 2 * rank:
        raise ValueError(f"kernel, strides, dilations or pads do not fit {rank} spatial axes")
    if min((*strides, *dilations, *kernel), default=1) < 1:
        raise ValueError("kernel, strides and dilations must be positive")
    both, asked, outputs = [], [], []
    for axis, size in enumerate(sizes):
        reach = (kernel[axis] - 1) * dilations[axis] + 1
        step = strides[axis]
        before, after = flat[axis], flat[rank + axis]
        if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            count = -(-size // step)
            total = max(0, (count - 1) * step + reach - size)
            before, after = total // 2, total - total // 2
            if auto_pad == "SAME_LOWER":
                before, after = after, before
        elif auto_pad == "VALID":
            before = after = 0
        asked.append((before, after))
        room = size + before + after - reach
        count = room // step + 1
        if overhanging and room < 0:
            count = int(room / step) + 1
            after -= room if count else 0
        elif ceil_mode and room % step and count * step < size + before:
            count += 1
            after += step - room % step
        if count < (not overhanging) and size:
            raise ValueError(f"a window over {reach} elements does not fit {size} and the padding {before}, {after}")
        both.append((before, after))
        outputs.append(max(0, count))
    return Windows(tuple(sizes), tuple(kernel), strides, dilations, tuple(both), tuple(outputs), tuple(asked))
