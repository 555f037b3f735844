"""Pictures whose alpha is known: drawn subjects of many kinds over real photos, and masks as a network would give.

A picture is I = a F + (1 - a) B in the numbers of its file, plus a little noise as of a camera. Everything is drawn at
SUPER times the size and averaged down, so that alpha and colours on edges are what a camera's pixels would have.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tests.photos import NAMES, photo

Plane = NDArray[np.float32]

SUPER = 3
MASK_SIDE = 320
BACKGROUNDS = Path("/usr/share/backgrounds/mate/nature")  # Debian's mate-backgrounds
DARK = ((0.12, 0.08, 0.06), (0.2, 0.13, 0.08), (0.3, 0.2, 0.12))
BLOND = ((0.85, 0.72, 0.45), (0.75, 0.6, 0.35), (0.93, 0.85, 0.62))
GREY = ((0.6, 0.6, 0.6), (0.8, 0.8, 0.78), (0.4, 0.4, 0.42))


@dataclass(frozen=True)
class Truth:
    """A picture and what is true of it; all of one height and width."""

    kind: str
    seed: int
    picture: NDArray[np.uint8]
    """(H, W, 3)"""
    alpha: Plane
    """0..1"""
    subject: Plane
    """The subject's colours F, (H, W, 3) of 0..1; where alpha is zero they mean nothing."""


