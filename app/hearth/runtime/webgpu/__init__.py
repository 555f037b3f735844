"""The WebGPU executor: a plan lowered to WGSL kernels, played by the page's `gpu.js` or, on a desk, by wgpu."""

from hearth.runtime.webgpu.executor import WebGPUExecutor

__all__ = ["WebGPUExecutor"]
