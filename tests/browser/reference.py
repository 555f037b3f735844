"""The reference: the same pipeline on the desk, with onnxruntime for the network."""

from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from hearth.desk import models
from hearth.tools.cutout import Options, Pipeline, Preparation
from hearth.tools.cutout.pipeline import Session
from models.prepare import fetch_onnx

TOLERANCE = 2  # of 255, everywhere


@cache
def pipeline(model: str) -> Pipeline:
    entry = models.find(model)
    assert entry.pixels is not None
    session = onnxruntime.InferenceSession(fetch_onnx(model), providers=["CPUExecutionProvider"])
    return Pipeline(cast(Session, session), Preparation(entry.input.shape, **asdict(entry.pixels)))


@cache
def alpha(photo: bytes, model: str = "u2netp", *, twice: bool = False) -> NDArray[np.uint8]:
    """Alpha (height, width) of the cutout of a photo's file, where asked for with a second look."""
    return replace(pipeline(model), options=Options(look_twice=twice)).matte(photo).alpha


def differs(cutout: Path, expected: NDArray[np.uint8]) -> int:
    """The largest difference between the alpha of a PNG file and the expected one, which must have the same size, but
    for one pixel in a thousand: at the rim of an area in doubt the last bits of the network's mask count."""
    with Image.open(cutout) as image:
        assert image.mode == "RGBA"
        found = np.asarray(image)[:, :, 3]
    assert found.shape == expected.shape
    apart = np.sort(np.abs(found.astype(int) - expected.astype(int)), axis=None)
    return int(apart[-1 - apart.size // 1000])