class Canvas:
    """Strokes and shapes at SUPER times the size: their colours, each weighted by its cover, and their cover."""

    def __init__(self, width: int, height: int, random: np.random.Generator) -> None:
        self.width, self.height, self.random = width, height, random
        # A mode of four plain channels: nothing in Pillow takes the last one for transparency.
        self.image = Image.new("CMYK", (width * SUPER, height * SUPER), (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.image)

    def taken(self) -> tuple[Plane, Plane]:
        """Colours times cover (H, W, 3), and cover (H, W), both 0..1."""
        mean = np.asarray(self.image.reduce(SUPER), np.float32) / np.float32(255)
        return mean[:, :, :3], mean[:, :, 3]

    def line(self, points: list[tuple[float, float]], width: float, colour: tuple[float, float, float]) -> None:
        ink = tuple(round(255 * min(max(c, 0), 1)) for c in colour)
        places = [(SUPER * x, SUPER * y) for x, y in points]
        self.draw.line(places, (*ink, 255), max(1, round(width * SUPER)), "curve")

    def shape(self, points: list[tuple[float, float]], cover: bool = True) -> None:
        ink = (255, 255, 255, 255) if cover else (0, 0, 0, 0)
        self.draw.polygon([(SUPER * x, SUPER * y) for x, y in points], ink)

    def blob(self, x: float, y: float, radius: float, roughness: float, cover: bool = True) -> None:
        """A closed smooth curve around (x, y)."""
        angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
        wave = np.zeros_like(angles)
        for k in range(2, 8):
            wave += self.random.normal(0, roughness / k) * np.cos(k * angles + self.random.uniform(0, 6.28))
        lengths = radius * (1 + wave)
        self.shape(
            list(zip((x + lengths * np.cos(angles)).tolist(), (y + lengths * np.sin(angles)).tolist(), strict=True)),
            cover,
        )

    def strands(
        self,
        x: float,
        y: float,
        radius: float,
        count: int,
        length: float,
        widths: tuple[float, float],
        colours: tuple[tuple[float, float, float], ...],
        curl: float,
    ) -> None:
        """Hairs that grow out of a circle."""
        random = self.random
        for _ in range(count):
            angle = random.uniform(0, 2 * np.pi)
            start = x + radius * 0.93 * math.cos(angle), y + radius * 0.93 * math.sin(angle)
            reach = length * random.uniform(0.35, 1)
            first = angle + curl * random.standard_normal()
            second = first + curl * random.standard_normal()
            middle = start[0] + reach / 2 * math.cos(first), start[1] + reach / 2 * math.sin(first)
            end = middle[0] + reach / 2 * math.cos(second), middle[1] + reach * (math.sin(second) / 2 + 0.15)
            t = np.linspace(0, 1, 9)[:, None]
            curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * np.array(middle) + t**2 * np.array(end)
            tint = np.array(colours[random.integers(len(colours))]) + 0.05 * random.standard_normal(3)
            self.line([(a, b) for a, b in curve.tolist()], random.uniform(*widths), tuple(tint.tolist()))


Drawn = tuple[Plane, Plane]
"""Alpha (H, W) and the subject's colours (H, W, 3)."""


@dataclass(frozen=True)
class Scene:
    """Where a subject is drawn, and with which surface."""

    width: int
    height: int
    surface: Plane
    random: np.random.Generator

    @property
    def unit(self) -> float:
        """Lengths below are given for a picture of 1600 pixels."""
        return max(self.width, self.height) / 1600

    def canvas(self) -> Canvas:
        return Canvas(self.width, self.height, self.random)

    def middle(self) -> tuple[float, float]:
        return self.width * self.random.uniform(0.42, 0.58), self.height * self.random.uniform(0.5, 0.58)


def _hair(
    count: int, length: float, widths: tuple[float, float], colours: tuple[tuple[float, float, float], ...], curl: float
) -> Callable[[Scene], Drawn]:
    def drawn(scene: Scene) -> Drawn:
        u, (x, y) = scene.unit, scene.middle()
        hairs = scene.canvas()
        hairs.strands(x, y, 330 * u, count, length * u, (widths[0] * u, widths[1] * u), colours, curl)
        over, cover = hairs.taken()
        body = scene.canvas()
        body.blob(x, y, 330 * u, 0.05)
        body.blob(x, y + 660 * u, 420 * u, 0.08)
        under = body.taken()[1] * (1 - cover)
        alpha = cover + under
        colour = over + scene.surface * under[:, :, None]
        return alpha, np.where(alpha[:, :, None] > 0, colour / np.maximum(alpha, 1e-6)[:, :, None], scene.surface)

    return drawn


def _glass(scene: Scene) -> Drawn:
    u, (x, y) = scene.unit, scene.middle()
    pane = scene.canvas()
    pane.blob(x, y, 340 * u, 0.1)
    rim = scene.canvas()
    angles = np.linspace(0, 2 * np.pi, 200)
    ring = [(x + 340 * u * math.cos(a), y + 340 * u * math.sin(a)) for a in angles.tolist()]
    rim.line(ring, 26 * u, (1, 1, 1))
    rim.draw.ellipse([SUPER * v for v in (x - 220 * u, y + 250 * u, x + 220 * u, y + 420 * u)], (255,) * 4)
    alpha = 1 - (1 - 0.35 * pane.taken()[1]) * (1 - 0.9 * rim.taken()[1])
    return alpha, 0.55 * scene.surface + 0.45 * np.array([0.8, 0.9, 0.95], np.float32)


def _veil(scene: Scene) -> Drawn:
    u, (x, y) = scene.unit, scene.middle()
    net, cloth, core = scene.canvas(), scene.canvas(), scene.canvas()
    for k in range(-60, 60):
        net.line([(x + (22 * k - 450) * u, y - 700 * u), (x + (22 * k - 330) * u, y + 700 * u)], 2.2 * u, (1, 1, 1))
        net.line([(x - 800 * u, y + 26 * k * u), (x + 800 * u, y + (26 * k + 80) * u)], 2.2 * u, (1, 1, 1))
    cloth.blob(x, y, 420 * u, 0.1)
    core.blob(x, y, 230 * u, 0.1)
    alpha = np.maximum(core.taken()[1], cloth.taken()[1] * (0.25 + 0.75 * net.taken()[1]))
    return alpha, scene.surface


def _motion(scene: Scene) -> Drawn:
    alpha = _body(scene)
    length, angle = 60 * scene.unit, scene.random.uniform(0, np.pi)
    steps = max(2, round(length))
    moved = np.zeros_like(alpha)
    for t in np.linspace(-0.5, 0.5, steps).tolist():
        shift = round(t * length * math.sin(angle)), round(t * length * math.cos(angle))
        moved += np.roll(alpha, shift, (0, 1))
    return (moved / steps).astype(np.float32), scene.surface


def _defocus(scene: Scene) -> Drawn:
    return blurred(_body(scene), 9 * scene.unit), scene.surface


def _body(scene: Scene) -> Plane:
    canvas = scene.canvas()
    canvas.blob(*scene.middle(), 360 * scene.unit, 0.14)
    return canvas.taken()[1]


def _plant(scene: Scene) -> Drawn:
    u, random, canvas = scene.unit, scene.random, scene.canvas()

    def branch(x: float, y: float, angle: float, length: float, width: float, depth: int) -> None:
        if depth == 0 or width < u:
            return
        x2, y2 = x + length * math.cos(angle), y + length * math.sin(angle)
        canvas.line([(x, y), (x2, y2)], width, (1, 1, 1))
        for _ in range(int(random.integers(2, 4))):
            branch(x2, y2, angle + random.normal(0, 0.5), length * random.uniform(0.65, 0.9), width * 0.68, depth - 1)
        if depth < 4:
            for a in random.uniform(0, 6.28, 4).tolist():
                along, across = np.array([math.cos(a), math.sin(a)]), np.array([math.sin(a), -math.cos(a)])
                t = np.linspace(0, 1, 7)
                side = 12 * u * np.sin(np.pi * t)[:, None] / 2 * across
                spine = np.array([x2, y2]) + 34 * u * t[:, None] * along
                canvas.shape([(p, q) for p, q in np.concatenate([spine + side, (spine - side)[::-1]]).tolist()])

    branch(scene.middle()[0], scene.height, -np.pi / 2, 250 * u, 30 * u, 7)
    return canvas.taken()[1], 0.5 * scene.surface + 0.5 * np.array([0.2, 0.45, 0.15], np.float32)


def _hard(scene: Scene) -> Drawn:
    u, (x, y), canvas = scene.unit, scene.middle(), scene.canvas()
    turn = scene.random.uniform(0, 1)
    radii = [(420 if k % 2 == 0 else 250) * u for k in range(22)]
    angles = [np.pi * k / 11 + turn for k in range(22)]
    canvas.shape([(x + r * math.cos(a), y + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)])
    return canvas.taken()[1], scene.surface


def _holes(scene: Scene) -> Drawn:
    u, (x, y), random, canvas = scene.unit, scene.middle(), scene.random, scene.canvas()
    canvas.blob(x, y, 420 * u, 0.1)
    for _ in range(26):
        a, far = random.uniform(0, 6.28), random.uniform(0, 300) * u
        canvas.blob(x + far * math.cos(a), y + far * math.sin(a), random.uniform(10, 45) * u, 0.02, cover=False)
    return canvas.taken()[1], scene.surface


KINDS: dict[str, Callable[[Scene], Drawn]] = {
    "dark hair": _hair(900, 300, (1.0, 3.2), DARK, 0.55),
    "blond hair": _hair(900, 300, (1.0, 3.2), BLOND, 0.55),
    "grey hair": _hair(900, 300, (1.0, 3.2), GREY, 0.55),
    "fur": _hair(6000, 110, (1.0, 2.6), BLOND, 0.45),
    "plant": _plant,
    "glass": _glass,
    "veil": _veil,
    "motion blur": _motion,
    "defocus": _defocus,
    "hard edges": _hard,
    "holes": _holes,
}


def truth(kind: str, seed: int, width: int = 1200, height: int = 900, noise: float = 1.5) -> Truth:
    """One picture of a kind; `noise` is the standard deviation in 255ths."""
    random = np.random.default_rng([seed, *kind.encode()])
    scene = Scene(width, height, _surface(width, height, random), random)
    alpha, subject = KINDS[kind](scene)
    alpha = alpha.clip(0, 1)
    files = backgrounds()
    back = filled(files[int(random.integers(len(files)))], width, height)
    mixed = alpha[:, :, None] * subject + (1 - alpha[:, :, None]) * back
    grain = random.normal(0.5, noise, mixed.shape)
    picture = (255 * mixed + grain).clip(0, 255).astype(np.uint8)
    return Truth(kind, seed, picture, alpha, subject.astype(np.float32))


def network_mask(alpha: Plane, seed: int, side: int = MASK_SIDE) -> Plane:
    """What a network would make of it: small, blurred, too sure, displaced by about a pixel; (side, side)."""
    random = np.random.default_rng([seed, 1])
    small = np.asarray(Image.fromarray(alpha).resize((side, side), Image.Resampling.BOX))
    mask = blurred(small, 1.2)
    mask = blurred(((mask - 0.5) * 1.8 + 0.5).clip(0, 1), 0.7)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    places = []
    for base in (y, x):
        wander = blurred(random.standard_normal((side, side)).astype(np.float32), 8)
        places.append((base + 1.2 * wander / wander.std()).clip(0, side - 1))
    y0, x0 = (place.astype(np.intp).clip(0, side - 2) for place in places)
    fy, fx = places[0] - y0, places[1] - x0
    upper = mask[y0, x0] * (1 - fx) + mask[y0, x0 + 1] * fx
    lower = mask[y0 + 1, x0] * (1 - fx) + mask[y0 + 1, x0 + 1] * fx
    return (upper * (1 - fy) + lower * fy).astype(np.float32)


def blurred(plane: Plane, sigma: float) -> Plane:
    """A Gaussian blur, held at the border."""
    reach = max(1, math.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    for axis in (0, 1):
        padding = [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]
        wide = np.pad(plane, padding, "edge")
        size = plane.shape[axis]
        plane = sum(w * wide.take(range(k, k + size), axis) for k, w in enumerate(weights.tolist()))
    return plane.astype(np.float32)


@cache
def backgrounds() -> list[Path]:
    """Real photos: Debian's, where they are installed, and scikit-image's."""
    return [*sorted(BACKGROUNDS.glob("*.jpg")), *(photo(name) for name in NAMES)]


@cache
def filled(file: Path, width: int, height: int) -> Plane:
    """A photo scaled and cropped to fill a size, (H, W, 3) of 0..1."""
    with Image.open(file) as image:
        image.draft("RGB", (width, height))
        scale = max(width / image.width, height / image.height)
        size = math.ceil(image.width * scale), math.ceil(image.height * scale)
        whole = image.convert("RGB").resize(size, Image.Resampling.BICUBIC, reducing_gap=3)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.asarray(whole.crop((left, top, left + width, top + height)), np.float32) / np.float32(255)


def _surface(width: int, height: int, random: np.random.Generator) -> Plane:
    """The subject's surface: a part of a photo, enlarged."""
    with Image.open(photo(NAMES[int(random.integers(3))])) as image:
        whole = image.convert("RGB")
        side = random.uniform(0.25, 0.45)
        w, h = side * whole.width, side * whole.height
        x, y = random.uniform(0, whole.width - w), random.uniform(0, whole.height - h)
        part = whole.resize((width, height), Image.Resampling.BICUBIC, box=(x, y, x + w, y + h))
    return np.asarray(part, np.float32) / np.float32(255)
