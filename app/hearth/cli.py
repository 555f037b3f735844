"""The command line: `hearth cutout photo.jpg`, `hearth analyse song.flac`, `hearth models`.

Exit codes: 0 all done; 2 something was not, and a line on stderr says what and why; 130 stopped by Ctrl-C.
Paths that were written go to stdout, everything else to stderr.
"""

import argparse
import asyncio
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from itertools import count, takewhile
from pathlib import Path
from typing import IO, Any

import numpy as np

from hearth import __version__
from hearth.desk import analyse, models
from hearth.desk.scene_flags import add_flags, output_of, picture_behind, scene_of
from hearth.errors import BadImage, BadSound, HearthError, NoSubject, TooLarge
from hearth.runtime import InferenceSession
from hearth.tools.cutout import Options, Pipeline, Preparation, read
from hearth.tools.cutout.output import Finished, file_name
from hearth.words import english

_SHARES = {"read": 0.1, "prepare": 0.05, "predict": 0.55, "refine": 0.1, "colours": 0.02, "write": 0.18}
"""How much of the bar each stage takes, as it is for 12 megapixels."""

_LARGEST_FILE = 1 << 30  # bytes; the largest photo that is taken has some 400 million, uncompressed


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    # A stream that the caller has closed is None in Python.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    arguments = _parser().parse_args(argv)
    warnings.filterwarnings("ignore", module="PIL")  # what matters in them becomes an error or a note
    try:
        return int(arguments.run(arguments))
    except HearthError as error:
        _say(str(error))
        return 2
    except KeyboardInterrupt:
        _say("Stopped.")
        return 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        _say(f"{message} (see {self.prog} --help)")
        sys.exit(2)

    def _print_message(self, message: str, file: Any = None) -> None:
        _print(message.rstrip("\n"), file or sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="hearth", description="AI tools that stay home.")
    parser.add_argument("--version", action="version", version=f"hearth {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    cutout = commands.add_parser("cutout", help="remove the background of photos")
    cutout.add_argument("inputs", nargs="+", metavar="IN", type=_named, help="photos: PNG, JPEG, WebP, TIFF, ...")
    cutout.add_argument(
        "-o", "--output", metavar="OUT", help="a file, or a folder for NAME-cutout.png (default: beside IN)"
    )
    of_tool = [model for model in models.catalogue().values() if model.tool == "cutout"]
    default = next((model.id for model in of_tool if model.default), of_tool[0].id)
    cutout.add_argument("--model", default=default, choices=[model.id for model in of_tool], help="see hearth models")
    cutout.add_argument("--executor", choices=["numpy", "wasm", "webgpu"], help="default: the fastest that runs here")
    cutout.add_argument("--mask-only", action="store_true", help="write the alpha alone, as a grey picture")
    cutout.add_argument(
        "--raw-mask", metavar="FILE.npy", help="also save the network's own map, float32 at its own size"
    )
    cutout.add_argument("--no-refine", action="store_true", help="leave the network's mask as it is, only enlarged")
    cutout.add_argument("--look-twice", action="store_true", help="look again, closer, where the subject is small")
    add_flags(cutout)
    cutout.set_defaults(run=_cutout, error=cutout.error)

    hearing = commands.add_parser("analyse", help="hear a track: beats, notes, loudness, spectrum")
    hearing.add_argument("inputs", nargs="+", metavar="IN", type=_named, help="tracks: WAV, FLAC, OGG, MP3, ...")
    hearing.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        action="append",
        help="a .json, .mid or .png file, several times for several of them, or a folder for NAME.json (default: "
        "beside IN)",
    )
    hearing.add_argument("--executor", choices=["numpy", "wasm"], help="default: the fastest that runs here")
    hearing.set_defaults(run=_analyse, error=hearing.error)

    listing = commands.add_parser("models", help="list the models that cutout --model takes")
    listing.add_argument("--all", action="store_true", help="also those that analyse hears with, and of tests")
    listing.set_defaults(run=_models)
    return parser


