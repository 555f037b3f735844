"""The visualizer's scenes, palettes and shaders as they are collected for the page."""

import json
import shutil
from pathlib import Path

import pytest

from hearth.errors import HearthError
from web.visualizer.looks import HERE, looks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HERE, tmp_path / "visualizer"))


def test_a_new_folder_is_a_new_scene_in_its_place(folder: Path) -> None:
    new = Path(shutil.copytree(folder / "scenes" / "rings", folder / "scenes" / "another"))
    table = (new / "scene.toml").read_text()
    (new / "scene.toml").write_text(
        table.replace('title = "Rings"', 'title = "Another"').replace("order = 1", "order = 0")
    )
    before, after = json.loads(looks()), json.loads(looks(folder))
    assert [scene["title"] for scene in after["scenes"]] == ["Another", *(scene["title"] for scene in before["scenes"])]
    assert "vec4 picture(vec2 at)" in after["scenes"][0]["picture"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("order = 1", "", "needs title, words and order"),
        ("order = 1", "order = 1\ncolor = 2", "knows no color"),
        ('shows = ["cover"]', 'shows = ["lyrics"]', "may hold title and cover"),
        ("least = 24.0", "least = 240.0", "the parameter bars needs title and least <= default <= most"),
        ("order = 1", 'order = 1\n[shapes]\ncount = "notes"\nblend = "add"', "go together"),
    ],
)
def test_a_scene_that_is_wrong_is_named(folder: Path, old: str, new: str, complaint: str) -> None:
    file = folder / "scenes" / "rings" / "scene.toml"
    text = file.read_text()
    assert old in text
    head, _, tail = text.partition(old)
    file.write_text(
        head + new + tail if "[shapes]" not in new else head + "order = 1" + tail + new.removeprefix("order = 1")
    )
    with pytest.raises(HearthError, match=f"The scene rings: .*{complaint}"):
        looks(folder)
