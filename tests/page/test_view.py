import json

import pytest

from hearth.page.cutout.view import Photo, photo_from_plain, visible_name
from hearth.page.jobs import Stage
from hearth.tools.cutout.output import Output, file_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("photo.jpg", "photo-cutout.png"),
        ("my.summer.photo.JPEG", "my.summer.photo-cutout.png"),
        ("no-suffix", "no-suffix-cutout.png"),
        ("C:\\photos\\cat.png", "cat-cutout.png"),
        ("../../etc/passwd", "passwd-cutout.png"),
        (".png", "png-cutout.png"),
        ("", "photo-cutout.png"),
        ("holiday\u202egpj.exe\u2066\u200f.png", "holidaygpj.exe-cutout.png"),
        ("日本.webp", "日本-cutout.png"),
    ],
)
def test_the_file_is_named_after_the_photo(name: str, expected: str) -> None:
    assert file_name(visible_name(name), Output()) == expected


def test_a_photo_survives_the_way_to_the_browser_and_back() -> None:
    photo = Photo(3, "a.png", "working", "…", [Stage("Reading", 0.5)], "quick")
    assert photo_from_plain(json.loads(json.dumps(photo, default=vars))) == photo
