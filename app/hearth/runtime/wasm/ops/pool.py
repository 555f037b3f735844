"""Pooling over windows and over whole maps."""

from __future__ import annotations

from hearth.errors import Unsupported
from hearth.runtime.ops.pool import counted_pads
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
    kind, counted = Pooling.POOL_MAX, 0
    if step.node.op == "AveragePool":
        counted = int(how.get("count_include_pad", 0))
        kind = Pooling.POOL_MEAN_WITH_PADS if counted else Pooling.POOL_MEAN
    pads = counted_pads(geometry, counted, int(how.get("ceil_mode", 0)), step.node.opset)
    sizes = tuple(size + sum(both) for size, both in zip(geometry.sizes, pads, strict=True))
    _emit(low, step, geometry, kind, sizes)


@lowers("GlobalAveragePool", "GlobalMaxPool")
def global_pool(low: Lowering, step: Step) -> None:
    """One window as large as the map."""
    shape = low.shape(step.node.inputs[0])
    if len(shape) not in (3, 4):
        raise Unsupported("Only images with one or two axes have a kernel.")
    kind = Pooling.POOL_MEAN if step.node.op == "GlobalAveragePool" else Pooling.POOL_MAX
    geometry = windows(shape[2:], shape[2:])
    _emit(low, step, geometry, kind, shape[2:])


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
