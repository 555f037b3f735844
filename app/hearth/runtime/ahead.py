"""A model's kernels, compiled while its weights are still on their way."""

from __future__ import annotations

from hearth.errors import HearthError
from hearth.runtime import model_file
from hearth.runtime.deciding import deciding_inputs
from hearth.runtime.ops.registry import MISFITS
from hearth.runtime.passes import in_floats
from hearth.runtime.plan import make_plan
from hearth.runtime.types import TensorType


def compile_ahead(head: bytes, tolerance: float = 0.0) -> bool:
    """Starts to compile what a session over this model will need on the GPU; whether there is anything to compile.

    `head` is the start of a flat model file, with its whole header; `tolerance` is the session's. What is wrong with
    the model the session will say, when it is all there.
    """
    from hearth.runtime.webgpu import WebGPUExecutor

    try:
        executor = WebGPUExecutor()
        graph = model_file.loads_head(head)
        static = all(isinstance(kind, TensorType) and kind.static for kind in graph.inputs.values())
        if not static or deciding_inputs(graph):
            return False  # known with the first feeds
        executor.begin(make_plan(in_floats(graph), tolerance))
    except (HearthError, *MISFITS):
        return False
    return True
