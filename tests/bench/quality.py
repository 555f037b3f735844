"""Measures alpha and colours against pictures whose truth is known, as error relative to the plain bilinear mask.

Every picture is drawn over a real photo, and its mask is the truth made as small and as wrong as a network makes it.
The peers: that mask enlarged bilinearly, and rembg's alpha matting. SAD is the sum of absolute differences, MSE the
mean of their squares; both over all pixels, and less is better.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hearth.desk import models
from hearth.runtime import InferenceSession
from hearth.tools.cutout import Preparation
from hearth.tools.cutout.colours import estimate
from hearth.tools.cutout.enlarge import enlarge
from hearth.tools.cutout.kernels import kernels
from hearth.tools.cutout.network import prepare, stretch
from hearth.tools.cutout.photo import Photo
from hearth.tools.cutout.pipeline import as_map
from hearth.tools.cutout.refine import fit, matted, resampled, settings_for, shrink, small_size
from hearth.tools.cutout.refine.matting import solve
from tests.bench._truth import KINDS, Truth, backgrounds, filled, network_mask, truth

Alpha = NDArray[np.floating[Any]]
Way = Callable[[NDArray[np.uint8], NDArray[np.float32]], Alpha]
"""From a picture (H, W, 3) and the network's mask to alpha (H, W) of 0..1."""


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture).convert("L").convert("RGB"))


