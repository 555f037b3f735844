"""Sizes that shops and offices ask for, by name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Portrait:
    """Where a head belongs in a photo for a document; shares of the picture's height."""

    head: float
    """From crown to chin."""

    above: float
    """Free above the crown."""


@dataclass(frozen=True)
class Size:
    """Pixels, and for prints the dots per inch at which they have the size on paper."""

    title: str
    width: int
    height: int
    dpi: int | None = None
    portrait: Portrait | None = None


SIZES = {
    "shop-square": Size("Shop, square", 2000, 2000),
    "shop-portrait": Size("Shop, 4:5", 1600, 2000),
    "shop-wide": Size("Shop, 16:9", 1920, 1080),
    "story": Size("Story, 9:16", 1080, 1920),
    # ICAO Doc 9303, part 3: the face takes 70 to 80 % of the height. The United States ask for 50 to 69 %.
    "passport-35x45": Size("Passport, 35 × 45 mm", 413, 531, 300, Portrait(head=0.74, above=0.10)),
    "passport-2x2": Size("Passport, 2 × 2 in", 600, 600, 300, Portrait(head=0.60, above=0.12)),
}