def _named(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("there is no file named ''")
    return Path(text)


def _models(arguments: argparse.Namespace) -> int:
    for model in models.catalogue().values():
        if model.tool == "cutout" or arguments.all:
            _print(f"{model.id:18} {_size(model):>17}  {model.licence:12} {model.words}", sys.stdout)
    return 0


def _size(model: models.Model) -> str:
    """Of the prepared file, as the page fetches it too; of the package that it is made from while it is not there."""
    file = models.target(model)
    if file.is_file():
        return f"{file.stat().st_size / 1e6:.1f} MB"
    return f"{model.source.archive_bytes / 1e6:.1f} MB to fetch"


def _cutout(arguments: argparse.Namespace) -> int:
    inputs: list[Path] = arguments.inputs
    scene, behind = scene_of(arguments)
    output = output_of(arguments)
    picture = None if behind is None else picture_behind(behind, _bytes_of)
    try:
        outputs = _targets(inputs, arguments.output, file_name("", output).removeprefix("photo"), "--output")
        maps = (
            _targets(inputs, arguments.raw_mask, "-raw.npy", "--raw-mask") if arguments.raw_mask is not None else None
        )
    except ValueError as error:
        arguments.error(str(error))
    options = Options(refine=not arguments.no_refine, look_twice=arguments.look_twice)
    pipeline = cache(lambda: _pipeline(arguments.model, arguments.executor, options))
    failed = False
    for number, source in enumerate(inputs):
        bar = _Bar(source.name, _SHARES)
        try:
            photo = read(_bytes_of(source))
            keep = _saver(maps[number]) if maps else lambda raw: None
            # Awaited because only then does the prediction report how far it is.
            matte = asyncio.run(pipeline().matte_async(photo, bar.show, on_map=keep))
            finished = Finished(matte, None, scene, output, picture)
            _replace(outputs[number], _writer(finished, bar))
        except (BadImage, TooLarge, NoSubject) as error:
            bar.clear()
            _say(f"{source}: {error}")
            failed = True
        except OSError as error:
            bar.clear()
            _say(f"{error.filename or source}: {error.strerror or error}")
            failed = True
        else:
            bar.clear()
            for note in (*matte.notes, *finished.notes):
                _say(f"{source}: {note}")
            _print(str(outputs[number]), sys.stdout)
    return 2 if failed else 0


def _analyse(arguments: argparse.Namespace) -> int:
    inputs: list[Path] = arguments.inputs
    wanted: list[str | None] = arguments.output or [None]
    try:
        suffixes = [_heard_suffix(place) for place in wanted]
        targets = [_targets(inputs, place, suffix, "--output") for place, suffix in zip(wanted, suffixes, strict=True)]
    except ValueError as error:
        arguments.error(str(error))
    networks = cache(lambda: analyse.networks(arguments.executor))
    failed = False
    for number, source in enumerate(inputs):
        bar = _Bar(source.name, analyse.SHARES)
        try:
            heard = analyse.analyse(source, networks(), bar.show)
            for suffix, outputs in zip(suffixes, targets, strict=True):
                _replace(outputs[number], _whole(analyse.WRITERS[suffix](heard)))
        except BadSound as error:
            bar.clear()
            _say(f"{source}: {error}")
            failed = True
        except OSError as error:
            bar.clear()
            _say(f"{error.filename or source}: {error.strerror or error}")
            failed = True
        else:
            bar.clear()
            for remark in heard.remarks:
                _say(f"{source}: {english(remark)}")
            for outputs in targets:
                _print(str(outputs[number]), sys.stdout)
    return 2 if failed else 0


def _heard_suffix(place: str | None) -> str:
    """What to write there. Raises ValueError for an ending that stands for nothing."""
    suffix = Path(place or "").suffix.lower()
    if not suffix or os.path.isdir(place or ""):
        return ".json"
    if suffix not in analyse.WRITERS:
        raise ValueError(f"--output {place}: what is written ends in {', '.join(analyse.WRITERS)}; name it so")
    return suffix


def _pipeline(model_id: str, executor: str | None, options: Options) -> Pipeline:
    model = models.find(model_id)
    assert model.pixels is not None, f"{model_id} is no model for pictures"
    try:
        file = models.path(model_id)
    except OSError as error:
        reason = f"{error.filename or 'the disk'}: {error.strerror or error}"
        raise HearthError(f"The model {model_id!r} could not be prepared: {reason}") from error
    session = InferenceSession(file, executor=executor)
    return Pipeline(session, Preparation(model.input.shape, **asdict(model.pixels)), options)


def _bytes_of(source: Path) -> bytes:
    if source.is_dir():
        raise BadImage(f"This is a folder. Name the photos in it: {source}/*.jpg")
    with source.open("rb") as file:
        if os.fstat(file.fileno()).st_size > _LARGEST_FILE:
            raise TooLarge("This file is larger than 1 GB, which no photo within the limit is.")
        return file.read()


def _targets(inputs: Sequence[Path], wanted: str | None, ending: str, option: str) -> list[Path]:
    """Where the result of each input goes. Raises ValueError when that would overwrite an input or make no sense."""
    suffix = Path("name" + ending).suffix
    folder = file = None
    if wanted is not None:
        place = Path(wanted)
        if not wanted:
            raise ValueError(f"{option}: the name of a file or folder is missing")
        if os.path.isdir(place) or wanted.endswith(("/", os.sep)) or not place.suffix:
            folder = place
        elif place.suffix.lower().replace(".jpeg", ".jpg") != suffix:
            raise ValueError(f"{option} {wanted}: what is written is a {suffix} file; name it so")
        elif len(inputs) > 1:
            raise ValueError(f"{option} {wanted}: {len(inputs)} inputs need a folder to go to")
        else:
            file = place
        nearest = next(path for path in [folder or place.parent, *place.parents] if os.path.exists(path))
        if not os.path.isdir(nearest):
            raise ValueError(f"{option} {wanted}: {nearest} is a file, not a folder")
    sources = {os.path.realpath(source) for source in inputs}
    targets: dict[str, Path] = {}  # the file that it really is -> as it was named
    for source in inputs:
        parent = source.parent if folder is None else folder
        stems = (source.stem + (f"-{n}" if n > 1 else "") for n in count(1))
        target = file or next(
            path for stem in stems if os.path.realpath(path := parent / (stem + ending)) not in targets
        )
        if os.path.realpath(target) in sources:
            raise ValueError(f"{target} is an input and must not be overwritten; choose another {option}")
        targets[os.path.realpath(target)] = target
    return list(targets.values())


def _writer(finished: Finished, bar: "_Bar") -> Callable[[IO[bytes]], None]:
    def write(file: IO[bytes]) -> None:
        for fraction, piece in finished.write():
            file.write(piece)
            bar.show("write", fraction)

    return write


def _whole(content: bytes) -> Callable[[IO[bytes]], int]:
    return lambda file: file.write(content)


def _saver(target: Path) -> Callable[[np.ndarray], None]:
    return lambda raw: _replace(target, lambda file: np.save(file, raw))


def _replace(target: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Writes a file whole or not at all; makes its folder. A link stays one: the file that it points to is written."""
    place = Path(os.path.realpath(target))
    new = place.with_name(f".hearth-{os.getpid()}.new")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with new.open("wb") as file:
            write(file)
        new.replace(place)
    except OSError as error:  # which may name the new file
        raise OSError(error.errno, error.strerror or str(error), str(target)) from error
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def _say(line: str) -> None:
    _print(f"hearth: {line}", sys.stderr)


def _print(line: str, stream: IO[str]) -> None:
    """A line to whoever listens. One who has stopped (`hearth ... | head -1`) does not stop the work."""
    try:
        print(line, file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _Bar:
    """A progress bar on stderr, where that is a terminal."""

    WIDTH = 30

    def __init__(self, name: str, shares: Mapping[str, float]) -> None:
        """`shares`: how much of the time each stage takes, in their order."""
        self.name = name
        self.shares = shares
        self.shown = sys.stderr.isatty()

    def show(self, stage: str, fraction: float) -> None:
        if not self.shown:
            return
        before = sum(self.shares[earlier] for earlier in takewhile(lambda other: other != stage, self.shares))
        total = before + self.shares[stage] * fraction
        bar = "█" * round(total * self.WIDTH)
        print(f"\r{bar:·<{self.WIDTH}} {total:4.0%} {stage:8} {self.name}", end="\033[K", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
