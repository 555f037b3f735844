"""The calls of onnxruntime's quantisation tools: making quantised models is work for a desk, and a call says so."""

from typing import Any, NoReturn

__all__ = ["quantize", "quantize_dynamic", "quantize_static"]


def for_a_desk(*_: Any, **__: Any) -> NoReturn:
    raise NotImplementedError("Models are not quantised here: do it with onnxruntime on a desk, and run the result.")


quantize = quantize_static = quantize_dynamic = for_a_desk
