"""Converters to standard ONNX, one module a format, each with `to_onnx(data: bytes) -> onnx.ModelProto`."""
