"""Pooling over windows; over whole maps it is a reduction."""

from __future__ import annotations

from collections.abc import Sequence

from hearth.errors import Unsupported
from hearth.runtime.ops.pool import counted_pads
from hearth.runtime.ops.windows import windows
from hearth.runtime.plan import Step
from hearth.runtime.webgpu.lower import Lowering, lowers
from hearth.runtime.webgpu.values import Computed, Stored, Value


@lowers("MaxPool", "AveragePool")
def pool(low: Lowering, step: Step) -> None:
    node, how = step.node, step.arguments
    low.float_only(node.inputs[0])
    x, y = low.shape(node.inputs[0]), low.shape(node.outputs[0])
    if len(node.outputs) > 1 or len(x) not in (3, 4):
        raise Unsupported("pooling with positions, or over three axes")
    auto = how.get("auto_pad", "NOTSET")
    auto = auto.decode() if isinstance(auto, bytes) else auto
    geometry = windows(
        x[2:],
        how["kernel_shape"],
        how.get("strides"),
        how.get("dilations"),
        how.get("pads"),
        auto,
        int(how.get("ceil_mode", 0)),
        overhanging=True,
    )
    counts_padding = int(how.get("count_include_pad", 0))
    counted = counted_pads(geometry, counts_padding, int(how.get("ceil_mode", 0)), node.opset)
    if counts_padding and counted != geometry.pads:
        raise Unsupported("an average that counts some of its padding")
    value = low.value(node.inputs[0])
    if not isinstance(value, Stored):
        value = low.builder.store(value)
    rank = len(x) - 2
    maximum = node.op == "MaxPool"
    size = [*([1] * (2 - rank)), *x[2:]]
    out = [*([1] * (2 - rank)), *y[2:]]
    kernel = [*([1] * (2 - rank)), *geometry.kernel]
    strides = [*([1] * (2 - rank)), *geometry.strides]
    dilations = [*([1] * (2 - rank)), *geometry.dilations]
    before = [*([0] * (2 - rank)), *(pair[0] for pair in geometry.pads)]

    def body(names: Sequence[str]) -> str:
        start = "var best = -3.4028234e38;" if maximum else "var sum = 0.0; var seen = 0.0;"
        read = f"{names[0]}(plane + u32(y * {size[1]} + x))"
        take = f"best = max(best, {read});" if maximum else f"sum += {read}; seen += 1.0;"
        divisor = f"{kernel[0] * kernel[1]}.0" if counts_padding else "seen"
        return " ".join(
            [
                f"let plane = (at / {out[0] * out[1]}u) * {size[0] * size[1]}u;",
                f"let top = i32((at / {out[1]}u) % {out[0]}u) * {strides[0]} - {before[0]};",
                f"let left = i32(at % {out[1]}u) * {strides[1]} - {before[1]};",
                start,
                f"for (var i = 0; i < {kernel[0]}; i++) {{ let y = top + i * {dilations[0]};",
                f"if (y < 0 || y >= {size[0]}) {{ continue; }}",
                f"for (var j = 0; j < {kernel[1]}; j++) {{ let x = left + j * {dilations[1]};",
                f"if (x < 0 || x >= {size[1]}) {{ continue; }} {take} }} }}",
                "return best;" if maximum else f"return sum / {divisor};",
            ]
        )

    result: Value = Computed(y, (value,), body, kernel[0] * kernel[1])
    low.set(step, low.builder.store(result) if kernel[0] * kernel[1] > 4 else result)
