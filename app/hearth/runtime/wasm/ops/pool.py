"""Pooling over windows and over whole maps."""

from __future__ import annotations

from hearth.errors import Unsupported
from hearth.runtime.ops.windows import Windows, windows
from hearth.runtime.plan import Step
from hearth.runtime.wasm.lower import Lowering, lowers
from hearth.runtime.wasm.ops.layer import window_of
from hearth.runtime.wasm.steps import Opcode, Pool, Pooling
from hearth.runtime.wasm.tensors import as_image


@lowers("MaxPool", "AveragePool")
def pool(low: Lowering, step: Step) -> None:
    """Windows of one or two axes."""
    how = dict(step.arguments)
    if int(how.get("n_outputs", 1)) > 1:
        raise Unsupported("Where a maximum lies is not asked of the kernel.")
    shape = low.shape(step.node.inputs[0])
    if len(shape) not in (3, 4):
        raise Unsupported("Only images with one or two axes have a kernel.")
    geometry = windows(
        shape[2:],
        how["kernel_shape"],
        how.get("strides"),
        how.get("dilations"),
        how.get("pads"),
        str(how.get("auto_pad", "NOTSET")),
        int(how.get("ceil_mode", 0)),
        overhanging=True,
    )
    kind = Pooling.POOL_MAX
    if step.node.op == "AveragePool":
        kind = Pooling.POOL_MEAN_WITH_PADS if how.get("count_include_pad") else Pooling.POOL_MEAN
    _emit(low, step, geometry, kind, _padded_sizes(geometry, how))


@lowers("GlobalAveragePool", "GlobalMaxPool")
def global_pool(low: Lowering, step: Step) -> None:
    """One window as large as the map."""
    shape = low.shape(step.node.inputs[0])
    if len(shape) not in (3, 4):
        raise Unsupported("Only images with one or two axes have a kernel.")
    kind = Pooling.POOL_MEAN if step.node.op == "GlobalAveragePool" else Pooling.POOL_MAX
    geometry = windows(shape[2:], shape[2:])
    _emit(low, step, geometry, kind, shape[2:])


def _padded_sizes(geometry: Windows, how: dict[str, object]) -> tuple[int, ...]:
    """Sizes with the pads that were asked for, without what rounding up adds, but no less than a window."""
    rank = len(geometry.sizes)
    if how.get("auto_pad", "NOTSET") == "NOTSET":
        pads = how.get("pads") or [0] * (2 * rank)
        assert isinstance(pads, list)
        return tuple(
            max(
                size + int(pads[axis]) + int(pads[rank + axis]),
                (geometry.kernel[axis] - 1) * geometry.dilations[axis] + 1,
            )
            for axis, size in enumerate(geometry.sizes)
        )
    return tuple(size + before + after for size, (before, after) in zip(geometry.sizes, geometry.pads, strict=True))


def _emit(low: Lowering, step: Step, geometry: Windows, kind: Pooling, padded: tuple[int, ...]) -> None:
    name, output = step.node.inputs[0], step.node.outputs[0]
    low.require_floats(name, output)
    if min(before for before, _ in geometry.pads) < 0:
        raise Unsupported("Negative pads have no kernel.")
    planes = low.planes(name, output) if kind == Pooling.POOL_MAX else None
    x, y = planes or (low.image(name), low.output_image(output))
    sizes = (1,) * (2 - len(padded)) + tuple(padded)
    window = window_of(geometry)
    low.builder.emit(
        f"{kind.name.lower()} @{'x'.join(map(str, y.shape))}",
        lambda: Pool(Opcode.POOL, kind, as_image(x), as_image(y), window, *sizes),
        [x, y],
    )
