"""All of a person's settings for one photo, as plain data: `asdict(look)` out, `look_from_plain(...)` back in."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, Literal

from hearth.tools.cutout.output import Output
from hearth.tools.cutout.scene import Scene, scene_from_plain

LIMITS = {"shift": (-40.0, 40.0), "feather": (0.0, 60.0), "threshold": (0.05, 0.95), "contrast": (0.0, 1.0)}


@dataclass(frozen=True)
class Mask:
    """How the mask is corrected before the brushes; `adjust.py` says what each means."""

    source: Literal["refined", "raw"] = "refined"
    """The mask as refined at full size, or the network's own, enlarged."""

    shift: float = 0.0
    """Pixels of the photo by which the subject's edge moves out."""

    feather: float = 0.0
    """Pixels of the photo over which an edge is softened."""

    threshold: float = 0.5
    """The alpha that becomes one half: higher ones take more of what is uncertain away."""

    contrast: float = 0.0
    """0 leaves edges as soft as they are, 1 makes them hard."""


@dataclass(frozen=True)
class Look:
    """The default one is the cutout as the network and the refinement made it."""

    mask: Mask = field(default_factory=Mask)
    scene: Scene = field(default_factory=Scene)
    output: Output = field(default_factory=Output)


@lru_cache(maxsize=64)
def look_to_plain(look: Look) -> Mapping[str, Any]:
    """The look as dicts, which many share; not to be written to."""
    return asdict(look)


def look_from_plain(plain: Mapping[str, Any]) -> Look:
    """The look that `asdict` wrote; what is missing is as in `Look()`, what is unknown is left out.

    Numbers of the mask are brought within LIMITS. Raises BadInput with a sentence on the first value that makes no
    sense.
    """
    output = {name: plain.get("output", {}).get(name, default) for name, default in vars(Output()).items()}
    return Look(_mask(plain.get("mask", {})), scene_from_plain(plain.get("scene", {})), Output(**output))


def _mask(plain: Mapping[str, Any]) -> Mask:
    values: dict[str, Any] = {"source": "raw"} if plain.get("source") == "raw" else {}
    for name, (low, high) in LIMITS.items():
        value = plain.get(name)
        if isinstance(value, int | float) and value == value:  # a NaN is not
            values[name] = min(max(float(value), low), high)
    return Mask(**values)
