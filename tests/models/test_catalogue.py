"""The catalogue says everything that is needed about every model, and NOTICE gives each its due."""

import re
from pathlib import Path

import pytest

from hearth.desk import models
from hearth.errors import HearthError

ROOT = Path(__file__).parents[2]
EVERY = pytest.mark.parametrize("model", models.catalogue().values(), ids=models.catalogue())


def test_cutout_knows_the_three_ways_to_find_a_subject() -> None:
    cutout = [model for model in models.catalogue().values() if model.tool == "cutout"]
    assert [(model.id, model.title) for model in cutout] == [
        ("u2netp", "Quick"),
        ("u2net", "Better"),
        ("selfie", "People"),
    ]
    assert [model.id for model in cutout if model.default] == ["u2netp"]


@EVERY
def test_source_is_pinned_by_content(model: models.Model) -> None:
    source = model.source
    for digest in (source.sha256, source.archive_sha256):
        assert re.fullmatch("[0-9a-f]{64}", digest)
    assert source.bytes > 0 and source.archive_bytes > 0
    assert source.archive.startswith(source.package.replace("-", "_")) and source.version in source.archive
    converters = {file.stem for file in (ROOT / "models/convert").glob("*.py")}
    assert source.format in converters | {"onnx"}


@EVERY
def test_words_are_one_sentence_for_people(model: models.Model) -> None:
    assert model.title and len(model.title) < 20
    assert model.words[0].isupper() and model.words.endswith(".") and model.words.count(".") == 1


@EVERY
def test_input_is_described_in_full(model: models.Model) -> None:
    assert len(model.input.layout) == len(model.input.shape)
    assert (model.pixels is None) == (model.tool != "cutout")
    if model.pixels:
        assert model.input.layout == "NCHW" and model.input.shape[1] == 3
        assert model.pixels.scale in ("image maximum", "255")
        assert len(model.pixels.mean) == len(model.pixels.std) == 3 and min(model.pixels.std) > 0


@EVERY
def test_weights_are_stored_in_a_known_way(model: models.Model) -> None:
    assert model.weights in ("float32", "float16")
    assert not model.served or model.outputs, "the site's models name the outputs that are kept"


@EVERY
def test_notice_names_the_work_of_others(model: models.Model) -> None:
    notice = " ".join((ROOT / "NOTICE").read_text("utf-8").split())
    start = re.search(rf"(^|[ ,]){re.escape(model.id)}[,:]", notice)
    assert start, "NOTICE has no entry for the model"
    entry = notice[start.start() : notice.index("Changes:", start.start())]
    for due in (model.copyright, *model.authors, model.url, f"Licence: {model.licence}"):
        assert due in entry


def test_an_unknown_id_is_told_which_there_are() -> None:
    with pytest.raises(HearthError, match=r"no model called 'u2nt'.*u2netp, u2net, selfie"):
        models.find("u2nt")
