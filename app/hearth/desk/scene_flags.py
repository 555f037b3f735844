"""The flags of `hearth cutout` that say what the finished picture looks like and how it is written."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast, get_args

from hearth.errors import BadInput, HearthError
from hearth.tools.cutout.output import SUFFIXES, Format, Output, Show
from hearth.tools.cutout.photo import Photo, read
from hearth.tools.cutout.scene import SIZES, Background, Frame, Scene, Shadow

_FORMATS: tuple[Format, ...] = ("png", "jpeg", "webp")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds them, in two groups; `scene_of` and `output_of` read them."""
    look = parser.add_argument_group("the finished picture")
    look.add_argument(
        "--background",
        metavar="WHAT",
        help="'#fff', '#fff,#c0ffee' (a gradient; ',45' adds its angle, ',radial' its kind), 'blur', 'blur:4' "
        "(percent of the long side), or a picture file",
    )
    look.add_argument("--fit", choices=["fill", "fit"], default="fill", help="how a picture behind is laid")
    look.add_argument(
        "--light-wrap", metavar="PERCENT", type=_percent, default=0.0, help="background light over the edges"
    )
    look.add_argument("--shadow", nargs="?", const="drop", choices=["drop", "floor"], help="default: drop")
    look.add_argument("--shadow-offset", metavar="X,Y", type=_pair, help="percent of the long side")
    look.add_argument("--shadow-blur", metavar="PERCENT", type=_percent, help="of the long side")
    look.add_argument("--shadow-opacity", metavar="PERCENT", type=_percent)
    look.add_argument("--shadow-colour", metavar="COLOUR", help="default: '#000'")
    look.add_argument(
        "--crop", nargs="?", const=0.05, metavar="PERCENT", type=_percent, help="to the subject, with a margin (5)"
    )
    look.add_argument("--aspect", metavar="W:H", default="", help="such as 4:5")
    look.add_argument("--size", default="", metavar="SIZE", help=f"WxH in pixels, or one of {', '.join(SIZES)}")
    look.add_argument("--flip", action="store_true", help="left and right change places")
    look.add_argument("--straighten", metavar="DEGREES", type=float, default=0.0, help="clockwise")
    file = parser.add_argument_group("the file")
    file.add_argument("--format", choices=_FORMATS, help="default: as OUT ends, else png")
    file.add_argument("--quality", type=int, default=90, help="of JPEG and WebP, 1 to 100; a WebP of 100 is lossless")
    file.add_argument("--only", choices=get_args(Show), default="cutout", help="what is written (default: cutout)")


def scene_of(arguments: argparse.Namespace) -> tuple[Scene, Path | None]:
    """The scene, and the file of the picture behind, if there is one. Raises BadInput."""
    background, picture = _background(arguments.background or "")
    given = {
        "x": arguments.shadow_offset and arguments.shadow_offset[0],
        "y": arguments.shadow_offset and arguments.shadow_offset[1],
        "blur": arguments.shadow_blur,
        "opacity": arguments.shadow_opacity,
        "colour": arguments.shadow_colour,
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    if wanted and not arguments.shadow:
        raise BadInput("--shadow-... says what a shadow looks like; ask for one with --shadow.")
    margin = {} if arguments.crop is None else {"margin": arguments.crop}
    return Scene(
        Background(**background, fit=arguments.fit, wrap=arguments.light_wrap),
        Shadow(arguments.shadow or "none", **wanted),
        Frame(
            flip=arguments.flip,
            straighten=arguments.straighten,
            crop=arguments.crop is not None,
            aspect=arguments.aspect,
            size=arguments.size,
            **margin,
        ),
    ), picture


def output_of(arguments: argparse.Namespace) -> Output:
    """The format is the one asked for, else the one that the output's name ends with. Raises BadInput."""
    ending = Path(arguments.output or "").suffix.lower().replace(".jpeg", ".jpg")
    by_name = next((kind for kind in _FORMATS if SUFFIXES[kind] == ending), "png")
    show = "mask" if arguments.mask_only else arguments.only
    return Output(cast(Format, arguments.format or by_name), cast(Show, show), arguments.quality)


def picture_behind(file: Path, bytes_of: Callable[[Path], bytes]) -> Photo:
    """The picture for the background. Raises BadInput, so that no photo is begun without it."""
    try:
        return read(bytes_of(file))
    except (HearthError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadInput(f"--background {file}: {reason}") from error


def _background(text: str) -> tuple[dict[str, Any], Path | None]:
    if not text or text == "none":
        return {}, None
    if match := re.fullmatch(r"blur(?::(\d+(?:\.\d+)?))?", text):
        share = {"blur": float(match[1]) / 100} if match[1] else {}
        return {"kind": "blur", **share}, None
    if not text.startswith("#"):
        return {"kind": "picture"}, Path(text)
    first, *rest = text.split(",")
    if not rest:
        return {"kind": "colour", "colour": first}, None
    second, *how = rest
    shape: dict[str, Any] = {}
    for word in how:
        if word == "radial":
            shape["shape"] = "radial"
        elif re.fullmatch(r"-?\d+(\.\d+)?", word):
            shape["angle"] = float(word)
        else:
            raise BadInput(f"--background {text}: {word!r} is neither an angle in degrees nor 'radial'.")
    return {"kind": "gradient", "colour": first, "second": second, **shape}, None


def _percent(text: str) -> float:
    try:
        return float(text.removesuffix("%")) / 100
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of percent") from None


def _pair(text: str) -> tuple[float, float]:
    try:
        x, y = (_percent(part) for part in text.split(","))
    except (ValueError, argparse.ArgumentTypeError):
        raise argparse.ArgumentTypeError(f"{text!r} is no pair such as 2,3") from None
    return x, y
