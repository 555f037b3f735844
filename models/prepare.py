"""Makes the models of the catalogue ready: fetch, convert to ONNX where needed, check, compile.

    python -m models.prepare            # all that the site serves
    python -m models.prepare u2net      # these; prints the path of each prepared file

Run in the root of the checkout. What is there and unchanged is not made again.
"""

import argparse
import importlib
import sys
from pathlib import Path

import onnx

from hearth.desk import models
from hearth.desk.fetch import Cache
from hearth.desk.made import key_of, made
from hearth.errors import HearthError


def prepare(model_id: str) -> Path:
    """The compiled file of a model, `build/models/<id>.hearth`."""
    model = models.find(model_id)
    return models.compiled(model, lambda: fetch_onnx(model_id), _conversion(model), check=onnx.checker.check_model)


def fetch_onnx(model_id: str) -> Path:
    """The model as a standard ONNX file: its authors' own, or converted (`build/models/onnx/<id>.onnx`)."""
    model = models.find(model_id)
    if model.source.format == "onnx":
        return Cache().get(model.source.pinned())

    def convert(new: Path) -> None:
        source = Cache().get(model.source.pinned())
        print(f"Converting {model_id} from {model.source.format} to ONNX", file=sys.stderr)
        # One module a format, imported late: each needs a package of its own.
        converter = importlib.import_module(f"models.convert.{model.source.format}")
        onnx.save(converter.to_onnx(source.read_bytes()), new)

    return made(models.folder() / "onnx" / f"{model_id}.onnx", _conversion(model), convert)


def _conversion(model: models.Model) -> str:
    """Changes whenever the ONNX file of a model might; empty where that is the authors' own."""
    if model.source.format == "onnx":
        return ""
    converters = sorted((Path(__file__).parent / "convert").glob("*.py"))
    return key_of(model.source.sha256, model.source.format, onnx.__version__, *converters)


def main() -> int:
    parser = argparse.ArgumentParser(description="Fetches, converts and compiles models of the catalogue.")
    parser.add_argument("model", nargs="*", help="ids; all that the site serves when left out")
    wanted = parser.parse_args().model or [model.id for model in models.catalogue().values() if model.served]
    try:
        for model_id in wanted:
            print(prepare(model_id))
    except HearthError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
