"""The executor on SIMD kernels: WebAssembly in the page, native code on the desk."""

from hearth.runtime.wasm.executor import WasmExecutor

__all__ = ["WasmExecutor"]