def _dark(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A fifth of the light, with as much noise as before the numbers got smaller."""
    noise = np.random.default_rng(0).normal(0, 2, picture.shape)
    return (picture * 0.2 + noise).round().clip(0, 255).astype(np.uint8)


LIGHTS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "full": lambda picture: picture,
    "grey": _grey,
    "dark": _dark,
}


def main(argv: Sequence[str]) -> int:
    """Prints tables by kind; returns 0. `--json FILE` writes one object a picture and way."""
    parser = argparse.ArgumentParser(prog="bench quality", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--seeds", type=int, default=2, metavar="N", help="pictures of each kind (default 2)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="of the first picture (default 0)")
    parser.add_argument("--network", metavar="ID", help="masks are those of this network, not made from the truth")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--size", type=int, nargs=2, default=(1200, 900), metavar=("W", "H"))
    parser.add_argument("--mask", type=int, default=320, metavar="N", help="side of the network's mask (default 320)")
    parser.add_argument("--noise", type=float, default=1.5, metavar="S", help="of the camera, in 255ths (default 1.5)")
    parser.add_argument("--jpeg", type=int, metavar="Q", help="pictures go through a JPEG of this quality first")
    parser.add_argument("--light", choices=LIGHTS, default="full", help="what the camera saw of it (default full)")
    parser.add_argument("--no-rembg", action="store_true", help="leave rembg's alpha matting out: it takes most time")
    options = parser.parse_args(argv)

    ways: dict[str, Way] = {"bilinear": bilinear, "hearth": hearth}
    if not options.no_rembg:
        ways["rembg"] = rembgs_matting
    seen = network_of(options.network) if options.network else None
    rows: list[dict[str, Any]] = []
    for kind in options.kinds:
        for seed in range(options.first, options.first + options.seeds):
            picture = truth(kind, seed, options.size[0], options.size[1], options.noise)
            shown = LIGHTS[options.light](picture.picture)
            shown = through_jpeg(shown, options.jpeg) if options.jpeg else shown
            mask = seen(shown) if seen else network_mask(picture.alpha, seed, options.mask)
            rows += measured(picture, shown, mask, ways)
        print(line(kind, [row for row in rows if row["kind"] == kind], list(ways)), flush=True)
    print(line("all", rows, list(ways)))
    worst = max((row for row in rows if row["way"] == "hearth"), key=lambda row: row["sad_ratio"])
    print(f"\nworst of Hearth: SAD {worst['sad_ratio']:.2f} ({worst['kind']}, seed {worst['seed']})")
    if not options.no_rembg:
        behind = [kind for kind in options.kinds if not all(ahead(rows, kind))]
        print(f"kinds in which rembg's alpha matting is not behind: {', '.join(behind) or 'none'}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def network_of(model: str) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """What the network of this id makes of a picture: its mask, stretched. Raises NoSubject."""
    entry = models.find(model)
    assert entry.pixels is not None
    preparation = Preparation(entry.input.shape, entry.pixels.scale, entry.pixels.mean, entry.pixels.std)
    session = InferenceSession(models.path(model))
    feed, answer = session.get_inputs()[0].name, session.get_outputs()[0].name

    def mask(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        (found,) = session.run([answer], {feed: prepare(photo_of(picture), preparation)})
        return stretch(as_map(found))

    return mask


def measured(
    picture: Truth, shown: NDArray[np.uint8], mask: NDArray[np.float32], ways: dict[str, Way]
) -> list[dict[str, Any]]:
    """What every way makes of one picture; the first way is what the others are compared with."""
    rows: list[dict[str, Any]] = []
    for name, way in ways.items():
        start = time.perf_counter()
        alpha = way(shown, mask)
        seconds = time.perf_counter() - start
        off = np.abs(alpha - picture.alpha)
        rows.append(
            {
                "kind": picture.kind,
                "seed": picture.seed,
                "way": name,
                "sad": float(off.sum() / 1000),
                "mse": float((off * off).mean() * 1000),
                "seconds": round(seconds, 3),
                "colour_mse": on_another_background(picture, shown, alpha.astype(np.float32), name != "bilinear"),
            }
        )
        for key in ("sad", "mse", "colour_mse"):
            rows[-1][f"{key}_ratio"] = rows[-1][key] / max(rows[0][key], 1e-9)
    return rows


def line(title: str, rows: list[dict[str, Any]], ways: list[str]) -> str:
    """Absolute errors of the first way; of the others the means of what is left of them, and the worst SAD."""
    parts = []
    for way in ways:
        of_way = [row for row in rows if row["way"] == way]
        mean = {key: statistics.fmean(row[key] for row in of_way) for key in of_way[0] if key not in ("kind", "way")}
        if way == ways[0]:
            parts.append(f"{way}: SAD {mean['sad']:6.2f} MSE {mean['mse']:6.2f}")
            continue
        worst = max(row["sad_ratio"] for row in of_way)
        parts.append(
            f"{way}: SAD {mean['sad_ratio']:.2f} (worst {worst:.2f}) MSE {mean['mse_ratio']:.2f} "
            f"composite {mean['colour_mse_ratio']:.2f} {mean['seconds'] * 1000:6.0f} ms"
        )
    return f"{title:12} " + " | ".join(parts)


def ahead(rows: list[dict[str, Any]], kind: str) -> tuple[bool, bool]:
    """Whether Hearth's mean SAD and MSE of a kind are under those of rembg's alpha matting."""

    def mean(way: str, key: str) -> float:
        return statistics.fmean(row[key] for row in rows if row["kind"] == kind and row["way"] == way)

    return mean("hearth", "sad") < mean("rembg", "sad"), mean("hearth", "mse") < mean("rembg", "mse")


def bilinear(picture: NDArray[np.uint8], mask: NDArray[np.float32]) -> Alpha:
    height, width, _ = picture.shape
    return enlarge(mask, width, height) / np.float32(255)


def hearth(picture: NDArray[np.uint8], mask: NDArray[np.float32]) -> Alpha:
    """The steps of the pipeline after the network."""
    photo, size, kernel = photo_of(picture), small_size(*picture.shape[1::-1]), kernels()
    small = small_copy(photo)
    coefficients = fit(small, matted(small, resampled(mask, size), kernel, settings_for(photo)), kernel)
    alpha = np.empty(picture.shape[:2], np.uint8)
    coefficients.apply(photo.pixels, alpha, 0, len(alpha), kernel)
    return alpha / np.float32(255)


def rembgs_matting(picture: NDArray[np.uint8], mask: NDArray[np.float32]) -> Alpha:
    """`rembg.remove(alpha_matting=True)` with its defaults, from the network's mask on: thresholds of 240 and 10, both
    sides eroded by a square of ten pixels, closed-form matting of all that is left at full size, as pymatting does it.

    On five pictures pymatting 1.1.16 itself ended within .03 % of the same SAD, on one of glass within 1.2 %.
    """
    height, width, _ = picture.shape
    full = Image.fromarray((mask * 255).astype(np.uint8)).resize((width, height), Image.Resampling.LANCZOS)
    inside, outside = eroded(np.asarray(full) > 240, False), eroded(np.asarray(full) < 10, True)
    unknown = ~(inside | outside)
    start = np.where(inside, 1.0, np.where(outside, 0.0, np.asarray(full) / 255)).astype(np.float32)
    small = np.concatenate([picture, picture[:, :, :1]], axis=2) / np.float32(255)
    nothing = np.zeros((height, width), np.float32)
    alpha = solve(np.ascontiguousarray(small), unknown, nothing, nothing, start, 1e-7, 10_000, kernels(), 1e-4)
    return alpha.clip(0, 1)


def eroded(inside: NDArray[np.bool_], border: bool) -> NDArray[np.bool_]:
    """By ten by ten pixels, the fifth of which is the middle, as scipy counts them."""
    height, width = inside.shape
    wide = np.pad(inside, ((5, 4), (5, 4)), constant_values=border)
    rows = np.logical_and.reduce([wide[k : k + height] for k in range(10)])
    return np.logical_and.reduce([rows[:, k : k + width] for k in range(10)])


def on_another_background(picture: Truth, shown: NDArray[np.uint8], alpha: NDArray[np.float32], clean: bool) -> float:
    """The mean squared error, times a thousand, of the cutout on another photo against the truth on it."""
    height, width = alpha.shape
    files = backgrounds()
    back = filled(files[(picture.seed + 5) % len(files)], width, height)
    pixels = photo_of(shown).pixels
    bytes_of_alpha = (alpha * 255 + np.float32(0.5)).astype(np.uint8)
    if clean:
        small = small_copy(Photo(pixels))
        shrunk = Image.fromarray(alpha).resize(small.shape[1::-1], Image.Resampling.BOX)
        colours = estimate(small, np.array(shrunk), kernels())
        colours.clean(pixels, bytes_of_alpha, 0, (width, height))
    ours = alpha[:, :, None] * (pixels[:, :, :3] / np.float32(255)) + (1 - alpha[:, :, None]) * back
    wanted = picture.alpha[:, :, None] * picture.subject + (1 - picture.alpha[:, :, None]) * back
    return float(((ours - wanted) ** 2).mean() * 1000)


def photo_of(picture: NDArray[np.uint8]) -> Photo:
    return Photo(np.ascontiguousarray(np.concatenate([picture, picture[:, :, :1]], axis=2)))


def small_copy(photo: Photo) -> NDArray[np.float32]:
    width, height = small_size(*photo.size)
    small = np.empty((height, width, 4), np.float32)
    for _ in shrink(photo, small, kernels()):
        pass
    return small


def through_jpeg(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    with Image.open(file) as image:
        return np.asarray(image)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
