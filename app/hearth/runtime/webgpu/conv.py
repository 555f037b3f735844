"""Convolutions as kernels."""

from __future__ import annotations

from collections.abc import Sequence

from hearth.runtime.webgpu.builder import Builder
from hearth.runtime.webgpu.epilogue import Epilogue, declare_finish, epilogue_tensors
from hearth.runtime.webgpu.sources import Source, declare_fetch, declare_window, sources
from hearth.runtime.webgpu.tiles import Choice, ConvShape, Gemm, General, Staged, Unstaged, Winograd
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
        self.output = builder.new((shape.batch, shape.outputs, *shape.size))
        self.pooled = (
            builder.new((shape.batch, shape.outputs, shape.size[0] // 2, shape.size[1] // 2)) if pooled else None
        )
        self.others = 2 + epilogue_tensors(epilogue) + pooled

    def emit(self, choice: Choice) -> None:
        """Adds the kernels of a choice."""
        match choice:
            case Winograd():
                self._winograd(choice)
            case Staged():
                self._staged(choice)
            case Unstaged():
                self._unstaged(choice)
            case General():
                self._general(choice)

    def _label(self, kind: str) -> str:
        s = self.shape
        kernel = f"{s.kernel[0]}x{s.kernel[1]}"
        extra = "".join(f" {name}{value}" for name, value in (("g", s.groups), ("d", s.dilations[0]), ("s", s.strides[1])) if value > 1)
        return f"{kind} {s.size[0]}x{s.size[1]} {s.channels}->{s.outputs} {kernel}{extra}"

    def _doubling(self, rows: int, columns: int) -> bool:
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

    def _results(self, interface: Interface, width: int, pooled_width: int) -> None:
        kind = {1: "f32", 2: "vec2<f32>", 4: "vec4<f32>"}
        interface.output(self.output.tensor, element=kind[width])
        if self.pooled:
            interface.output(self.pooled.tensor, "pooled", kind[pooled_width])

    def _packed(self, block: int) -> Tensor:
        """Weights as [block of outputs][channel][tap][output of the block], then the biases."""
        s = self.shape
        taps = s.kernel[0] * s.kernel[1]
        channels = s.channels // s.groups
        blocks = -(-s.outputs // block)
        padded = block if block > 1 else 1
        body = blocks * channels * taps * padded
        whole = -(-(body + blocks * padded) // 4) * 4

        def pack(target: Tensor) -> None:
            parts: list[Value] = [self.weights]
            if self.bias is not None:
                parts.append(self.bias)

            def text(names: Sequence[str]) -> str:
                bias = f"{names[1]}(at - {body}u)" if self.bias is not None else "0.0"
                output = f"(at / {padded * channels * taps}u) * {padded}u + at % {padded}u"
                inner = f"(at / {padded}u) % {channels * taps}u"
                return (
                    f"if (at >= {body}u) {{ if (at - {body}u < {s.outputs}u) {{ return {bias}; }} return 0.0; }} "
                    f"let o = {output}; if (o >= {s.outputs}u) {{ return 0.0; }} "
                    f"return {names[0]}(o * {channels * taps}u + {inner});"
                )

            self.builder.fill(target, Computed((whole,), tuple(parts), text))

        key = ("conv", self.weights.tensor, self.bias and self.bias.tensor, block)
        return self.builder.packed(key, whole, pack).tensor

    def _unstaged(self, choice: Unstaged) -> None:
        s, side = self.shape, choice.side
        rows, columns = ((side - 1) * s.strides[axis] + s.kernel[axis] for axis in (0, 1))
        parts = sources(self.builder, self.value, doubling=self._doubling(rows, columns), others=self.others)
        interface = Interface()
        patch = declare_window(interface, parts, *s.in_size, rows, columns, s.dilations)
        kind = "vec4<f32>" if choice.thread_c > 1 else "f32"
        weights = interface.array(self._packed(choice.thread_c), kind)
        finish = declare_finish(interface, self.epilogue, self.output.shape)
        self._results(interface, 1, 1)
        channels = s.channels // s.groups
        unroll = choice.unroll if channels % (choice.split * choice.unroll) == 0 else 1
        constants: Constants = {
            "BATCHES": s.batch,
            "CHANNELS": channels,
            "OUTPUTS": s.outputs,
            "GROUP_OUTPUTS": s.outputs // s.groups,
            "HEIGHT": s.size[0],
            "WIDTH": s.size[1],
            "KERNEL_H": s.kernel[0],
            "KERNEL_W": s.kernel[1],
            "STRIDE_Y": s.strides[0],
            "STRIDE_X": s.strides[1],
            "PAD_TOP": s.pads[0],
            "PAD_LEFT": s.pads[1],
            "SIDE": side,
            "THREAD_C": choice.thread_c,
            "PIXELS": choice.pixels,
            "SPLIT": choice.split,
            "UNROLL": unroll,
            "POOL": self.pooled is not None,
        }
        places = -(-s.size[0] // side) * -(-s.size[1] // side)
        groups = (-(-places // choice.pixels), -(-s.outputs // choice.thread_c), s.batch)
        self._call("conv_unstaged", constants, interface, groups, [patch, finish], weights)

    def _call(
        self,
        kernel: str,
        constants: Constants,
        interface: Interface,
        groups: tuple[int, int, int],
        parts: list[str],
        weights: str,
    ) -> None:
        self.builder.call(
            kernel,
            constants,
            interface,
            groups,
            self._label(kernel.removeprefix("conv_")),
            flops=self.shape.flops,
            parts=parts,
            names={"weights": weights},
        )

    def _staged(self, choice: Staged) -> None:
        s = self.shape
        doubling = self._doubling(2, 2)
        parts = sources(self.builder, self.value, doubling=doubling, others=self.others)
        interface = Interface()
        fetch = declare_fetch(interface, parts, *s.in_size)
        weights = interface.array(self._packed(choice.block_c), "vec4<f32>")
        width = 4 if s.size[1] % 4 == 0 else 1
        finish = declare_finish(interface, self.epilogue, self.output.shape, width)
        self._results(interface, width, 2)
        patch = (choice.block_h + (s.kernel[0] - 1) * s.dilations[0]) * (choice.block_w + (s.kernel[1] - 1) * s.dilations[1])
        constants: Constants = {
            "CHANNELS": s.channels,
            "OUTPUTS": s.outputs,
            "HEIGHT": s.size[0],
            "WIDTH": s.size[1],
            "KERNEL_H": s.kernel[0],
            "KERNEL_W": s.kernel[1],
            "DILATION_Y": s.dilations[0],
            "DILATION_X": s.dilations[1],
            "PAD_TOP": s.pads[0],
            "PAD_LEFT": s.pads[1],
            "BLOCK_C": choice.block_c,
            "BLOCK_H": choice.block_h,
            "BLOCK_W": choice.block_w,
            "THREAD_C": choice.thread_c,
            "THREAD_H": choice.thread_h,
            "CHUNK": choice.chunk,
            "SPLIT": choice.split,
            "FETCH_GROUPS": _fetch_groups(patch, choice.chunk * choice.split, choice.invocations),
            "POOL": self.pooled is not None,
        }
        blocks = -(-s.outputs // choice.block_c)
        groups = (-(-s.size[1] // choice.block_w), -(-s.size[0] // choice.block_h), blocks * s.batch)
        self._call("conv_staged", constants, interface, groups, [fetch, finish], weights)

    def _general(self, choice: General) -> None:
        s = self.shape
        value = self.value if isinstance(self.value, Stored) else self.builder.store(self.value)
        interface = Interface()
        element = interface.function(value)
        kind = "vec4<f32>" if choice.thread_c > 1 else "f32"
        weights = interface.array(self._packed(choice.thread_c), kind)
        finish = declare_finish(interface, self.epilogue, self.output.shape)
        self._results(interface, 1, 1)
        constants: Constants = {
            "CHANNELS": s.channels // s.groups,
            "ALL_CHANNELS": s.channels,
            "OUTPUTS": s.outputs,
            "GROUP_OUTPUTS": s.outputs // s.groups,
            "IN_HEIGHT": s.in_size[0],
            "IN_WIDTH": s.in_size[1],
            "HEIGHT": s.size[0],
            "WIDTH": s.size[1],
            "KERNEL_H": s.kernel[0],
            "KERNEL_W": s.kernel[1],
            "STRIDE_Y": s.strides[0],
            "STRIDE_X": s.strides[1],
            "DILATION_Y": s.dilations[0],
            "DILATION_X": s.dilations[1],
            "PAD_TOP": s.pads[0],
            "PAD_LEFT": s.pads[1],
            "THREAD_C": choice.thread_c,
            "PIXELS": choice.pixels,
            "SPLIT": choice.split,
        }
        groups = (-(-s.size[0] * s.size[1] // choice.pixels), -(-s.outputs // choice.thread_c), s.batch)
        parts = [f"fn element(at: u32) -> f32 {{ return {element}(at); }}", finish]
        self._call("conv_general", constants, interface, groups, parts, weights)

    def _winograd(self, choice: Winograd) -> None:
        s, builder = self.shape, self.builder
        stored = -(-s.tiles[2] // 4) * 4
        parts = sources(builder, self.value, doubling=self._doubling(6, 6), others=1)
        spectrum = self._winograd_input(parts, stored)
        products = self._winograd_products(choice.gemm, spectrum, stored)
        self._winograd_output(products, stored)

    def _winograd_constants(self) -> dict[str, int | float | bool]:
        rows, columns, _ = self.shape.tiles
        return {
            "DILATION": self.shape.dilations[0],
            "TILES_Y": rows,
            "TILES_X": columns,
            "BATCHES": self.shape.batch,
        }

    def _winograd_input(self, parts: list[Source], stored: int) -> Tensor:
        s, builder = self.shape, self.builder
        interface = Interface()
        window = declare_window(interface, parts, *s.in_size, 6, 6, s.dilations)
        spectrum = builder.tensor(36 * s.channels * stored)
        interface.output(spectrum)
        groups, row = builder.rows(s.channels * stored)
        constants = self._winograd_constants()
        constants |= {"CHANNELS": s.channels, "PAD_TOP": s.pads[0], "PAD_LEFT": s.pads[1], "ROW": row}
        label = self._label("winograd-in")
        builder.call("winograd_input", constants, interface, groups, label, parts=[window])
        return spectrum

    def _winograd_products(self, gemm: Gemm, spectrum: Tensor, stored: int) -> Tensor:
        s, builder = self.shape, self.builder
        products = builder.tensor(36 * s.outputs * stored)
        interface = Interface()
        names = {
            "a": interface.array(self._winograd_weights(), "vec4<f32>"),
            "b": interface.array(spectrum, "vec4<f32>"),
        }
        interface.output(products, element="vec4<f32>")
        builder.call(
            "gemm",
            {
                "M": s.outputs,
                "N": stored,
                "K": s.channels,
                "BLOCK_M": gemm.block_m,
                "BLOCK_N": gemm.block_n,
                "BLOCK_K": gemm.block_k,
                "THREAD_M": gemm.thread_m,
                "THREAD_N": gemm.thread_n,
                "SPLIT": gemm.split,
                "UNROLL": gemm.unroll,
            },
            interface,
            (-(-stored // gemm.block_n), s.outputs // gemm.block_m, 36),
            self._label("winograd-gemm"),
            flops=s.flops,
            names=names,
        )
        return products

    def _winograd_output(self, products: Tensor, stored: int) -> None:
        s, builder = self.shape, self.builder
        interface = Interface()
        width = 4 if s.dilations[0] == 1 and s.size[1] % 4 == 0 else 1
        names = {"products": interface.array(products), "bias": interface.array(self._biases())}
        finish = declare_finish(interface, self.epilogue, self.output.shape, width)
        self._results(interface, width, 1)
        groups, row = builder.rows(s.outputs * stored)
        constants = self._winograd_constants()
        constants |= {"OUTPUTS": s.outputs, "HEIGHT": s.size[0], "WIDTH": s.size[1], "ROW": row}
        constants["POOL"] = self.pooled is not None
        label = self._label("winograd-out")
        builder.call("winograd_output", constants, interface, groups, label, parts=[finish], names=names)

    def _biases(self) -> Tensor:
        """The biases as float32; zeros where there are none."""
        s, bias = self.shape, self.bias
        if bias is not None and bias.kind == "f32":
            return bias.tensor
        value = bias or Computed((s.outputs,), (), lambda names: "return 0.0;")
        key = ("bias", bias.tensor if bias else s.outputs)
        return self.builder.packed(
            key, s.outputs, lambda target: self.builder.fill(target, value)
        ).tensor

    def _winograd_weights(self) -> Tensor:
        s = self.shape

        def pack(target: Tensor) -> None:
            interface = Interface()
            element = interface.function(self.weights)
            interface.output(target)
            groups, row = self.builder.rows(s.channels * s.outputs)
            self.builder.call(
                "winograd_weights",
                {"CHANNELS": s.channels, "OUTPUTS": s.outputs, "ROW": row},
                interface,
                groups,
                "winograd weights",
                once=True,
                parts=[f"fn element(at: u32) -> f32 {{ return {element}(at); }}"],
            )

        return self.builder.packed(("winograd", self.weights.tensor), 36 * s.channels * s.outputs, pack).tensor


def _fetch_groups(patch: int, staged: int, invocations: int) -> int:
    """Into how many groups the fetching invocations are best split: the fewest turns, then the fewest places to keep."""
    options = [n for n in (1, 2, 3, 4, 6, 8, 16, 32, 64) if staged % n == 0 and invocations % n == 0]
    turns = {n: -(-patch // (invocations // n)) for n in options}
    return min(options, key=lambda n: (turns[n] * (staged // n), turns[n]))
