"""Not here: importing it says what to do instead."""

raise ImportError(
    "Converting and checking model files is work for a desk, with onnxruntime itself. What it makes there runs here."
)
