"""Kernels are compiled while a model's weights are still on their way."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from hearth.desk import models
from hearth.runtime import InferenceSession
from hearth.runtime.webgpu import WebGPUExecutor
from hearth.runtime.webgpu.ahead import TIERS, kernels_file
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.program import Lowered
from hearth.tools.cutout.network import Preparation
from hearth.tools.cutout.photo import from_image
from hearth.tools.cutout.refine.graphics import Refinement
from models.kernels import kernels_of
from tests.browser.browsers import find_chromium, start_chromium, wake_gpu
from web.serve import SiteServer
from web.site import build_site

FLAGS = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")


class Listed:
    """A graphics card that only notes which kernels are wanted."""

    name, trusted, software, notes = "none", False, False, None

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.shaders: set[str] = set()

    def player(self, lowered: Lowered) -> Any:
        self.shaders.update(lowered.shaders)
        return SimpleNamespace(write=lambda *_: None, destroy=lambda: None)


@pytest.mark.parametrize("model_id", ["u2netp", "selfie"])
@pytest.mark.parametrize("tier", [0, len(TIERS) - 1])
def test_all_that_a_first_photo_asks_for_is_known_when_the_site_is_built(model_id: str, tier: int) -> None:
    model, file = models.find(model_id), models.path(model_id)
    known = json.loads(kernels_of(model, file) or b"")
    card = Listed(TIERS[tier])
    InferenceSession(file.read_bytes(), WebGPUExecutor(cast(Any, card)), tolerance=0.01)
    assert model.pixels is not None
    preparation = Preparation(model.input.shape, model.pixels.scale, model.pixels.mean, model.pixels.std)
    photo = from_image(Image.fromarray(np.zeros((70, 90, 3), np.uint8)))
    Refinement(cast(Any, card), photo, preparation=preparation, screen=photo.size)
    kernels = [known["kernels"][number] for number in known["tiers"][tier]["kernels"]]
    assert set(kernels) == card.shaders
    assert len(set(kernels)) == len(kernels)


def test_models_whose_shapes_come_with_their_feeds_have_none() -> None:
    assert kernels_of(models.find("basic-pitch"), models.path("basic-pitch")) is None


def test_tiers_share_their_kernels() -> None:
    def shaders(limits: Limits) -> Sequence[str]:
        return ["both", "large" if limits == TIERS[0] else "small", "both"]

    found = json.loads(kernels_file(shaders))
    assert found["kernels"] == ["both", "large", "small"]
    assert [tier["kernels"] for tier in found["tiers"]] == [[0, 1], *([[0, 2]] * (len(TIERS) - 1))]


SPY = """
Gpu.prototype.pipeline = async function (code) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code)));
  fetch(`/compiled/${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);
  return new Promise(() => {});
};
"""


def test_the_page_compiles_before_any_weight_has_come(tmp_path: Path) -> None:
    if find_chromium() is None:
        pytest.skip("there is no Chromium here")
    site = tmp_path / "site"
    shutil.copytree(build_site(), site, copy_function=os.link)
    (file,) = site.glob("assets/gpu-*.js")
    text = file.read_text("utf-8")
    for path in (file, *site.glob("assets/gpu-*.js.*"), *site.glob("models/*.bin")):
        path.unlink()  # a link to the real one
    assert "software = false" in text
    file.write_text(text.replace("software = false", "software = true", 1) + SPY, "utf-8")
    entry = next(entry for entry in json.loads((site / "models.json").read_text())["models"] if entry["id"] == "u2netp")
    known = json.loads((site / entry["kernels"]).read_text())
    with SiteServer(site) as server:
        driver = start_chromium(tmp_path / "profile", tmp_path, FLAGS)
        try:
            driver.get(f"{server.url}NOTICE.txt")
            if not wake_gpu(driver):
                pytest.skip("this Chromium has no software adapter")
            driver.get(server.url)
            kernels = [known["kernels"][number] for number in known["tiers"][3]["kernels"]]  # SwiftShader's
            wanted = {f"/compiled/{hashlib.sha256(kernel.encode()).hexdigest()}" for kernel in kernels}
            until = time.monotonic() + 300
            while not wanted <= set(server.requests) and time.monotonic() < until:
                time.sleep(0.05)
        finally:
            driver.quit()
    assert wanted <= set(server.requests)
