"""Draws the PNG icons from icon.svg: `python web/icons/draw.py`. Needed again only when the drawing changes."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
SIDE = 512  # of the drawing's own coordinates
FINE = 4  # drawn so many times larger, then averaged
PAPER = "#faf5ee"

Point = tuple[float, float]


def shapes() -> Iterator[tuple[str, list[Point]]]:
    """Fill and outline of each path; the drawing uses M, L, C and Z with spaces between all numbers, nothing else."""
    for path in ElementTree.parse(HERE / "icon.svg").getroot():
        outline: list[Point] = []
        for command, numbers in re.findall(r"([MLCZ])([^MLCZ]*)", path.attrib["d"]):
            values = [float(number) for number in numbers.split()]
            points = list(zip(values[::2], values[1::2], strict=True))
            outline += list(curve(outline[-1], *points)) if command == "C" else points
        yield path.attrib["fill"], outline


def curve(start: Point, first: Point, second: Point, end: Point) -> Iterator[Point]:
    """Points along a cubic Bezier curve."""
    for step in range(1, 65):
        t = step / 64
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        points = (start, first, second, end)
        x, y = (sum(w * p[axis] for w, p in zip(weights, points, strict=True)) for axis in (0, 1))
        yield x, y


def draw(side: int, scale: float, background: str | None) -> Image.Image:
    """The icon, `side` pixels square, the drawing `scale` times that size and in the middle."""
    big = side * FINE
    picture = Image.new("RGBA", (big, big), background or (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    for fill, outline in shapes():
        pen.polygon([tuple(big * ((v / SIDE - 0.5) * scale + 0.5) for v in point) for point in outline], fill=fill)
    return picture.resize((side, side), Image.Resampling.BOX)


if __name__ == "__main__":
    for name, side, scale, background in [
        ("icon-192", 192, 1.0, None),
        ("icon-512", 512, 1.0, None),
        ("maskable-512", 512, 0.62, PAPER),  # all of it inside the circle of 80 % that every mask leaves
    ]:
        draw(side, scale, background).save(HERE / f"{name}.png", optimize=True)
