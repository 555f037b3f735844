"""The three small models that onnxruntime's documentation runs, made anew with the same names and numbers."""

from pathlib import Path


def get_example(name: str) -> str:
    """The path of `mul_1.onnx`, `sigmoid.onnx` or `logreg_iris.onnx`. FileNotFoundError for other names."""
    path = Path(__file__).parent.absolute() / name
    if not path.exists():
        raise FileNotFoundError(f"Unable to find example '{name}'")
    return str(path)
