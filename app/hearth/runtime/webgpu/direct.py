"""Convolutions computed directly: three kernels that differ in what they keep in workgroup memory."""

from __future__ import annotations

from hearth.runtime.webgpu.conv import Convolution
from hearth.runtime.webgpu.epilogue import declare_finish
from hearth.runtime.webgpu.sources import declare_fetch, declare_window, sources
from hearth.runtime.webgpu.tiles import General, Staged, Unstaged
from hearth.runtime.webgpu.values import Interface, Stored
from hearth.runtime.webgpu.wgsl import Constants


def emit_unstaged(task: Convolution, choice: Unstaged) -> None:
    """Straight from memory."""
    s, side = task.shape, choice.side
    rows, columns = ((side - 1) * s.strides[axis] + s.kernel[axis] for axis in (0, 1))
    parts = sources(task.builder, task.value, doubling=task.doubling(rows, columns), others=task.others)
    interface = Interface()
    patch = declare_window(interface, parts, *s.in_size, rows, columns, s.dilations)
    kind = "vec4<f32>" if choice.thread_c > 1 else "f32"
    weights = interface.array(task.packed_weights(choice.thread_c), kind)
    finish = declare_finish(interface, task.epilogue, task.output.shape)
    task.results(interface, 1, 1)
    channels = s.channels // s.groups
    unroll = choice.unroll if channels % (choice.split * choice.unroll) == 0 else 1
    constants: Constants = {
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
        "Result": task.types["Result"],
        "PIXELS": choice.pixels,
        "SPLIT": choice.split,
        "UNROLL": unroll,
        "POOL": task.pooled is not None,
    }
    places = -(-s.size[0] // side) * -(-s.size[1] // side)
    groups = (-(-places // choice.pixels), -(-s.outputs // choice.thread_c), s.batch)
    _call(task, "conv_unstaged", constants, interface, groups, [patch, finish], weights)


def _call(
    task: Convolution,
    kernel: str,
    constants: Constants,
    interface: Interface,
    groups: tuple[int, int, int],
    parts: list[str],
    weights: str,
) -> None:
    task.builder.call(
        kernel,
        constants,
        interface,
        groups,
        task.label(kernel.removeprefix("conv_")),
        flops=task.shape.flops,
        parts=parts,
        names={"weights": weights},
    )


def emit_staged(task: Convolution, choice: Staged) -> None:
    """Over patches in workgroup memory."""
    s = task.shape
    doubling = task.doubling(2, 2)
    parts = sources(task.builder, task.value, doubling=doubling, others=task.others)
    interface = Interface()
    fetch = declare_fetch(interface, parts, *s.in_size)
    weights = interface.array(task.packed_weights(choice.block_c), "vec4<f32>")
    width = 4 if s.size[1] % 4 == 0 else 1
    finish = declare_finish(interface, task.epilogue, task.output.shape, width)
    task.results(interface, width, 2)
    patch = (choice.block_h + (s.kernel[0] - 1) * s.dilations[0]) * (
        choice.block_w + (s.kernel[1] - 1) * s.dilations[1]
    )
    constants: Constants = {
        "HALVES": task.halves,
        "Number": task.types["Number"],
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
        "Result": task.types["Result"],
        "THREAD_H": choice.thread_h,
        "CHUNK": choice.chunk,
        "SPLIT": choice.split,
        "FETCH_GROUPS": _fetch_groups(patch, choice.chunk * choice.split, choice.invocations),
        "POOL": task.pooled is not None,
    }
    blocks = -(-s.outputs // choice.block_c)
    groups = (-(-s.size[1] // choice.block_w), -(-s.size[0] // choice.block_h), blocks * s.batch)
    _call(task, "conv_staged", constants, interface, groups, [fetch, finish], weights)


def emit_general(task: Convolution, choice: General) -> None:
    """With a kernel of any size."""
    s = task.shape
    value = task.value if isinstance(task.value, Stored) else task.builder.store(task.value)
    interface = Interface()
    element = interface.function(value)
    kind = "vec4<f32>" if choice.thread_c > 1 else "f32"
    weights = interface.array(task.packed_weights(choice.thread_c), kind)
    finish = declare_finish(interface, task.epilogue, task.output.shape)
    task.results(interface, 1, 1)
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
        "Result": task.types["Result"],
        "PIXELS": choice.pixels,
        "SPLIT": choice.split,
    }
    groups = (-(-s.size[0] * s.size[1] // choice.pixels), -(-s.outputs // choice.thread_c), s.batch)
    parts = [f"fn element(at: u32) -> f32 {{ return {element}(at); }}", finish]
    _call(task, "conv_general", constants, interface, groups, parts, weights)


def _fetch_groups(patch: int, staged: int, invocations: int) -> int:
    """Into how many groups the fetching invocations are best split: the fewest turns, then the fewest places."""
    options = [n for n in (1, 2, 3, 4, 6, 8, 16, 32, 64) if staged % n == 0 and invocations % n == 0]
    turns = {n: -(-patch // (invocations // n)) for n in options}
    return min(options, key=lambda n: (turns[n] * (staged // n), turns[n]))
