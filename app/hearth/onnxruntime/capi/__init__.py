"""Where onnxruntime keeps its compiled half; here only the names that clients import from there."""
