"""A convolution on its way to kernels: what all of its kernels share."""

from __future__ import annotations

from hearth.runtime.webgpu.builder import Builder
from hearth.runtime.webgpu.epilogue import Epilogue, epilogue_tensors
from hearth.runtime.webgpu.tiles import ConvShape
from hearth.runtime.webgpu.values import Computed, Interface, Stored, Tensor, Value
from hearth.runtime.webgpu.wgsl import Constants


class Convolution:
    """One convolution to lower: its input, weights, bias, epilogue, and where results go.

    `pooled` takes the 2x2 maxima of the result where a pooling follows.
    """

    def __init__(
        self,
        builder: Builder,
        shape: ConvShape,
        value: Value,
        weights: Stored,
        bias: Stored | None,
        epilogue: Epilogue,
        pooled: bool,
    ) -> None:
        self.builder, self.shape, self.value = builder, shape, value
        self.weights, self.bias, self.epilogue = weights, bias, epilogue
        self.constant = all(item.tensor.constant for item in (weights, bias) if item is not None)
        self.output = builder.between((shape.batch, shape.outputs, *shape.size))
        self.pooled = (
            builder.between((shape.batch, shape.outputs, shape.size[0] // 2, shape.size[1] // 2)) if pooled else None
        )
        self.others = 2 + epilogue_tensors(epilogue) + pooled
        self.halves = builder.halves == "everywhere"
        self.types = {"Number": "f16" if self.halves else "f32", "Result": self.output.tensor.element("f32")}
        """What is multiplied, and what results lie in memory as."""

    def label(self, kind: str) -> str:
        """How profiles name a kernel of this convolution."""
        s = self.shape
        kernel = f"{s.kernel[0]}x{s.kernel[1]}"
        extra = "".join(
            f" {name}{value}"
            for name, value in (("g", s.groups), ("d", s.dilations[0]), ("s", s.strides[1]))
            if value > 1
        )
        return f"{kind} {s.size[0]}x{s.size[1]} {s.channels}->{s.outputs} {kernel}{extra}"

    def doubling(self, rows: int, columns: int) -> bool:
        """Whether patches of that size start where an enlarged map can be read by its fixed pattern."""
        s = self.shape
        return (
            rows % 2 == 0
            and columns % 2 == 0
            and s.dilations == (1, 1)
            and s.strides == (1, 1)
            and s.pads == (1, 1)
            and s.in_size[0] % 2 == 0
            and s.in_size[1] % 2 == 0
        )

    def results(self, interface: Interface, width: int, pooled_width: int) -> None:
        """Declares `output` and, where it is wanted, `pooled`, as arrays of vectors of these widths."""
        kind = {1: "f32", 2: "vec2<f32>", 4: "vec4<f32>"}
        interface.output(self.output.tensor, element=kind[width])
        if self.pooled:
            interface.output(self.pooled.tensor, "pooled", kind[pooled_width])

    def packed_weights(self, block: int) -> Tensor:
        """Weights as [block of outputs][channel][tap][output of the block], then the biases."""
        s = self.shape
        inner = s.channels // s.groups * s.kernel[0] * s.kernel[1]
        outputs = -(-s.outputs // block) * block
        whole = -(-outputs * (inner + 1) // 4) * 4

        def pack(target: Tensor) -> None:
            interface = Interface()
            element = interface.function(self.weights)
            bias = f"{interface.function(self.bias)}(at)" if self.bias is not None else "0.0"
            interface.output(target)
            groups, row = self.builder.rows(whole)
            constants: Constants = {
                "OUTPUTS": s.outputs,
                "INNER": inner,
                "BLOCK": block,
                "COUNT": whole,
                "ROW": row,
                "Number": self.types["Number"],
            }
            parts = [
                f"fn element(at: u32) -> f32 {{ return {element}(at); }}",
                f"fn bias(at: u32) -> f32 {{ return {bias}; }}",
            ]
            self.builder.call("conv_weights", constants, interface, groups, "pack", once=self.constant, parts=parts)

        key = ("conv", self.weights.tensor, self.bias and self.bias.tensor, block)
        return self.builder.packed(key, whole, pack, half=self.halves).tensor

    def biases(self) -> Tensor:
        """The biases as float32; zeros where there are none."""
        s, bias = self.shape, self.bias
        if bias is not None and not bias.packed and not bias.tensor.half:
            return bias.tensor
        value = bias or Computed((s.outputs,), (), lambda names: "return 0.0;")
        key = ("bias", bias.tensor if bias else s.outputs)
        return self.builder.packed(
            key, s.outputs, lambda target: self.builder.fill(target, value, self.constant)
        ).tensor
