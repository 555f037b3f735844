"""What a person may choose for the finished picture, as plain data with checked values.

Lengths are shares of the finished picture's long side and angles degrees, so that one scene suits photos of any size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, cast, get_args

from hearth.errors import BadInput
from hearth.tools.cutout.scene.sizes import SIZES

Rgb = tuple[int, int, int]

BackgroundKind = Literal["none", "colour", "gradient", "picture", "blur"]
Shape = Literal["linear", "radial"]
Fit = Literal["fill", "fit"]
ShadowKind = Literal["none", "drop", "floor"]

MAX_SIDE = 12_000
"""Pixels a finished picture may have a side when a person names its size."""


@dataclass(frozen=True)
class Background:
    """What stands behind the subject."""

    kind: BackgroundKind = "none"
    colour: str = "#ffffff"
    """#rrggbb in sRGB: of "colour", the start of "gradient", and what shows beside a "picture" that does not fill."""

    second: str = "#c9d6e2"
    """Where a gradient ends."""

    shape: Shape = "linear"
    angle: float = 180.0
    """Of a linear gradient: 0 runs upwards, 90 to the right, 180 downwards, as in CSS."""

    picture: str = ""
    """Of a "picture", which one: its number in the page's store. A desk hands it over by itself."""

    fit: Fit = "fill"
    x: float = 0.5
    y: float = 0.5
    """Which part of an own picture is kept, or where it stands: 0 left or top, 1 right or bottom."""

    blur: float = 0.02
    """Standard deviation of the original's blur."""

    wrap: float = 0.0
    """How much of the background's light falls over the subject's edges, 0 to 1."""

    def __post_init__(self) -> None:
        _one_of(self.kind, BackgroundKind, "background")
        _one_of(self.shape, Shape, "gradient")
        _one_of(self.fit, Fit, "fit")
        rgb(self.colour)
        rgb(self.second)
        if not isinstance(self.picture, str):
            raise BadInput(f"A picture goes by its number, not {self.picture!r}.")
        _within(self.angle, -360, 360, "the gradient's angle")
        _within(self.x, 0, 1, "the picture's place")
        _within(self.y, 0, 1, "the picture's place")
        _within(self.blur, 0.001, 0.2, "the blur")
        _within(self.wrap, 0, 1, "the light wrap")


@dataclass(frozen=True)
class Shadow:
    """The subject's shadow: "drop" falls on a wall behind it, "floor" lies flat where it stands."""

    kind: ShadowKind = "none"
    x: float = 0.015
    y: float = 0.02
    blur: float = 0.015
    """Standard deviation."""

    opacity: float = 0.45
    colour: str = "#000000"

    def __post_init__(self) -> None:
        _one_of(self.kind, ShadowKind, "shadow")
        rgb(self.colour)
        _within(self.x, -1, 1, "the shadow's offset")
        _within(self.y, -1, 1, "the shadow's offset")
        _within(self.blur, 0, 0.2, "the shadow's blur")
        _within(self.opacity, 0, 1, "the shadow's opacity")


@dataclass(frozen=True)
class Frame:
    """Which part of the plane is kept, and at which size. Straightened first, then cropped, then brought to size."""

    flip: bool = False
    """Left and right change places."""

    straighten: float = 0.0
    """Degrees clockwise."""

    crop: bool = False
    """To the subject; else the whole photo is kept."""

    margin: float = 0.05
    """Free space on each side of the subject, a share of the finished picture's side."""

    aspect: str = ""
    """Such as "4:5", width to height; empty: as it comes."""

    size: str = ""
    """A name in `SIZES`, or "1200x1600" in pixels; it goes before `aspect`. Empty: no pixel is resized."""

    def __post_init__(self) -> None:
        _within(self.straighten, -180, 180, "the angle to straighten by")
        _within(self.margin, 0, 0.45, "the margin")
        self.ratio()

    def ratio(self) -> float | None:
        """Width by height, where that is fixed."""
        pixels = self.pixels()
        if pixels is not None:
            return pixels[0] / pixels[1]
        if not self.aspect:
            return None
        if not (match := re.fullmatch(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)", self.aspect)):
            raise BadInput(f"An aspect is written as 4:5 or 16:9, not {self.aspect!r}.")
        width, height = map(float, match.groups())
        if not width or not height or not 1 / 20 <= width / height <= 20:
            raise BadInput(f"The aspect {self.aspect} is too narrow; up to 20:1 can be made.")
        return width / height

    def pixels(self) -> tuple[int, int] | None:
        """Width and height of the finished picture, where they are fixed."""
        if not self.size:
            return None
        if self.size in SIZES:
            return SIZES[self.size].width, SIZES[self.size].height
        if not (match := re.fullmatch(r"(\d{1,6})x(\d{1,6})", self.size)):
            raise BadInput(f"A size is written as 1200x1600, or is one of {', '.join(SIZES)}; not {self.size!r}.")
        width, height = map(int, match.groups())
        if min(width, height) < 1 or max(width, height) > MAX_SIDE:
            raise BadInput(f"The size {self.size} cannot be made; each side may have 1 to {MAX_SIDE} pixels.")
        return width, height

    @property
    def is_plain(self) -> bool:
        """Whether the photo's own pixels stay where they are."""
        return not (self.flip or self.straighten or self.crop or self.aspect or self.size)


@dataclass(frozen=True)
class Scene:
    """Everything around the subject. `Scene()` is the cutout alone."""

    background: Background = field(default_factory=Background)
    shadow: Shadow = field(default_factory=Shadow)
    frame: Frame = field(default_factory=Frame)

    @property
    def is_plain(self) -> bool:
        """Whether the finished picture is the cutout as it is."""
        return self.background.kind == "none" and self.shadow.kind == "none" and self.frame.is_plain

    def plain(self) -> dict[str, Any]:
        """The same as dicts, for messages and storage."""
        return asdict(self)


def scene_from_plain(plain: Mapping[str, Any]) -> Scene:
    """The scene that `Scene.plain` wrote; what is missing is as in `Scene()`, what is unknown is left out.

    Raises BadInput with a sentence on the first value that makes no sense.
    """

    def part(kind: type, name: str) -> Any:
        given = plain.get(name) or {}
        if not isinstance(given, Mapping):
            raise BadInput(f"The {name} of a scene is a group of settings, not {given!r}.")
        known = {entry.name for entry in fields(kind)}
        return kind(**{key: value for key, value in given.items() if key in known})

    return Scene(part(Background, "background"), part(Shadow, "shadow"), part(Frame, "frame"))


def rgb(colour: str) -> Rgb:
    """The three bytes of #rgb or #rrggbb. Raises BadInput."""
    text = colour.lower() if isinstance(colour, str) else ""
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        text = "#" + "".join(2 * digit for digit in text[1:])
    if not re.fullmatch(r"#[0-9a-f]{6}", text):
        raise BadInput(f"A colour is written as #fff or #c0ffee, not {colour!r}.")
    return cast(Rgb, tuple(bytes.fromhex(text[1:])))


def _one_of(value: object, kind: Any, what: str) -> None:
    if value not in get_args(kind):
        raise BadInput(f"There is no {what} {value!r}; choose one of {', '.join(get_args(kind))}.")


def _within(value: object, low: float, high: float, what: str) -> None:
    if not isinstance(value, (int, float)) or not low <= value <= high:  # a NaN is within nothing
        raise BadInput(f"{what[0].upper()}{what[1:]} lies between {low:g} and {high:g}; {value!r} does not.")
