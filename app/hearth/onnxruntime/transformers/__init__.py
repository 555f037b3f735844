"""Not here: importing it says what to do instead."""

raise ImportError(
    "Rewriting the graphs of transformers is work for a desk, with onnxruntime itself. What it makes there runs here."
)
