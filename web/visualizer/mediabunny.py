"""Mediabunny, the library that reads and writes sound and video files, out of its pinned package."""

from pathlib import Path

from hearth.desk.fetch import Cache
from hearth.desk.pins import read_pins

PINS = Path(__file__).with_name("pins.toml")
FILE = "mediabunny.min.mjs"


def mediabunny() -> bytes:
    """The module as its authors ship it for browsers."""
    return Cache().get(read_pins(PINS)[FILE]).read_bytes()
