"""Where onnxruntime keeps the step that makes a model ready to be quantised."""

from .quantize import for_a_desk

__all__ = ["quant_pre_process"]

quant_pre_process = for_a_desk
