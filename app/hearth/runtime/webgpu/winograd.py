"""Convolutions by Winograd's F(4x4, 3x3)."""

from __future__ import annotations

from hearth.runtime.webgpu.conv import Convolution
from hearth.runtime.webgpu.epilogue import declare_finish
from hearth.runtime.webgpu.sources import Source, declare_window, sources
from hearth.runtime.webgpu.tiles import Gemm, Winograd
from hearth.runtime.webgpu.values import Interface, Tensor


def emit_winograd(task: Convolution, choice: Winograd) -> None:
    """Input transform, 36 matrix products, output transform."""
    s, builder = task.shape, task.builder
    stored = -(-s.tiles[2] // 4) * 4
    parts = sources(builder, task.value, doubling=task.doubling(6, 6), others=1)
    spectrum = _input(task, parts, stored)
    products = _products(task, choice.gemm, spectrum, stored)
    _output(task, products, stored)


def _constants(task: Convolution) -> dict[str, int | float | bool | str]:
    rows, columns, _ = task.shape.tiles
    return {
        "DILATION": task.shape.dilations[0],
        "TILES_Y": rows,
        "TILES_X": columns,
        "BATCHES": task.shape.batch,
    }


def _input(task: Convolution, parts: list[Source], stored: int) -> Tensor:
    s, builder = task.shape, task.builder
    interface = Interface()
    window = declare_window(interface, parts, *s.in_size, 6, 6, s.dilations)
    spectrum = builder.tensor(36 * s.channels * stored, half=task.halves)
    interface.output(spectrum)
    groups, row = builder.rows(s.channels * stored)
    constants = _constants(task)
    constants |= {"CHANNELS": s.channels, "PAD_TOP": s.pads[0], "PAD_LEFT": s.pads[1], "ROW": row}
    constants["Number"] = task.types["Number"]
    label = task.label("winograd-in")
    builder.call("winograd_input", constants, interface, groups, label, parts=[window])
    return spectrum


def _products(task: Convolution, gemm: Gemm, spectrum: Tensor, stored: int) -> Tensor:
    s, builder = task.shape, task.builder
    products = builder.tensor(36 * s.outputs * stored, half=task.halves)
    interface = Interface()
    names = {
        "a": interface.array(_weights(task), "vec4<f32>"),
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
            "HALVES": task.halves,
            "Number": task.types["Number"],
        },
        interface,
        (-(-stored // gemm.block_n), s.outputs // gemm.block_m, 36),
        task.label("winograd-gemm"),
        flops=s.flops,
        names=names,
    )
    return products


def _output(task: Convolution, products: Tensor, stored: int) -> None:
    s, builder = task.shape, task.builder
    interface = Interface()
    width = 4 if s.dilations[0] == 1 and s.size[1] % 4 == 0 else 1
    names = {"products": interface.array(products), "bias": interface.array(task.biases())}
    finish = declare_finish(interface, task.epilogue, task.output.shape, width)
    task.results(interface, width, 1)
    groups, row = builder.rows(s.outputs * stored)
    constants = _constants(task)
    constants |= {"OUTPUTS": s.outputs, "HEIGHT": s.size[0], "WIDTH": s.size[1], "ROW": row}
    constants |= {"POOL": task.pooled is not None, "Result": task.types["Result"]}
    label = task.label("winograd-out")
    builder.call("winograd_output", constants, interface, groups, label, parts=[finish], names=names)


def _weights(task: Convolution) -> Tensor:
    s = task.shape

    def pack(target: Tensor) -> None:
        interface = Interface()
        element = interface.function(task.weights)
        interface.output(target)
        groups, row = task.builder.rows(s.channels * s.outputs)
        task.builder.call(
            "winograd_weights",
            {"CHANNELS": s.channels, "OUTPUTS": s.outputs, "ROW": row, "Number": task.types["Number"]},
            interface,
            groups,
            "winograd weights",
            once=True,
            parts=[f"fn element(at: u32) -> f32 {{ return {element}(at); }}"],
        )

    key = ("winograd", task.weights.tensor)
    return task.builder.packed(key, 36 * s.channels * s.outputs, pack, half=task.halves).tensor
